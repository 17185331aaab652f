import type { InputFile } from './open-inputs.ts';
import type { MergeRecipe, WrittenFile } from './write-merged.ts';

/** A bin to be merged by another process, perhaps on another machine. Plain JSON. */
export interface MergeTask {
  /** Of the run and the bin; no two tasks of a process have the same. */
  readonly id: string;
  readonly binIndex: number;
  /** Full path of the directory that every attempt writes a file of its own into. */
  readonly attemptsDirectory: string;
  readonly inputs: readonly InputFile[];
  readonly recipe: MergeRecipe;
}

/** What an attempt says it has written. Nothing of it is believed before the file was read back. */
export interface MergedElsewhere extends WrittenFile {
  /** Name of the file in the attempts' directory. */
  readonly attempt: string;
}

/** Whoever merges bins elsewhere. A task may be done more than once, also at the same time, and one answer counts. */
export interface BinExecutor {
  /**
   * Resolves once some attempt at the task is complete. Not asked to wait any longer when `stop` is aborted.
   * @throws the error that the attempt met; StoreError where nobody is there to make one; the reason of `stop`
   */
  merge(task: MergeTask, stop: AbortSignal): Promise<MergedElsewhere>;
}
