import type { ParquetFooter } from '../footer.ts';
import { beginList, compactCursor, skipField, wireType } from '../thrift/compact-reader.ts';

/**
 * The `ColumnOrder` of each leaf as thrift bytes; undefined when the file states none, or not one for every leaf. Without
 * it the format gives `min_value` and `max_value` no meaning.
 */
export function columnOrdersOf(footer: ParquetFooter): readonly Uint8Array[] | undefined {
  const bytes = footer.columnOrderBytes;
  if (bytes === undefined) return undefined;
  const c = compactCursor(bytes);
  c.fieldType = wireType.LIST;
  if ((bytes[0] ?? 0) % 16 !== wireType.STRUCT || beginList(c, wireType.STRUCT) !== footer.leaves.length) {
    return undefined;
  }
  return footer.leaves.map(() => {
    const start = c.position;
    c.fieldType = wireType.STRUCT;
    skipField(c);
    return bytes.subarray(start, c.position);
  });
}
