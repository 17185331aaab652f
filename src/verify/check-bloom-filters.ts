import type { ByteSource } from '../core/byte-source.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import type { LeafColumn } from '../parquet/metadata/leaf-column.ts';
import { bloomFilterCheck } from '../parquet/read/bloom-filters.ts';
import type { DecodedPage } from '../parquet/read/decoded-page.ts';
import { difference } from './staged-difference.ts';

/**
 * Reads the Bloom filter of a column chunk, where it has one, and gives who looks in it for the values of every page of the
 * chunk: readers pass over a row group whose filter does not know what they look for. That one throws VerifyError at the
 * first value that is not there.
 * @throws FormatError; StoreError
 */
export async function checkBloomFilter(
  staged: ByteSource,
  footer: ParquetFooter,
  rowGroup: number,
  leaf: LeafColumn,
): Promise<((page: DecodedPage, number: number) => void) | undefined> {
  const holds = await bloomFilterCheck(staged, footer, rowGroup, leaf);
  if (holds === undefined) return undefined;
  return (page, number) => {
    if (holds(page)) return;
    throw difference({
      code: 'bloom-filter',
      staged: footer.file,
      rowGroup,
      column: leaf.path,
      expected: 'a Bloom filter that knows every value',
      found: `one that does not know a value of page ${number}`,
    });
  };
}
