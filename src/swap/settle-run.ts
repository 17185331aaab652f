import { settleDirectories } from './directories/settle-directories.ts';
import { settleFold } from './fold/settle-fold.ts';
import type { RunAtHand } from './run-at-hand.ts';
import type { Settlement, SettleOptions } from './settlement.ts';

/**
 * Brings the swap of a run that died to an end, from whatever state it is in, the way it went.
 * @throws StoreError when a step cannot be done; SwapError `lock-lost`
 */
export function settleRun(run: RunAtHand, options: SettleOptions): Promise<Settlement> {
  const { journal } = run;
  return journal.way === 'fold'
    ? settleFold({ ...run, journal }, { ...options, mayBegin: false })
    : settleDirectories({ ...run, journal }, options);
}
