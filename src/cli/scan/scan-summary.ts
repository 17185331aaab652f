import { dateOf } from '../../core/partition-key.ts';
import type { ScannedPartition } from '../../pipeline/scan-dataset.ts';
import type { Gain } from '../../plan/estimate-gain.ts';

/** Sums over partitions that are worth it. */
export interface GainTotals extends Omit<Gain, 'score'> {
  readonly partitions: number;
}

/** A scan in few words: what it found in all, and the best of it. Plain data. */
export interface ScanSummary {
  readonly partitions: number;
  readonly firstDate?: string;
  readonly lastDate?: string;
  readonly dataFiles: number;
  readonly smallFiles: number;
  readonly bytes: number;
  readonly worthwhile: GainTotals;
  /** Of the other partitions, how many are in which state for which rule; the most frequent first. */
  readonly others: readonly {
    readonly state: ScannedPartition['state'];
    readonly rule: string;
    readonly partitions: number;
    /** Of the first of them: why. */
    readonly example: { readonly date: string; readonly reason: string };
  }[];
  /** The best of those that are worth it: most objects freed per byte moved first. */
  readonly ranked: readonly ScannedPartition[];
}

/** Takes partitions one by one, and keeps sums and the best `top` only. */
export interface ScanCollector {
  add(partition: ScannedPartition): void;
  summary(): ScanSummary;
}

/** A collector that has not seen any partition. */
export function scanCollector(top: number): ScanCollector {
  const sums = { partitions: 0, dataFiles: 0, smallFiles: 0, bytes: 0 };
  const worthwhile = {
    partitions: 0,
    filesBefore: 0,
    filesAfter: 0,
    bytesBefore: 0,
    bytesSaved: 0,
    objectsFreed: 0,
    opensSaved: 0,
    bytesMoved: 0,
  };
  const others = new Map<string, { partitions: number; first: ScannedPartition }>();
  let dates: { readonly firstDate: string; readonly lastDate: string } | undefined;
  let best: ScannedPartition[] = [];
  const keepBest = (): void => {
    best = best.sort(byRank).slice(0, top);
  };
  return {
    add: (partition) => {
      const { date, state, rule, gain } = partition;
      sums.partitions++;
      sums.dataFiles += partition.dataFiles;
      sums.smallFiles += partition.smallFiles;
      sums.bytes += partition.bytes;
      dates = { firstDate: dates?.firstDate ?? dateOf(date), lastDate: dateOf(date) };
      if (gain === undefined) {
        const key = `${state} ${rule}`;
        const alike = others.get(key);
        if (alike === undefined) others.set(key, { partitions: 1, first: partition });
        else alike.partitions++;
        return;
      }
      worthwhile.partitions++;
      worthwhile.filesBefore += gain.filesBefore;
      worthwhile.filesAfter += gain.filesAfter;
      worthwhile.bytesBefore += gain.bytesBefore;
      worthwhile.bytesSaved += gain.bytesSaved;
      worthwhile.objectsFreed += gain.objectsFreed;
      worthwhile.opensSaved += gain.opensSaved;
      worthwhile.bytesMoved += gain.bytesMoved;
      best.push(partition);
      // Sorting each time would be slow, keeping all would be large.
      if (best.length >= 2 * top + 100) keepBest();
    },
    summary: () => {
      keepBest();
      return {
        ...sums,
        ...dates,
        worthwhile: { ...worthwhile },
        others: [...others.values()]
          .sort((a, b) => b.partitions - a.partitions)
          .map(({ partitions, first: { state, rule, date, reason } }) => ({
            state,
            rule,
            partitions,
            example: { date, reason },
          })),
        ranked: best,
      };
    },
  };
}

/** Of equal partitions the newer one first: it is read more. */
function byRank(a: ScannedPartition, b: ScannedPartition): number {
  const difference = (b.gain?.score ?? 0) - (a.gain?.score ?? 0);
  return difference !== 0 ? difference : a.date < b.date ? 1 : -1;
}
