import type { ByteSource } from '../../core/byte-source.ts';
import type { RowGroup } from '../footer.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';

/** The stored bytes of one row group's column chunks, in memory. */
export interface RowGroupBytes {
  /** The bytes of a chunk of this row group: a view. */
  chunkBytes(chunk: ColumnChunk): Uint8Array;
}

/** Chunks whose bytes lie this close together are fetched in one read, the gap included. */
const wastefulness = 1.25;

/**
 * Reads the bytes of a row group: in one read where its chunks lie together, as writers make them, else one read a
 * chunk.
 */
export async function loadRowGroup(source: ByteSource, rowGroup: RowGroup): Promise<RowGroupBytes> {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  let sum = 0;
  for (const chunk of rowGroup.chunks) {
    if (chunk.valueCount === 0) continue;
    start = Math.min(start, chunk.startOffsetBytes);
    end = Math.max(end, chunk.startOffsetBytes + chunk.compressedSizeBytes);
    sum += chunk.compressedSizeBytes;
  }
  if (sum === 0) return { chunkBytes: () => new Uint8Array(0) };
  if (end - start <= sum * wastefulness) {
    const bytes = await source.read(start, end - start);
    return {
      chunkBytes: (chunk) => {
        const from = chunk.startOffsetBytes - start;
        return bytes.subarray(from, from + chunk.compressedSizeBytes);
      },
    };
  }
  const parts = new Map<ColumnChunk, Uint8Array>();
  for (const chunk of rowGroup.chunks) {
    if (chunk.valueCount === 0) continue;
    parts.set(chunk, await source.read(chunk.startOffsetBytes, chunk.compressedSizeBytes));
  }
  return { chunkBytes: (chunk) => parts.get(chunk) ?? new Uint8Array(0) };
}
