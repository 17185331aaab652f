import type { Logger } from '../core/log.ts';
import {
  dateDirectory,
  historyDirectory,
  historyPath,
  join,
  parseDateEntry,
  stagedName,
  trashPath,
} from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { putOnHold } from './hold.ts';
import { type SwapReceipt, writeRecord } from './journal.ts';
import { receiptIfReadable } from './receipts.ts';
import type { RunAtHand } from './run-at-hand.ts';
import { deleteDirectorySurely, deleteFileSurely, makeDirectorySurely, renameSurely } from './sure-steps.ts';
import { workspaceMode } from './workspace.ts';

/** A finished run: its receipt and where it lies. */
export interface FinishedRun {
  readonly receipt: SwapReceipt;
  readonly directory: string;
  readonly directoryFileId: string;
}

/** The runs of a date that have a receipt, in the order they finished, the newest first. */
export async function finishedRuns(
  store: Store,
  basePath: string,
  date: string,
  log: Logger,
): Promise<readonly FinishedRun[]> {
  const runs: FinishedRun[] = [];
  for (const entry of (await store.list(dateDirectory(basePath, date))) ?? []) {
    if (parseDateEntry(entry.name)?.kind !== 'run' || entry.kind !== 'directory') continue;
    const receipt = await receiptIfReadable(store, entry.path, log);
    if (receipt === undefined || receipt === 'unreadable') continue;
    runs.push({ receipt, directory: entry.path, directoryFileId: entry.fileId });
  }
  return runs.sort(
    (a, b) => b.receipt.finishedAtMs - a.receipt.finishedAtMs || (a.receipt.runId < b.receipt.runId ? 1 : -1),
  );
}

/**
 * Takes a finished run away, backup and all: its receipt goes to the history first, then its directory into the
 * run `ownRunDirectory` in one step (so that no half of a backup can be taken for one), then it is deleted.
 */
export async function retireRun(
  store: Store,
  basePath: string,
  run: FinishedRun,
  ownRunDirectory: string,
  undoneBy?: string,
): Promise<void> {
  const { date, runId } = run.receipt;
  const history = historyPath(basePath, date, runId);
  const isThere = (await store.stat(history)) !== undefined;
  // A cleanup that died has written it there before the run was undone.
  if (isThere && undoneBy !== undefined) await deleteFileSurely(store, history);
  if (!isThere || undoneBy !== undefined) {
    await makeDirectorySurely(store, historyDirectory(basePath, date), workspaceMode);
    const backup = run.receipt.backup === 'kept' ? 'removed' : run.receipt.backup;
    const receipt = { ...run.receipt, backup, ...(undoneBy === undefined ? {} : { undoneBy }) };
    await writeRecord(store, history, receipt, join(ownRunDirectory, stagedName('history')));
  }
  const trash = trashPath(ownRunDirectory, runId);
  await renameSurely(store, run.directory, trash, run.directoryFileId);
  await deleteDirectorySurely(store, trash);
}

/**
 * What an undo does once the original files are in place: the hold, and the end of the undone run and its backup.
 * @param keepUndone leaves the undone run and what is left of its backup
 */
export async function completeUndo(run: RunAtHand, keepUndone = false): Promise<void> {
  const { store, basePath, journal, runDirectory } = run;
  const undoneRunId = journal.undoneRunId ?? '';
  const hold = { undoneRunId, runId: journal.runId, sinceMs: await store.nowMs() };
  await putOnHold(store, basePath, journal.date, hold, runDirectory);
  if (keepUndone) return;
  // The originals are hard links of the backup's files, so deleting the backup takes no row away.
  for (const finished of await finishedRuns(store, basePath, journal.date, run.log)) {
    if (finished.receipt.runId === undoneRunId) {
      await retireRun(store, basePath, finished, runDirectory, journal.runId);
    }
  }
}
