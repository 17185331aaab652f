import type { Settings } from '../../config/settings.ts';
import type { Store } from '../../store/store.ts';

/** A dataset as streaming writers left it, and what there is to say about the place it lies in. */
export interface DemoDataset {
  readonly store: Store;
  readonly settings: Settings;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
  /** Full path of its one partition within the store. */
  readonly partitionPath: string;
  /** A path of the store as the operator would write it. */
  readonly shownPath: (path: string) => string;
  /** `--base-path …` for the wrapper; empty where its configuration says it. */
  readonly baseFlag: string;
  /** What undoing brings back. */
  readonly undoBrings: string;
  /** Whether the dataset is still there when the demo has ended, so that one can go on with it. */
  readonly staysForMore: boolean;
  /** Where the reads of a query went: the end of a sentence. */
  readonly whereMeasured: string;
  /** What is left to say at the very end, a line each. */
  readonly closing: readonly string[];
  /** Ends what was started for it. */
  close(): Promise<void>;
}
