import { isMergedFile } from '../created-by.ts';
import type { ParquetFooter } from '../footer.ts';
import { encoding } from '../format.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import type { ChunkFormat } from '../write/chunk-encoder.ts';

/** By input, the numbers of the row groups whose chunks are copied as they are. Plain data. */
export type CopiedRowGroups = readonly (readonly number[])[];

/** What a row group must be like to be copied. */
export interface CopyRule {
  /** How the chunks of each leaf would be written. */
  readonly formats: readonly ChunkFormat[];
  /** Whether columns may be in encodings that not all readers have. */
  readonly encodings: 'standard' | 'compact';
  /** Most rows and bytes (before compression) of an output row group, and bytes of one of its chunks. */
  readonly rowGroupRows: number;
  readonly rowGroupBytes: number;
  readonly chunkBytes: number;
}

/** A row group below this share of what one may be is written anew, with its neighbours: else small ones would stay for ever. */
const leastShare = 0.5;

const standardEncodings: ReadonlySet<number> = new Set([
  encoding.PLAIN,
  encoding.RLE,
  encoding.RLE_DICTIONARY,
]);

/**
 * The row groups that are as this program would write them: large, of files it merged itself (and did not only fold), in the codec
 * that is asked for. What others wrote is written anew: their pages need not end where rows end, nor have checksums.
 * @param footers with their chunks as they stand in the file
 */
export function copiedRowGroups(footers: readonly ParquetFooter[], rule: CopyRule): CopiedRowGroups {
  // A filter would have to be made of values, which nobody gathers.
  const areFiltered = rule.formats.some(({ hasBloomFilter }) => hasBloomFilter === true);
  return footers.map((footer) => {
    if (!isMergedFile(footer) || areFiltered) return [];
    return footer.rowGroups.flatMap((rowGroup, number) => (isCopied(rowGroup, rule) ? [number] : []));
  });
}

function isCopied({ rows, chunks }: RowGroup, rule: CopyRule): boolean {
  let bytes = 0;
  for (const [leaf, chunk] of chunks.entries()) {
    const { codec } = rule.formats[leaf] ?? {};
    const isUsual =
      chunk.encodings.length > 0 &&
      (rule.encodings === 'compact' || chunk.encodings.every((one) => standardEncodings.has(one)));
    if (chunk.codec !== codec || !isUsual || chunk.valueCount === 0) return false;
    const sizeBytes = Math.max(chunk.uncompressedSizeBytes, chunk.compressedSizeBytes);
    if (sizeBytes > rule.chunkBytes) return false;
    bytes += sizeBytes;
  }
  const { rowGroupRows, rowGroupBytes } = rule;
  if (rows > rowGroupRows || bytes > rowGroupBytes) return false;
  return rows >= rowGroupRows * leastShare || bytes >= rowGroupBytes * leastShare;
}
