/** A partition and what doing it is expected to cost. */
export interface WeighedDate {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** Bytes that a consolidation would read and write; at least 0. */
  readonly plannedBytes: number;
}

/**
 * Deals dates out to `count` shards of about equal weight: the heaviest first, each to the lightest shard (Graham's rule:
 * the heaviest shard is at most 4/3 of the best possible one). The same dates and weights give the same shards, in
 * whatever order they come.
 *
 * @param dates each date once
 * @param count number of shards, at least 1
 * @returns one list of dates for each shard, oldest first; every date is in exactly one of them
 */
export function dealOut(dates: readonly WeighedDate[], count: number): readonly (readonly string[])[] {
  const shards = Array.from({ length: count }, () => ({ plannedBytes: 0, dates: [] as string[] }));
  for (const { date, plannedBytes } of dates.toSorted(heaviestFirst)) {
    // Of equally heavy ones that with fewest dates, so that empty partitions are spread out too.
    const lightest = shards.reduce((best, shard) => (isLighter(shard, best) ? shard : best));
    lightest.plannedBytes += plannedBytes;
    lightest.dates.push(date);
  }
  return shards.map((shard) => shard.dates.toSorted());
}

type Load = { readonly plannedBytes: number; readonly dates: readonly string[] };

function isLighter(a: Load, b: Load): boolean {
  return (
    a.plannedBytes < b.plannedBytes || (a.plannedBytes === b.plannedBytes && a.dates.length < b.dates.length)
  );
}

function heaviestFirst(a: WeighedDate, b: WeighedDate): number {
  return b.plannedBytes - a.plannedBytes || (a.date < b.date ? -1 : Number(a.date > b.date));
}
