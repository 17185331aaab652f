import { type MemoryBudget, memoryBudget } from '../core/memory-budget.ts';
import { baseBytes, defaultMemoryBytes } from '../parquet/memory-limits.ts';
import type { Bin } from '../plan/partition-plan.ts';

/** What all partitions of a run that are at work at the same time take their memory from. */
export interface WorkRoom {
  /** For what is known of a partition until it is done: its listing, its plan, the footers of a bin. */
  readonly plans: MemoryBudget;
  /** For merging and verifying. */
  readonly bins: MemoryBudget;
  /** Bytes of files that are remembered, of all partitions together. */
  readonly remembered: { bytes: number };
}

/** Of what the process takes anyway, so much is for what is known of partitions. */
const plansBytes = 48 * 1024 * 1024;

/** What is known of a file: its listing, the facts of its footer, its verdict, its footer while it is merged. */
const bytesPerFile = 24 * 1024;

/**
 * Room for a run that may take `memoryBytes`. What it reserves from both budgets together is never more than that, less what the
 * process takes without any work.
 */
export function workRoom(memoryBytes: number = defaultMemoryBytes): WorkRoom {
  return {
    plans: memoryBudget(plansBytes),
    bins: memoryBudget(memoryBytes - baseBytes),
    remembered: { bytes: 0 },
  };
}

/** What is taken to know a partition of so many files. */
export function planNeedBytes(files: number): number {
  return files * bytesPerFile;
}

const mib = 1024 * 1024;

/** How many times its bytes before compression a bin takes, and one whose rows are sorted: its runs are held with their keys. */
const [timesItsBytes, timesSorted] = [2, 6];

/** A thread of its own with the program in it, and the kernel's least memory. */
const threadBytes = 56 * mib;

/**
 * What merging and verifying a bin takes at most, in a thread of its own: the engine's buffers go with the bytes of the bin before
 * compression, until they reach what the memory that may be taken allows them.
 * @param uncompressedBytes of the bin's column chunks, as the footers state them
 * @param isSorted whether its rows are sorted
 */
export function binNeedBytes(
  { sizeBytes }: Pick<Bin, 'sizeBytes'>,
  uncompressedBytes: number,
  isSorted: boolean,
): number {
  return threadBytes + (isSorted ? timesSorted : timesItsBytes) * Math.max(sizeBytes, uncompressedBytes);
}
