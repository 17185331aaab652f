import { FormatError } from '../../core/errors.ts';
import { pageType } from '../format.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import {
  beginList,
  beginStruct,
  type CompactCursor,
  compactCursor,
  endStruct,
  nextField,
  readI32,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';

/** What a footer says of the data pages of a column chunk (`ColumnMetaData.encoding_stats`). */
export interface StatedPages {
  readonly dataPages: number;
  /** Of their values, each once. */
  readonly encodings: readonly number[];
  /** Whether some are of version 2. Arrow says of its own that they are of version 1. */
  readonly hasVersion2: boolean;
}

/**
 * What a row group's chunks state of their pages, in the order of the leaves; undefined for a chunk that states nothing, or nothing
 * that can be read. Read from the footer's bytes at every call, since hardly anybody asks.
 */
export function statedPages(rowGroup: RowGroup): readonly (StatedPages | undefined)[] {
  const stated: (StatedPages | undefined)[] = [];
  const c = compactCursor(rowGroup.bytes);
  try {
    const outer = beginStruct(c);
    while (nextField(c)) {
      if (c.fieldId === 1) {
        for (let left = beginList(c, wireType.STRUCT); left > 0; left--) stated.push(readChunk(c));
      } else {
        skipField(c);
      }
    }
    endStruct(c, outer);
    return stated;
  } catch (error) {
    // Nobody needs to believe it, so it need not decode.
    if (error instanceof FormatError) return [];
    throw error;
  }
}

function readChunk(c: CompactCursor): StatedPages | undefined {
  let stated: StatedPages | undefined;
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 3) stated = readMetaData(c);
    else skipField(c);
  }
  endStruct(c, outer);
  return stated;
}

function readMetaData(c: CompactCursor): StatedPages | undefined {
  let stated: StatedPages | undefined;
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 13) stated = readStats(c);
    else skipField(c);
  }
  endStruct(c, outer);
  return stated;
}

function readStats(c: CompactCursor): StatedPages | undefined {
  let dataPages = 0;
  let hasVersion2 = false;
  const encodings = new Set<number>();
  for (let left = beginList(c, wireType.STRUCT); left > 0; left--) {
    const numbers = [-1, -1, 0];
    const outer = beginStruct(c);
    while (nextField(c)) {
      if (c.fieldId >= 1 && c.fieldId <= 3) numbers[c.fieldId - 1] = readI32(c);
      else skipField(c);
    }
    endStruct(c, outer);
    const [type, valueEncoding = -1, count = 0] = numbers;
    if ((type !== pageType.DATA_PAGE && type !== pageType.DATA_PAGE_V2) || count <= 0) continue;
    if (type === pageType.DATA_PAGE_V2) hasVersion2 = true;
    dataPages += count;
    encodings.add(valueEncoding);
  }
  return dataPages === 0 ? undefined : { dataPages, encodings: [...encodings], hasVersion2 };
}
