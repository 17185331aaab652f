import type { Settings } from '../config/settings.ts';
import type { Logger } from '../core/log.ts';
import type { FooterMemory } from '../partition/footer-memory.ts';
import type { FileRef, Store } from '../store/store.ts';
import type { CleanupOutcome } from '../swap/cleanup.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import type { EngineThreads } from './engine-threads.ts';
import type { InputFile } from './open-inputs.ts';
import type { ShowProgress } from './progress.ts';

/** Everything that is the same for all partitions of one invocation. */
export interface DatasetTask {
  readonly store: Store;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
  readonly settings: Settings;
  /** The current day in the operator's time zone, `YYYY-MM-DD`. */
  readonly today: string;
  /** True when the operator asked for the current day itself. */
  readonly currentDayAllowed: boolean;
  /** Consolidate also what was undone before. */
  readonly force: boolean;
  /** Plan and touch nothing. */
  readonly dryRun: boolean;
  /** Version of this program, for the record. */
  readonly toolVersion: string;
  readonly log: Logger;
  readonly showProgress: ShowProgress;
  /** Threads for merging these files and verifying the merged one, when they are worth it; absent: none, as for files behind a network. */
  readonly columnThreads?: (files: readonly InputFile[]) => EngineThreads | undefined;
  /** Told, after a run that removed backups whose retention was over, which ones. */
  readonly onBackupsRemoved?: (removed: readonly CleanupOutcome[]) => void;
  /** Does the work on each partition, with what belongs around it; absent: the work alone. */
  readonly around?: (date: string, work: () => Promise<PartitionResult>) => Promise<PartitionResult>;
  /** Aborted, with the error to end with as its reason, when the run should stop at its next safe point. */
  readonly stop: AbortSignal;
}

/** One partition of an invocation. */
export interface PartitionTask extends DatasetTask {
  /** `YYYY-MM-DD`. */
  readonly date: string;
}

/** A partition that is at work on. */
export interface PartitionAtWork extends PartitionTask {
  /** Footers that were read before. */
  readonly footers: FooterMemory;
  /** Gives back what is remembered of files that are merged and verified. */
  readonly forget: (files: readonly { readonly path: string; readonly ref: FileRef }[]) => void;
}
