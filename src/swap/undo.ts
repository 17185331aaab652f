import { SwapError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Logger } from '../core/log.ts';
import { partitionLabel } from '../core/partition-key.ts';
import {
  backupName,
  binBackupPath,
  historyDirectory,
  join,
  newDirectory,
  oldDirectory,
  partitionPath,
  undoneName,
  workspacePath,
} from '../partition/names.ts';
import { type FileStatus, refOf, type Store, sameGeneration } from '../store/store.ts';
import type { FileToAdd } from './directories/build-new.ts';
import { swapDirectories } from './directories/swap-directories.ts';
import { type BinToUndo, findBackups, type StageUndo, undoFold } from './fold/undo-fold.ts';
import type { AddedRef, FoldBin, FoldSwapJournal } from './journal.ts';
import { acquireLock, type PartitionLock, withLock } from './partition-lock.ts';
import { type FinishedRun, finishedRuns } from './retire-run.ts';
import { removeEmptySurely } from './sure-steps.ts';

/** What to undo. */
export interface UndoRequest {
  readonly store: Store;
  readonly basePath: string;
  readonly date: string;
  /** The run to undo; the newest one that has a backup when absent. */
  readonly runId?: string;
  /** The id under which the undo itself runs. */
  readonly newRunId: string;
  readonly toolVersion: string;
  /** Makes what a merged file is folded into, where the store folds. */
  readonly stage: StageUndo;
  /** Go on when group, mode or ACL cannot be reproduced. */
  readonly allowAttributeChange?: boolean;
  /** Check everything and say what would be done; touch nothing. */
  readonly dryRun?: boolean;
  /** Aborted, with the error to end with as its reason, when the undo should stop while it has replaced nothing. */
  readonly stop?: AbortSignal;
  readonly log: Logger;
}

/** What an undo did, or would do. Plain data. */
export interface UndoOutcome {
  readonly date: string;
  /** The undo's own id; absent on a dry run. */
  readonly runId?: string;
  readonly undoneRunId: string;
  /**
   * Original files whose bytes are back: under their own names, with their own times and rights, or, where the store
   * folds, in their order in one Parquet file for each merged one.
   */
  readonly restoredFiles: number;
  readonly restoredBytes: number;
  /** How many files those bytes are in now: as many as they were, or fewer where the store folds. */
  readonly restoredInto: number;
  /** Names of these files. */
  readonly restoredNames: readonly string[];
  /** Names of the merged files that were taken out. */
  readonly removedNames: readonly string[];
  readonly sentence: string;
}

/**
 * Brings the original files of a run back, by the same swap that took them out. Files that came later stay. The
 * partition is on hold afterwards, so that the next scheduled run does not merge them again. Takes and releases the lock.
 * @throws SwapError `nothing-to-undo`, `not-the-newest-run`, `backup-damaged`, `lock-held`, `partly-undone`, those of the swap, and
 *   the rule of what keeps the store from folding the merged files
 */
export async function undoRun(request: UndoRequest): Promise<UndoOutcome> {
  const { store, basePath, date, newRunId, log } = request;
  if (request.dryRun === true) {
    const { run } = await prepare(request);
    return outcome(run, basePath, undefined);
  }
  request.stop?.throwIfAborted();
  const makesDirectory = await mayUndoDirectories(request);
  const lock = await acquireLock({ store, basePath, date, runId: newRunId, makesDirectory, log });
  return await withLock(lock, log, () => undoLocked(request, lock));
}

/** Whether the run to undo may be one that replaced the partition whole; it is only known under the lock. */
async function mayUndoDirectories({ store, basePath, date, log }: UndoRequest): Promise<boolean> {
  if (!store.abilities.fold) return true;
  return (await finishedRuns(store, basePath, date, log)).some(
    ({ receipt }) => receipt.way === 'directories' && receipt.backup === 'kept',
  );
}

