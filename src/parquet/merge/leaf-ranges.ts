import type { ParquetFooter } from '../footer.ts';
import { chunkNumber, numbersPerChunk } from '../kernel/kernel.ts';
import { chunkNumbersOf } from '../metadata/chunk-numbers.ts';

/** Leaves from `from` to before `to`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** All leaves of any schema. */
export const everyLeaf: LeafRange = { from: 0, to: Number.POSITIVE_INFINITY };

/** Whether a range has all leaves, those of evolved schemas too. */
export function isEverything(range: LeafRange): boolean {
  return range === everyLeaf;
}

/** A value takes about so many times as long as a stored byte. */
const bytesPerValue = 2;

/** What writing and its checksum take, as a part of what merging all leaves does: the first stretch is shorter by it. */
const writingShare = 0.12;

/**
 * Divides the leaves into stretches of about the same work, at most `count`, the first for the thread that also writes:
 * writing goes in the order of the leaves.
 */
export function leafRanges(footers: readonly ParquetFooter[], count: number): readonly LeafRange[] {
  const leaves = footers[0]?.leaves.length ?? 0;
  const work = new Float64Array(leaves);
  for (const { rowGroups } of footers) {
    for (const rowGroup of rowGroups) {
      const numbers = chunkNumbersOf(rowGroup);
      for (let i = 0; i < leaves; i++) {
        const place = i * numbersPerChunk;
        const sizeBytes = numbers[place + chunkNumber.compressedSizeBytes] as number;
        const values = numbers[place + chunkNumber.valueCount] as number;
        work[i] = (work[i] as number) + sizeBytes + values * bytesPerValue;
      }
    }
  }
  const total = work.reduce((sum, one) => sum + one, 0);
  const ranges: LeafRange[] = [];
  let from = 0;
  let done = 0;
  for (let i = 0; i < leaves; i++) {
    const own = work[i] as number;
    const share = total * (((1 + writingShare) * (ranges.length + 1)) / count - writingShare);
    // A leaf belongs to where the larger part of it lies.
    if (i > from && ranges.length < count - 1 && done + own / 2 > share) {
      ranges.push({ from, to: i });
      from = i;
    }
    done += own;
  }
  if (leaves > 0) ranges.push({ from, to: leaves });
  return ranges;
}
