import type { ByteSource } from '../core/byte-source.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import type { MemoryLimits } from '../parquet/memory-limits.ts';
import { findBloomMiss } from '../parquet/read/bloom-filters.ts';
import { difference } from './staged-difference.ts';

/**
 * Looks for every value of the staged file in the Bloom filter of its chunk, where there is one: readers pass over a row group
 * whose filter does not know what they look for.
 * @throws VerifyError at the first value that is not there; FormatError; StoreError
 */
export async function checkBloomFilters(
  staged: ByteSource,
  footer: ParquetFooter,
  memory: MemoryLimits | undefined,
): Promise<void> {
  const miss = await findBloomMiss(staged, footer, memory);
  if (miss === undefined) return;
  const { rowGroup, column, page } = miss;
  throw difference({
    code: 'bloom-filter',
    staged: footer.file,
    rowGroup,
    column,
    expected: 'a Bloom filter that knows every value',
    found: `one that does not know a value of page ${page}`,
  });
}