async function undoLocked(request: UndoRequest, lock: PartitionLock): Promise<UndoOutcome> {
  const { store, basePath, date, log } = request;
  const { run, added, removed, bins } = await prepare(request);
  await store.assureForSwap?.();
  // The last point at which to stop: from here on the swap runs to its end.
  request.stop?.throwIfAborted();
  if (bins.length > 0) {
    await removeEmptySurely(store, newDirectory(lock.runDirectory));
    const allowAttributeChange = request.allowAttributeChange ?? false;
    const partition = partitionPath(basePath, date);
    await undoFold({ ...request, partitionPath: partition, run, bins, allowAttributeChange }, lock);
    return outcome(run, basePath, request.newRunId);
  }
  await swapDirectories({
    store,
    lock,
    basePath,
    partitionPath: partitionPath(basePath, date),
    kind: 'undo',
    removed,
    added,
    verification: [],
    undoneRunId: run.receipt.runId,
    // The merged files are made of the originals, which are back: there is nothing in them to keep.
    keepBackup: false,
    toolVersion: request.toolVersion,
    // The originals keep their own attributes; the directory's are those it has now.
    allowAttributeChange: false,
    log,
  });
  return outcome(run, basePath, request.newRunId);
}

interface Preparation {
  readonly run: FinishedRun;
  readonly added: readonly FileToAdd[];
  readonly removed: readonly FileStatus[];
  /** In place of `added`, for a run that folded, where the store folds. */
  readonly bins: readonly BinToUndo[];
}

async function prepare(request: UndoRequest): Promise<Preparation> {
  const { store, basePath, date } = request;
  const runs = (await finishedRuns(store, basePath, date, request.log)).filter(
    ({ receipt }) => receipt.kind === 'consolidate',
  );
  const run = choose(request, runs);
  const partition = partitionPath(basePath, date);
  const entries = (await store.list(partition)) ?? [];
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const removed: FileStatus[] = [];
  for (const output of outputsOf(run)) {
    const found = byName.get(output.name);
    if (found?.fileId !== output.fileId || found.sizeBytes !== output.sizeBytes) {
      throw notNewest(request, run, runs, join(partition, output.name));
    }
    removed.push(found);
  }
  if (run.receipt.way !== 'fold') return { run, removed, added: await originals(request, run), bins: [] };
  const bins = await findBackups(store, run, new Map(removed.map((file) => [file.name, file])));
  if (!store.abilities.fold) return { run, removed, added: bins.map(asCopy), bins: [] };
  await mindObstacles(request, run, bins);
  return { run, removed, added: [], bins };
}

/** The backup of a run that folded, on a store where the partition is replaced whole. */
function asCopy({ merged, backup }: BinToUndo): FileToAdd {
  const name = undoneName(merged.name);
  return { name, sourcePath: backup.path, ref: refOf(backup), take: 'copy', attributes: backup };
}

/** Refuses before anything is staged where the store would not fold the merged files: a snapshot may have been made of them. */
async function mindObstacles(
  { store, basePath, date }: UndoRequest,
  { receipt }: FinishedRun,
  bins: readonly BinToUndo[],
): Promise<void> {
  const files = bins.map(({ merged }) => merged);
  const partition = partitionPath(basePath, date);
  const [obstacle] = (await store.foldObstacles?.(partition, files, workspacePath(basePath))) ?? [];
  if (obstacle === undefined) return;
  throw new SwapError(`cannot undo run ${receipt.runId}: ${obstacle.path}: ${obstacle.reason}`, {
    code: obstacle.rule,
    exitCode: exitCodes.unsupportedInput,
    dataState: 'nothing was touched',
  });
}

/** The files that an undo takes out; what a run only folded has no backup, since no byte of it went. */
function outputsOf({ receipt }: FinishedRun): readonly AddedRef[] {
  if (receipt.way !== 'fold') return receipt.added;
  const names = new Set(binsWithBackup(receipt).map(({ name }) => name));
  return receipt.added.filter(({ name }) => names.has(name));
}

function binsWithBackup({ bins }: FoldSwapJournal): readonly FoldBin[] {
  return bins.filter(({ backup }) => backup !== undefined);
}

function choose({ basePath, date, runId }: UndoRequest, runs: readonly FinishedRun[]): FinishedRun {
  const partition = partitionPath(basePath, date);
  const run = runs.find(({ receipt }) =>
    runId === undefined ? receipt.backup === 'kept' : receipt.runId === runId,
  );
  if (run?.receipt.backup === 'kept') return run;
  const what =
    runId === undefined
      ? 'no run has a backup'
      : run === undefined
        ? `there is no run ${runId}, or its backup was removed`
        : `run ${runId} kept no backup`;
  throw refused(
    'nothing-to-undo',
    `cannot undo in ${partition}: ${what}`,
    runs.length === 0
      ? 'nothing was consolidated here, or its backup was removed; `history` shows what was done'
      : `the receipts of earlier runs lie in ${historyDirectory(basePath, date)}`,
  );
}

