import { isMergedFile } from '../created-by.ts';
import type { ParquetFooter } from '../footer.ts';
import { encoding } from '../format.ts';
import { chunkNumber, numbersPerChunk } from '../kernel/kernel.ts';
import { chunkNumbersOf } from '../metadata/chunk-numbers.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import { compressedBytesOf } from '../metadata/merge-footer.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import { type StatedPages, statedPages } from '../read/stated-pages.ts';
import type { ChunkFormat } from '../write/chunk-encoder.ts';

/** By input, the numbers of the row groups whose chunks are copied as they are, as far as their pages allow. Plain data. */
export type CopiedRowGroups = readonly (readonly number[])[];

/** What a row group must be like to be copied. */
export interface CopyRule {
  /** How the chunks of each leaf would be written. */
  readonly formats: readonly ChunkFormat[];
  readonly useDictionary: boolean;
  /** Whether columns may be in encodings that not all readers have. */
  readonly encodings: 'standard' | 'compact';
  /** Most rows and bytes (before compression) of an output row group, and bytes of one of its chunks. */
  readonly rowGroupRows: number;
  readonly rowGroupBytes: number;
  readonly chunkBytes: number;
  /** Least stored bytes of a row group of another writer. */
  readonly leastBytes: number;
}

/** A row group below this share of what one may be is written anew, with its neighbours: else small ones would stay for ever. */
const leastShare = 0.5;
/** A row group of another writer of which less than this share can be copied is written anew: so it need not be one of its own. */
const leastCopiedShare = 0.5;

const { PLAIN, RLE, BIT_PACKED, RLE_DICTIONARY, PLAIN_DICTIONARY } = encoding;
const standardEncodings: ReadonlySet<number> = new Set([PLAIN, RLE, RLE_DICTIONARY]);
/** What may stand in the footer for values in PLAIN or a dictionary, and for levels; parquet-java says BIT_PACKED where there are none. */
const foreignEncodings: ReadonlySet<number> = new Set([...standardEncodings, PLAIN_DICTIONARY, BIT_PACKED]);

/**
 * The row groups that are as this program would write them, going by the footers: large, in the codec that is asked for. Of files that
 * this program merged itself (and did not only fold) they are copied as they are; of those of other writers whatever
 * `wellFormedPages` finds to be so.
 * @param footers with their chunks as they stand in the file
 */
export function copiedRowGroups(footers: readonly ParquetFooter[], rule: CopyRule): CopiedRowGroups {
  return footers.map((footer) => {
    const isCopied = isMergedFile(footer) ? isOwnCopied : isForeignCopied;
    return footer.rowGroups.flatMap((rowGroup, number) =>
      isLarge(rowGroup, rule) && isCopied(rowGroup, rule) ? [number] : [],
    );
  });
}

function isLarge(rowGroup: RowGroup, { rowGroupRows, rowGroupBytes, chunkBytes }: CopyRule): boolean {
  const { rows } = rowGroup;
  const numbers = chunkNumbersOf(rowGroup);
  let bytes = 0;
  for (let place = 0; place < numbers.length; place += numbersPerChunk) {
    const compressed = numbers[place + chunkNumber.compressedSizeBytes] as number;
    const sizeBytes = Math.max(numbers[place + chunkNumber.uncompressedSizeBytes] as number, compressed);
    if (sizeBytes > chunkBytes || numbers[place + chunkNumber.valueCount] === 0) return false;
    bytes += sizeBytes;
  }
  if (rows > rowGroupRows || bytes > rowGroupBytes) return false;
  return rows >= rowGroupRows * leastShare || bytes >= rowGroupBytes * leastShare;
}

function isOwnCopied({ chunks }: RowGroup, { formats, encodings, useDictionary }: CopyRule): boolean {
  return chunks.every((chunk, leaf) => {
    const { codec, hasBloomFilter = false } = formats[leaf] ?? {};
    // A filter would have to be made of values, which nobody gathers.
    if (chunk.codec !== codec || (hasBloomFilter && !chunk.hasBloomFilter)) return false;
    if (!useDictionary && chunk.encodings.includes(RLE_DICTIONARY)) return false;
    if (chunk.encodings.length === 0) return false;
    return encodings === 'compact' || chunk.encodings.every((one) => standardEncodings.has(one));
  });
}

function isForeignCopied(rowGroup: RowGroup, rule: CopyRule): boolean {
  // Another encoding may win, and nobody knows the level of theirs.
  if (rule.encodings === 'compact' || rowGroup.hasMistakes === true) return false;
  const bytes = compressedBytesOf(rowGroup);
  if (bytes < rule.leastBytes) return false;
  const stated = statedPages(rowGroup);
  let copiedBytes = 0;
  for (const [leaf, chunk] of rowGroup.chunks.entries()) {
    const format = rule.formats[leaf];
    if (format === undefined || !isForeignFormat(chunk, format)) continue;
    if (mayBeWellFormed(chunk, stated[leaf], rowGroup.rows, format, rule))
      copiedBytes += chunk.compressedSizeBytes;
  }
  return copiedBytes >= bytes * leastCopiedShare;
}

/** Whether chunks of another writer may stay as they are in a column of this format. */
export function isForeignFormat(
  { codec }: Pick<ColumnChunk, 'codec'>,
  { codec: wanted, level, hasBloomFilter = false }: ChunkFormat,
): boolean {
  // A filter of theirs may be of any size, and nobody knows the level they compressed with.
  return codec === wanted && level === undefined && !hasBloomFilter;
}

// By what the footer says; the pages say more.
function mayBeWellFormed(
  { encodings }: ColumnChunk,
  stated: StatedPages | undefined,
  rows: number,
  { pageRows }: ChunkFormat,
  { useDictionary }: CopyRule,
): boolean {
  if (!encodings.every((one) => foreignEncodings.has(one))) return false;
  const hasDictionary = encodings.some((one) => one === RLE_DICTIONARY || one === PLAIN_DICTIONARY);
  if (hasDictionary && !useDictionary) return false;
  if (stated === undefined) return true;
  return !stated.hasVersion2 && stated.encodings.length === 1 && stated.dataPages >= rows / pageRows;
}
