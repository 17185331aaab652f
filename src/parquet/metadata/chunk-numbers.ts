import { chunkNumber, numbersPerChunk } from '../kernel/kernel.ts';
import type { ColumnChunk } from './column-chunk.ts';
import type { RowGroup } from './row-group.ts';

/**
 * What a merge needs to know of every column chunk, as `chunkNumber` has it, leaf after leaf: thousands of files have tens of
 * thousands of chunks, and an object for each costs more than all that is done with it.
 */
export function chunkNumbersOf(rowGroup: Pick<RowGroup, 'chunks' | 'numbers'>): Float64Array {
  // To look at `chunks` is to make them.
  return rowGroup.numbers ?? numbersOf(rowGroup.chunks);
}

/** The numbers of chunks. */
export function numbersOf(chunks: readonly ColumnChunk[]): Float64Array {
  const numbers = new Float64Array(chunks.length * numbersPerChunk);
  let place = 0;
  for (const chunk of chunks) {
    numbers[place + chunkNumber.codec] = chunk.codec;
    numbers[place + chunkNumber.valueCount] = chunk.valueCount;
    numbers[place + chunkNumber.uncompressedSizeBytes] = chunk.uncompressedSizeBytes;
    numbers[place + chunkNumber.compressedSizeBytes] = chunk.compressedSizeBytes;
    numbers[place + chunkNumber.startOffsetBytes] = chunk.startOffsetBytes;
    place += numbersPerChunk;
  }
  return numbers;
}
