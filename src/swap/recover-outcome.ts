/** What became of one run that did not end by itself. Plain data. */
export interface RecoverOutcome {
  readonly date: string;
  /** The run that was settled; absent when there was none, or when it is not known. */
  readonly runId?: string;
  /**
   * rolled-back: the partition is as before the run. rolled-forward: the run's swap is finished. removed: the run had
   * replaced nothing, what it had staged is deleted. in-progress: the run is alive and was left alone. foreign:
   * somebody else changed the partition meanwhile, nothing was replaced. nothing: all was in order.
   */
  readonly action: 'rolled-back' | 'rolled-forward' | 'removed' | 'in-progress' | 'foreign' | 'nothing';
  /** What was found and done, in one sentence. */
  readonly sentence: string;
  /** What to type next. */
  readonly hint?: string;
  /** True when a person must look: exit code 14. */
  readonly needsAttention: boolean;
}
