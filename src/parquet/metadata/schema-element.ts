import { corrupt } from '../format-error.ts';
import { decodeName } from '../text.ts';
import {
  beginStruct,
  type CompactCursor,
  endStruct,
  expectStruct,
  nextField,
  readBinary,
  readBoolean,
  readI8,
  readI32,
  skipField,
} from '../thrift/compact-reader.ts';

/** A logical annotation (`LogicalType` union): its name there and its parameters. */
export interface LogicalType {
  /** Name in parquet.thrift, e.g. `TIMESTAMP`; `field N` for one this version does not know. */
  readonly name: string;
  readonly scale?: number;
  readonly precision?: number;
  readonly isAdjustedToUtc?: boolean;
  readonly unit?: 'MILLIS' | 'MICROS' | 'NANOS' | 'unknown';
  readonly bitWidth?: number;
  readonly isSigned?: boolean;
}

/** One `SchemaElement`, decoded for use; the bytes it came from are what is written again. */
export interface SchemaElement {
  readonly name: string;
  /** Physical type; absent on groups. */
  readonly type?: number;
  readonly typeLength?: number;
  readonly repetition?: number;
  readonly childCount?: number;
  readonly convertedType?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly fieldId?: number;
  readonly logicalType?: LogicalType;
}

const logicalNames: readonly (string | undefined)[] = [
  undefined,
  'STRING',
  'MAP',
  'LIST',
  'ENUM',
  'DECIMAL',
  'DATE',
  'TIME',
  'TIMESTAMP',
  undefined,
  'INTEGER',
  'UNKNOWN',
  'JSON',
  'BSON',
  'UUID',
  'FLOAT16',
  'VARIANT',
  'GEOMETRY',
  'GEOGRAPHY',
  'FILE',
];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Decodes the schema element at the cursor (parquet.thrift, `SchemaElement`). Unknown fields are passed over. */
export function readSchemaElement(c: CompactCursor): SchemaElement {
  const element: Mutable<SchemaElement> = { name: '' };
  let named = false;
  const outer = beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        element.type = readI32(c);
        break;
      case 2:
        element.typeLength = readI32(c);
        break;
      case 3:
        element.repetition = readI32(c);
        break;
      case 4:
        element.name = decodeName(readBinary(c));
        named = true;
        break;
      case 5:
        element.childCount = readI32(c);
        break;
      case 6:
        element.convertedType = readI32(c);
        break;
      case 7:
        element.scale = readI32(c);
        break;
      case 8:
        element.precision = readI32(c);
        break;
      case 9:
        element.fieldId = readI32(c);
        break;
      case 10:
        element.logicalType = readLogicalType(c);
        break;
      default:
        skipField(c);
    }
  }
  endStruct(c, outer);
  if (!named) throw corrupt('a schema element has no name');
  return element;
}

function readLogicalType(c: CompactCursor): LogicalType {
  expectStruct(c);
  let result: LogicalType = { name: 'none' };
  const outer = beginStruct(c);
  while (nextField(c)) {
    expectStruct(c);
    result = readLogicalParameters(c, logicalNames[c.fieldId] ?? `field ${c.fieldId}`);
  }
  endStruct(c, outer);
  return result;
}

function readLogicalParameters(c: CompactCursor, name: string): LogicalType {
  const result: Mutable<LogicalType> = { name };
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (name === 'DECIMAL' && c.fieldId === 1) result.scale = readI32(c);
    else if (name === 'DECIMAL' && c.fieldId === 2) result.precision = readI32(c);
    else if (name === 'INTEGER' && c.fieldId === 1) result.bitWidth = readI8(c);
    else if (name === 'INTEGER' && c.fieldId === 2) result.isSigned = readBoolean(c);
    else if ((name === 'TIME' || name === 'TIMESTAMP') && c.fieldId === 1) {
      result.isAdjustedToUtc = readBoolean(c);
    } else if ((name === 'TIME' || name === 'TIMESTAMP') && c.fieldId === 2) {
      result.unit = readTimeUnit(c);
    } else skipField(c);
  }
  endStruct(c, outer);
  return result;
}

function readTimeUnit(c: CompactCursor): 'MILLIS' | 'MICROS' | 'NANOS' | 'unknown' {
  expectStruct(c);
  let unit: 'MILLIS' | 'MICROS' | 'NANOS' | 'unknown' = 'unknown';
  const outer = beginStruct(c);
  while (nextField(c)) {
    unit = c.fieldId === 1 ? 'MILLIS' : c.fieldId === 2 ? 'MICROS' : c.fieldId === 3 ? 'NANOS' : 'unknown';
    skipField(c);
  }
  endStruct(c, outer);
  return unit;
}
