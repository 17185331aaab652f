import type { Logger } from '../core/log.ts';
import type { Store } from '../store/store.ts';
import type { VerifiedFile } from '../verify/verified-file.ts';
import type { EngineThreads } from './engine-threads.ts';
import type { InputFile, OpenInputs } from './open-inputs.ts';
import { verifyMerged } from './verify-merged.ts';
import { type MergeRecipe, type WrittenFile, writeMerged } from './write-merged.ts';

/** A bin to be merged and verified. Plain data, for another thread too. */
export interface BinWork {
  /** In the order in which they are merged. */
  readonly files: readonly InputFile[];
  /** Full path of the new file. */
  readonly path: string;
  readonly recipe: MergeRecipe;
  /** full: every value is decoded again. counts: bytes, rows and schema only. */
  readonly level: 'full' | 'counts';
  /** Chooses where the second readers look. */
  readonly sampleSeed: string;
}

/** What of a store a bin is merged and verified with. */
export type BinStore = Pick<Store, 'uri' | 'abilities' | 'open' | 'create' | 'stat' | 'deleteFile'>;

/** A bin on its way, in this thread or in another one. */
export interface BinAtWork {
  /**
   * Merges the inputs into the new file; told how many rows of how many are done.
   * @throws as `writeMerged` does
   */
  write(onRows: (done: number, total: number) => void): Promise<WrittenFile & RowGroupsBefore>;
  /**
   * Proves that the file holds what it should; told how many bytes of how many were read. To be called at most once, after `write` or
   * where another process wrote the file.
   * @throws as `verifyMerged` does
   */
  verify(output: WrittenFile, onBytes: (done: number, total: number) => void): Promise<VerifiedFile>;
  /** Ends the work, at any time and more than once: nothing is read or written by it afterwards. */
  stop(): Promise<void>;
}

/** What is known of the inputs once their footers are read. */
export interface RowGroupsBefore {
  /** Row groups of all inputs. */
  readonly rowGroupsBefore: number;
}

/** What a bin at work in this thread is given. */
export interface BinHere extends BinWork {
  readonly store: BinStore;
  /** Open; whoever opened them closes them, after `stop`. */
  readonly opened: OpenInputs;
  /** The same, for merging alone, where somebody goes by what was read; undefined: those opened. */
  readonly inputsToMerge?: OpenInputs['inputs'] | undefined;
  /** Threads that share the work; undefined: this one does it all. */
  readonly threads: EngineThreads | undefined;
  readonly log: Logger;
  readonly stop: AbortSignal;
}

/** Merges and verifies a bin in this thread. */
export function binHere({
  store,
  opened: { inputs },
  inputsToMerge = inputs,
  path,
  recipe,
  threads,
  level,
  sampleSeed,
  log,
  stop,
}: BinHere): BinAtWork {
  return {
    write: async (onRows) => {
      const written = await writeMerged({
        ...recipe,
        store,
        path,
        inputs: inputsToMerge,
        threads,
        stop,
        onRows,
      });
      return { ...written, rowGroupsBefore: rowGroupsOf(inputs) };
    },
    verify: ({ merged, written }, onBytes) =>
      verifyMerged({
        store,
        path,
        inputs,
        schema: recipe.schema,
        memoryBytes: recipe.memoryBytes,
        output: { merged, written },
        threads: threads?.rowGroups,
        level,
        sampleSeed,
        log,
        onBytes,
      }),
    stop: () => Promise.resolve(),
  };
}

/** Row groups of all inputs together. */
export function rowGroupsOf(inputs: OpenInputs['inputs']): number {
  return inputs.reduce((sum, { footer }) => sum + footer.rowGroups.length, 0);
}
