import type { ScratchSpace } from '../../core/scratch-space.ts';
import type { SortTerm } from '../../core/sort-order-text.ts';
import type { Overlap } from './overlap.ts';

/** How rows are to be sorted. */
export interface SortRequest {
  /** The most significant first; at least one. */
  readonly by: readonly SortTerm[];
  /** Where what does not fit into memory goes. Whoever opened it closes it. */
  readonly scratch: ScratchSpace;
  /** Chooses the rows that {@link SortedFacts.sample} names. */
  readonly seed: string;
}

/** What became of sorting. Plain data. */
export interface SortedFacts {
  readonly by: readonly SortTerm[];
  /** 32 hex digits over all rows of the inputs, in any order: see `RowSum`. */
  readonly rowSum: string;
  /** Which row of the inputs, counted through all of them, became which row of the file: some, in the order of the file. */
  readonly sample: readonly { readonly row: number; readonly origin: number }[];
  /** For each column how far row groups overlap, those of the inputs and those that were written. */
  readonly overlap: readonly { readonly path: string; readonly before: Overlap; readonly after: Overlap }[];
  /** Sorted stretches that were merged, and the most bytes that were in scratch space. */
  readonly runs: number;
  readonly scratchBytes: number;
}
