import type { Logger } from '../../core/log.ts';
import { historyPath } from '../../partition/names.ts';
import type { Store } from '../../store/store.ts';
import type { SwapReceipt } from '../../swap/journal.ts';
import { readIfReadable } from '../../swap/receipts.ts';
import { receiptPlaces } from '../../telemetry/history/receipt-places.ts';

/**
 * All receipts of a partition, of runs whose backup is kept and of those in the history, each run once. One that cannot be read is told
 * of and passed over.
 */
export async function receiptsOf(
  store: Store,
  basePath: string,
  date: string,
  log: Logger,
): Promise<readonly SwapReceipt[]> {
  const byRun = new Map<string, SwapReceipt>();
  const read = (path: string) =>
    readIfReadable(store, path, (problem) =>
      log.warn(`${problem}; what that run merged is not copied to the replica`),
    );
  // Those in the history come last, and count: they also know of an undo.
  for (const { path, runId } of await receiptPlaces({ store, basePath, key: date })) {
    // One that is gone may have gone to the history after that was listed; it is written there first.
    const receipt = (await read(path)) ?? (await read(historyPath(basePath, date, runId)));
    if (receipt !== undefined && receipt !== 'unreadable') byRun.set(receipt.runId, receipt);
  }
  return [...byRun.values()];
}
