import { compareNames, inNameOrder } from '../core/name-order.ts';
import { type Packing, packCohort } from './bins.ts';
import { type Cohort, cohortsOf } from './cohorts.ts';
import { countedSizeBytes, type DataFile, isFolded, isOurs, isReadable } from './data-file.ts';
import { isOverdueAt } from './newness.ts';
import type { CandidateFile } from './partition-plan.ts';
import { type PlanPolicy, smallBelowBytes } from './policy.ts';

/** The small files of one cohort and what became of them. */
export interface PackedCohort {
  readonly cohort: Cohort;
  readonly packing: Packing;
}

/** What planning found out about the files, before it is decided whether anything is done now. */
export interface Grouping {
  /** Files whose footer was read, in name order. */
  readonly readable: readonly DataFile[];
  readonly cohorts: readonly PackedCohort[];
  /** Of all cohorts, by the name of their first file; the position is the bin's index. */
  readonly bins: readonly (readonly DataFile[])[];
  /** Whether there are merged files in the partition, or will be. */
  readonly isConsolidated: boolean;
}

/**
 * Sorts the readable candidates into large ones, cohorts of small ones, and bins.
 * @param nowMs the store's time
 */
export function groupFiles(
  candidates: readonly CandidateFile[],
  policy: PlanPolicy,
  nowMs: number,
): Grouping {
  const readable = inNameOrder(candidates.filter(isReadable));
  const small = readable.filter((file) => isSmall(file, policy));
  const groups = cohortsOf(small, readable, policy);
  const inTime = groups.map((cohort) => ({ cohort, packing: packCohort(cohort.files, policy) }));
  const isOverdue = (file: DataFile): boolean => isOverdueAt(nowMs, file, policy);
  // Files are late beside merged ones, those of this very plan included: else the next run would find them so.
  const isConsolidated = readable.some(isOurs) || inTime.some(({ packing }) => packing.bins.length > 0);
  const cohorts =
    isConsolidated && small.some(isOverdue)
      ? groups.map((cohort) => ({ cohort, packing: packCohort(cohort.files, policy, isOverdue) }))
      : inTime;
  const bins = cohorts
    .flatMap(({ packing }) => packing.bins)
    .toSorted((a, b) => compareNames(a[0]?.name ?? '', b[0]?.name ?? ''));
  return { readable, cohorts, bins, isConsolidated };
}

/** A folded file counts as small at any length, until it is encoded anew. */
function isSmall(file: DataFile, policy: PlanPolicy): boolean {
  if (isFolded(file)) return policy.mode === 'rewrite' || file.sizeBytes < smallBelowBytes(policy);
  return countedSizeBytes(file) < smallBelowBytes(policy);
}
