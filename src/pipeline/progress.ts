/** What a run is doing right now, for somebody who watches. */
export interface ProgressStep {
  readonly date: string;
  /** done: the partition is; the amount then says how many are. */
  readonly doing: 'scanning' | 'planning' | 'merging' | 'verifying' | 'swapping' | 'done';
  /** Which of several merged files it is about. */
  readonly bin?: { readonly number: number; readonly of: number };
  /** How far it is, when that is known: what is counted, and how much of it. */
  readonly amount?: {
    readonly of: 'rows' | 'files' | 'bytes' | 'partitions';
    readonly done: number;
    readonly total: number;
  };
}

/** Is told every step; draws it, or does nothing. */
export type ShowProgress = (step: ProgressStep) => void;
