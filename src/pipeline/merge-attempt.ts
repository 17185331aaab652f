import { randomBytes } from 'node:crypto';
import { bytesPerMb } from '../core/units.ts';
import { defaultMemoryBytes } from '../parquet/memory-limits.ts';
import type { ColumnThreads } from '../parquet/merge/merge-request.ts';
import { footerForCopying } from '../parquet/metadata/merge-footer.ts';
import { attemptName, join } from '../partition/names.ts';
import { rememberingStore } from '../store/remembering-store.ts';
import type { Store } from '../store/store.ts';
import type { MergedElsewhere, MergeTask } from './bin-executor.ts';
import { openInputs } from './open-inputs.ts';
import { stoppableStore } from './stoppable-store.ts';
import { writeMerged } from './write-merged.ts';

/** What the process that merges a task brings along. */
export interface AttemptMeans {
  /** The store that the task's paths are in. */
  readonly store: Store;
  readonly threads?: ColumnThreads | undefined;
  /** Of this machine, where the rows are sorted and do not fit into memory. */
  readonly tempDirectory: string;
  /** What the process may take, where that is less or more than what the task says; undefined: what the task says. */
  readonly memoryBytes?: number | undefined;
  readonly stop: AbortSignal;
}

/**
 * An executor's side of a task: merges its inputs into a new file of the attempts' directory, under a name that no other
 * attempt has. The directory is never made: where it is gone, so is the run, or it has what it needs, and this fails.
 * @throws StoreError, FormatError; the reason of `stop`. A part of the file may then be left there
 */
export async function mergeAttempt(task: MergeTask, means: AttemptMeans): Promise<MergedElsewhere> {
  const memoryBytes = means.memoryBytes ?? task.recipe.memoryBytes;
  const store = stoppableStore(remembering(means.store, memoryBytes), means.stop);
  const attempt = attemptName(task.binIndex, randomBytes(8).toString('hex'));
  const opened = await openInputs(store, task.inputs, undefined, footerForCopying);
  try {
    const { sort, ...recipe } = task.recipe;
    const written = await writeMerged({
      ...recipe,
      memoryBytes,
      ...(sort === undefined ? {} : { sort: { ...sort, tempDirectory: means.tempDirectory } }),
      store,
      path: join(task.attemptsDirectory, attempt),
      inputs: opened.inputs,
      threads: means.threads,
      stop: means.stop,
      onRows: () => {},
    });
    return { attempt, ...written };
  } finally {
    await opened.close();
  }
}

/** Where every read crosses a network, small files are read once, for their footers and for what is in them. */
function remembering(store: Store, memoryBytes: number = defaultMemoryBytes): Store {
  if (store.abilities.remote !== true) return store;
  return rememberingStore(store, {
    budgetBytes: Math.floor(Math.min(80 * bytesPerMb, memoryBytes / 6)),
    wholeFileBytes: bytesPerMb / 4,
    tailBytes: 64 * 1024,
  });
}
