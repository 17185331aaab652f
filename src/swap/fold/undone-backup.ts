import { SwapError } from '../../core/errors.ts';
import {
  binBackupPath,
  dateDirectory,
  parseDateEntry,
  restorePath,
  stagedBinPath,
} from '../../partition/names.ts';
import type { FileStatus } from '../../store/store.ts';
import type { FoldBin } from '../journal.ts';
import { renameSurely } from '../sure-steps.ts';
import type { FoldRun } from './fold-run.ts';
import { sameContent } from './same-content.ts';

/** Where in the run's own directory the file lies that replaces the folded one; an undo takes it there from the run it undoes. */
export function stagedPathOf({ journal, runDirectory }: FoldRun, { binIndex }: FoldBin): string {
  return journal.kind === 'undo'
    ? restorePath(runDirectory, binIndex)
    : stagedBinPath(runDirectory, binIndex);
}

/** The backup of a bin where the run kept it that is undone; undefined when it is not there, or is no longer that file. */
export async function backupAtUndone(run: FoldRun, bin: FoldBin): Promise<FileStatus | undefined> {
  for (const directory of await undoneDirectories(run)) {
    const found = await run.store.stat(binBackupPath(directory, bin.binIndex));
    if (found !== undefined && bin.staged !== undefined && sameContent(bin.staged, found)) return found;
  }
  return undefined;
}

/**
 * Takes a backup into the undo's own directory, before anything is folded: all that replaces files comes from there, so an undo that
 * was fenced replaces nothing. What becomes of it otherwise the next look tells.
 * @throws StoreError
 */
export async function takeBackup(run: FoldRun, bin: FoldBin): Promise<void> {
  const backup = await backupAtUndone(run, bin);
  if (backup === undefined) return;
  await renameSurely(run.store, backup.path, stagedPathOf(run, bin), backup.fileId);
}

/**
 * Gives the backups that an undo took and did not put back to the run they are of, which can be undone again then.
 * @throws SwapError `foreign-state` when the directory of that run is gone; StoreError
 */
export async function giveBackups(run: FoldRun): Promise<void> {
  const { store, journal, partitionPath } = run;
  for (const bin of journal.bins) {
    const taken = await store.stat(stagedPathOf(run, bin));
    if (taken === undefined) continue;
    const [directory] = await undoneDirectories(run);
    if (directory === undefined) {
      throw new SwapError(
        `undo ${journal.runId} cannot give ${taken.path} back: the directory of run ${journal.undoneRunId ?? ''} is gone`,
        {
          code: 'foreign-state',
          dataState: `${partitionPath} has every row; that file has them too, as they were before run ${journal.undoneRunId ?? ''}`,
          hint: `move ${taken.path}, which is a Parquet file, to where it is to be kept, then \`recover\``,
        },
      );
    }
    await renameSurely(store, taken.path, binBackupPath(directory, bin.binIndex), taken.fileId);
  }
}

/** Where the run that is undone has its files: one directory, if a run that took it over did not leave two. */
async function undoneDirectories({ store, basePath, journal }: FoldRun): Promise<readonly string[]> {
  const entries = (await store.list(dateDirectory(basePath, journal.date))) ?? [];
  return entries.flatMap(({ name, path, kind }) => {
    const parsed = parseDateEntry(name);
    return kind === 'directory' && parsed?.kind === 'run' && parsed.runId === journal.undoneRunId
      ? [path]
      : [];
  });
}
