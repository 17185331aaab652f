import {
  beginList,
  beginStruct,
  type CompactCursor,
  compactCursor,
  endStruct,
  nextField,
  readBoolean,
  readI32,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';
import type { RowGroup } from './row-group.ts';

/** A leaf that the rows of a row group are sorted by (`SortingColumn`). */
export interface SortingColumn {
  /** Number of the leaf. */
  readonly leaf: number;
  readonly isDescending: boolean;
  readonly nullsFirst: boolean;
}

/**
 * What a row group states that its rows are sorted by, most significant first; empty when it states nothing. Nobody has
 * checked it.
 */
export function sortingColumnsOf(rowGroup: RowGroup): readonly SortingColumn[] {
  const columns: SortingColumn[] = [];
  if (!rowGroup.isSorted) return columns;
  const c = compactCursor(rowGroup.bytes);
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId !== 4) {
      skipField(c);
      continue;
    }
    for (let left = beginList(c, wireType.STRUCT); left > 0; left--) columns.push(readSortingColumn(c));
  }
  endStruct(c, outer);
  return columns;
}

function readSortingColumn(c: CompactCursor): SortingColumn {
  let leaf = -1;
  let isDescending = false;
  let nullsFirst = false;
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 1) leaf = readI32(c);
    else if (c.fieldId === 2) isDescending = readBoolean(c);
    else if (c.fieldId === 3) nullsFirst = readBoolean(c);
    else skipField(c);
  }
  endStruct(c, outer);
  return { leaf, isDescending, nullsFirst };
}
