import { receiptPath } from '../../partition/names.ts';
import { type FileStatus, refOf } from '../../store/store.ts';
import { type AddedRef, type FoldBin, type SwapReceipt, writeRecord } from '../journal.ts';
import { completeUndo } from '../retire-run.ts';
import { deleteFileSurely } from '../sure-steps.ts';
import { tidyReceipted } from '../tidy-run.ts';
import { type BinState, inputsOf } from './diagnose-fold.ts';
import type { FoldRun } from './fold-run.ts';
import type { FoundFold } from './observe-fold.ts';
import { giveBackups } from './undone-backup.ts';

/**
 * Writes the receipt of what was done, bin by bin, then removes the journal and what is not needed any more. A backup is
 * kept of replaced files only: the bytes of folded ones are all in the folded file.
 */
export async function acknowledgeFold(
  run: FoldRun,
  found: FoundFold,
  states: readonly BinState[],
  ending: 'done' | 'overwritten',
): Promise<SwapReceipt> {
  const { store, journal, runDirectory, log } = run;
  const added: AddedRef[] = [];
  const bins: FoldBin[] = [];
  const warnings: string[] = [];
  let isFoldedOnly = false;
  for (const [index, bin] of journal.bins.entries()) {
    const state = states[index];
    const named = found.named[index];
    if (state === undefined) continue;
    if ('problem' in state && state.problem !== undefined)
      warnings.push(problemOf(journal.kind, bin, state, state.problem));
    if (state.state === 'replaced' && named !== undefined) {
      added.push(addedRef(bin, named));
      bins.push(bin);
    } else if (state.state === 'stopped' && named !== undefined) {
      isFoldedOnly ||= bin.staged !== undefined;
      added.push(addedRef(bin, named));
      bins.push(foldedPart(bin, state.steps));
    } else if (state.state === 'overwritten') {
      bins.push(bin);
    }
  }
  const hasBackup = bins.some((bin) => bin.backup !== undefined);
  const wanted = journal.keepBackup || ending === 'overwritten';
  const receipt: SwapReceipt = {
    ...journal,
    bins,
    removed: bins.flatMap((bin) => bin.inputs),
    added,
    finishedAtMs: await store.nowMs(),
    outcome: ending === 'overwritten' ? 'overwritten' : isFoldedOnly ? 'folded' : 'done',
    backup: hasBackup && wanted ? 'kept' : 'none',
    broughtAlong: [],
    warnings,
  };
  for (const warning of warnings) log.warn(warning);
  for (const tail of found.tails) await deleteFileSurely(store, tail.path);
  if (journal.kind === 'undo') {
    // Before the receipt, with which the run counts as finished.
    await giveBackups(run);
    const restored = states.filter(({ state }) => state === 'replaced').length;
    if (ending === 'done' && restored > 0) await completeUndo(run, restored < states.length);
  }
  await writeRecord(store, receiptPath(runDirectory), receipt);
  await tidyReceipted(store, runDirectory, receipt, log);
  return receipt;
}

function addedRef(bin: FoldBin, named: FileStatus): AddedRef {
  return { ...refOf(named), binIndex: bin.binIndex };
}

/** A bin as far as it was folded, without the backup and the merged file it does not need. */
function foldedPart(bin: FoldBin, steps: number): FoldBin {
  const { binIndex, name, inputs, base } = bin;
  return {
    binIndex,
    name,
    inputs: inputs.slice(0, inputsOf(bin, steps)),
    base,
    steps: bin.steps.slice(0, steps),
  };
}

function problemOf(kind: SwapReceipt['kind'], bin: FoldBin, { state }: BinState, problem: string): string {
  if (kind === 'undo') {
    const names = bin.inputs.map(({ name }) => name).join(', ');
    return state === 'stopped'
      ? `${bin.name} holds the rows as ${names} had them, and not the originals: ${problem}`
      : `${names} is left as it is: ${problem}`;
  }
  return state === 'stopped'
    ? `${bin.name} is folded and not merged: ${problem}; every row is there once, and the next run merges it`
    : `${bin.inputs.length} files that were to become ${bin.name} are left as they are: ${problem}`;
}
