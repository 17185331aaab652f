import { StoreError, SwapError } from '../../core/errors.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import { join, lateDirectory, newDirectory, oldDirectory } from '../../partition/names.ts';
import type { FileStatus } from '../../store/store.ts';
import { clearRunDirectory } from '../clear-run.ts';
import { forAll } from '../for-all.ts';
import { completeUndo } from '../retire-run.ts';
import { rolledForward, type Settlement, type SettleOptions, settledBefore } from '../settlement.ts';
import { deleteFileSurely, hardLinkSurely, renameSurely } from '../sure-steps.ts';
import { bringAlong } from './bring-along.ts';
import { compareListing, sortOldEntries } from './compare-listing.ts';
import { type Decision, diagnose, type Observed } from './diagnose.ts';
import { acknowledge, bringLate, type DirectoryRun, veil, veilOld } from './finish-directories.ts';

const maxSteps = 20;

/**
 * Brings a swap that has a journal to an end, from whatever state it is in: looks, decides by `diagnose`, does one
 * step, looks again. The run that swaps and the one that recovers use the same steps.
 * @throws StoreError when a step cannot be done; SwapError `lock-lost`
 */
export async function settleDirectories(run: DirectoryRun, options: SettleOptions): Promise<Settlement> {
  const { store, runDirectory, partitionPath, journal, log } = run;
  const before = await settledBefore(run, options.assertHeld);
  if (before !== undefined) return before;
  let avoidForward = false;
  for (let step = 0; step < maxSteps; step++) {
    await options.assertHeld();
    const found = await observeDirectories(run);
    const decision = diagnose(found);
    log.debug(`swap of ${partitionPath}: ${decision}`, { runId: journal.runId });
    switch (decision) {
      case 'roll-back': {
        // Files that were moved along and are not back: only a person's hand can have put the directories so.
        if (found.stranded.length > 0 && found.partition !== 'original') return foreign(run, 'foreign');
        for (const file of found.stranded) await bringAlong(store, file, partitionPath, journal.runId);
        if (found.partition === 'original') await bringLate(run);
        await clearRunDirectory(store, runDirectory, { keepDirectory: true });
        return {
          action: 'rolled-back',
          sentence: `run ${journal.runId} had replaced nothing in ${partitionPath}; what it had staged is deleted`,
        };
      }
      case 'place-new':
      case 'place-old': {
        const forwards = decision === 'place-new' && !avoidForward;
        try {
          if (forwards) await takeAlong(run, found);
          else await giveBack(run, found);
          await place(run, forwards ? 'new' : 'old', options);
        } catch (error) {
          if (!forwards || !(error instanceof StoreError) || error.outcomeUnknown) throw error;
          // Forward is barred (a quota, a permission): the way back may be open, and leads to a valid partition too.
          log.warn(`could not put the new directory in place, going back: ${error.message}`);
          avoidForward = true;
        }
        break;
      }
      case 'finish': {
        const broughtAlong = [...(await bringLate(run)), ...(await veilOld(run))];
        await options.assertHeld();
        if (journal.kind === 'undo') await completeUndo(run);
        return rolledForward(run, await acknowledge(run, { outcome: 'done', broughtAlong }));
      }
      case 'overwritten': {
        // Files the journal does not know stay as they are, and keep the backup from being cleaned up.
        const old = (await store.list(oldDirectory(runDirectory))) ?? [];
        await veil(store, sortOldEntries(old, journal).toVeil);
        await acknowledge(run, { outcome: 'overwritten', broughtAlong: [] });
        return foreign(run, decision);
      }
      case 'foreign':
        // A writer made the directory in these few milliseconds: its files are additions.
        if (!options.adoptLate || !found.hasOld || !found.hasNew || !(await setAsideLate(run))) {
          return foreign(run, decision);
        }
    }
  }
  throw new SwapError(`cannot settle run ${journal.runId}: ${partitionPath} keeps changing`, {
    code: 'swap-interrupted',
    dataState: await describeDirectories(run),
    hint: `stop the writers of this partition, then \`recover --date ${partitionLabel(journal.date)}\``,
  });
}

