import { mapConcurrently } from '../core/concurrency.ts';
import { compareNames } from '../core/name-order.ts';
import { isDate, partitionKey } from '../core/partition-key.ts';
import type { FileStatus, Store } from '../store/store.ts';
import { matchSegment, type PartialFields, type PartitionLayout } from './layout.ts';
import { listBase } from './list-base.ts';

/** Which partitions are looked for; absent: no limit. */
export interface DateLimits {
  /** First and last date, both included, `YYYY-MM-DD`. */
  readonly from?: string;
  readonly to?: string;
}

/** The directory of a partition. */
export interface PartitionDirectory {
  readonly key: string;
  readonly status: FileStatus;
  /** Everything in the base, and in the directories between it and the partition, that leads to no partition. */
  readonly beside: readonly FileStatus[];
}

/** Directories that are listed at the same time. */
const listingsAtOnce = 8;

interface Found {
  readonly status: FileStatus;
  readonly relativePath: string;
  readonly known: PartialFields;
  readonly beside: readonly FileStatus[];
}

/**
 * The partitions of a dataset, by their dates and then by their paths. Only directories are listed that may hold one of the dates looked
 * for: of `year=/month=/day=` none of other years. A directory that goes meanwhile is passed over.
 *
 * @throws ConfigError `base-path-absent`; StoreError when the store fails; the reason of `stop`
 */
export async function listPartitions(
  { store, basePath, layout, stop }: ListedDataset,
  limits: DateLimits = {},
): Promise<readonly PartitionDirectory[]> {
  let level = matchEntries(layout, 0, await listBase(store, basePath), undefined, limits);
  for (let depth = 1; depth < layout.segments.length; depth++) {
    const next = await mapConcurrently(level, listingsAtOnce, async (directory) => {
      stop?.throwIfAborted();
      if (directory.status.kind !== 'directory') return [];
      const entries = (await store.list(directory.status.path)) ?? [];
      return matchEntries(layout, depth, entries, directory, limits);
    });
    level = next.flat();
  }
  return level
    .flatMap(({ status, relativePath, known, beside }): readonly PartitionDirectory[] => {
      const date = `${known.year}-${known.month}-${known.day}`;
      return isDate(date) ? [{ key: partitionKey(date, relativePath), status, beside }] : [];
    })
    .toSorted((a, b) => compareNames(a.key, b.key));
}

/** Where partitions are looked for. */
export interface ListedDataset {
  readonly store: Store;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
  readonly layout: PartitionLayout;
  readonly stop?: AbortSignal;
}

function matchEntries(
  layout: PartitionLayout,
  depth: number,
  entries: readonly FileStatus[],
  above: Found | undefined,
  limits: DateLimits,
): readonly Found[] {
  const matched: { readonly status: FileStatus; readonly known: PartialFields }[] = [];
  const others: FileStatus[] = [...(above?.beside ?? [])];
  for (const status of entries) {
    const known = matchSegment(layout, depth, status.name, above?.known ?? { values: {} });
    if (known === undefined) others.push(status);
    else if (mayHold(known, limits)) matched.push({ status, known });
  }
  return matched.map(({ status, known }) => ({
    status,
    known,
    relativePath: above === undefined ? status.name : `${above.relativePath}/${status.name}`,
    beside: others,
  }));
}

/** Whether a date within the limits may begin like this. */
function mayHold({ year, month, day }: PartialFields, { from, to }: DateLimits): boolean {
  if (year === undefined) return true;
  const prefix =
    month === undefined ? year : day === undefined ? `${year}-${month}` : `${year}-${month}-${day}`;
  return (
    (from === undefined || prefix >= from.slice(0, prefix.length)) &&
    (to === undefined || prefix <= to.slice(0, prefix.length))
  );
}
