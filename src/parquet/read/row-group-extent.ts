import { chunkNumber, numbersPerChunk } from '../kernel/kernel.ts';
import { chunkNumbersOf } from '../metadata/chunk-numbers.ts';
import type { RowGroup } from '../metadata/row-group.ts';

/** Where the column chunks of a row group lie in their file. */
export interface RowGroupExtent {
  readonly startOffsetBytes: number;
  /** From the first byte of a chunk to the last. */
  readonly sizeBytes: number;
  /** Whether the chunks lie together, as writers make them: then they can be read in one piece. */
  readonly isDense: boolean;
}

/** How many times as many bytes as the chunks have may lie between the first and the last. */
const wastefulness = 1.25;

/** Says where the chunks of a row group lie, or those of a range of leaves; those without values count for nothing. */
export function rowGroupExtent(rowGroup: RowGroup, fromLeaf = 0, toLeaf?: number): RowGroupExtent {
  const numbers = chunkNumbersOf(rowGroup);
  const stop = toLeaf === undefined ? numbers.length : toLeaf * numbersPerChunk;
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  let sum = 0;
  for (let i = fromLeaf * numbersPerChunk; i < stop; i += numbersPerChunk) {
    if (numbers[i + chunkNumber.valueCount] === 0) continue;
    const offset = numbers[i + chunkNumber.startOffsetBytes] as number;
    const sizeBytes = numbers[i + chunkNumber.compressedSizeBytes] as number;
    start = Math.min(start, offset);
    end = Math.max(end, offset + sizeBytes);
    sum += sizeBytes;
  }
  if (sum === 0) return { startOffsetBytes: 0, sizeBytes: 0, isDense: true };
  return { startOffsetBytes: start, sizeBytes: end - start, isDense: end - start <= sum * wastefulness };
}
