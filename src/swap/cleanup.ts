import { randomInt } from 'node:crypto';
import { SwapError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { msPerDay } from '../core/units.ts';
import { defaultLayout } from '../partition/layout.ts';
import { listWorkspace } from '../partition/list-workspace.ts';
import { lockDirectory, makeRunId, oldDirectory } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { lookAtLock } from './lock-state.ts';
import { acquireLock, withLock } from './partition-lock.ts';
import { type FinishedRun, finishedRuns, retireRun } from './retire-run.ts';
import { removeEmptySurely } from './sure-steps.ts';
import { checkWorkspace } from './workspace.ts';

/** No backup goes earlier than this after its swap, whatever the retention. */
export const minimumRetentionMs = msPerDay;

/** What to clean up. */
export interface CleanupRequest {
  readonly store: Store;
  readonly basePath: string;
  /** Age at which a backup goes, by the store's clock, counted from its swap. */
  readonly retentionMs: number;
  /** Say what would go; touch nothing. */
  readonly dryRun?: boolean;
  readonly log: Logger;
}

/** What became of one run whose retention is over. Plain data. */
export interface CleanupOutcome {
  readonly date: string;
  readonly runId: string;
  readonly action: 'removed' | 'would-remove' | 'skipped';
  /** Files of the backup; 0 when the run kept none. */
  readonly backupFiles: number;
  readonly backupBytes: number;
  readonly sentence: string;
}

/**
 * Removes the backups whose retention is over and keeps their receipts in the history. Partitions that a run holds are left
 * for another time. One outcome for each run whose retention is over.
 */
export async function cleanupRuns(request: CleanupRequest): Promise<readonly CleanupOutcome[]> {
  const outcomes: CleanupOutcome[] = [];
  await checkWorkspace(request.store, request.basePath);
  // Under any layout: the directories tell the paths, and the receipts the dates.
  for (const { key, directory } of await listWorkspace(request.store, request.basePath, defaultLayout)) {
    outcomes.push(...(await cleanupDate(request, key)));
    // One that a crash left without anything in it.
    if (request.dryRun !== true) await removeEmptySurely(request.store, directory.path);
  }
  return outcomes;
}

async function cleanupDate(request: CleanupRequest, date: string): Promise<readonly CleanupOutcome[]> {
  const { store, basePath, log } = request;
  const expired = await expiredRuns(request, date);
  if (expired.length === 0) return [];
  const lock = await lookAtLock(store, lockDirectory(basePath, date));
  if (lock?.alive === true) {
    return expired.map((run) =>
      outcome(run, 'skipped', `run ${lock.owner?.runId ?? ''} is at work on this partition`),
    );
  }
  if (request.dryRun === true) {
    return expired.map((run) => outcome(run, 'would-remove', 'its retention is over'));
  }
  try {
    const runId = makeRunId(await store.nowMs(), randomInt(2 ** 24));
    const held = await acquireLock({ store, basePath, date, runId, log });
    return await withLock(held, log, async () => {
      const outcomes: CleanupOutcome[] = [];
      // Looked at again under the lock: an undo may have come in between.
      for (const run of await expiredRuns(request, date)) {
        await held.assertHeld();
        await retireRun(store, basePath, run, held.runDirectory);
        outcomes.push(outcome(run, 'removed', 'its retention is over; the receipt is in the history'));
      }
      return outcomes;
    });
  } catch (error) {
    // Neither keeps the other partitions from being cleaned up.
    if (!(error instanceof SwapError)) throw error;
    log.warn(error.message);
    return expired.map((run) => outcome(run, 'skipped', error.message));
  }
}

async function expiredRuns(
  { store, basePath, retentionMs, log }: CleanupRequest,
  date: string,
): Promise<readonly FinishedRun[]> {
  const latestMs = (await store.nowMs()) - Math.max(retentionMs, minimumRetentionMs);
  const expired: FinishedRun[] = [];
  for (const run of await finishedRuns(store, basePath, date, log)) {
    if (run.receipt.finishedAtMs <= latestMs && (await holdsOnlyBackups(store, run))) expired.push(run);
  }
  return expired;
}

/** A file that is no backup may have come into `old/` by way of a directory a writer kept open: a person must look. */
async function holdsOnlyBackups(store: Store, run: FinishedRun): Promise<boolean> {
  const entries = (await store.list(oldDirectory(run.directory))) ?? [];
  return entries.every((entry) => entry.name.endsWith('.backup'));
}

function outcome(run: FinishedRun, action: CleanupOutcome['action'], sentence: string): CleanupOutcome {
  const { receipt } = run;
  const kept = receipt.backup === 'kept';
  return {
    date: receipt.date,
    runId: receipt.runId,
    action,
    backupFiles: kept ? receipt.removed.length : 0,
    backupBytes: kept ? receipt.removed.reduce((sum, file) => sum + file.sizeBytes, 0) : 0,
    sentence: `run ${receipt.runId}: ${sentence}`,
  };
}
