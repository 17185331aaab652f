import type { FileStatus, Placement } from '../store/store.ts';
import type { Quota } from '../store/survey.ts';
import type { CandidateFile } from './partition-plan.ts';

/** Why an entry is no data file, or is in the way. */
export interface NotData {
  /** Stable kebab-case name of the rule, e.g. `hidden-name`. */
  readonly rule: string;
  /** A sentence a person can act on. */
  readonly reason: string;
}

/** One entry of a partition directory; without `notData` it may be a data file, and its footer must be read. */
export interface ListedEntry extends FileStatus {
  readonly notData?: NotData;
}

/** Something in the partition or around it that says: others are at work here, or this belongs to a table format. */
export interface PartitionMarker {
  /** dataset-within: a workspace between the base and the partition. */
  readonly kind: 'table-format' | 'busy' | 'dataset-within';
  /** Full path of the marker. */
  readonly path: string;
  /** Whose it is, e.g. `Delta Lake`, `a running Spark or Hadoop job`. */
  readonly owner: string;
  readonly modifiedAtMs: number;
}

/** Something in the partition that keeps a swap on this store from taking place. */
export interface SwapObstacle extends NotData {
  /** Full path of the entry. */
  readonly path: string;
  /** True when it is in the way only if this very file goes into a bin. */
  readonly onlyAsInput?: boolean;
}

/** A partition as the store showed it. Plain data. */
export interface PartitionListing {
  /** Key of the partition: `partitionKey`. */
  readonly date: string;
  /** Full path of the partition directory. */
  readonly partitionPath: string;
  /** True when there is no such directory; the lists are empty then. */
  readonly absent: boolean;
  /** In byte order of names. */
  readonly entries: readonly ListedEntry[];
  /** In byte order of paths. */
  readonly markers: readonly PartitionMarker[];
  /** In byte order of paths; merging is refused while there is one that concerns it. */
  readonly obstacles: readonly SwapObstacle[];
  /** Modification time of the directory itself; 0 when absent. */
  readonly modifiedAtMs: number;
  /** The store's own time, taken after the listing. */
  readonly storeNowMs: number;
}

/** A listed file whose content shows that it is no Parquet data. */
export interface ForeignFile extends NotData {
  readonly name: string;
}

/** Everything a plan is made from. */
export interface PlanInput {
  readonly listing: PartitionListing;
  /** Every entry without `notData`, with its footer, unless it is in `foreign`. */
  readonly candidates: readonly CandidateFile[];
  readonly foreign: readonly ForeignFile[];
  /** The current date (`YYYY-MM-DD`) by the store's time in the operator's time zone. */
  readonly today: string;
  /** True when the operator asked for the current day itself (`--date today`). */
  readonly currentDayAllowed: boolean;
  /** The quotas that hold where files are made, when they were asked for. */
  readonly quotas?: readonly Quota[];
  /** How the run's own small files are kept (lock, journal, receipt), where quotas hold. */
  readonly ownFiles?: Placement;
  /** True when the partition was undone and the operator does not force it. */
  readonly onHold: boolean;
}
