import { StoreError, SwapError } from '../../core/errors.ts';
import { binBackupPath, join, receiptPath, restorePath } from '../../partition/names.ts';
import type { FileStatus } from '../../store/store.ts';
import { clearRunDirectory } from '../clear-run.ts';
import { type FoldSwapJournal, type RestoredFile, type SwapReceipt, writeRecord } from '../journal.ts';
import { completeUndo, finishedRuns } from '../retire-run.ts';
import { rolledForward, type Settlement } from '../settlement.ts';
import { renameSurely, replaceSurely } from '../sure-steps.ts';
import { tidyReceipted } from '../tidy-run.ts';
import type { FoldOptions, FoldRun } from './fold-run.ts';
import { sameContent } from './same-content.ts';

/** Where one file that is to be restored is now. */
export interface FoundRestore {
  readonly file: RestoredFile;
  readonly index: number;
  /** merged: as the run left it. restored: the backup is in its place. other: somebody else's, or gone. */
  readonly named: 'merged' | 'restored' | 'other';
  /** The backup lies in the undo's own directory. */
  readonly isTaken: boolean;
}

/** True for the journal of an undo that put backups over the merged files themselves, as an earlier version did. */
export function isEarlierUndo({ kind, bins }: FoldSwapJournal): boolean {
  return kind === 'undo' && bins.length === 0;
}

/**
 * Brings an undo of the earlier form to an end that died: it took each backup into its own directory and put it over its merged
 * file. When it had put none there, all is taken back; else the rest follows, but for files that are no longer what the run left.
 * @throws StoreError when a step cannot be done; SwapError `lock-lost`
 */
export async function settleFoldUndo(run: FoldRun, options: FoldOptions): Promise<Settlement> {
  const { journal, partitionPath } = run;
  const found = await observeRestores(run);
  const isBegun = found.some(({ named }) => named === 'restored');
  const others = found.filter(({ named }) => named === 'other');
  if (!isBegun) {
    await giveBack(run, found, options);
    await clearRunDirectory(run.store, run.runDirectory, { keepDirectory: true });
    return {
      action: 'rolled-back',
      sentence: `undo ${journal.runId} had put nothing back in ${partitionPath}; all is as it was before it`,
    };
  }
  for (const one of found) await restore(run, one, options);
  await options.assertHeld();
  return rolledForward(run, await acknowledge(run, others));
}

/** Where the files of an undo are now. */
export async function observeRestores(run: FoldRun): Promise<readonly FoundRestore[]> {
  const { store, journal, partitionPath, runDirectory } = run;
  const found: FoundRestore[] = [];
  for (const [index, file] of journal.restored.entries()) {
    const isTaken = (await store.stat(restorePath(runDirectory, index))) !== undefined;
    const named = await store.stat(join(partitionPath, file.name));
    found.push({ file, index, named: whatIs(file, named), isTaken });
  }
  return found;
}

function whatIs(file: RestoredFile, named: FileStatus | undefined): FoundRestore['named'] {
  if (named === undefined) return 'other';
  if (sameContent(file.backup, named)) return 'restored';
  return sameContent(file.current, named) ? 'merged' : 'other';
}

async function restore(run: FoldRun, one: FoundRestore, options: FoldOptions): Promise<void> {
  const { store, partitionPath, runDirectory } = run;
  if (one.named !== 'merged') return;
  const taken = restorePath(runDirectory, one.index);
  if (!one.isTaken) {
    await options.assertHeld();
    await renameSurely(store, await backupPath(run, one.file), taken, one.file.backup.fileId);
  }
  await options.assertHeld();
  const target = join(partitionPath, one.file.name);
  const now = await store.stat(target);
  if (now === undefined || !sameContent(one.file.current, now)) {
    throw new SwapError(
      `cannot undo in ${partitionPath}: ${target} changed at the very moment it was replaced`,
      {
        code: 'partition-changed',
        dataState: 'nothing was replaced',
        hint: 'somebody else is at work in this partition; run it again when that is done',
      },
    );
  }
  await replaceSurely(store, taken, target, one.file.backup.fileId, one.file.current.fileId);
}

/** Full path of a backup in the directory of the run that is undone. */
async function backupPath({ store, basePath, journal, log }: FoldRun, file: RestoredFile): Promise<string> {
  const runs = await finishedRuns(store, basePath, journal.date, log);
  const undone = runs.find(({ receipt }) => receipt.runId === journal.undoneRunId);
  if (undone !== undefined) return join(undone.directory, file.backup.name);
  throw new StoreError(`cannot undo run ${journal.undoneRunId ?? ''}: its directory is gone`, {
    code: 'not-found',
    op: 'rename',
    path: binBackupPath(basePath, 0),
  });
}

async function giveBack(run: FoldRun, found: readonly FoundRestore[], options: FoldOptions): Promise<void> {
  for (const { file, index, isTaken } of found) {
    if (!isTaken) continue;
    await options.assertHeld();
    const taken = restorePath(run.runDirectory, index);
    await renameSurely(run.store, taken, await backupPath(run, file), file.backup.fileId);
  }
}

async function acknowledge(run: FoldRun, others: readonly FoundRestore[]): Promise<SwapReceipt> {
  const { store, journal, partitionPath, runDirectory, log } = run;
  // A backup that could not be put back is the only copy of its bytes.
  await completeUndo(run, others.length > 0);
  const left = new Set(others.map(({ file }) => file.name));
  const receipt: SwapReceipt = {
    ...journal,
    removed: journal.removed.filter((file) => !left.has(file.name)),
    added: journal.added.filter((file) => !left.has(file.name)),
    finishedAtMs: await store.nowMs(),
    outcome: 'done',
    backup: 'none',
    broughtAlong: [],
    warnings: others.map(
      ({ file }) => `${join(partitionPath, file.name)} was changed meanwhile and is left as it is`,
    ),
  };
  for (const warning of receipt.warnings) log.warn(warning);
  await writeRecord(store, receiptPath(runDirectory), receipt);
  await tidyReceipted(store, runDirectory, receipt, log);
  return receipt;
}
