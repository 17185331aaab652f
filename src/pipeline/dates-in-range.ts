import { compareNames } from '../core/name-order.ts';
import { defaultLayout, type PartitionLayout } from '../partition/layout.ts';
import { listPartitions } from '../partition/list-partitions.ts';
import type { Store } from '../store/store.ts';
import { hiddenPartitions } from './hidden-partitions.ts';

/** A stretch of the calendar, both ends included. */
export interface DateRange {
  /** `YYYY-MM-DD`. */
  readonly from: string;
  /** `YYYY-MM-DD`, not before `from`. */
  readonly to: string;
}

/**
 * The partitions of the dates in a range, by their keys, oldest first; found by listing the dataset, and of deeper layouts the directories
 * that may hold one; those among them that an interrupted swap hides.
 * @throws ConfigError `base-path-absent`; StoreError when the store fails
 */
export async function datesInRange(
  store: Store,
  basePath: string,
  range: DateRange,
  layout: PartitionLayout = defaultLayout,
): Promise<readonly string[]> {
  const listed = (await listPartitions({ store, basePath, layout }, range)).map(({ key }) => key);
  const hidden = await hiddenPartitions({ store, basePath, layout }, listed, range);
  return hidden.length === 0 ? listed : [...listed, ...hidden].toSorted(compareNames);
}
