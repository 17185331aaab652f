import type { SwapReceipt } from './journal.ts';
import { receiptOf } from './receipts.ts';
import type { RunAtHand } from './run-at-hand.ts';
import { tidyReceipted } from './tidy-run.ts';

/** How a run that had a journal was settled. */
export type Settlement =
  | { readonly action: 'rolled-forward'; readonly receipt: SwapReceipt; readonly sentence: string }
  | { readonly action: 'rolled-back'; readonly sentence: string }
  | { readonly action: 'foreign'; readonly sentence: string; readonly hint: string };

/** What settling needs besides the run. */
export interface SettleOptions {
  /** Rejects when the lock is lost; called before each step that moves a partition. */
  readonly assertHeld: () => Promise<void>;
  /**
   * A directory found in the partition's place between the two renames was made by a writer just now, so its files are
   * additions. Only true within the run itself: later it may as well be a rewrite of the whole partition.
   */
  readonly adoptLate: boolean;
}

/** The settlement of a run that has its receipt already, tidied up; undefined for any other. */
export async function settledBefore(
  run: RunAtHand,
  assertHeld: SettleOptions['assertHeld'],
): Promise<Settlement | undefined> {
  await assertHeld();
  const receipt = await receiptOf(run.store, run.runDirectory);
  if (receipt === undefined) return undefined;
  await tidyReceipted(run.store, run.runDirectory, receipt, run.log);
  return rolledForward(run, receipt);
}

/** The settlement of a run whose swap is done. */
export function rolledForward({ partitionPath }: RunAtHand, receipt: SwapReceipt): Settlement {
  return {
    action: 'rolled-forward',
    receipt,
    sentence: `run ${receipt.runId} is finished: ${partitionPath} holds ${contentOf(receipt)}`,
  };
}

function contentOf(receipt: SwapReceipt): string {
  if (receipt.kind === 'consolidate') {
    return receipt.outcome === 'folded'
      ? 'files that are folded but not merged, as others changed meanwhile; the next run merges them'
      : 'the merged files';
  }
  if (receipt.kind === 'replicate') return 'the copied files';
  return receipt.way === 'fold'
    ? 'the bytes and rows of the original files again, as one file each'
    : 'the original files again';
}
