import { compareNames } from '../core/name-order.ts';
import type { DatasetTask } from './partition-task.ts';
import { type ScannedPartition, scanDataset } from './scan-dataset.ts';

/** A partition, and what merging it is worth. */
export interface RankedPartition {
  readonly date: string;
  readonly bytes: number;
  /** Objects freed per MB moved, times the priority of its dataset. */
  readonly worth: number;
}

/** What a dataset has to do. */
export interface DatasetWork {
  /** What is worth a run, and what could not be looked at, in the order of dates. */
  readonly partitions: readonly RankedPartition[];
  /** How many there are of the others. */
  readonly others: Readonly<Partial<Record<ScannedPartition['state'], number>>>;
}

/**
 * What is worth a run in a dataset, by a listing of each partition. Changes nothing.
 * @throws ConfigError `base-path-absent`; StoreError when the store fails as a whole; the reason of `task.stop`
 */
export async function workInDataset(
  task: DatasetTask,
  limits: { readonly from?: string; readonly to?: string } = {},
): Promise<DatasetWork> {
  const partitions: RankedPartition[] = [];
  const others: Partial<Record<ScannedPartition['state'], number>> = {};
  const priority = task.settings.dataset?.priority ?? 1;
  for await (const { date, state, gain } of scanDataset({ ...task, ...limits, footers: false })) {
    if (state === 'worthwhile' && gain !== undefined) {
      partitions.push({ date, bytes: gain.bytesBefore, worth: gain.score * priority });
    } else if (state === 'failed') {
      // It is begun so that what is wrong with it is told.
      partitions.push({ date, bytes: 0, worth: 0 });
    } else others[state] = (others[state] ?? 0) + 1;
  }
  return { partitions, others };
}

/** The best first; of equal ones the newer, since it is read more. */
export function byWorth<T extends RankedPartition>(partitions: readonly T[]): readonly T[] {
  return partitions.toSorted((a, b) => b.worth - a.worth || -compareNames(a.date, b.date));
}
