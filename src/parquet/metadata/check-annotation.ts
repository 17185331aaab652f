import { convertedType, nameOf, physicalType } from '../format.ts';
import { corrupt } from '../format-error.ts';
import type { SchemaElement } from './schema-element.ts';

const { INT32, INT64, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY } = physicalType;

/** Which physical types each annotation may stand on (parquet-format, LogicalTypes). */
const typesOf: ReadonlyMap<number, readonly number[]> = new Map([
  [convertedType.UTF8, [BYTE_ARRAY]],
  [convertedType.ENUM, [BYTE_ARRAY]],
  [convertedType.DECIMAL, [INT32, INT64, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY]],
  [convertedType.DATE, [INT32]],
  [convertedType.TIME_MILLIS, [INT32]],
  [convertedType.TIME_MICROS, [INT64]],
  [convertedType.TIMESTAMP_MILLIS, [INT64]],
  [convertedType.TIMESTAMP_MICROS, [INT64]],
  [convertedType.UINT_8, [INT32]],
  [convertedType.UINT_16, [INT32]],
  [convertedType.UINT_32, [INT32]],
  [convertedType.UINT_64, [INT64]],
  [convertedType.INT_8, [INT32]],
  [convertedType.INT_16, [INT32]],
  [convertedType.INT_32, [INT32]],
  [convertedType.INT_64, [INT64]],
  [convertedType.JSON, [BYTE_ARRAY]],
  [convertedType.BSON, [BYTE_ARRAY]],
  [convertedType.INTERVAL, [FIXED_LEN_BYTE_ARRAY]],
]);

/**
 * Refuses a leaf whose converted type cannot stand on its physical type: no reader takes such a file, and one damaged
 * byte of a schema makes it. Annotations that are not known are none of our business.
 * @throws FormatError naming the column
 */
export function checkAnnotation(element: SchemaElement): void {
  const { type, convertedType: annotation } = element;
  // Where both are there, readers go by the logical type.
  if (type === undefined || annotation === undefined || element.logicalType !== undefined) return;
  const allowed = typesOf.get(annotation);
  if (allowed === undefined || allowed.includes(type)) return;
  const name = nameOf(convertedType, annotation);
  throw corrupt(`column ${element.name} has type ${nameOf(physicalType, type)}, which cannot be ${name}`, {
    column: element.name,
  });
}
