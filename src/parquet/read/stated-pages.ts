import { FormatError } from '../../core/errors.ts';
import { pageType } from '../format.ts';
import { type PageStatistics, pageStatistics } from '../metadata/page-statistics.ts';
import type { RowGroup } from '../metadata/row-group.ts';

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
  try {
    return pageStatistics(rowGroup).map(dataPagesOf);
  } catch (error) {
    // Nobody needs to believe it, so it need not decode.
    if (error instanceof FormatError) return [];
    throw error;
  }
}

function dataPagesOf(stated: readonly PageStatistics[]): StatedPages | undefined {
  const ofData = stated.filter(
    ({ type, count }) => (type === pageType.DATA_PAGE || type === pageType.DATA_PAGE_V2) && count > 0,
  );
  if (ofData.length === 0) return undefined;
  return {
    dataPages: ofData.reduce((sum, { count }) => sum + count, 0),
    encodings: [...new Set(ofData.map(({ encoding }) => encoding))],
    hasVersion2: ofData.some(({ type }) => type === pageType.DATA_PAGE_V2),
  };
}
