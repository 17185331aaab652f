import type { FoldSwapJournal } from '../journal.ts';
import type { RunAtHand } from '../run-at-hand.ts';
import type { SettleOptions } from '../settlement.ts';

/** A swap by folding at hand. */
export type FoldRun = RunAtHand<FoldSwapJournal>;

/** What settling a fold needs besides the run. */
export interface FoldOptions extends Omit<SettleOptions, 'adoptLate'> {
  /**
   * True within the run itself: then a swap that has changed nothing yet begins. False afterwards: then such a swap is
   * taken back.
   */
  readonly mayBegin: boolean;
}
