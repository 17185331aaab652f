import { availableParallelism } from 'node:os';
import type { Settings } from '../config/settings.ts';
import { bytesPerMb } from '../core/units.ts';
import { defaultMemoryBytes } from '../parquet/memory-limits.ts';
import type { RunOptions } from '../pipeline/consolidate-dates.ts';
import type { BeginBin } from '../pipeline/partition-task.ts';
import { type WorkRoom, workRoom } from '../pipeline/work-room.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import { binThreads } from './threads/bin-threads.ts';

/**
 * Small partitions mostly wait: for a disk to have written, for the NameNode's replies. With four, one waits while another is
 * merged; more at a time gained nothing where it was measured, and would be more load on a NameNode.
 */
const usuallyAtOnce = 4;

/** What the process takes without any work, with its first thread's garbage; with threads beside it; and what each at work adds. */
const [processBytes, threadedBytes, placeBytes] = [192 * bytesPerMb, 256 * bytesPerMb, 64 * bytesPerMb];

/** How a run over several partitions does them at the same time. */
export interface AtOnce {
  readonly room: WorkRoom | undefined;
  /** Absent where this thread does all: with one partition at a time, one core, or one thread wanted. */
  readonly beginBin: BeginBin | undefined;
  readonly options: RunOptions;
}

/**
 * How many partitions are at work at once, and what they share.
 * @param partitions how many there are
 * @param keepsAll whether what is said in the end needs more of each partition than its figures
 */
export function atOnceFor(
  settings: Settings['consolidation'],
  partitions: number,
  keepsAll: boolean,
): AtOnce {
  const { memoryBytes, concurrency = usuallyAtOnce, threads = availableParallelism() } = settings;
  const roomBytes = memoryBytes ?? defaultMemoryBytes;
  const atOnce = Math.min(concurrency, partitions, placesIn(roomBytes - processBytes));
  const inThreads = Math.min(threads, availableParallelism(), placesIn(roomBytes - threadedBytes));
  return {
    beginBin: atOnce > 1 && inThreads > 1 ? binThreads(inThreads, settings) : undefined,
    room: atOnce > 1 ? workRoom(memoryBytes) : undefined,
    options: { atOnce, ...(keepsAll ? {} : { keep: figuresOnly() }) },
  };
}

function placesIn(bytes: number): number {
  return Math.max(1, Math.floor(bytes / placeBytes));
}

/**
 * What a report over many partitions needs of each: a verdict on each of a million files, and the proofs of thousands of merged ones,
 * would be most of a run's memory. The proof of the first stays: it may come to be the only one, and is then told in detail.
 */
function figuresOnly(): (result: PartitionResult) => PartitionResult {
  let isFirst = true;
  return ({ plan: _, ...result }) => {
    const kept = isFirst ? result : { ...result, outputs: [] };
    isFirst = false;
    return kept;
  };
}
