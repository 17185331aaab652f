import type { ByteSource } from '../../core/byte-source.ts';
import { FormatError } from '../../core/errors.ts';
import type { ParquetFooter } from '../../parquet/footer.ts';
import type { LeafColumn } from '../../parquet/metadata/leaf-column.ts';
import { type PageIndex, readPageIndexes } from '../../parquet/read/page-indexes.ts';
import { type Page, pages } from '../../parquet/read/pages.ts';
import { type ReadableValue, readableValue } from './readable-value.ts';

/** A page with what the page index says of it. Plain data. */
export interface PageDescription extends Page {
  /** Number of its first row in the row group. */
  readonly firstRow?: number;
  readonly isAllNull?: boolean;
  readonly min?: ReadableValue;
  readonly max?: ReadableValue;
}

/** The pages of one column chunk. Plain data. */
export interface ChunkPages {
  readonly rowGroup: number;
  readonly column: string;
  readonly pages: readonly PageDescription[];
}

/**
 * The pages of every column chunk, row group after row group.
 * @throws FormatError, StoreError
 */
export async function describePages(
  source: ByteSource,
  footer: ParquetFooter,
): Promise<readonly ChunkPages[]> {
  const chunks: ChunkPages[] = [];
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    const indexes = await readPageIndexes(source, footer, number);
    for (const leaf of footer.leaves) {
      const found: PageDescription[] = [];
      const withIndex = indexed(leaf, rowGroup.rows, indexes[leaf.index]);
      for await (const page of pages(source, footer, number, leaf.index)) found.push(withIndex(page));
      chunks.push({ rowGroup: number, column: leaf.path, pages: found });
    }
  }
  return chunks;
}

// Adds to page after page what the index says of the one at its place; nothing where the index knows no such page.
function indexed(
  leaf: LeafColumn,
  rows: number,
  index: PageIndex | undefined,
): (page: Page) => PageDescription {
  const locations = index?.offsetIndex?.pages ?? [];
  const places = new Map(locations.map(({ offsetBytes }, i) => [offsetBytes, i]));
  return (page) => {
    const i = places.get(page.offsetBytes) ?? -1;
    const location = locations[i];
    if (location === undefined) return page;
    const { columnIndex } = index ?? {};
    const isAllNull = columnIndex?.nullPages[i];
    const [min, max] = [columnIndex?.minima[i], columnIndex?.maxima[i]];
    const nulls = columnIndex?.nullCounts?.[i];
    return {
      ...page,
      rows: (locations[i + 1]?.firstRow ?? rows) - location.firstRow,
      firstRow: location.firstRow,
      ...(nulls === undefined ? {} : { nulls }),
      ...(isAllNull === undefined ? {} : { isAllNull }),
      ...(isAllNull !== false || min === undefined || max === undefined
        ? {}
        : { min: readableValue(leaf, min), max: readableValue(leaf, max) }),
    };
  };
}

/** What the first page of a file tells: whether it has a CRC, or why it cannot be read. */
export type FirstPage = { readonly hasCrc: boolean } | { readonly problem: string };

/** Looks at the first page of a file; undefined where there is none. @throws StoreError */
export async function firstPageOf(source: ByteSource, footer: ParquetFooter): Promise<FirstPage | undefined> {
  for (const [number, { chunks }] of footer.rowGroups.entries()) {
    const column = chunks.findIndex((chunk) => chunk.valueCount > 0);
    if (column < 0) continue;
    try {
      const first = await pages(source, footer, number, column).next();
      return first.done === true ? undefined : { hasCrc: first.value.crc !== undefined };
    } catch (error) {
      // The footer is there to be shown all the same.
      if (error instanceof FormatError) {
        return { problem: `${error.problem} (column ${error.place.column ?? column})` };
      }
      throw error;
    }
  }
  return undefined;
}
