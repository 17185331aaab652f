import { collectGarbage } from '../../core/collect-garbage.ts';
import { StoreError, SwapError } from '../../core/errors.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import { foldTailPath, join, journalPath, stagedName, takenPath } from '../../partition/names.ts';
import { clearRunDirectory } from '../clear-run.ts';
import type { FoldBin, SwapReceipt } from '../journal.ts';
import { rolledForward, type Settlement, settledBefore } from '../settlement.ts';
import { deleteFileSurely, maxTries, pauseBefore, renameSurely } from '../sure-steps.ts';
import { type BinState, decideFold, diagnoseBin, isBegun } from './diagnose-fold.ts';
import { doFoldStep, withdraw } from './do-fold-step.ts';
import { acknowledgeFold } from './finish-fold.ts';
import type { FoldOptions, FoldRun } from './fold-run.ts';
import { type FoundFold, observeBin, observeFold } from './observe-fold.ts';
import { isEarlierUndo, settleFoldUndo } from './settle-fold-undo.ts';
import { giveBackups } from './undone-backup.ts';

/** Looks after which a swap that does not come to an end is given up. */
const spareLooks = 20;

/**
 * Brings a swap by folding that has a journal to an end, from whatever state it is in: looks, decides, does one step,
 * looks again. The run that swaps and the one that recovers use the same steps.
 * @throws StoreError when a step cannot be done; SwapError `lock-lost`, `swap-interrupted`
 */
export async function settleFold(run: FoldRun, options: FoldOptions): Promise<Settlement> {
  const { journal, partitionPath, log } = run;
  // A run that begins has written its journal just now.
  const before = options.mayBegin ? undefined : await lookAtEnded(run, options);
  if (before !== undefined) return before;
  if (isEarlierUndo(journal)) return await settleFoldUndo(run, options);
  // A holder that was fenced and wakes up must not find them where its CONCAT looks for them.
  if (!options.mayBegin) await takeTailsBack(run, options);
  const stopped: Stopped = { refused: new Map(), mended: new Set() };
  const unanswered = new Map<string, number>();
  const looks = spareLooks + 4 * journal.bins.reduce((sum, bin) => sum + 2 + bin.steps.length, 0);
  const isLong = journal.bins.length > 1;
  // The bin at hand, once all of them were looked at.
  let atHand: { readonly known: FoundFold; readonly bin: number } | undefined;
  for (let look = 0; look < looks; look++) {
    // At the same time, since between fold and replace the folded file shall lie there as shortly as can be.
    const [found] = await Promise.all([
      atHand === undefined ? observeFold(run) : observeBin(run, atHand.known, atHand.bin),
      options.assertHeld(),
    ]);
    const states = journal.bins.map((bin, index) => stateOf(bin, found, index, stopped));
    const decision = decideFold(found.bins, states, options.mayBegin);
    const lookedAt = atHand?.bin;
    atHand = isLong && 'bin' in decision ? { known: found, bin: decision.bin } : undefined;
    // Nothing is done by an old look: to another bin that one comes first, and to what is about all of them a whole one.
    if (lookedAt !== undefined && lookedAt !== atHand?.bin) continue;
    log.debug(`swap of ${partitionPath}: ${decision.do}`, { runId: journal.runId });
    switch (decision.do) {
      case 'roll-back':
        await rollBack(run, found);
        return rolledBack(run);
      case 'finish':
        return rolledForward(run, await acknowledgeFold(run, found, states, 'done'));
      case 'overwritten': {
        const receipt = await acknowledgeFold(run, found, states, 'overwritten');
        return {
          action: 'foreign',
          sentence:
            `${partitionPath} was overwritten by somebody else while run ${journal.runId} was replacing its files: nothing ` +
            `more was replaced; ${whereKept(run, receipt)}`,
          hint: `if ${partitionPath} is right as it is, nothing need be done: the backup is removed with its retention`,
        };
      }
      default:
        if (decision.do === 'mend') stopped.mended.add(decision.bin);
        await doFoldStep(run, decision, found, states, {
          refused: (error) => {
            // While nothing is folded, all can be taken back.
            if (!states.some(isBegun)) throw error;
            stopped.refused.set(decision.bin, error.message);
          },
          unanswered: async (target, error) => {
            const times = (unanswered.get(target) ?? 0) + 1;
            unanswered.set(target, times);
            if (times === maxTries) throw error;
            await pauseBefore(times);
          },
        });
        // Of many listings there may be much, and here it holds up nobody.
        if (decision.do === 'replace') collectGarbage();
    }
  }
  throw new SwapError(`cannot settle run ${journal.runId}: ${partitionPath} keeps changing`, {
    code: 'swap-interrupted',
    dataState: await describeFold(run),
    hint: `stop the writers of this partition, then \`recover --date ${partitionLabel(journal.date)}\``,
  });
}

