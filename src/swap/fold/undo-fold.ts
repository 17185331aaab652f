import { SwapError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { Logger } from '../../core/log.ts';
import { binBackupPath, journalPath } from '../../partition/names.ts';
import { type FileStatus, refOf, type Store } from '../../store/store.ts';
import { type FoldSwapJournal, type RestoredFile, type SwapReceipt, writeRecord } from '../journal.ts';
import type { PartitionLock } from '../partition-lock.ts';
import type { FinishedRun } from '../retire-run.ts';
import { sameContent } from './observe-fold.ts';
import { swapByJournal } from './swap-fold.ts';

/** What an undo by renames works on. */
export interface FoldUndo {
  readonly store: Store;
  readonly basePath: string;
  readonly partitionPath: string;
  readonly run: FinishedRun;
  readonly restored: readonly RestoredFile[];
  readonly toolVersion: string;
  readonly log: Logger;
}

/**
 * The backups of a run that folded, each with the merged file it goes back over.
 * @param current what lies in the partition under the names of the run's merged files, by name
 * @throws SwapError `backup-damaged`
 */
export async function findRestored(
  store: Store,
  { receipt, directory }: FinishedRun,
  current: ReadonlyMap<string, FileStatus>,
): Promise<readonly RestoredFile[]> {
  const restored: RestoredFile[] = [];
  for (const bin of receipt.way === 'fold' ? receipt.bins : []) {
    const merged = current.get(bin.name);
    if (bin.backup === undefined || merged === undefined) continue;
    const path = binBackupPath(directory, bin.binIndex);
    const backup = await store.stat(path);
    if (backup === undefined || !sameContent(bin.backup, backup)) {
      throw new SwapError(
        `cannot undo run ${receipt.runId}: ${path} is ${backup === undefined ? 'gone' : 'no longer the file that was kept'}`,
        {
          code: 'backup-damaged',
          exitCode: exitCodes.usage,
          dataState: 'nothing was touched',
          hint: 'bring back by hand what the backup still holds',
        },
      );
    }
    restored.push({ name: bin.name, current: refOf(merged), backup: refOf(backup) });
  }
  return restored;
}

/** Puts the backups back over the merged files, each in one rename. @throws as `swapFold` does */
export async function undoFold(undo: FoldUndo, lock: PartitionLock): Promise<SwapReceipt> {
  const { store, basePath, partitionPath, run, restored, toolVersion, log } = undo;
  await lock.assertHeld();
  const journal: FoldSwapJournal = {
    way: 'fold',
    kind: 'undo',
    date: lock.date,
    runId: lock.runId,
    toolVersion,
    startedAtMs: await store.nowMs(),
    removed: restored.map(({ current }) => current),
    sidecars: [],
    added: restored.map(({ name, backup }) => ({ ...backup, name })),
    verification: [],
    bins: [],
    restored,
    undoneRunId: run.receipt.runId,
    // The merged files are made of the originals, which are back: there is nothing in them to keep.
    keepBackup: false,
  };
  await writeRecord(store, journalPath(lock.runDirectory), journal);
  return await swapByJournal(
    { store, basePath, partitionPath, runDirectory: lock.runDirectory, journal, log },
    lock,
  );
}
