import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { VerificationReceipt } from '../verify/verified-file.ts';
import type { ErrorFacts } from './error-facts.ts';

/** The stages of a run that take time, in their order. `merge` reads, merges and writes. */
export type Phase = 'recover' | 'list' | 'lock' | 'merge' | 'verify' | 'swap';

/** How the rows of a file were sorted, and what for. Plain data. */
export interface SortingOutcome {
  /** As `consolidation.sort_by` has it. */
  readonly by: string;
  /**
   * For each column how many of the row groups, of the files that were merged and of the new one, hold one of its values by
   * their least and greatest: an average, as a share of 0 to 1; absent where the column has no value.
   */
  readonly lookups: readonly {
    readonly column: string;
    readonly before: { readonly rowGroups: number; readonly share?: number };
    readonly after: { readonly rowGroups: number; readonly share?: number };
  }[];
}

/** One file that a run wrote. */
export interface OutputFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly rowGroups: number;
  readonly inputFiles: number;
  readonly inputSizeBytes: number;
  /** Absent where the rows keep their order. */
  readonly sorting?: SortingOutcome;
  /** Absent for a file that was only folded: its bytes are those of its inputs. */
  readonly verification?: VerificationReceipt;
}

/** What is kept so that a run can be undone. */
export interface KeptBackup {
  /** Full path. */
  readonly path: string;
  /** Milliseconds since 1970 from which on it may be deleted. */
  readonly keptUntilMs: number;
}

/** What became of the replica of one partition. Plain JSON. */
export interface ReplicaOutcome {
  /**
   * copied: files went over, and the replica has all that was merged. current: it had. nothing: there is nothing to copy. later: the
   * partition is at work on, or must be settled first; a later run copies it. failed: a later run tries again.
   */
  readonly result: 'copied' | 'current' | 'nothing' | 'later' | 'failed';
  /** Files that were copied. */
  readonly files: number;
  readonly bytes: number;
  /** Files taken out at the replica, since their rows are in others that took their place. */
  readonly removed: number;
  /** A sentence a person can act on. */
  readonly sentence: string;
  /** Of a failure: stable name of the error. */
  readonly code?: string;
}

/** What became of one partition. Plain JSON: what the operator sees, and what metrics and history are made from. */
export interface PartitionResult {
  /** Key of the partition: `partitionKey`. */
  readonly date: string;
  /** Full path of the partition directory. */
  readonly partitionPath: string;
  /**
   * planned: a dry run that found work. nothing: no work. waiting: a later run will do it. refused: a person must
   * settle something first; nothing was touched. failed: `error` says why and in which state the data is.
   */
  readonly result: 'consolidated' | 'planned' | 'nothing' | 'waiting' | 'refused' | 'failed';
  /** Stable name of the rule of the plan, or of the error. */
  readonly rule: string;
  /** A sentence a person can act on. */
  readonly reason: string;
  /** Present once the run took the partition's lock. */
  readonly runId?: string;
  /** Absent when the run failed before it had one. */
  readonly plan?: PartitionPlan;
  /** The files that are (or, planned, would be) merged; 0 when none. */
  readonly filesBefore: number;
  readonly bytesBefore: number;
  readonly rows: number;
  readonly filesAfter: number;
  /** Known once the files were written. */
  readonly rowGroupsBefore?: number;
  readonly bytesAfter?: number;
  readonly rowGroupsAfter?: number;
  /** Objects of a NameNode, files and their blocks, that the partition no longer has; of a consolidated partition. */
  readonly objectsFreed?: number;
  /** Data files that stay as they are. */
  readonly filesKept: number;
  readonly bytesKept: number;
  readonly outputs: readonly OutputFile[];
  readonly backup?: KeptBackup;
  /** Milliseconds, by a clock that does not jump. */
  readonly phaseMs: Readonly<Partial<Record<Phase, number>>>;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** Swaps of earlier runs that this one finished or took back; absent when there were none. */
  readonly swapsRecovered?: number;
  /** Absent where no replica is kept, or there was no reason to look at it. */
  readonly replica?: ReplicaOutcome;
  readonly error?: ErrorFacts & { readonly dataState: string };
}
