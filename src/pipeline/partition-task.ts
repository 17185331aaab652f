import type { Settings } from '../config/settings.ts';
import type { Logger } from '../core/log.ts';
import type { BaseEntries } from '../partition/base-entries.ts';
import type { FooterMemory } from '../partition/footer-memory.ts';
import type { PartitionLayout } from '../partition/layout.ts';
import type { SizingDecision } from '../plan/choose-size.ts';
import type { FileRef, Store } from '../store/store.ts';
import type { CleanupOutcome } from '../swap/cleanup.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import type { BinAtWork, BinStore, BinWork } from './bin-at-work.ts';
import type { BinExecutor } from './bin-executor.ts';
import type { EngineThreads } from './engine-threads.ts';
import type { InputFile } from './open-inputs.ts';
import type { ShowProgress } from './progress.ts';
import type { WorkRoom } from './work-room.ts';

/**
 * Begins to merge and verify a bin in another thread, which may open files of its own or ask this one for those of the store.
 * @param here what is used in this thread: the store that questions go to, and who is told what
 */
export type BeginBin = (
  work: BinWork,
  here: { readonly store: BinStore; readonly log: Logger; readonly stop: AbortSignal },
) => BinAtWork;

/** Everything that is the same for all partitions of one invocation. */
export interface DatasetTask {
  readonly store: Store;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
  readonly settings: Settings;
  /** The sizes that `settings` has, where the program chose them: see `sizedTask`. */
  readonly sizing?: SizingDecision;
  /** How its partitions are called; absent: `date=2025-08-15`. */
  readonly layout?: PartitionLayout;
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
  /** Has bins merged and verified in other threads; absent: this one does it. */
  readonly beginBin?: BeginBin | undefined;
  /** Merges bins elsewhere; absent: this process does. */
  readonly executor?: BinExecutor;
  /** What partitions that are at work at the same time take their memory from; absent: there is only one. */
  readonly room?: WorkRoom | undefined;
  /** What lies beside the partitions, where a run has many; absent: it is listed for each. */
  readonly baseEntries?: BaseEntries | undefined;
  /** Told, after a run that removed backups whose retention was over, which ones. */
  readonly onBackupsRemoved?: (removed: readonly CleanupOutcome[]) => void;
  /** Does the work on each partition, with what belongs around it; absent: the work alone. */
  readonly around?: (date: string, work: () => Promise<PartitionResult>) => Promise<PartitionResult>;
  /** Done right before each swap; when it rejects nothing is replaced. */
  readonly beforeSwap?: (run: SwappingRun) => Promise<void>;
  /** Aborted, with the error to end with as its reason, when the run should stop at its next safe point. */
  readonly stop: AbortSignal;
}

/** A run that is about to swap. */
export interface SwappingRun {
  readonly date: string;
  readonly runId: string;
  /** Full path. */
  readonly runDirectory: string;
}

/** One partition of an invocation. */
export interface PartitionTask extends DatasetTask {
  /** Its key: `YYYY-MM-DD` where it lies at `date=YYYY-MM-DD`, see `partitionKey`. */
  readonly date: string;
  /** Told of how many files a listing has, and of their bytes, before anything is made of them: resolves once there is room to know them. */
  readonly listed?: (files: number, bytes: number) => Promise<void>;
}

/** A partition that is at work on. */
export interface PartitionAtWork extends PartitionTask {
  /** Footers that were read before. */
  readonly footers: FooterMemory;
  /** Gives back what is remembered of files that are merged and verified. */
  readonly forget: (files: readonly { readonly path: string; readonly ref: FileRef }[]) => void;
}
