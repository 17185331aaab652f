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
  return readIfReadable(store, receiptPath(runDirectory), (problem) =>
    log.warn(`${problem}; its run is finished, the backup beside it is left alone`),
  );
}

/** The receipt at `path`, when there is one; one that is damaged, or of a newer version, is told of. */
export async function readIfReadable(
  store: Store,
  path: string,
  tell: (problem: string) => void,
): Promise<SwapReceipt | 'unreadable' | undefined> {
  try {
    return await readReceipt(store, path);
  } catch (error) {
    if (!(error instanceof SwapError) || error.code !== 'journal-unreadable') throw error;
    tell(error.message);
    return 'unreadable';
  }
}
