import { bytesPerMb, msPerDay } from '../core/units.ts';
import type { SizingDecision } from './choose-size.ts';

/** The figures that planning goes by. */
export interface PlanPolicy {
  /**
   * rewrite: bins are merged into files that are encoded anew. fold: files become one without a look at their data, and
   * a later run encodes them anew.
   */
  readonly mode: 'rewrite' | 'fold';
  /**
   * exact: files that are merged with each other have equal schemas. compatible: one schema can hold what they hold. Folding, which joins
   * row groups as they are under one schema, is exact whatever stands here.
   */
  readonly schema: 'exact' | 'compatible';
  /** What is merged is kept as a copy beside the merged file, until its retention is over. */
  readonly copiesInputs: boolean;
  /** No bin is filled above this. */
  readonly targetSizeBytes: number;
  /** Why it is this, where the program chose it. */
  readonly sizing?: SizingDecision;
  /** New small files of one cohort that make a merge worth it; at least 2. */
  readonly minFiles: number;
  /** How long a partition must lie unchanged; 0 = not at all. */
  readonly quietMs: number;
  /** A file is small below this share of the target. */
  readonly smallShare: number;
  /** When files that came after a consolidation are worth doing it again. */
  readonly late: LatePolicy;
  readonly maxFilesPerBin: number;
  /** Row groups of all inputs of a bin. */
  readonly maxRowGroupsPerBin: number;
  /** What the footer of all inputs' row groups as they lie may take. */
  readonly maxFooterTailBytes: number;
  /** Bytes by which a column chunk's part of a footer grows with its file offsets, measured. */
  readonly footerGrowthPerColumnChunk: number;
}

/**
 * When a file of ours is merged again with files that came later. It is when they are both many and large enough, so that what is
 * merged is not written again and again for little; or when one has lain beside merged files for too long.
 */
export interface LatePolicy {
  /** New files in the bin; fewer than `minFiles` count as that. */
  readonly minFiles: number;
  /** Rows of the new files in the bin, as a share of those of the files of ours in it; at least 0. */
  readonly minRowShare: number;
  /** A new file this old is merged even when there are too few; 0: none ever is. */
  readonly maxAgeMs: number;
}

/**
 * The defaults. The footer limit is far below the 100 MB at which Arrow refuses a footer; the limits on files, row
 * groups and footers bound the memory that the footers of one bin take.
 */
export const defaultPolicy: PlanPolicy = {
  mode: 'rewrite',
  schema: 'compatible',
  copiesInputs: false,
  targetSizeBytes: 128 * bytesPerMb,
  minFiles: 5,
  quietMs: 60 * 60_000,
  smallShare: 0.75,
  late: { minFiles: 0, minRowShare: 0.25, maxAgeMs: 30 * msPerDay },
  maxFilesPerBin: 10_000,
  maxRowGroupsPerBin: 30_000,
  maxFooterTailBytes: 16 * bytesPerMb,
  footerGrowthPerColumnChunk: 10,
};

/** Length below which a file counts as small, in bytes. */
export function smallBelowBytes(policy: PlanPolicy): number {
  return policy.targetSizeBytes * policy.smallShare;
}

/** The minimum of files that is really asked for: one file alone cannot become fewer. */
export function minimumFiles(policy: PlanPolicy): number {
  return Math.max(2, policy.minFiles);
}

/** The minimum of new files that is really asked for before a file of ours is merged again with them. */
export function minimumLateFiles(policy: PlanPolicy): number {
  // Fewer than the other minimum could be put together by a second run that the first one left.
  return Math.max(minimumFiles(policy), policy.late.minFiles);
}
