import { isMergedFile } from '../created-by.ts';
import type { ParquetFooter } from '../footer.ts';
import { chunkNumber, numbersPerChunk } from '../kernel/kernel.ts';
import { chunkNumbersOf } from './chunk-numbers.ts';
import type { ColumnChunk } from './column-chunk.ts';
import type { LeafColumn } from './leaf-column.ts';
import type { RowGroup } from './row-group.ts';

/** A row group of another writer with fewer stored bytes is never copied: encoding it takes a few milliseconds. */
export const leastCopiedBytes = 1024 * 1024;

/**
 * The same as {@link footerForMerge}, but row groups that may be copied stay as they are: whether they can be is told by encodings,
 * and their Bloom filters come along.
 */
export function footerForCopying(footer: ParquetFooter): ParquetFooter {
  return keptFooter(footer, leastCopiedBytes);
}

/**
 * A footer with what a merge needs of an input, and without the bytes it was decoded from: a merge of many thousand files
 * holds all their footers, and these are most of them. Statistics, page index and Bloom filters cannot be found from it; to
 * ask a row group for its bytes is an error. Row groups that say more than where their chunks lie stay as they are, and so do files that
 * this program merged.
 */
export function footerForMerge(footer: ParquetFooter): ParquetFooter {
  return keptFooter(footer, Number.POSITIVE_INFINITY);
}

/** @param leastBytes stored bytes from which on a row group stays as it is */
function keptFooter(footer: ParquetFooter, leastBytes: number): ParquetFooter {
  // Whether such values can be moved is told by statistics: see `checkMovable`.
  if (footer.elements.some(({ logicalType }) => logicalType?.name === 'FILE')) return footer;
  // Whether their row groups can be copied is told by encodings; there are few of them.
  if (isMergedFile(footer)) return footer;
  const { leaves, columnOrderBytes, ...rest } = footer;
  return {
    ...rest,
    leaves,
    rowGroups: footer.rowGroups.map((rowGroup) =>
      rowGroupForMerge(rowGroup, leaves, footer.file, leastBytes),
    ),
    ...(columnOrderBytes === undefined ? {} : { columnOrderBytes: shared(columnOrderBytes) }),
  };
}

/** The stored bytes of a row group's chunks. */
export function compressedBytesOf(rowGroup: RowGroup): number {
  const numbers = chunkNumbersOf(rowGroup);
  let bytes = 0;
  for (let place = 0; place < numbers.length; place += numbersPerChunk)
    bytes += numbers[place + chunkNumber.compressedSizeBytes] as number;
  return bytes;
}

function rowGroupForMerge(
  rowGroup: RowGroup,
  leaves: readonly LeafColumn[],
  file: string,
  leastBytes: number,
): RowGroup {
  const { rows, totalSizeBytes, isSorted, hasChunkKeyValues = false, hasMistakes = false } = rowGroup;
  if (isSorted || hasChunkKeyValues || hasMistakes || compressedBytesOf(rowGroup) >= leastBytes)
    return rowGroup;
  const numbers = chunkNumbersOf(rowGroup);
  let chunks: readonly ColumnChunk[] | undefined;
  return {
    rows,
    totalSizeBytes,
    isSorted,
    hasChunkKeyValues,
    numbers,
    get bytes(): Uint8Array {
      throw new Error(`${file}: a footer that is kept for a merge has no bytes`);
    },
    get chunks() {
      chunks ??= leaves.map((leaf, i) => chunkFrom(numbers, i * numbersPerChunk, leaf));
      return chunks;
    },
  };
}

function chunkFrom(numbers: Float64Array, place: number, { type }: LeafColumn): ColumnChunk {
  const numberOf = (name: keyof typeof chunkNumber): number => numbers[place + chunkNumber[name]] as number;
  const startOffsetBytes = numberOf('startOffsetBytes');
  return {
    type,
    encodings: [],
    codec: numberOf('codec'),
    valueCount: numberOf('valueCount'),
    uncompressedSizeBytes: numberOf('uncompressedSizeBytes'),
    compressedSizeBytes: numberOf('compressedSizeBytes'),
    startOffsetBytes,
    dataPageOffsetBytes: startOffsetBytes,
    hasBloomFilter: false,
    hasPageIndex: false,
  };
}

// Files of one writer have the same; what is not shared is a copy of its own, not a view that holds on to the footer.
let last: Uint8Array = new Uint8Array(0);

function shared(bytes: Uint8Array): Uint8Array {
  if (Buffer.compare(bytes, last) !== 0) last = bytes.slice();
  return last;
}
