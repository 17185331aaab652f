import { listBase } from '../partition/list-base.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import { consolidatePartition } from './consolidate-partition.ts';
import type { DatasetTask } from './partition-task.ts';
import { removeOldBackups } from './remove-old-backups.ts';

/**
 * Consolidates several partitions, one after the other, with one result each, in the order of `dates`. One that fails
 * does not stop the others; a request to stop does: those not begun then fail with it, untouched. Afterwards backups of the dataset whose
 * retention is over are deleted.
 *
 * @param dates `YYYY-MM-DD`, each once
 * @throws ConfigError `base-path-absent` when there is no dataset at all
 */
export async function consolidateDates(
  task: DatasetTask,
  dates: readonly string[],
): Promise<readonly PartitionResult[]> {
  await listBase(task.store, task.basePath);
  const results: PartitionResult[] = [];
  const around = task.around ?? ((_date, work) => work());
  for (const date of dates) results.push(await around(date, () => consolidatePartition({ ...task, date })));
  if (!task.dryRun && !task.stop.aborted) await removeOldBackups(task);
  return results;
}
