import { compareNames } from '../core/name-order.ts';
import { dateOf, partitionKey } from '../core/partition-key.ts';
import { defaultLayout, pathByLayout } from '../partition/layout.ts';
import { type ListedDataset, listPartitions } from '../partition/list-partitions.ts';
import { hiddenPartitions } from './hidden-partitions.ts';

/**
 * The partitions of these dates, by their keys, oldest first. Where a date has one partition, it is among them whether it is there or not;
 * of hours and sources those that are there, or hidden by an interrupted swap.
 *
 * @param dates `YYYY-MM-DD`, oldest first, each once
 * @throws ConfigError `base-path-absent`; StoreError when the store fails; the reason of `stop`
 */
export async function partitionsOfDates(
  dataset: ListedDataset,
  dates: readonly string[],
): Promise<readonly string[]> {
  const { layout } = dataset;
  // Found without a listing.
  if (layout.pattern === defaultLayout.pattern) return dates;
  const [from = '', to = from] = [dates[0], dates.at(-1)];
  const wanted = new Set(dates);
  const listed = (await listPartitions(dataset, { from, to })).map(({ key }) => key);
  const hidden = await hiddenPartitions(dataset, listed, { from, to });
  const found = [...listed, ...hidden].filter((key) => wanted.has(dateOf(key))).toSorted(compareNames);
  if (!layout.isOnePerDate) return found;
  const there = new Set(found.map(dateOf));
  const absent = dates
    .filter((date) => !there.has(date))
    .map((date) => partitionKey(date, pathByLayout(layout, { date, values: {} })));
  return [...found, ...absent].toSorted();
}
