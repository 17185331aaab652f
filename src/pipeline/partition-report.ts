import { partitionLabel } from '../core/partition-key.ts';
import { msPerDay } from '../core/units.ts';
import { oldDirectory } from '../partition/names.ts';
import { objectsOf } from '../plan/estimate-gain.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { SwapReceipt } from '../swap/journal.ts';
import type { RecoverOutcome } from '../swap/recover-outcome.ts';
import { errorFacts } from '../telemetry/error-facts.ts';
import type { KeptBackup, PartitionResult } from '../telemetry/partition-result.ts';
import { planFigures } from '../telemetry/plan-figures.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';
import type { StagedBin } from './stage-bins.ts';

/** What is known of a partition while it is worked on; becomes its result. */
export interface PartitionReport {
  readonly date: string;
  readonly partitionPath: string;
  readonly watch: Stopwatch;
  readonly warnings: string[];
  swapsRecovered?: number;
  plan?: PartitionPlan;
  runId?: string;
  /** Full path of the run's directory. */
  runDirectory?: string;
}

/** The result of a partition that the plan leaves alone, or, in a dry run, that it would merge. */
export function settledResult(report: PartitionReport, plan: PartitionPlan): PartitionResult {
  const results = { consolidate: 'planned', nothing: 'nothing', wait: 'waiting', refuse: 'refused' } as const;
  return { ...common(report), result: results[plan.decision], rule: plan.rule, reason: plan.reason };
}

/**
 * The result of a dry run over a partition that a killed run left in the middle of its swap, so that what the plan saw
 * is not what the next run will see; undefined where the plan holds.
 */
export function interruptedResult(
  report: PartitionReport,
  plan: PartitionPlan,
  interrupted: readonly RecoverOutcome[],
): PartitionResult | undefined {
  const telling = interrupted.filter(({ action }) => action === 'rolled-forward' || plan.rule === 'absent');
  if (telling.length === 0) return undefined;
  const sentences = telling.map(({ sentence }) => sentence).join('; ');
  return {
    ...common(report),
    warnings: report.warnings.filter((warning) => !telling.some(({ sentence }) => sentence === warning)),
    result: 'waiting',
    rule: 'swap-interrupted',
    reason: `A swap was interrupted here: ${sentences}. \`recover --date ${partitionLabel(report.date)}\` or the next run does that`,
  };
}

/** The result of a partition whose merged files are in place. */
export function consolidatedResult(
  report: PartitionReport,
  plan: PartitionPlan,
  staged: readonly StagedBin[],
  receipt: SwapReceipt,
  retentionDays: number,
): PartitionResult {
  const outputs = receipt.added.flatMap(({ name, binIndex }) =>
    staged.filter((bin) => bin.binIndex === binIndex).map((bin) => ({ name, ...bin.facts })),
  );
  return {
    ...common(report),
    result: 'consolidated',
    rule: plan.rule,
    reason: plan.reason,
    rowGroupsBefore: sum(staged.map((bin) => bin.rowGroupsBefore)),
    bytesAfter: sum(outputs.map((output) => output.sizeBytes)),
    rowGroupsAfter: sum(outputs.map((output) => output.rowGroups)),
    objectsFreed: objectsFreed(plan, staged),
    outputs,
    ...backupOf(report, receipt, retentionDays),
    warnings: [
      ...report.warnings,
      ...staged.flatMap((bin) => bin.warnings),
      ...receipt.warnings,
      ...receipt.broughtAlong.map(({ name, as }) =>
        name === as
          ? `${name} came while the partition was swapped; it is in the partition`
          : `${name} came while the partition was swapped; it is in the partition as ${as}`,
      ),
    ],
  };
}

/** The result of a partition that ended with an error. */
export function failedResult(report: PartitionReport, error: unknown): PartitionResult {
  const facts = errorFacts(error);
  const swapping = report.watch.current() === 'swap';
  const dataState =
    facts.dataState ??
    (swapping
      ? 'the swap was interrupted; every row is still there, and recover (or the next run) settles it'
      : 'the partition is untouched');
  return {
    ...common(report),
    result: 'failed',
    rule: facts.code,
    reason: facts.message,
    error: { ...facts, dataState },
  };
}

/**
 * Files and blocks that a partition no longer has, backups left aside. What was only folded has its blocks as they were, since CONCAT
 * moves none.
 */
export function objectsFreed(
  { bins }: Pick<PartitionPlan, 'bins'>,
  staged: readonly Pick<StagedBin, 'binIndex' | 'facts'>[],
): number {
  return sum(
    staged.flatMap(({ binIndex, facts }) =>
      bins
        .filter(({ index }) => index === binIndex)
        .map(({ inputs, placement }) => {
          if (facts.verification === undefined) return inputs.length - 1;
          const of = (sizeBytes: number): number => objectsOf(sizeBytes, placement?.blockSizeBytes);
          return sum(inputs.map(({ sizeBytes }) => of(sizeBytes))) - of(facts.sizeBytes);
        }),
    ),
  );
}

function backupOf(
  report: PartitionReport,
  receipt: SwapReceipt,
  retentionDays: number,
): { backup?: KeptBackup } {
  if (receipt.backup !== 'kept' || report.runDirectory === undefined) return {};
  return {
    backup: {
      path: receipt.way === 'fold' ? report.runDirectory : oldDirectory(report.runDirectory),
      keptUntilMs: receipt.finishedAtMs + retentionDays * msPerDay,
    },
  };
}

type Common = Omit<PartitionResult, 'result' | 'rule' | 'reason'>;

function common(report: PartitionReport): Common {
  const { date, partitionPath, watch, warnings, swapsRecovered = 0, plan, runId } = report;
  return {
    date,
    partitionPath,
    ...(runId === undefined ? {} : { runId }),
    ...(plan === undefined ? {} : { plan }),
    ...planFigures(plan),
    outputs: [],
    phaseMs: watch.phaseMs(),
    durationMs: watch.totalMs(),
    warnings: [...warnings],
    ...(swapsRecovered === 0 ? {} : { swapsRecovered }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
