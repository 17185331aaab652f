import { SwapError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { receiptPath } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { readReceipt, type SwapReceipt } from './journal.ts';

/** The receipt of the run, when it has one. */
export function receiptOf(store: Store, runDirectory: string): Promise<SwapReceipt | undefined> {
  return readReceipt(store, receiptPath(runDirectory));
}

/**
 * Like {@link receiptOf}, for looking through many runs: a receipt that is damaged, or of a newer version, is told of
 * and passed over, since it stands for a run that is finished.
 */
export async function receiptIfReadable(
  store: Store,
  runDirectory: string,
  log: Logger,
): Promise<SwapReceipt | 'unreadable' | undefined> {
  try {
    return await receiptOf(store, runDirectory);
  } catch (error) {
    if (!(error instanceof SwapError) || error.code !== 'journal-unreadable') throw error;
    log.warn(`${error.message}; its run is finished, the backup beside it is left alone`);
    return 'unreadable';
  }
}
