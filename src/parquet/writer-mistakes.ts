import { numbersOf } from './metadata/chunk-numbers.ts';
import type { ColumnChunk } from './metadata/column-chunk.ts';
import type { RowGroup } from './metadata/row-group.ts';
import { isBefore, writerVersion } from './writer-version.ts';

/** How much longer than stated a chunk may be: so long may the header of a dictionary page become. Arrow's figure. */
const mostHeaderBytes = 100;

/**
 * The row groups of a file as they are, where its writer is known to state something wrong about them that readers
 * put right:
 * - parquet-cpp before Arrow 3.0, which then changed its name, compressed the values of version 2 pages and stated that
 *   it had not (ARROW-10353).
 * - parquet-mr before 1.2.9, and without a version, left the header of the dictionary page out of a chunk's size
 *   (PARQUET-816, IMPALA-694).
 * - Impala writes more definition levels into a page than it has values, and where it packed bits began with the lowest
 *   (IMPALA-3006).
 * @param dataEndBytes where the footer begins
 */
export function withoutMistakes(
  rowGroups: readonly RowGroup[],
  createdBy: string | undefined,
  dataEndBytes: number,
): readonly RowGroup[] {
  const cpp = writerVersion(createdBy, 'parquet-cpp');
  if (cpp !== undefined && isBefore(cpp, [2])) {
    return withChunks(rowGroups, (chunk) => ({ ...chunk, isAlwaysCompressed: true }));
  }
  const java = writerVersion(createdBy, 'parquet-mr');
  if (java !== undefined && isBefore(java, [1, 2, 9])) {
    return withChunks(rowGroups, (chunk) => {
      const room = Math.max(0, dataEndBytes - chunk.startOffsetBytes - chunk.compressedSizeBytes);
      const sizeBytes = chunk.compressedSizeBytes + Math.min(room, mostHeaderBytes);
      return chunk.valueCount === 0 ? chunk : { ...chunk, compressedSizeBytes: sizeBytes, isPadded: true };
    });
  }
  if (writerVersion(createdBy, 'impala') !== undefined) {
    return withChunks(rowGroups, (chunk) => ({ ...chunk, isOfImpala: true }));
  }
  return rowGroups;
}

function withChunks(
  rowGroups: readonly RowGroup[],
  correct: (chunk: ColumnChunk) => ColumnChunk,
): readonly RowGroup[] {
  return rowGroups.map((rowGroup) => {
    const chunks = rowGroup.chunks.map(correct);
    return { ...rowGroup, chunks, numbers: numbersOf(chunks), hasMistakes: true };
  });
}
