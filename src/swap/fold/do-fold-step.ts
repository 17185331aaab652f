import { StoreError } from '../../core/errors.ts';
import { foldBasePath, foldTailPath, join, tailName, takenPath } from '../../partition/names.ts';
import type { FoldBin } from '../journal.ts';
import { renameSurely, replaceSurely } from '../sure-steps.ts';
import { type BinState, type FoldDecision, inputsOf } from './diagnose-fold.ts';
import type { FoldRun } from './fold-run.ts';
import { mendGrown } from './mend-grown.ts';
import type { FoundFold } from './observe-fold.ts';
import { stagedPathOf, takeBackup } from './undone-backup.ts';

/** What is done when a CONCAT is not answered with success. */
export interface ConcatFailures {
  /** The store will not do it. */
  readonly refused: (error: StoreError) => void;
  /** It is not known whether it was done; the next look tells. */
  readonly unanswered: (target: string, error: StoreError) => Promise<void>;
}

/** A decision that changes something and leads to another look. */
export type FoldStepDecision = Exclude<FoldDecision, { do: 'roll-back' | 'finish' | 'overwritten' }>;

/**
 * Does a step of a swap by folding, and what can follow it without a look: that takes its source from the run's own
 * directory, so a holder who lost the lock gets not-found. Before every CONCAT lies a look.
 * @throws StoreError; what `failures` throw
 */
export async function doFoldStep(
  run: FoldRun,
  decision: FoldStepDecision,
  found: FoundFold,
  states: readonly BinState[],
  failures: ConcatFailures,
): Promise<void> {
  const isDone = await act(run, decision, found, failures);
  if (!isDone) return;
  if (decision.do === 'place-tail' && states[decision.bin]?.state === 'ready') {
    await act(run, { do: 'publish', bin: decision.bin }, found, failures);
  }
  const steps = run.journal.bins[decision.bin]?.steps.length ?? 0;
  if (decision.do === 'concat' && decision.step + 1 < steps) {
    await act(run, { ...decision, do: 'place-tail', step: decision.step + 1 }, found, failures);
  }
}

/** Does a step; resolves to false when it is not known to be done. */
async function act(
  run: FoldRun,
  decision: FoldStepDecision,
  found: FoundFold,
  failures: ConcatFailures,
): Promise<boolean> {
  const { store, journal, runDirectory, partitionPath } = run;
  const bin = journal.bins[decision.bin];
  if (bin === undefined) throw new Error(`there is no bin ${decision.bin}`);
  const target = join(partitionPath, bin.name);
  switch (decision.do) {
    case 'take':
      await takeBackup(run, bin);
      return true;
    case 'place-tail': {
      const step = bin.steps[decision.step];
      if (step === undefined) throw new Error(`bin ${decision.bin} has no step ${decision.step}`);
      await takeSidecars(run);
      await renameSurely(
        store,
        foldTailPath(runDirectory, bin.binIndex, decision.step),
        join(partitionPath, tailName(journal.runId, bin.binIndex, decision.step)),
        step.tail.fileId,
      );
      return true;
    }
    case 'publish':
      await renameSurely(store, foldBasePath(runDirectory, bin.binIndex), target, bin.base.fileId);
      return true;
    case 'concat': {
      const from = inputsOf(bin, decision.step);
      const names = bin.inputs.slice(from, inputsOf(bin, decision.step + 1)).map((input) => input.name);
      const tail = tailName(journal.runId, bin.binIndex, decision.step);
      const sources = [...names, tail].map((name) => join(partitionPath, name));
      return await concatOnce(run, target, sources, failures);
    }
    case 'replace':
      return await replaceOnce(run, bin, target);
    case 'withdraw':
      await withdraw(run, found, decision.bin);
      return true;
    case 'mend':
      await mendGrown(run, bin, decision.steps);
      return true;
  }
}

/** Sends one CONCAT; true when it is done. What became of it otherwise the next look tells. */
async function concatOnce(
  { store }: FoldRun,
  target: string,
  sources: readonly string[],
  { refused, unanswered }: ConcatFailures,
): Promise<boolean> {
  try {
    await store.concat(target, sources);
    return true;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.outcomeUnknown) await unanswered(target, error);
    else if (error.code === 'concat-refused') refused(error);
    else if (error.code !== 'not-found') throw error;
    return false;
  }
}

/** Puts the merged file, or the backup, in the place of the folded one; false when another file has its name by now, which the next look judges. */
async function replaceOnce(run: FoldRun, bin: FoldBin, target: string): Promise<boolean> {
  const staged = stagedPathOf(run, bin);
  try {
    await replaceSurely(run.store, staged, target, bin.staged?.fileId ?? '', bin.base.fileId);
    return true;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'changed') throw error;
    return false;
  }
}

/** Takes files out of the partition that describe its inputs, and would lie about the merged file. */
async function takeSidecars({ store, journal, runDirectory, partitionPath }: FoldRun): Promise<void> {
  for (const sidecar of journal.sidecars) {
    try {
      await renameSurely(
        store,
        join(partitionPath, sidecar.name),
        takenPath(runDirectory, sidecar.name),
        sidecar.fileId,
      );
    } catch (error) {
      // Somebody removed it: there is nothing left that could lie.
      if (!(error instanceof StoreError) || error.code !== 'not-found') throw error;
    }
  }
}

/**
 * Takes the base out of the partition again, if it is there and holds no rows. It goes back to the run directory: were it
 * in neither place, a missing input would look as if somebody had overwritten what was folded.
 */
export async function withdraw(
  { store, journal, runDirectory }: FoldRun,
  found: FoundFold,
  index: number,
): Promise<void> {
  const named = found.named[index];
  const bin = journal.bins[index];
  if (named === undefined || bin === undefined) return;
  const { base } = bin;
  // Looked at again: a file that was folded into would be rows.
  const now = await store.stat(named.path);
  if (now?.fileId !== base.fileId || now.sizeBytes !== base.sizeBytes) return;
  await renameSurely(store, named.path, foldBasePath(runDirectory, bin.binIndex), base.fileId);
}
