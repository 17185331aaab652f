import {
  backupName,
  oldDirectory,
  parseBackupName,
  parseRunEntry,
  receiptPath,
} from '../../partition/names.ts';
import type { FileStatus, Store } from '../../store/store.ts';
import { forAll } from '../for-all.ts';
import { type DirectorySwapJournal, type SwapReceipt, writeRecord } from '../journal.ts';
import type { RunAtHand } from '../run-at-hand.ts';
import { removeEmptySurely, renameSurely } from '../sure-steps.ts';
import { tidyReceipted } from '../tidy-run.ts';
import { bringAlong } from './bring-along.ts';
import { sortOldEntries, writtenSince } from './compare-listing.ts';

/** A swap by directories at hand. */
export type DirectoryRun = RunAtHand<DirectorySwapJournal>;

type BroughtAlong = SwapReceipt['broughtAlong'][number];

/** Moves whatever writers put into directories of their own while the partition was away into the partition. */
export async function bringLate(run: DirectoryRun): Promise<BroughtAlong[]> {
  const brought: BroughtAlong[] = [];
  for (const directory of (await run.store.list(run.runDirectory)) ?? []) {
    if (parseRunEntry(directory.name) !== 'late' || directory.kind !== 'directory') continue;
    for (const entry of (await run.store.list(directory.path)) ?? []) {
      brought.push(await bringOne(run, entry));
    }
    await removeEmptySurely(run.store, directory.path);
  }
  return brought;
}

/**
 * Empties `old/` of what is no backup, and gives the rest its backup names. Repeats until a listing shows nothing else.
 * Waits first: a reader that has just begun to list the partition goes through this very directory. It must find the
 * names that were there (and then fail to open them), not a directory with less and less data in it.
 */
export async function veilOld(run: DirectoryRun): Promise<BroughtAlong[]> {
  const { store, journal, runDirectory } = run;
  const brought: BroughtAlong[] = [];
  let graceMs = store.abilities.listingGraceMs ?? 0;
  for (;;) {
    const { toVeil, strays } = sortOldEntries((await store.list(oldDirectory(runDirectory))) ?? [], journal);
    if (toVeil.length === 0 && strays.length === 0) return brought;
    if (graceMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, graceMs));
      graceMs = 0;
      continue;
    }
    for (const stray of strays) brought.push(await bringOne(run, stray));
    await veil(store, toVeil);
  }
}

/** Gives files their backup names. One that ends in the suffix itself goes first, or it would be in the way. */
export async function veil(store: Store, files: readonly FileStatus[]): Promise<void> {
  const one = (file: FileStatus): Promise<void> =>
    renameSurely(store, file.path, backupName(file.path), file.fileId);
  const awkward = files.filter((file) => parseBackupName(file.name) !== undefined);
  for (const file of [...awkward].sort((a, b) => b.name.length - a.name.length)) await one(file);
  await forAll(
    files.filter((file) => parseBackupName(file.name) === undefined),
    one,
  );
}

/** Writes the receipt, then removes the journal and, when no backup is wanted, the old files. */
export async function acknowledge(
  run: DirectoryRun,
  ending: Pick<SwapReceipt, 'outcome' | 'broughtAlong'>,
): Promise<SwapReceipt> {
  const { store, journal, runDirectory, log } = run;
  const old = (await store.list(oldDirectory(runDirectory))) ?? [];
  const late = writtenSince(old, journal.removed);
  const warnings = late.map(
    (file) =>
      `${file.path} was written to after it was merged: what came since is in no merged file, only in this backup`,
  );
  const isThere = old.length > 0;
  if (!isThere && journal.removed.length > 0)
    warnings.push(`${oldDirectory(runDirectory)} is gone: no backup`);
  const wanted = journal.keepBackup || ending.outcome === 'overwritten' || late.length > 0;
  const receipt: SwapReceipt = {
    ...journal,
    ...ending,
    finishedAtMs: await store.nowMs(),
    backup: isThere && wanted ? 'kept' : 'none',
    warnings,
  };
  for (const warning of warnings) log.error(warning);
  await writeRecord(store, receiptPath(runDirectory), receipt);
  await tidyReceipted(store, runDirectory, receipt, log);
  return receipt;
}

async function bringOne(run: DirectoryRun, entry: FileStatus): Promise<BroughtAlong> {
  const as = await bringAlong(run.store, entry, run.partitionPath, run.journal.runId);
  run.log.warn(
    as === entry.name
      ? `${entry.name} came while the partition was replaced; it is in ${run.partitionPath} now`
      : `${entry.name} came while the partition was replaced, where its name is taken; it is ${as} in ${run.partitionPath} now`,
  );
  return { name: entry.name, as };
}