/** What {@link observeDirectories} finds: the state, and what is in the directories when neither is in its place. */
export interface Found extends Observed {
  readonly old: readonly FileStatus[];
  readonly fresh: readonly FileStatus[];
  /** Files in `new/` that the run did not put there, on a store that moves them along: they are nowhere else. */
  readonly stranded: readonly FileStatus[];
}

/** Where the directories of the journal are now. */
export async function observeDirectories(run: DirectoryRun): Promise<Found> {
  const { store, journal, runDirectory, partitionPath } = run;
  const partition = await store.stat(partitionPath);
  const old = await store.stat(oldDirectory(runDirectory));
  const fresh = await store.stat(newDirectory(runDirectory));
  const hasOld = old?.fileId === journal.partition.fileId;
  const hasNew = fresh?.fileId === journal.newDirectory.fileId;
  const late = (await store.list(runDirectory))?.some((entry) => /^late-\d+$/.test(entry.name)) ?? false;
  const where =
    partition === undefined
      ? 'absent'
      : partition.fileId === journal.partition.fileId
        ? 'original'
        : partition.fileId === journal.newDirectory.fileId
          ? 'new'
          : 'foreign';
  const between = where === 'absent' && hasOld && hasNew;
  const movesAlong = !store.abilities.hardLink;
  // Once each: until the next rename no reader finds the partition.
  const oldEntries = (between ? await store.list(oldDirectory(runDirectory)) : undefined) ?? [];
  const newEntries =
    (between || (movesAlong && hasNew) ? await store.list(newDirectory(runDirectory)) : undefined) ?? [];
  const ours = new Set(journal.added.map((file) => file.fileId));
  const stranded = movesAlong ? newEntries.filter((entry) => !ours.has(entry.fileId)) : [];
  // What was moved along already is as good as there.
  const before = [...oldEntries, ...stranded];
  return {
    old: oldEntries,
    fresh: newEntries,
    stranded,
    partition: where,
    hasOld,
    hasNew,
    hasLate: late,
    oldUnchanged: between && compareListing(before, journal).changed.length === 0,
    newComplete: between && isComplete(movesAlong ? [...newEntries, ...oldEntries] : newEntries, run),
  };
}

/** One sentence on where the rows are. For error messages. */
export async function describeDirectories(run: DirectoryRun): Promise<string> {
  const { partition, hasOld, stranded } = await observeDirectories(run);
  const old = oldDirectory(run.runDirectory);
  switch (partition) {
    case 'original':
      return 'the originals are untouched';
    case 'new':
      return `the partition is replaced and complete; its backup ${old} is not tidied yet`;
    default:
      return hasOld
        ? `the original files are all in ${old}${movedPart(run, stranded)}; the partition is ${partition === 'absent' ? 'absent' : 'a directory somebody else made'}`
        : 'the partition was removed or replaced by somebody else';
  }
}

function isComplete(entries: readonly FileStatus[], { journal }: DirectoryRun): boolean {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return (
    journal.added.every((file) => {
      const found = byName.get(file.name);
      return found?.fileId === file.fileId && found.sizeBytes === file.sizeBytes;
    }) && journal.carried.every((file) => byName.get(file.name)?.fileId === file.fileId)
  );
}

/**
 * Brings `new/` up to the last state of `old/` before it becomes visible: files that came since are linked, and links are
 * dropped of files that went since, or got another name (they would show twice). On a store without hard links all that
 * stays is moved from the one to the other: until the next rename no reader finds either.
 */
