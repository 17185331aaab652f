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

/** Says where chunks of a row group lie; those without values count for nothing. */
export function rowGroupExtent(rowGroup: Pick<RowGroup, 'chunks'>): RowGroupExtent {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  let sum = 0;
  for (const chunk of rowGroup.chunks) {
    if (chunk.valueCount === 0) continue;
    start = Math.min(start, chunk.startOffsetBytes);
    end = Math.max(end, chunk.startOffsetBytes + chunk.compressedSizeBytes);
    sum += chunk.compressedSizeBytes;
  }
  if (sum === 0) return { startOffsetBytes: 0, sizeBytes: 0, isDense: true };
  return { startOffsetBytes: start, sizeBytes: end - start, isDense: end - start <= sum * wastefulness };
}
