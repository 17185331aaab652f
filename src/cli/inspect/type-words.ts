import { convertedType, nameOf, physicalType } from '../../parquet/format.ts';
import type { LeafColumn } from '../../parquet/metadata/leaf-column.ts';

const physicalWords: Readonly<Record<number, string>> = {
  [physicalType.BOOLEAN]: 'boolean',
  [physicalType.INT32]: 'int32',
  [physicalType.INT64]: 'int64',
  [physicalType.INT96]: 'timestamp (INT96)',
  [physicalType.FLOAT]: 'float',
  [physicalType.DOUBLE]: 'double',
  [physicalType.BYTE_ARRAY]: 'bytes',
};

const unitWords: Readonly<Record<string, string>> = { MILLIS: 'ms', MICROS: 'µs', NANOS: 'ns' };

/**
 * What a column holds, in a few words: by its logical type, else by the deprecated converted type, else as it is stored.
 * `timestamp µs UTC`, `decimal(9, 2)`, `text`, `bytes(16)`.
 */
export function typeWords({ element, type }: LeafColumn): string {
  const { logicalType: logical, convertedType: converted, precision, scale } = element;
  const stored =
    physicalWords[type] ??
    (type === physicalType.FIXED_LEN_BYTE_ARRAY
      ? `bytes(${element.typeLength ?? 0})`
      : nameOf(physicalType, type));
  if (logical === undefined) {
    if (converted === convertedType.DECIMAL) return `decimal(${precision ?? '?'}, ${scale ?? 0})`;
    return converted === undefined ? stored : convertedWords(converted);
  }
  switch (logical.name) {
    case 'STRING':
      return 'text';
    case 'DECIMAL':
      return `decimal(${logical.precision ?? '?'}, ${logical.scale ?? 0})`;
    case 'INTEGER':
      return `${logical.isSigned === false ? 'uint' : 'int'}${logical.bitWidth ?? ''}`;
    case 'TIME':
    case 'TIMESTAMP': {
      const unit = unitWords[logical.unit ?? ''] ?? 'of unknown unit';
      return `${logical.name.toLowerCase()} ${unit}${logical.isAdjustedToUtc === true ? ' UTC' : ''}`;
    }
    case 'UNKNOWN':
      return 'always null';
    default:
      return logical.name.startsWith('field ') ? `${stored} (unknown type)` : logical.name.toLowerCase();
  }
}

function convertedWords(converted: number): string {
  switch (converted) {
    case convertedType.UTF8:
      return 'text';
    // By definition of the deprecated types these are instants in UTC.
    case convertedType.TIMESTAMP_MILLIS:
      return 'timestamp ms UTC';
    case convertedType.TIMESTAMP_MICROS:
      return 'timestamp µs UTC';
    case convertedType.TIME_MILLIS:
      return 'time ms UTC';
    case convertedType.TIME_MICROS:
      return 'time µs UTC';
    default:
      return nameOf(convertedType, converted).toLowerCase().replace('_', '');
  }
}
