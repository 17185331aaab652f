import {
  dateDirectory,
  historyDirectory,
  isDate,
  join,
  parseDateEntry,
  parseHistoryName,
  receiptPath,
  workspacePath,
} from '../../partition/names.ts';
import type { Store } from '../../store/store.ts';
import { timeOf } from './receipt-rows.ts';

/** Where the receipt of a run lies, or will lie once the run is finished. */
export interface ReceiptPlace {
  readonly date: string;
  readonly runId: string;
  /** Full path. */
  readonly path: string;
}

/** Which receipts to look for. */
export interface ReceiptSearch {
  readonly store: Store;
  readonly basePath: string;
  /** Only of this partition. */
  readonly date?: string;
  /** Only of runs that began at this time or later, milliseconds since 1970. */
  readonly begunSinceMs?: number;
  /**
   * Pass over what lies in the history of partitions where nothing was added since (store time): a directory is as new as
   * its newest entry.
   */
  readonly addedSinceMs?: number;
}

/**
 * The receipts of a dataset: of runs whose backup is kept, beside it; of the others, in the history. Only directories are
 * listed, nothing is read.
 */
export async function receiptPlaces(search: ReceiptSearch): Promise<readonly ReceiptPlace[]> {
  const { store, basePath, date, begunSinceMs = Number.NEGATIVE_INFINITY } = search;
  const workspace = workspacePath(basePath);
  const dates =
    date === undefined
      ? ((await store.list(workspace)) ?? []).filter(isDateDirectory).map(({ name }) => name)
      : [date];
  const places: ReceiptPlace[] = [];
  for (const one of dates) {
    for (const { name, path } of (await store.list(dateDirectory(basePath, one))) ?? []) {
      const entry = parseDateEntry(name);
      if (entry?.kind === 'run') places.push({ date: one, runId: entry.runId, path: receiptPath(path) });
    }
  }
  for (const one of await datesWithHistory(search)) {
    const directory = historyDirectory(basePath, one);
    for (const { name } of (await store.list(directory)) ?? []) {
      const runId = parseHistoryName(name);
      if (runId !== undefined) places.push({ date: one, runId, path: join(directory, name) });
    }
  }
  return places.filter(({ runId }) => timeOf(runId) >= begunSinceMs);
}

async function datesWithHistory({
  store,
  basePath,
  date,
  addedSinceMs = Number.NEGATIVE_INFINITY,
  begunSinceMs = Number.NEGATIVE_INFINITY,
}: ReceiptSearch): Promise<readonly string[]> {
  if (date !== undefined) return [date];
  // What came there was before in the run's own directory, so it came after the run began.
  const sinceMs = Math.max(addedSinceMs, begunSinceMs);
  return ((await store.list(join(workspacePath(basePath), 'history'))) ?? [])
    .filter((entry) => isDateDirectory(entry) && entry.modifiedAtMs >= sinceMs)
    .map(({ name }) => name);
}

function isDateDirectory({ name, kind }: { readonly name: string; readonly kind: string }): boolean {
  return kind === 'directory' && isDate(name);
}
