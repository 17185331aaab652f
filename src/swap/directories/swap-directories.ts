import { ConsolidatorError } from '../../core/errors.ts';
import { join, journalPath, newDirectory, oldDirectory, stagedName } from '../../partition/names.ts';
import { forAll } from '../for-all.ts';
import { type DirectorySwapJournal, type SwapReceipt, writeRecord } from '../journal.ts';
import { partitionChanged } from '../refusals.ts';
import { reproduceAttributes } from '../reproduce-attributes.ts';
import { foreignState, settleAfter, withDataState } from '../settle-after.ts';
import { deleteDirectorySurely, hardLinkSurely, renameSurely } from '../sure-steps.ts';
import { buildNew, type SwapRequest } from './build-new.ts';
import { compareListing } from './compare-listing.ts';
import type { DirectoryRun } from './finish-directories.ts';
import { describeDirectories, settleDirectories } from './settle-directories.ts';

/**
 * Replaces a partition directory by one with some files taken out and others put in: journal, rename it to `old/`, rename
 * `new/` into its place. At any instant a listing of the partition shows the old state, the new state, or no directory.
 * Resolves when the receipt is written. When it rejects, the partition is as it was before, or the error (exit code 14)
 * says in which state it is and that `recover` goes on from there.
 */
export async function swapDirectories(request: SwapRequest): Promise<SwapReceipt> {
  const { store, lock, basePath, partitionPath, log } = request;
  await lock.assertHeld();
  let journal: DirectorySwapJournal;
  try {
    journal = await buildNew(request);
    await lock.assertHeld();
    await writeRecord(store, journalPath(lock.runDirectory), journal);
  } catch (error) {
    throw await untouched(error, request);
  }
  const run: DirectoryRun = { store, basePath, partitionPath, runDirectory: lock.runDirectory, journal, log };
  const options = { assertHeld: lock.assertHeld, adoptLate: true };
  try {
    await unveilNew(run, request);
    await bringUpToDate(run, options.assertHeld);
    await renameSurely(store, partitionPath, oldDirectory(lock.runDirectory), journal.partition.fileId);
    const settled = await settleDirectories(run, options);
    if (settled.action === 'rolled-forward') return settled.receipt;
    throw settled.action === 'foreign'
      ? foreignState(settled.sentence, settled.hint)
      : partitionChanged(partitionPath, ['a file in it changed at the very moment it was replaced']);
  } catch (error) {
    return await settleAfter(error, run, {
      // Rejects when the lock is lost: then the run that has it settles this one.
      settle: () => settleDirectories(run, options),
      describe: () => describeDirectories(run),
    });
  }
}

/** Gives the files in `new/` their final names and the directory its attributes. */
async function unveilNew(run: DirectoryRun, { lock, allowAttributeChange }: SwapRequest): Promise<void> {
  const { store, journal, log } = run;
  const fresh = newDirectory(lock.runDirectory);
  const unveil = (file: { readonly name: string; readonly fileId: string }): Promise<void> =>
    renameSurely(store, join(fresh, stagedName(file.name)), join(fresh, file.name), file.fileId);
  const files = store.abilities.hardLink ? [...journal.added, ...journal.carried] : journal.added;
  // A file whose own name ends in the suffix comes last: another one's staged name may still be in its way.
  const isAwkward = (name: string): boolean => name.endsWith(stagedName(''));
  await forAll(
    files.filter((file) => !isAwkward(file.name)),
    unveil,
  );
  const awkward = files.filter((file) => isAwkward(file.name));
  for (const file of awkward.sort((a, b) => a.name.length - b.name.length)) await unveil(file);
  await reproduceAttributes(store, fresh, journal.partition, allowAttributeChange, log);
}

/** The last look before the partition moves: what changed stops the swap, what came since is taken along. */
async function bringUpToDate(run: DirectoryRun, assertHeld: () => Promise<void>): Promise<void> {
  const { store, journal, partitionPath, runDirectory } = run;
  await assertHeld();
  const found = await store.stat(partitionPath);
  if (found?.fileId !== journal.partition.fileId) {
    throw partitionChanged(partitionPath, ['the directory was replaced or removed']);
  }
  const { changed, strays } = compareListing((await store.list(partitionPath)) ?? [], journal);
  if (changed.length > 0) throw partitionChanged(partitionPath, changed);
  // Elsewhere they are moved along with what else stays.
  if (!store.abilities.hardLink) return;
  await forAll(strays, (stray) =>
    hardLinkSurely(store, stray.path, join(newDirectory(runDirectory), stray.name), stray.fileId),
  );
}

/** Removes what was built before there was a journal, and hands on the error with the state of the data. */
async function untouched(error: unknown, { store, lock, log }: SwapRequest): Promise<unknown> {
  if (!(error instanceof ConsolidatorError) || error.code === 'lock-lost') return error;
  try {
    await lock.assertHeld();
    await deleteDirectorySurely(store, newDirectory(lock.runDirectory));
  } catch (second) {
    if (!(second instanceof ConsolidatorError)) throw second;
    if (second.code === 'lock-lost') return second;
    log.warn(`could not delete ${newDirectory(lock.runDirectory)}: ${second.message}`);
  }
  return withDataState(error, 'the originals are untouched');
}
