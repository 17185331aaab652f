import { convertedType, physicalType } from '../format.ts';
import type { SchemaElement } from './schema-element.ts';

/**
 * How values of a column compare for statistics (parquet-format, `ColumnOrder`, TYPE_ORDER). `none`: the format
 * defines no order, or not one this version knows, so no minimum and maximum are written.
 */
export type SortOrder =
  | 'boolean'
  | 'signed32'
  | 'unsigned32'
  | 'signed64'
  | 'unsigned64'
  | 'float32'
  | 'float64'
  | 'float16'
  | 'unsigned-bytes'
  | 'signed-bytes'
  | 'none';

/** The order of a leaf's values, by its logical type where it has one, else by the deprecated converted type. */
export function sortOrderOf(element: SchemaElement): SortOrder {
  const logical = element.logicalType?.name;
  const converted = element.convertedType;
  // An annotation that came after this version.
  if (logical === undefined && converted !== undefined && converted > convertedType.INTERVAL) return 'none';
  switch (element.type) {
    case physicalType.BOOLEAN:
      return plainOrNone(element, 'boolean');
    case physicalType.INT32:
    case physicalType.INT64: {
      const wide = element.type === physicalType.INT64;
      if (logical === 'INTEGER') {
        const signed = element.logicalType?.isSigned ?? true;
        return signed ? (wide ? 'signed64' : 'signed32') : wide ? 'unsigned64' : 'unsigned32';
      }
      if (logical !== undefined && !['DECIMAL', 'DATE', 'TIME', 'TIMESTAMP'].includes(logical)) return 'none';
      if (logical === undefined && converted !== undefined) {
        if (converted >= convertedType.UINT_8 && converted <= convertedType.UINT_64) {
          return wide ? 'unsigned64' : 'unsigned32';
        }
        if (converted === convertedType.INTERVAL) return 'none';
      }
      return wide ? 'signed64' : 'signed32';
    }
    case physicalType.FLOAT:
      return plainOrNone(element, 'float32');
    case physicalType.DOUBLE:
      return plainOrNone(element, 'float64');
    case physicalType.BYTE_ARRAY:
      if (logical === 'DECIMAL' || (logical === undefined && converted === convertedType.DECIMAL)) {
        return 'signed-bytes';
      }
      if (logical === undefined && converted === convertedType.INTERVAL) return 'none';
      return logical === undefined || ['STRING', 'ENUM', 'JSON', 'BSON'].includes(logical)
        ? 'unsigned-bytes'
        : 'none';
    case physicalType.FIXED_LEN_BYTE_ARRAY:
      if (logical === 'DECIMAL' || (logical === undefined && converted === convertedType.DECIMAL)) {
        return 'signed-bytes';
      }
      if (logical === 'FLOAT16') return element.typeLength === 2 ? 'float16' : 'none';
      if (converted === convertedType.INTERVAL) return 'none';
      return logical === undefined || logical === 'UUID' ? 'unsigned-bytes' : 'none';
    default:
      return 'none';
  }
}

function plainOrNone(element: SchemaElement, order: SortOrder): SortOrder {
  return element.logicalType === undefined ? order : 'none';
}
