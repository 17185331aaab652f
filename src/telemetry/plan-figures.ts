import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { PartitionResult } from './partition-result.ts';

/** The figures of a result that follow from its plan alone. */
export type PlanFigures = Pick<
  PartitionResult,
  'filesBefore' | 'bytesBefore' | 'rows' | 'filesAfter' | 'filesKept' | 'bytesKept'
>;

/** Counts what a plan merges and what it leaves; all 0 without a plan. */
export function planFigures(plan: PartitionPlan | undefined): PlanFigures {
  const bins = plan?.bins ?? [];
  const kept = (plan?.files ?? []).filter(({ verdict }) => verdict === 'keep' || verdict === 'refuse');
  return {
    filesBefore: sum(bins.map((bin) => bin.inputs.length)),
    bytesBefore: sum(bins.map((bin) => bin.sizeBytes)),
    rows: sum(bins.map((bin) => bin.rows)),
    filesAfter: bins.length,
    filesKept: kept.length,
    bytesKept: sum(kept.map((file) => file.sizeBytes)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
