import type { ParquetFooter } from '../footer.ts';
import { pageType } from '../format.ts';
import { unsupported } from '../format-error.ts';
import { pageStatistics } from '../metadata/page-statistics.ts';

/**
 * Refuses a file with mistakes that readers put right by the name of its writer (`writer-mistakes.ts`): a folded file has
 * another writer, and the mistakes in it.
 * @throws FormatError naming file and column
 */
export function checkWriterMistakes(footer: ParquetFooter): void {
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    const { chunks } = rowGroup;
    const place = (i: number) => ({
      file: footer.file,
      rowGroup: number,
      column: footer.leaves[i]?.path ?? '',
    });
    const padded = chunks.findIndex(({ isPadded }) => isPadded);
    if (padded >= 0)
      throw unsupported('folding column chunks that are longer than they state', place(padded));
    if (!chunks.some(({ isAlwaysCompressed }) => isAlwaysCompressed)) continue;
    const second = pageStatistics(rowGroup).findIndex((stated) =>
      stated.some(({ type }) => type === pageType.DATA_PAGE_V2),
    );
    if (second >= 0) {
      throw unsupported(
        'folding version 2 pages of parquet-cpp before 2.0, which state their compression wrongly,',
        place(second),
      );
    }
  }
}
