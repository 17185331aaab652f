import {
  beginList,
  beginStruct,
  type CompactCursor,
  compactCursor,
  endStruct,
  nextField,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';
import type { RowGroup } from './row-group.ts';

/**
 * Goes through the column chunks of a row group as they stand in the footer (`RowGroup.columns`), for what is too seldom asked for to be
 * kept of each.
 * @param readChunk reads one `ColumnChunk`, all of it
 * @returns what it made of each, in the order of the leaves
 * @throws FormatError when the bytes do not decode
 */
export function readChunks<T>({ bytes }: RowGroup, readChunk: (c: CompactCursor) => T): readonly T[] {
  const c = compactCursor(bytes);
  const read: T[] = [];
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 1) {
      for (let left = beginList(c, wireType.STRUCT); left > 0; left--) read.push(readChunk(c));
    } else {
      skipField(c);
    }
  }
  endStruct(c, outer);
  return read;
}
