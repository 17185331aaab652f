import { ConsolidatorError, StoreError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import {
  dateDirectory,
  journalPath,
  parseDateEntry,
  partitionPath,
  runDirectory,
} from '../partition/names.ts';
import type { FileStatus, Store } from '../store/store.ts';
import { clearRunDirectory } from './clear-run.ts';
import { readJournal } from './journal.ts';
import { receiptIfReadable } from './receipts.ts';
import type { RecoverOutcome } from './recover-outcome.ts';
import type { RunAtHand } from './run-at-hand.ts';
import { settleRun } from './settle-run.ts';
import { removeEmptySurely, renameSurely } from './sure-steps.ts';
import { tidyReceipted } from './tidy-run.ts';

/** What {@link settleLeftovers} works on. */
export interface LeftoversRequest {
  readonly store: Store;
  readonly basePath: string;
  readonly date: string;
  /** The run that holds the lock, whose own directory is no leftover. */
  readonly ownRunId: string;
  readonly assertHeld: () => Promise<void>;
  readonly log: Logger;
}

/**
 * Settles every run of a date that did not end by itself. To be called by the holder of the lock: then every other run is
 * dead, or will find out that it is fenced. One outcome for each run there was something to do for.
 */
export async function settleLeftovers(request: LeftoversRequest): Promise<readonly RecoverOutcome[]> {
  const { store, basePath, date, ownRunId, log } = request;
  const outcomes: RecoverOutcome[] = [];
  for (const found of await runDirectories(store, basePath, date)) {
    if (found.runId === ownRunId) continue;
    // An undo that was settled just now takes the run away that it undid.
    if ((await store.stat(found.status.path)) === undefined) continue;
    const receipt = await receiptIfReadable(store, found.status.path, log);
    if (receipt === 'unreadable') continue;
    if (receipt !== undefined) {
      await tidyReceipted(store, found.status.path, receipt, log);
      continue;
    }
    await request.assertHeld();
    outcomes.push(await settleOne(request, found));
  }
  return outcomes;
}

/** A run's directory within the directory of its date. */
export interface FoundRun {
  readonly runId: string;
  readonly fence: number;
  readonly status: FileStatus;
}

/** The directories of all runs of a date, in order of their names. */
export async function runDirectories(
  store: Store,
  basePath: string,
  date: string,
): Promise<readonly FoundRun[]> {
  const found: FoundRun[] = [];
  for (const status of (await store.list(dateDirectory(basePath, date))) ?? []) {
    const parsed = parseDateEntry(status.name);
    if (parsed?.kind === 'run' && status.kind === 'directory') {
      found.push({ runId: parsed.runId, fence: parsed.fence, status });
    }
  }
  return found;
}

async function settleOne(request: LeftoversRequest, found: FoundRun): Promise<RecoverOutcome> {
  const { store, basePath, date, log } = request;
  const { runId } = found;
  // Before anything is looked at: a holder that still lives finds none of its files from here on.
  const directory = await fence(request, found);
  try {
    const journal = await readJournal(store, journalPath(directory));
    if (journal === undefined) {
      await clearRunDirectory(store, directory);
      return {
        date,
        runId,
        action: 'removed',
        sentence: `run ${runId} ended before it replaced anything; what it had staged is deleted`,
        needsAttention: false,
      };
    }
    const run: RunAtHand = {
      store,
      basePath,
      partitionPath: partitionPath(basePath, date),
      runDirectory: directory,
      journal,
      log,
    };
    const settled = await settleRun(run, { assertHeld: request.assertHeld, adoptLate: false });
    if (settled.action === 'rolled-back') await removeEmptySurely(store, directory);
    return {
      date,
      runId,
      action: settled.action,
      sentence: settled.sentence,
      needsAttention: settled.action === 'foreign',
      ...(settled.action === 'foreign' ? { hint: settled.hint } : {}),
    };
  } catch (error) {
    // Both mean that a person must look at this run; the runs beside it are settled all the same.
    if (!(error instanceof ConsolidatorError) || !blocking.has(error.code)) throw error;
    return {
      date,
      runId,
      action: 'foreign',
      sentence: error.message,
      needsAttention: true,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
}

const blocking = new Set(['journal-unreadable', 'run-not-empty', 'foreign-state']);

/** Renames the run's directory to its next fenced name and resolves to that path. */
async function fence(request: LeftoversRequest, found: FoundRun): Promise<string> {
  const { store, basePath, date } = request;
  for (let next = found.fence + 1; ; next++) {
    const to = runDirectory(basePath, date, found.runId, next);
    try {
      await renameSurely(store, found.status.path, to, found.status.fileId);
      return to;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'exists') throw error;
    }
  }
}
