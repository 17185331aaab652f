import { listBase } from '../partition/list-base.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import { consolidatePartition } from './consolidate-partition.ts';
import { knownDatasets } from './known-datasets.ts';
import type { DatasetTask, PartitionTask } from './partition-task.ts';
import { removeOldBackups } from './remove-old-backups.ts';

/** How a run goes through its partitions. */
export interface RunOptions {
  /** Partitions at work at the same time, as far as there is memory for them; absent: 1. */
  readonly atOnce?: number;
  /** Asked right before a partition is begun; once it says no, neither that one nor any after it is begun, and none has a result. */
  readonly mayBegin?: (task: PartitionTask) => boolean;
  /** What is kept of a result until the run is over; absent: all of it. */
  readonly keep?: (result: PartitionResult) => PartitionResult;
}

/**
 * Consolidates several partitions of one dataset, with one result each, in the order of `dates`. One that fails does not stop the
 * others; a request to stop does: those not begun then fail with it, untouched, and those at work end at their next safe point.
 * Afterwards backups of the dataset whose retention is over are deleted.
 *
 * @param dates `YYYY-MM-DD`, each once
 * @throws ConfigError `base-path-absent` when there is no dataset at all
 */
export async function consolidateDates(
  task: DatasetTask,
  dates: readonly string[],
  options: RunOptions = {},
): Promise<readonly PartitionResult[]> {
  await listBase(task.store, task.basePath);
  const results = await consolidatePartitions(
    dates.map((date) => ({ ...task, date })),
    options,
  );
  // Also when there was nothing to begin with.
  if (dates.length === 0) await cleanUp(task);
  return results;
}

/**
 * Consolidates partitions, of one dataset or of several, with one result each, in the order of `tasks`, which is the one they are
 * begun in. As {@link consolidateDates} does; backups are removed once for each dataset.
 *
 * @param tasks each is asked for when it can be begun
 */
export async function consolidatePartitions(
  tasks: Iterable<PartitionTask>,
  { atOnce = 1, mayBegin = () => true, keep = (result) => result }: RunOptions = {},
): Promise<readonly PartitionResult[]> {
  const results: PartitionResult[] = [];
  const datasets = knownDatasets();
  const iterator = tasks[Symbol.iterator]();
  let begun = 0;
  let done = 0;
  let isOver = false;
  const total = Array.isArray(tasks) ? tasks.length : undefined;
  const workThrough = async (): Promise<void> => {
    while (!isOver) {
      const next = iterator.next();
      if (next.done === true || !mayBegin(next.value)) {
        isOver = true;
        return;
      }
      const index = begun++;
      const task = datasets.withKnown(next.value);
      const { around = (_date, work) => work(), date } = task;
      results[index] = keep(await around(date, () => consolidatePartition(task)));
      done++;
      if (total === 1) continue;
      const amount = total === undefined ? {} : { amount: { of: 'partitions', done, total } as const };
      task.showProgress({ date, doing: 'done', ...amount });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.max(1, atOnce) }, workThrough));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  for (const task of datasets.all()) await cleanUp(task);
  return results;
}

async function cleanUp(task: DatasetTask): Promise<void> {
  if (!task.dryRun && !task.stop.aborted) await removeOldBackups(task);
}
