import { convertedType, nameOf, physicalType, repetition } from '../format.ts';
import type { LogicalType, SchemaElement } from '../metadata/schema-element.ts';
import { rawFields } from './raw-fields.ts';
import type { SchemaNode } from './schema-node.ts';

const fieldIds = { logicalType: 10, last: 10 };

/**
 * What the values of a leaf are: equal for two leaves exactly when the values of either are values of the wider of the two, by an
 * exact widening. Whole numbers of 32 and 64 bits are of one kind, FLOAT and DOUBLE are, and DECIMALs of one precision and scale
 * that are stored as whole numbers. Narrower annotated numbers (INT_8, INT_16 and unsigned ones) are kinds of their own:
 * readers cut what does not fit, and would not cut it in a wider column.
 */
export function leafKind(node: SchemaNode): string {
  const { element } = node;
  const annotation = annotationText(node);
  switch (element.type) {
    case physicalType.INT32:
    case physicalType.INT64: {
      const bits = element.type === physicalType.INT32 ? 32 : 64;
      if (annotation === '' || annotation === `INTEGER(${bits}, signed)`) return 'integer of 32 or 64 bits';
      if (annotation === `INTEGER(${bits}, unsigned)`) return 'unsigned integer of 32 or 64 bits';
      if (/^DECIMAL\(\d+, \d+\)$/.test(annotation)) return `${annotation} stored as an integer`;
      break;
    }
    case physicalType.FLOAT:
    case physicalType.DOUBLE:
      if (annotation === '') return 'floating point of 32 or 64 bits';
  }
  return typeText(node);
}

/** Type and annotation as a person would write them: `INT32 (DATE)`, `FIXED_LEN_BYTE_ARRAY(16)`, `group (LIST)`. */
export function typeText(node: SchemaNode): string {
  const { type, typeLength } = node.element;
  const annotation = annotationText(node);
  const length = type === physicalType.FIXED_LEN_BYTE_ARRAY ? `(${typeLength ?? 0})` : '';
  const name = type === undefined ? 'group' : `${nameOf(physicalType, type)}${length}`;
  return annotation === '' ? name : `${name} (${annotation})`;
}

/** `required`, `optional` or `repeated`. */
export function repetitionText(node: SchemaNode): string {
  return nameOf(repetition, node.repetition).toLowerCase();
}

/**
 * What a schema element says beyond physical type, name, repetition and field id; '' when nothing. A logical type and the
 * deprecated converted type that means the same give the same text. What this version does not know is told by its bytes.
 */
export function annotationText({ element, bytes }: SchemaNode): string {
  const logical = element.logicalType === undefined ? '' : logicalText(element.logicalType, bytes);
  const converted = convertedText(element);
  const parts = [logical === '' ? converted : logical];
  // Readers disagree about which of the two counts.
  if (logical !== '' && converted !== '' && converted !== logical) parts.push(`converted type ${converted}`);
  for (const { id, type, bytes: value } of rawFields(bytes)) {
    if (id < 1 || id > fieldIds.last) parts.push(`field ${id} of type ${type}: 0x${hex(value)}`);
  }
  return parts.filter((part) => part !== '').join(', ');
}

function logicalText(logical: LogicalType, bytes: Uint8Array): string {
  switch (logical.name) {
    case 'STRING':
    case 'MAP':
    case 'LIST':
    case 'ENUM':
    case 'DATE':
    case 'UNKNOWN':
    case 'JSON':
    case 'BSON':
    case 'UUID':
    case 'FLOAT16':
      return logical.name;
    case 'DECIMAL':
      return `DECIMAL(${logical.precision ?? '?'}, ${logical.scale ?? 0})`;
    case 'TIME':
    case 'TIMESTAMP':
      if (logical.unit === undefined || logical.unit === 'unknown') break;
      return `${logical.name}(${logical.unit}, ${logical.isAdjustedToUtc === true ? 'UTC' : 'local'})`;
    case 'INTEGER':
      return `INTEGER(${logical.bitWidth ?? '?'}, ${logical.isSigned === false ? 'unsigned' : 'signed'})`;
  }
  const field = rawFields(bytes).find(({ id }) => id === fieldIds.logicalType);
  return `${logical.name} 0x${hex(field?.bytes ?? new Uint8Array(0))}`;
}

function convertedText({ convertedType: converted, precision, scale }: SchemaElement): string {
  switch (converted) {
    case undefined:
      return '';
    case convertedType.UTF8:
      return 'STRING';
    case convertedType.DECIMAL:
      return `DECIMAL(${precision ?? '?'}, ${scale ?? 0})`;
    case convertedType.TIME_MILLIS:
      return 'TIME(MILLIS, UTC)';
    case convertedType.TIME_MICROS:
      return 'TIME(MICROS, UTC)';
    case convertedType.TIMESTAMP_MILLIS:
      return 'TIMESTAMP(MILLIS, UTC)';
    case convertedType.TIMESTAMP_MICROS:
      return 'TIMESTAMP(MICROS, UTC)';
    default: {
      const name = nameOf(convertedType, converted);
      const integer = /^(U?)INT_(\d+)$/.exec(name);
      if (integer === null) return name;
      return `INTEGER(${integer[2]}, ${integer[1] === 'U' ? 'unsigned' : 'signed'})`;
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
