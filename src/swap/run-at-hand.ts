import type { Logger } from '../core/log.ts';
import type { Store } from '../store/store.ts';
import type { SwapJournal } from './journal.ts';

/** A run of this or another process, as it is found. */
export interface RunAtHand<Journal extends SwapJournal = SwapJournal> {
  readonly store: Store;
  readonly basePath: string;
  readonly partitionPath: string;
  /** Where the run's files are now; not the run's own path when it was fenced. */
  readonly runDirectory: string;
  readonly journal: Journal;
  readonly log: Logger;
}
