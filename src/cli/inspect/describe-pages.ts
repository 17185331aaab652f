import type { ByteSource } from '../../core/byte-source.ts';
import { FormatError } from '../../core/errors.ts';
import type { ParquetFooter } from '../../parquet/footer.ts';
import { type Page, pages } from '../../parquet/read/pages.ts';

/** The pages of one column chunk. Plain data. */
export interface ChunkPages {
  readonly rowGroup: number;
  readonly column: string;
  readonly pages: readonly Page[];
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
  for (const rowGroup of footer.rowGroups.keys()) {
    for (const leaf of footer.leaves) {
      const found: Page[] = [];
      for await (const page of pages(source, footer, rowGroup, leaf.index)) found.push(page);
      chunks.push({ rowGroup, column: leaf.path, pages: found });
    }
  }
  return chunks;
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
      if (error instanceof FormatError) return { problem: error.message };
      throw error;
    }
  }
  return undefined;
}
