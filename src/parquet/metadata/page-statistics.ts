import {
  beginList,
  beginStruct,
  type CompactCursor,
  endStruct,
  nextField,
  readI32,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';
import { readChunks } from './read-chunks.ts';
import type { RowGroup } from './row-group.ts';

/** So many pages of one kind in a column chunk, as the footer states (`PageEncodingStats`); -1 or 0 for what it leaves out. */
export interface PageStatistics {
  readonly type: number;
  readonly encoding: number;
  readonly count: number;
}

/**
 * What a row group's chunks state of their pages (`ColumnMetaData.encoding_stats`), in the order of the leaves; nothing for most writers'.
 * Read from the footer's bytes at every call, since hardly anybody asks.
 * @throws FormatError when it does not decode
 */
export function pageStatistics(rowGroup: RowGroup): readonly (readonly PageStatistics[])[] {
  return readChunks(rowGroup, readChunk);
}

function readChunk(c: CompactCursor): readonly PageStatistics[] {
  const stated: PageStatistics[] = [];
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 3) readMetaData(c, stated);
    else skipField(c);
  }
  endStruct(c, outer);
  return stated;
}

function readMetaData(c: CompactCursor, stated: PageStatistics[]): void {
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 13) {
      for (let left = beginList(c, wireType.STRUCT); left > 0; left--) stated.push(readStatistics(c));
    } else {
      skipField(c);
    }
  }
  endStruct(c, outer);
}

function readStatistics(c: CompactCursor): PageStatistics {
  const numbers = [-1, -1, 0];
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId >= 1 && c.fieldId <= 3) numbers[c.fieldId - 1] = readI32(c);
    else skipField(c);
  }
  endStruct(c, outer);
  const [type = -1, encoding = -1, count = 0] = numbers;
  return { type, encoding, count };
}
