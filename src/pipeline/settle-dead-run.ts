import { SwapError } from '../core/errors.ts';
import { recoverPartition } from '../swap/recover.ts';
import type { RecoverOutcome } from '../swap/recover-outcome.ts';
import type { PartitionTask } from './partition-task.ts';

/** How a partition was found. */
export interface FoundPartition {
  /** True when a living run is at work on it: what a listing shows may be about to change. */
  readonly inProgress: boolean;
  /** Of a dry run: what would be done about swaps that a run left half done. */
  readonly interrupted: readonly RecoverOutcome[];
  /** How many interrupted swaps were finished or taken back; 0 in a dry run. */
  readonly swapsRecovered: number;
  /** Sentences for the operator. */
  readonly warnings: readonly string[];
}

/**
 * Settles what a run that died left in the partition, so that planning sees the partition as it is to be. A dry run
 * only says what would be done.
 * @throws SwapError `foreign-state` (exit code 14) when a person must look first
 */
export async function settleDeadRun(task: PartitionTask): Promise<FoundPartition> {
  const { store, basePath, date, dryRun } = task;
  // The outcomes say all that the log would warn of.
  const log = { ...task.log, warn: task.log.info };
  const outcomes = await recoverPartition({ store, basePath, date, log, dryRun });
  const blocked = outcomes.find((outcome) => outcome.needsAttention);
  if (blocked !== undefined && !dryRun) {
    throw new SwapError(blocked.sentence, {
      code: 'foreign-state',
      dataState: 'nothing was replaced',
      ...(blocked.hint === undefined ? {} : { hint: blocked.hint }),
    });
  }
  const inProgress = outcomes.some(({ action }) => action === 'in-progress');
  // Of a living run a real one hears by way of the lock.
  const isNews = ({ action }: RecoverOutcome): boolean =>
    action !== 'nothing' && (dryRun || action !== 'in-progress');
  const swaps = outcomes.filter(({ action }) => action === 'rolled-forward' || action === 'rolled-back');
  const [interrupted, swapsRecovered] = dryRun ? [swaps, 0] : [[], swaps.length];
  return {
    inProgress,
    interrupted,
    swapsRecovered,
    warnings: outcomes.filter(isNews).map(({ sentence }) => sentence),
  };
}
