import type { FoldBin } from '../journal.ts';

/** What is found of one bin whose swap has a journal and no receipt. */
export interface FoundBin {
  /** What has the bin's name in the partition: nothing, the base (folded or not), the merged file, or something else. */
  readonly named: 'nothing' | 'base' | 'staged' | 'other';
  /** Length of what has the name. */
  readonly sizeBytes: number;
  /** Each input, in the bin's order: there as it was, there but another generation, or not there. */
  readonly inputs: readonly ('same' | 'changed' | 'gone')[];
  /** The base is still in the run directory. */
  readonly hasBase: boolean;
  /**
   * What replaces the folded file: here, in the run directory, as it was verified; or, for an undo, the backup that still is in the
   * directory of the run that is undone.
   */
  readonly staged: 'here' | 'at undone run' | 'none';
  /** Numbers of the fold steps whose tail lies in the partition. */
  readonly placedTails: readonly number[];
}

/** How far the swap of one bin has come. */
export type BinState =
  /** Nothing is changed, and nothing has changed: it may begin. */
  | { readonly state: 'ready' }
  /** The base is in the partition, without rows yet; all inputs are as they were. */
  | { readonly state: 'published' }
  /** `steps` CONCATs are done; the inputs of the next ones are as they were. */
  | { readonly state: 'partly'; readonly steps: number }
  /** All inputs are folded, and the merged file waits. */
  | { readonly state: 'folded' }
  /** The merged file has replaced the folded one. */
  | { readonly state: 'replaced' }
  /** Folded as far as `steps`, valid, and not going any further. */
  | { readonly state: 'stopped'; readonly steps: number; readonly problem: string | undefined }
  /** The base is in the partition without rows, and inputs have changed: it goes out again. */
  | { readonly state: 'withdraw'; readonly problem: string }
  /** Nothing is changed by us, and it cannot begin. */
  | { readonly state: 'left'; readonly problem: string }
  /** The folded file is not as long as its parts: an input grew or was replaced at the very moment it was folded. */
  | { readonly state: 'grown'; readonly steps: number }
  /** Folded or merged rows were there, and somebody has put other files in their place. */
  | { readonly state: 'overwritten' };

/** The state of one bin. Every row of its inputs is in the inputs, the folded file or the merged file. */
export function diagnoseBin(bin: FoldBin, found: FoundBin): BinState {
  if (found.named === 'staged') return { state: 'replaced' };
  if (found.named === 'base') return diagnoseBase(bin, found);
  // The base is neither here nor there: it was published, and perhaps folded into.
  const begun = !found.hasBase;
  const missing = found.inputs.includes('gone');
  if (begun && missing) return { state: 'overwritten' };
  const problem = inputProblem(bin, found.inputs, 0);
  if (problem !== undefined) return { state: 'left', problem };
  if (found.named === 'other') return { state: 'left', problem: `${bin.name} is there already` };
  if (begun) return { state: 'left', problem: `somebody removed ${bin.name}` };
  const lost = stagedProblem(bin, found);
  return lost === undefined ? { state: 'ready' } : { state: 'left', problem: lost };
}

function diagnoseBase(bin: FoldBin, found: FoundBin): BinState {
  const steps = stepsDone(bin, found.sizeBytes);
  if (steps === undefined) return { state: 'grown', steps: stepsByInputs(bin, found) };
  if (steps === bin.steps.length) {
    if (bin.staged === undefined) return { state: 'stopped', steps, problem: undefined };
    const lost = stagedProblem(bin, found);
    return lost === undefined ? { state: 'folded' } : { state: 'stopped', steps, problem: lost };
  }
  const problem =
    inputProblem(bin, found.inputs, inputsOf(bin, steps)) ??
    (steps === 0 ? stagedProblem(bin, found) : undefined);
  if (problem !== undefined) {
    return steps === 0 ? { state: 'withdraw', problem } : { state: 'stopped', steps, problem };
  }
  return steps === 0 ? { state: 'published' } : { state: 'partly', steps };
}

