import type { PastRun } from './past-runs.ts';

/** When the files of a dataset's partitions were there. Hours count from the end of their date (UTC); below 0: within it. */
export interface ArrivalPattern {
  /** Files whose time is known, and the dates they are of. */
  readonly files: number;
  readonly dates: number;
  /** By hour: files, and the share of all that were there at its end. Ascending. */
  readonly hours: readonly {
    readonly hour: number;
    readonly files: number;
    readonly shareByItsEnd: number;
  }[];
  /** For each partition its hours with files, ascending. */
  readonly byPartition: readonly (readonly number[])[];
}

const hoursOfDay = 24;

/** Puts the arrivals of all runs of a partition together. */
export function arrivalPattern(runs: readonly PastRun[]): ArrivalPattern {
  const total = new Map<number, number>();
  const dates = new Set<string>();
  const partitions = new Map<string, Set<number>>();
  for (const { date, partition, arrivals } of runs) {
    const hours = Object.entries(arrivals ?? {});
    if (hours.length === 0) continue;
    dates.add(date);
    const known = partitions.get(partition) ?? new Set<number>();
    partitions.set(partition, known);
    for (const [text, count] of hours) {
      const hour = Number(text) - hoursOfDay;
      known.add(hour);
      total.set(hour, (total.get(hour) ?? 0) + count);
    }
  }
  const files = [...total.values()].reduce((sum, count) => sum + count, 0);
  let before = 0;
  const hours = [...total]
    .sort(([a], [b]) => a - b)
    .map(([hour, count]) => {
      before += count;
      return { hour, files: count, shareByItsEnd: before / files };
    });
  const byPartition = [...partitions.values()].map((known) => [...known].sort((a, b) => a - b));
  return { files, dates: dates.size, hours, byPartition };
}

/** Hours after the end of the date at which this share of the files was there; at least 0. Undefined without files. */
export function hoursUntil({ hours }: ArrivalPattern, share: number): number | undefined {
  const last = hours.find(({ shareByItsEnd }) => shareByItsEnd >= share);
  return last === undefined ? undefined : Math.max(0, last.hour + 1);
}

/** The share of the files that were there so many hours after the end of the date. */
export function shareAfter({ hours }: ArrivalPattern, after: number): number {
  return hours.findLast(({ hour }) => hour < after)?.shareByItsEnd ?? 0;
}

/**
 * The longest times, in whole hours, that went by without a file between the end of the date and the last file of a partition before
 * `until`: for each partition one, ascending.
 */
export function longestPauses({ byPartition }: ArrivalPattern, until: number): readonly number[] {
  return byPartition
    .map((hours) => {
      // What came within the date is as if it came at its end.
      let last = -1;
      let longest = 0;
      for (const hour of hours) {
        if (hour < 0 || hour >= until) continue;
        longest = Math.max(longest, hour - last - 1);
        last = hour;
      }
      return longest;
    })
    .sort((a, b) => a - b);
}
