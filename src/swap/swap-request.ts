import type { Logger } from '../core/log.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { Store } from '../store/store.ts';
import type { VerifiedFile } from '../verify/verified-file.ts';
import type { FoldParts } from './fold/fold-parts.ts';
import type { PartitionLock } from './partition-lock.ts';

/** What one bin becomes. */
export interface SwapOutput {
  readonly binIndex: number;
  /** The verified merged file; absent when the inputs are only folded. */
  readonly file?: VerifiedFile;
  /** What the inputs are folded with, where the store folds. */
  readonly fold?: FoldParts;
}

/** One partition's merged files, to be put in place of their inputs. */
export interface SwapPartitionRequest {
  readonly store: Store;
  readonly lock: PartitionLock;
  readonly basePath: string;
  readonly partitionPath: string;
  readonly plan: PartitionPlan;
  /** One for each bin of the plan; the staged files lie in the lock's run directory. */
  readonly outputs: readonly SwapOutput[];
  /** Keep the inputs until `cleanup` removes them after their retention. */
  readonly keepBackup: boolean;
  readonly toolVersion: string;
  /** Store time at which the run began with the partition; for the record. */
  readonly begunAtMs?: number;
  /** Go on when group, mode or ACL cannot be reproduced. */
  readonly allowAttributeChange?: boolean;
  readonly log: Logger;
}