/** How many inputs the first `steps` CONCATs take. */
export function inputsOf(bin: FoldBin, steps: number): number {
  return bin.steps.slice(0, steps).reduce((sum, step) => sum + step.inputs, 0);
}

/** How many CONCATs make a base of this length; undefined when none do. */
export function stepsDone(bin: FoldBin, sizeBytes: number): number | undefined {
  if (sizeBytes === bin.base.sizeBytes) return 0;
  const index = bin.steps.findIndex((step) => step.sizeBytes === sizeBytes);
  return index < 0 ? undefined : index + 1;
}

function stepsByInputs(bin: FoldBin, found: FoundBin): number {
  let steps = 0;
  while (
    steps < bin.steps.length &&
    found.inputs.slice(inputsOf(bin, steps), inputsOf(bin, steps + 1)).every((state) => state === 'gone')
  ) {
    steps++;
  }
  return steps;
}

function inputProblem(bin: FoldBin, inputs: FoundBin['inputs'], from: number): string | undefined {
  const index = inputs.findIndex((state, i) => i >= from && state !== 'same');
  if (index < 0) return undefined;
  const name = bin.inputs[index]?.name ?? '';
  return inputs[index] === 'gone' ? `${name} is gone` : `${name} was changed`;
}

function stagedProblem(bin: FoldBin, { staged }: FoundBin): string | undefined {
  if (bin.staged === undefined || staged !== 'none') return undefined;
  return 'what was to replace the folded file is gone, or was changed';
}

/** The next thing to do about a swap. `bin` is an index into the journal's bins. */
export type FoldDecision =
  | { readonly do: 'place-tail' | 'concat'; readonly bin: number; readonly step: number }
  | { readonly do: 'take' | 'publish' | 'replace' | 'withdraw'; readonly bin: number }
  | { readonly do: 'mend'; readonly bin: number; readonly steps: number }
  /** Nothing was folded: take out what was put in. */
  | { readonly do: 'roll-back'; readonly problems: readonly string[] }
  /** Somebody put other files in the place of ours: leave everything, tell a person. */
  | { readonly do: 'overwritten' }
  | { readonly do: 'finish' };

/**
 * The recovery table. Before the first CONCAT of a run everything can be taken back; after it the way goes forward, bin
 * by bin, as far as the inputs are what they were.
 */
export function decideFold(
  found: readonly FoundBin[],
  states: readonly BinState[],
  mayBegin: boolean,
): FoldDecision {
  if (states.some(({ state }) => state === 'overwritten')) return { do: 'overwritten' };
  const problems = states.flatMap((state) => ('problem' in state && state.problem ? [state.problem] : []));
  if (!states.some(isBegun) && (!mayBegin || problems.length > 0)) return { do: 'roll-back', problems };
  for (const [index, state] of states.entries()) {
    const mayTake = ['ready', 'published', 'partly', 'folded'].includes(state.state);
    if (mayTake && found[index]?.staged === 'at undone run') return { do: 'take', bin: index };
    switch (state.state) {
      case 'ready':
      case 'published':
      case 'partly': {
        const step = state.state === 'partly' ? state.steps : 0;
        // Before the base, so that it lies there without rows for as short a time as can be.
        if (found[index]?.placedTails.includes(step) !== true) return { do: 'place-tail', bin: index, step };
        return state.state === 'ready' ? { do: 'publish', bin: index } : { do: 'concat', bin: index, step };
      }
      case 'folded':
        return { do: 'replace', bin: index };
      case 'withdraw':
        return { do: 'withdraw', bin: index };
      case 'grown':
        return { do: 'mend', bin: index, steps: state.steps };
    }
  }
  return { do: 'finish' };
}

/** True when rows of the bin are folded. */
export function isBegun({ state }: BinState): boolean {
  return (
    state === 'partly' ||
    state === 'folded' ||
    state === 'replaced' ||
    state === 'stopped' ||
    state === 'grown'
  );
}
