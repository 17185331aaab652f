import type { Logger } from '../../core/log.ts';
import type { FileStatus } from '../../store/store.ts';
import type { UnreachedDataset } from '../open-dataset.ts';

/** What the checks of a dataset look at. */
export interface Subject extends UnreachedDataset {
  /** Where steps that warn by themselves tell it; the doctor's own lines say more. */
  readonly log: Logger;
  /** The partition whose place is looked at: the one that was asked for, else the newest; undefined when there is none. */
  partition(): Promise<SubjectPartition | undefined>;
}

/** A partition of the dataset. */
export interface SubjectPartition {
  readonly date: string;
  readonly status: FileStatus;
}
