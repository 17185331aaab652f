import { dateOf } from '../../core/partition-key.ts';
import { defaultLayout, type PartitionLayout } from '../../partition/layout.ts';
import { listWorkspace, partitionDirectories } from '../../partition/list-workspace.ts';
import {
  dateDirectory,
  historyDirectory,
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
  /** Key of the partition. */
  readonly date: string;
  readonly runId: string;
  /** Full path. */
  readonly path: string;
}

/** Which receipts to look for. */
export interface ReceiptSearch {
  readonly store: Store;
  readonly basePath: string;
  /** Only of the partitions of this date, `YYYY-MM-DD`. */
  readonly date?: string;
  /** Only of the partition with this key. */
  readonly key?: string;
  /** Which partitions are of a date; absent: `date=…`. */
  readonly layout?: PartitionLayout;
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
  const { store, basePath, begunSinceMs = Number.NEGATIVE_INFINITY } = search;
  const keys =
    soleKeyOf(search) ??
    (await listWorkspace(store, basePath, search.layout ?? defaultLayout)).map(({ key }) => key);
  const places: ReceiptPlace[] = [];
  for (const one of ofDate(search, keys)) {
    for (const { name, path } of (await store.list(dateDirectory(basePath, one))) ?? []) {
      const entry = parseDateEntry(name);
      if (entry?.kind === 'run') places.push({ date: one, runId: entry.runId, path: receiptPath(path) });
    }
  }
  for (const one of ofDate(search, await keysWithHistory(search))) {
    const directory = historyDirectory(basePath, one);
    for (const { name } of (await store.list(directory)) ?? []) {
      const runId = parseHistoryName(name);
      if (runId !== undefined) places.push({ date: one, runId, path: join(directory, name) });
    }
  }
  return places.filter(({ runId }) => timeOf(runId) >= begunSinceMs);
}

/** One partition, be it that of a date, whose directories need not be looked for. */
function soleKeyOf({ date, key, layout = defaultLayout }: ReceiptSearch): readonly string[] | undefined {
  if (key !== undefined) return [key];
  return date !== undefined && layout.pattern === defaultLayout.pattern ? [date] : undefined;
}

/** Those that may be of the date that is looked for. */
function ofDate({ date }: ReceiptSearch, keys: readonly string[]): readonly string[] {
  return date === undefined ? keys : keys.filter((key) => ['', date].includes(dateOf(key)));
}

async function keysWithHistory(search: ReceiptSearch): Promise<readonly string[]> {
  const {
    store,
    basePath,
    addedSinceMs = Number.NEGATIVE_INFINITY,
    begunSinceMs = Number.NEGATIVE_INFINITY,
  } = search;
  const sole = soleKeyOf(search);
  if (sole !== undefined) return sole;
  // What came there was before in the run's own directory, so it came after the run began.
  const sinceMs = Math.max(addedSinceMs, begunSinceMs);
  const entries = (await store.list(join(workspacePath(basePath), 'history'))) ?? [];
  return partitionDirectories(entries, search.layout ?? defaultLayout)
    .filter(({ directory }) => directory.modifiedAtMs >= sinceMs)
    .map(({ key }) => key);
}