function notNewest(
  { runId }: UndoRequest,
  run: FinishedRun,
  runs: readonly FinishedRun[],
  path: string,
): SwapError {
  const outputs = new Set(run.receipt.added.map((file) => file.fileId));
  const later = runs.find(({ receipt }) => receipt.removed.some((file) => outputs.has(file.fileId)));
  return later === undefined
    ? refused(
        'not-the-newest-run',
        `cannot undo run ${run.receipt.runId}: ${path} is no longer the file it put there, and no later run says why`,
        `somebody removed or replaced that file; the original files are in the backup: ${backupText(run)}`,
      )
    : refused(
        'not-the-newest-run',
        `cannot undo run ${run.receipt.runId}: ${path} was merged again by the later run ${later.receipt.runId}`,
        runId === undefined
          ? `undo that one first: \`undo ${partitionLabel(run.receipt.date)} --run ${later.receipt.runId}\``
          : `newest first: \`undo ${partitionLabel(run.receipt.date)} --run ${later.receipt.runId}\`, then this one`,
      );
}

/** Where the originals of a run lie: files of their own, or, where the store folds, one file for each merged one. */
function backupText({ receipt, directory }: FinishedRun): string {
  if (receipt.way !== 'fold') return oldDirectory(directory);
  return binsWithBackup(receipt)
    .map(({ binIndex }) => binBackupPath(directory, binIndex))
    .join(', ');
}

/** The original files and what described them, as they lie in the backup. */
async function originals({ store }: UndoRequest, run: FinishedRun): Promise<readonly FileToAdd[]> {
  const old = oldDirectory(run.directory);
  const found = new Map((await store.list(old))?.map((entry) => [entry.name, entry]));
  return [...run.receipt.removed, ...run.receipt.sidecars].map((ref): FileToAdd => {
    const path = join(old, backupName(ref.name));
    const backup = found.get(backupName(ref.name));
    if (backup === undefined || !sameGeneration(backup, ref)) {
      throw refused(
        'backup-damaged',
        `cannot undo run ${run.receipt.runId}: ${path} is ${backup === undefined ? 'gone' : 'no longer the file that was taken out'}`,
        'bring back by hand what the backup still holds',
      );
    }
    return store.abilities.hardLink
      ? { name: ref.name, sourcePath: path, ref, take: 'link' }
      : { name: ref.name, sourcePath: path, ref, take: 'copy', attributes: backup };
  });
}

function outcome(run: FinishedRun, basePath: string, runId: string | undefined): UndoOutcome {
  const { receipt } = run;
  const restored =
    receipt.way === 'fold' ? binsWithBackup(receipt).flatMap(({ inputs }) => inputs) : receipt.removed;
  const removedNames = outputsOf(run).map(({ name }) => name);
  const restoredBytes = restored.reduce((sum, file) => sum + file.sizeBytes, 0);
  const verb = runId === undefined ? 'would be' : 'are';
  const restoredNames =
    receipt.way === 'fold' ? removedNames.map(undoneName) : restored.map(({ name }) => name);
  return {
    date: receipt.date,
    ...(runId === undefined ? {} : { runId }),
    undoneRunId: receipt.runId,
    restoredFiles: restored.length,
    restoredBytes,
    restoredInto: restoredNames.length,
    restoredNames,
    removedNames,
    sentence:
      receipt.way === 'fold'
        ? `all bytes and rows of the ${restored.length} original files of run ${receipt.runId} ${verb} back in ` +
          `${partitionPath(basePath, receipt.date)}, as ${restoredNames.length === 1 ? '1 file' : `${restoredNames.length} files`}`
        : `the ${receipt.removed.length} original files of run ${receipt.runId} ${verb} back in ${partitionPath(basePath, receipt.date)}`,
  };
}

function refused(code: string, message: string, hint: string): SwapError {
  return new SwapError(message, {
    code,
    exitCode: exitCodes.usage,
    dataState: 'nothing was touched',
    hint,
  });
}
