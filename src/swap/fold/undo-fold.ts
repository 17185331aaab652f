import { ConsolidatorError, SwapError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { Logger } from '../../core/log.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import { binBackupPath, journalPath } from '../../partition/names.ts';
import { type FileRef, type FileStatus, refOf, type Store } from '../../store/store.ts';
import { type FoldSwapJournal, type SwapReceipt, writeRecord } from '../journal.ts';
import type { PartitionLock } from '../partition-lock.ts';
import type { FinishedRun } from '../retire-run.ts';
import { withDataState } from '../settle-after.ts';
import { type BinToFold, binToUndo, type FoldParts } from './fold-parts.ts';
import { sameContent } from './same-content.ts';
import { addedRefs, lookBeforeSwap, prepareParts, swapByJournal } from './swap-fold.ts';

/** A merged file, and the backup that holds what it was made of. */
export interface BinToUndo {
  readonly binIndex: number;
  /** As it lies in the partition. */
  readonly merged: FileStatus;
  /** As it lies in the directory of the run that is undone. */
  readonly backup: FileStatus;
}

/** What the file is to be staged with that a merged file is folded into. */
export interface UndoStaging {
  readonly store: Store;
  readonly partitionPath: string;
  /** Of the undo. */
  readonly runId: string;
  readonly runDirectory: string;
  readonly binIndex: number;
  readonly merged: FileStatus;
  /** The folded file gets at least this long. */
  readonly minSizeBytes: number;
  readonly toolVersion: string;
  /** Aborted when the undo is to stop. */
  readonly stop?: AbortSignal;
}

/** Makes a file without rows and a footer tail, into which a merged file can be folded, in the run directory. */
export type StageUndo = (staging: UndoStaging) => Promise<FoldParts>;

/** What an undo by fold and replace works on. */
export interface FoldUndo {
  readonly store: Store;
  readonly basePath: string;
  readonly partitionPath: string;
  readonly run: FinishedRun;
  readonly bins: readonly BinToUndo[];
  readonly stage: StageUndo;
  readonly toolVersion: string;
  readonly allowAttributeChange: boolean;
  readonly stop?: AbortSignal;
  readonly log: Logger;
}

/**
 * The backups of a run that folded, each with the merged file it goes in the place of.
 * @param current what lies in the partition under the names of the run's merged files, by name
 * @throws SwapError `backup-damaged`
 */
export async function findBackups(
  store: Store,
  { receipt, directory }: FinishedRun,
  current: ReadonlyMap<string, FileStatus>,
): Promise<readonly BinToUndo[]> {
  const found: BinToUndo[] = [];
  for (const { binIndex, name, backup: kept } of receipt.way === 'fold' ? receipt.bins : []) {
    const merged = current.get(name);
    if (kept === undefined || merged === undefined) continue;
    const path = binBackupPath(directory, binIndex);
    const backup = await store.stat(path);
    if (backup === undefined || !sameContent(kept, backup)) {
      throw new SwapError(
        `cannot undo run ${receipt.runId}: ${path} is ${backup === undefined ? 'gone' : 'no longer the file that was kept'}`,
        {
          code: 'backup-damaged',
          exitCode: exitCodes.usage,
          dataState: 'nothing was touched',
          hint: `if an undo was interrupted, \`recover --date ${partitionLabel(receipt.date)}\`; else bring back by hand what the backup still holds`,
        },
      );
    }
    found.push({ binIndex, merged, backup });
  }
  return found;
}

/**
 * Puts the backups in the place of the merged files, each by fold and replace: CONCAT takes the merged file into one of another
 * name, and RENAME puts the backup over that. So a reader that listed the merged file finds it gone, as the inputs are in a
 * consolidation. Were the backup renamed over the merged file itself, who goes by the length he listed would read a part of it.
 * @throws SwapError `partly-undone` (exit code 3) when a merged file could not be replaced, and as `swapFold` does
 */
export async function undoFold(undo: FoldUndo, lock: PartitionLock): Promise<SwapReceipt> {
  const { store, basePath, partitionPath, run, log } = undo;
  await lock.assertHeld();
  let journal: FoldSwapJournal;
  try {
    const bins = await stageAll(undo, lock);
    await prepareParts(undo, bins);
    journal = await makeJournal(undo, bins, lock);
    // The last point at which to stop: from here on the swap runs to its end.
    undo.stop?.throwIfAborted();
    await lock.assertHeld();
    await writeRecord(store, journalPath(lock.runDirectory), journal);
  } catch (error) {
    if (!(error instanceof ConsolidatorError) || error.code === 'lock-lost') throw error;
    throw withDataState(error, 'nothing was replaced');
  }
  const receipt = await swapByJournal(
    { store, basePath, partitionPath, runDirectory: lock.runDirectory, journal, log },
    lock,
  );
  if (receipt.warnings.length === 0) return receipt;
  throw new SwapError(`run ${run.receipt.runId} is undone in part only: ${receipt.warnings.join('; ')}`, {
    code: 'partly-undone',
    exitCode: exitCodes.partial,
    dataState: 'every row is in the partition, once',
    hint: `what was not put back is kept as ${run.directory}/bin-<n>.backup until the retention of backups is over`,
  });
}

async function stageAll(undo: FoldUndo, lock: PartitionLock): Promise<readonly BinToFold[]> {
  const { store, partitionPath, stage, toolVersion, stop } = undo;
  const staged: BinToFold[] = [];
  for (const { binIndex, merged, backup } of undo.bins) {
    stop?.throwIfAborted();
    const parts = await stage({
      store,
      partitionPath,
      runId: lock.runId,
      runDirectory: lock.runDirectory,
      binIndex,
      merged,
      minSizeBytes: backup.sizeBytes,
      toolVersion,
      ...(stop === undefined ? {} : { stop }),
    });
    staged.push(binToUndo(binIndex, merged, parts, refOf(backup)));
  }
  return staged;
}

async function makeJournal(
  { store, partitionPath, run, toolVersion }: FoldUndo,
  bins: readonly BinToFold[],
  lock: PartitionLock,
): Promise<FoldSwapJournal> {
  await lookBeforeSwap(store, partitionPath, bins);
  return {
    way: 'fold',
    kind: 'undo',
    date: lock.date,
    runId: lock.runId,
    toolVersion,
    startedAtMs: await store.nowMs(),
    removed: bins.flatMap(({ bin }): readonly FileRef[] => bin.inputs),
    sidecars: [],
    added: addedRefs(bins),
    verification: [],
    bins: bins.map(({ bin }) => bin),
    restored: [],
    undoneRunId: run.receipt.runId,
    // The merged files are made of the originals, which are back: there is nothing in them to keep.
    keepBackup: false,
  };
}