async function takeAlong(
  { store, runDirectory, journal }: DirectoryRun,
  { old, fresh }: Found,
): Promise<void> {
  if (!store.abilities.hardLink) {
    const leaving = new Set([...journal.removed, ...journal.sidecars].map((file) => file.fileId));
    await forAll(
      old.filter((entry) => !leaving.has(entry.fileId)),
      (entry) => renameSurely(store, entry.path, join(newDirectory(runDirectory), entry.name), entry.fileId),
    );
    return;
  }
  const { strays } = compareListing(old, journal);
  const wanted = new Map(
    [...journal.added, ...journal.carried, ...strays].map((file) => [file.name, file.fileId]),
  );
  await forAll(
    fresh.filter((entry) => wanted.get(entry.name) !== entry.fileId),
    (entry) => deleteFileSurely(store, entry.path),
  );
  const present = new Set(
    fresh.filter((entry) => wanted.get(entry.name) === entry.fileId).map((entry) => entry.name),
  );
  await forAll(
    strays.filter((stray) => !present.has(stray.name)),
    (stray) => hardLinkSurely(store, stray.path, join(newDirectory(runDirectory), stray.name), stray.fileId),
  );
}

/** Moves back into `old/` what was moved along, so that it becomes the partition again as it was. */
async function giveBack({ store, runDirectory }: DirectoryRun, { stranded }: Found): Promise<void> {
  await forAll(stranded, (entry) =>
    renameSurely(store, entry.path, join(oldDirectory(runDirectory), entry.name), entry.fileId),
  );
}

/** What is to be said of files that are moved along. */
function movedPart({ runDirectory }: DirectoryRun, stranded: readonly FileStatus[]): string {
  return stranded.length === 0 ? '' : ` and (${stranded.length} that stay) in ${newDirectory(runDirectory)}`;
}

/** Renames `new/` or `old/` into the partition's place. */
async function place(run: DirectoryRun, which: 'new' | 'old', options: SettleOptions): Promise<void> {
  const { store, runDirectory, partitionPath, journal } = run;
  const [from, fileId] =
    which === 'new'
      ? [newDirectory(runDirectory), journal.newDirectory.fileId]
      : [oldDirectory(runDirectory), journal.partition.fileId];
  await options.assertHeld();
  try {
    await renameSurely(store, from, partitionPath, fileId);
  } catch (error) {
    // Somebody made the directory since it was looked at: the next look decides.
    if (!(error instanceof StoreError) || error.code !== 'exists') throw error;
  }
}

/** Moves a directory that a writer made in the partition's place into the run; false when it is no directory. */
async function setAsideLate(run: DirectoryRun): Promise<boolean> {
  const { store, runDirectory, partitionPath, log } = run;
  const found = await store.stat(partitionPath);
  if (found === undefined) return true;
  if (found.kind !== 'directory') return false;
  log.warn(`a writer made ${partitionPath} anew while it was replaced; its files are brought along`);
  const taken = new Set((await store.list(runDirectory))?.map((entry) => entry.name));
  let index = 1;
  while (taken.has(`late-${index}`)) index++;
  await renameSurely(store, partitionPath, lateDirectory(runDirectory, index), found.fileId);
  return true;
}

function foreign(run: DirectoryRun, decision: Decision): Settlement {
  const { journal, runDirectory, partitionPath } = run;
  const old = oldDirectory(runDirectory);
  if (decision === 'overwritten') {
    return {
      action: 'foreign',
      sentence:
        `${partitionPath} was replaced by somebody else after run ${journal.runId} had put ${journal.added.length} ` +
        `files there; nothing was replaced, the ${journal.removed.length} files the run took out are kept in ${old}`,
      hint: `if ${partitionPath} is right as it is, nothing need be done: the backup is removed with its retention`,
    };
  }
  return {
    action: 'foreign',
    sentence:
      `${partitionPath} was removed or made anew by somebody else while run ${journal.runId} was replacing it; ` +
      `nothing was replaced: the original ${journal.removed.length + journal.carried.length} files are in ${old}, the ` +
      `new state, if it is still there, in ${newDirectory(runDirectory)}` +
      (run.store.abilities.hardLink
        ? ''
        : '; files that stay may have been moved from the first to the second'),
    hint:
      `if ${partitionPath} is complete as it is, delete ${runDirectory}; else move ${partitionPath} aside if it exists, ` +
      `\`recover --date ${partitionLabel(journal.date)}\`, and add the files moved aside`,
  };
}
