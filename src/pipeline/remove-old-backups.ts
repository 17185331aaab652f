import { ConsolidatorError } from '../core/errors.ts';
import { msPerDay } from '../core/units.ts';
import { cleanupRuns } from '../swap/cleanup.ts';
import { removeOldShardPlans } from '../swap/shard-plan.ts';
import type { DatasetTask } from './partition-task.ts';

/**
 * Deletes the backups of the dataset whose retention is over, and shard plans that no run goes by any more. What goes wrong here is a warning: the partitions that
 * were asked for are done, and the next run or `cleanup` tries again.
 */
export async function removeOldBackups(task: DatasetTask): Promise<void> {
  const { store, basePath, settings, log } = task;
  try {
    const retentionMs = settings.safety.backupRetentionDays * msPerDay;
    const outcomes = await cleanupRuns({ store, basePath, retentionMs, log });
    for (const outcome of outcomes) {
      log.info(`backup ${outcome.action}: ${outcome.sentence}`, { date: outcome.date });
    }
    const removed = outcomes.filter(({ action }) => action === 'removed');
    if (removed.length > 0) task.onBackupsRemoved?.(removed);
    await removeOldShardPlans(store, basePath);
  } catch (error) {
    if (!(error instanceof ConsolidatorError)) throw error;
    log.warn(`old backups could not be removed: ${error.message}`);
  }
}
