import { listBase } from '../partition/list-base.ts';
import { parsePartitionName } from '../partition/names.ts';
import type { Store } from '../store/store.ts';

/** A stretch of the calendar, both ends included. */
export interface DateRange {
  /** `YYYY-MM-DD`. */
  readonly from: string;
  /** `YYYY-MM-DD`, not before `from`. */
  readonly to: string;
}

/**
 * The dates in a range that have a partition, oldest first; found with one listing of the dataset.
 * @throws ConfigError `base-path-absent`; StoreError when the store fails
 */
export async function datesInRange(
  store: Store,
  basePath: string,
  { from, to }: DateRange,
): Promise<readonly string[]> {
  const dates: string[] = [];
  for (const { name } of await listBase(store, basePath)) {
    const date = parsePartitionName(name);
    if (date !== undefined && date >= from && date <= to) dates.push(date);
  }
  return dates.toSorted();
}
