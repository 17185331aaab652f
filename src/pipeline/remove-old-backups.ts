import { ConsolidatorError } from '../core/errors.ts';
import { cleanupRuns } from '../swap/cleanup.ts';
import type { DatasetTask } from './partition-task.ts';

const dayMs = 86_400_000;

/**
 * Deletes the backups of the dataset whose retention is over. What goes wrong here is a warning: the partitions that
 * were asked for are done, and the next run or `cleanup` tries again.
 */
export async function removeOldBackups({ store, basePath, settings, log }: DatasetTask): Promise<void> {
  try {
    const retentionMs = settings.safety.backupRetentionDays * dayMs;
    for (const outcome of await cleanupRuns({ store, basePath, retentionMs, log })) {
      log.info(`backup ${outcome.action}: ${outcome.sentence}`, { date: outcome.date });
    }
  } catch (error) {
    if (!(error instanceof ConsolidatorError)) throw error;
    log.warn(`old backups could not be removed: ${error.message}`);
  }
}
