import { exitCodes } from '../../core/exit-codes.ts';
import type { PartitionResult, Phase } from '../partition-result.ts';
import type { RunReport } from '../run-report.ts';

/** What can become of a partition in a run that is no dry run. */
export const partitionResults = ['consolidated', 'nothing', 'waiting', 'refused', 'failed'] as const;

/** The phases whose times are summed up. */
export const phases = [
  'recover',
  'list',
  'lock',
  'merge',
  'verify',
  'swap',
] as const satisfies readonly Phase[];

/** The sums over a run's partitions. Times in seconds, shares from 0 to 1 (negative where something grew). */
export interface RunFigures {
  readonly partitions: Readonly<Record<(typeof partitionResults)[number], number>>;
  /**
   * Share of the partitions there was work in that were consolidated; NaN when there was none, 0 when the run ended before the first.
   */
  readonly successRatio: number;
  readonly filesConsolidated: number;
  readonly filesWritten: number;
  readonly bytesConsolidated: number;
  readonly bytesWritten: number;
  readonly rows: number;
  /** Files merged per second of the partitions they are in; 0 when none were. */
  readonly filesPerSecond: number;
  /** Files and blocks that the partitions no longer have. */
  readonly objectsFreed: number;
  /** Share of the merged files that are gone; NaN when none were merged. */
  readonly fileReductionRatio: number;
  /** Share of their bytes that are gone; NaN when none were merged. */
  readonly storageGainRatio: number;
  /** Mean over the consolidated partitions, NaN when there were none. */
  readonly meanPartitionSeconds: number;
  /** Of the partitions that were consolidated, or failed; 0 when there were none. */
  readonly longestPartitionSeconds: number;
  readonly phaseSeconds: Readonly<Record<(typeof phases)[number], number>>;
  readonly verificationFailures: number;
  readonly swapsRecovered: number;
  /** Partitions whose swap is interrupted, or that a person must look at. */
  readonly recoveryNeeded: number;
  readonly warnings: number;
  /** How often each code came up: errors, and the rules that refused a partition. */
  readonly errors: ReadonlyMap<string, number>;
}

/** Sums up a run. */
export function runFigures(report: RunReport): RunFigures {
  const { partitions } = report;
  const done = partitions.filter(({ result }) => result === 'consolidated');
  const failed = partitions.filter(({ result }) => result === 'failed');
  const refused = partitions.filter(({ result }) => result === 'refused');
  const filesConsolidated = sum(done, (one) => one.filesBefore);
  const filesWritten = sum(done, (one) => one.filesAfter);
  const bytesConsolidated = sum(done, (one) => one.bytesBefore);
  const bytesWritten = sum(done, (one) => one.bytesAfter ?? 0);
  const secondsDone = sum(done, secondsOf);
  const exitCodesOfErrors = [report.error, ...failed.map(({ error }) => error)].map(
    (error) => error?.exitCode,
  );
  return {
    partitions: countedBy(
      partitionResults,
      (what) => partitions.filter(({ result }) => result === what).length,
    ),
    successRatio:
      report.error === undefined ? done.length / (done.length + failed.length + refused.length) : 0,
    filesConsolidated,
    filesWritten,
    bytesConsolidated,
    bytesWritten,
    rows: sum(done, (one) => one.rows),
    filesPerSecond: secondsDone === 0 ? 0 : filesConsolidated / secondsDone,
    objectsFreed: sum(done, (one) => one.objectsFreed ?? 0),
    fileReductionRatio: 1 - filesWritten / filesConsolidated,
    storageGainRatio: 1 - bytesWritten / bytesConsolidated,
    meanPartitionSeconds: secondsDone / done.length,
    longestPartitionSeconds: Math.max(0, ...[...done, ...failed].map(secondsOf)),
    phaseSeconds: countedBy(phases, (phase) => sum(partitions, (one) => (one.phaseMs[phase] ?? 0) / 1000)),
    verificationFailures: exitCodesOfErrors.filter((code) => code === exitCodes.verificationFailed).length,
    swapsRecovered: sum(partitions, (one) => one.swapsRecovered ?? 0),
    recoveryNeeded: exitCodesOfErrors.filter((code) => code === exitCodes.swapInterrupted).length,
    warnings: sum(partitions, (one) => one.warnings.length),
    errors: tally([
      ...(report.error === undefined ? [] : [report.error.code]),
      ...failed.map(({ rule }) => rule),
      ...refused.map(({ rule }) => rule),
    ]),
  };
}

function secondsOf({ durationMs }: PartitionResult): number {
  return durationMs / 1000;
}

function sum<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((total, item) => total + pick(item), 0);
}

function countedBy<Name extends string>(
  names: readonly Name[],
  count: (name: Name) => number,
): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name) => [name, count(name)])) as Record<Name, number>;
}

function tally(codes: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}
