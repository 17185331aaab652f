import { defaultLayout, type PartitionLayout } from '../partition/layout.ts';
import { listPartitions } from '../partition/list-partitions.ts';
import type { Store } from '../store/store.ts';

/** A stretch of the calendar, both ends included. */
export interface DateRange {
  /** `YYYY-MM-DD`. */
  readonly from: string;
  /** `YYYY-MM-DD`, not before `from`. */
  readonly to: string;
}

/**
 * The partitions of the dates in a range, by their keys, oldest first; found by listing the dataset, and of deeper layouts the directories
 * that may hold one.
 * @throws ConfigError `base-path-absent`; StoreError when the store fails
 */
export async function datesInRange(
  store: Store,
  basePath: string,
  range: DateRange,
  layout: PartitionLayout = defaultLayout,
): Promise<readonly string[]> {
  return (await listPartitions({ store, basePath, layout }, range)).map(({ key }) => key);
}
