import { type BaseEntries, rememberedBase } from '../partition/base-entries.ts';
import type { Store } from '../store/store.ts';
import type { DatasetTask, PartitionTask } from './partition-task.ts';

/** The datasets that a run has come to, and what is known of them for all of their partitions. */
export interface KnownDatasets {
  /** The task with what is known of its dataset. */
  withKnown(task: PartitionTask): PartitionTask;
  /** A task of each dataset, in the order they were come to. */
  all(): readonly DatasetTask[];
}

/** No dataset yet. */
export function knownDatasets(): KnownDatasets {
  const byStore = new Map<Store, Map<string, { readonly task: DatasetTask; readonly base: BaseEntries }>>();
  return {
    withKnown(task) {
      const ofStore = byStore.get(task.store) ?? new Map();
      byStore.set(task.store, ofStore);
      const known = ofStore.get(task.basePath) ?? { task, base: rememberedBase(task.store, task.basePath) };
      ofStore.set(task.basePath, known);
      return { ...task, baseEntries: task.baseEntries ?? known.base };
    },
    all: () => [...byStore.values()].flatMap((datasets) => [...datasets.values()].map(({ task }) => task)),
  };
}
