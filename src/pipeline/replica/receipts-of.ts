import { SwapError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { historyDirectory, join, parseHistoryName } from '../../partition/names.ts';
import type { Store } from '../../store/store.ts';
import { readReceipt, type SwapReceipt } from '../../swap/journal.ts';
import { finishedRuns } from '../../swap/retire-run.ts';

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
  for (const { receipt } of await finishedRuns(store, basePath, date, log)) byRun.set(receipt.runId, receipt);
  const directory = historyDirectory(basePath, date);
  for (const { name } of (await store.list(directory)) ?? []) {
    if (parseHistoryName(name) === undefined) continue;
    const receipt = await readIfReadable(store, join(directory, name), log);
    // What the history says of a run is newer: it also knows of an undo.
    if (receipt !== undefined) byRun.set(receipt.runId, receipt);
  }
  return [...byRun.values()];
}

async function readIfReadable(store: Store, path: string, log: Logger): Promise<SwapReceipt | undefined> {
  try {
    return await readReceipt(store, path);
  } catch (error) {
    if (!(error instanceof SwapError) || error.code !== 'journal-unreadable') throw error;
    log.warn(`${error.message}; what that run merged is not copied to the replica`);
    return undefined;
  }
}