function whereKept({ journal, runDirectory }: FoldRun, { backup }: SwapReceipt): string {
  if (journal.kind === 'undo') return `the backups are with run ${journal.undoneRunId ?? ''} again`;
  return `the ${journal.removed.length} files the run had begun with are ${
    backup === 'kept' ? `kept as ${runDirectory}/bin-<n>.backup` : 'gone, as it kept no backup'
  }`;
}

/** The settlement of a run that has come to an end before, but for what is left to be deleted; undefined for any other. */
async function lookAtEnded(run: FoldRun, options: FoldOptions): Promise<Settlement | undefined> {
  const { store, runDirectory } = run;
  const before = await settledBefore(run, options.assertHeld);
  if (before !== undefined) return before;
  // It goes first once the partition is as it was.
  if ((await store.stat(journalPath(runDirectory))) !== undefined) return undefined;
  await clearRunDirectory(store, runDirectory, { keepDirectory: true });
  return rolledBack(run);
}

/** One sentence on where the rows are. For error messages. */
export async function describeFold(run: FoldRun): Promise<string> {
  const found = await observeFold(run);
  const states = run.journal.bins.map((bin, index) =>
    stateOf(bin, found, index, { refused: new Map(), mended: new Set() }),
  );
  const count = (wanted: readonly BinState['state'][]): number =>
    states.filter(({ state }) => wanted.includes(state)).length;
  const merged = count(['replaced']);
  const folded = count(['partly', 'folded', 'stopped']);
  if (count(['overwritten']) > 0) return 'somebody else has overwritten the partition';
  if (count(['grown']) > 0) {
    return 'one folded file cannot be read until it is mended, because an input was changed while it was folded; all its bytes are there';
  }
  if (run.journal.kind === 'undo')
    return 'every row is in the partition once, in the merged file or in the original bytes';
  if (merged + folded === 0) return 'the originals are untouched';
  return `every row is in the partition once: of ${states.length} merged files ${merged} are in place, ${folded} are still folded originals`;
}

/** Bins that do not go on, by what was met in this attempt. */
interface Stopped {
  /** What the store said when it refused a CONCAT. */
  readonly refused: Map<number, string>;
  readonly mended: Set<number>;
}

function stateOf(bin: FoldBin, found: FoundFold, index: number, stopped: Stopped): BinState {
  const foundBin = found.bins[index];
  if (foundBin === undefined) throw new Error(`bin ${index} was not looked at`);
  const state = diagnoseBin(bin, foundBin);
  if (state.state === 'grown' && stopped.mended.has(index)) {
    return {
      state: 'stopped',
      steps: state.steps,
      problem: 'an input was changed at the moment it was folded',
    };
  }
  const problem = stopped.refused.get(index);
  if (problem === undefined) return state;
  if (state.state === 'partly') return { state: 'stopped', steps: state.steps, problem };
  if (state.state === 'published') return { state: 'withdraw', problem };
  return state.state === 'left' || state.state === 'ready' ? { state: 'left', problem } : state;
}

async function takeTailsBack(run: FoldRun, options: FoldOptions): Promise<void> {
  const { store, journal, runDirectory } = run;
  const { tails } = await observeFold(run);
  for (const tail of tails) {
    await options.assertHeld();
    const known = journal.bins.flatMap((bin) =>
      bin.steps.flatMap((step, index) =>
        step.tail.fileId === tail.fileId ? [foldTailPath(runDirectory, bin.binIndex, index)] : [],
      ),
    );
    const to = known[0] ?? join(runDirectory, stagedName(tail.name));
    try {
      await renameSurely(store, tail.path, to, tail.fileId);
    } catch (error) {
      // A CONCAT that was under way has just taken it.
      if (!(error instanceof StoreError) || error.code !== 'not-found') throw error;
    }
  }
}

async function rollBack(run: FoldRun, found: FoundFold): Promise<void> {
  const { store, journal, runDirectory, partitionPath, log } = run;
  for (const tail of found.tails) await deleteFileSurely(store, tail.path);
  for (const [index] of journal.bins.entries()) await withdraw(run, found, index);
  if (journal.kind === 'undo') await giveBackups(run);
  for (const sidecar of journal.sidecars) {
    const taken = takenPath(runDirectory, sidecar.name);
    if ((await store.stat(taken)) === undefined) continue;
    const back = join(partitionPath, sidecar.name);
    try {
      await renameSurely(store, taken, back, sidecar.fileId);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'exists') throw error;
      log.warn(`${back} was made anew meanwhile; the one of before is deleted`);
      await deleteFileSurely(store, taken);
    }
  }
  // From here on the base may be gone from both places, which with a journal would mean that somebody overwrote it.
  const out = stagedName(journalPath(runDirectory));
  await deleteFileSurely(store, out);
  const status = await store.stat(journalPath(runDirectory));
  if (status !== undefined) await renameSurely(store, status.path, out, status.fileId);
  await clearRunDirectory(store, runDirectory, { keepDirectory: true });
}

function rolledBack({ journal, partitionPath }: FoldRun): Settlement {
  return {
    action: 'rolled-back',
    sentence: `run ${journal.runId} had replaced nothing in ${partitionPath}; what it had staged is deleted`,
  };
}
