import { ConfigError } from '../core/errors.ts';
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
  const { store, basePath } = task;
  if ((await store.list(basePath)) === undefined) {
    throw new ConfigError(`The base path ${basePath} (${store.uri}) does not exist or is no directory`, {
      code: 'base-path-absent',
      hint: 'Name the directory that holds date=YYYY-MM-DD/ with --base-path, HDFS_BASE_PATH or hdfs.base_path.',
      dataState: 'nothing was touched',
    });
  }
  const results: PartitionResult[] = [];
  for (const date of dates) results.push(await consolidatePartition({ ...task, date }));
  if (!task.dryRun && !task.stop.aborted) await removeOldBackups(task);
  return results;
}
