import { exitCodes } from '../../core/exit-codes.ts';
import type { RunReport } from '../run-report.ts';
import { partitionResults, phases, type RunFigures } from './run-figures.ts';

/** What every name begins with. */
export const metricPrefix = 'parquet_consolidation_';

/** One value of a metric, with what tells it from the others of the same name. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric. All are gauges of the last run: a batch job that pushes has no counter that would go on from run to run. */
export interface MetricRow {
  /** Without {@link metricPrefix}; the unit is the base unit the name says. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** Names of its labels; every metric has `dataset` besides. */
  readonly labels: readonly string[];
  /** Only in what a run with exit code 0 tells, so that a failure leaves what the last success said. */
  readonly onlyOfSuccess?: true;
  readonly samples: (report: RunReport, figures: RunFigures) => readonly Sample[];
}

const one = (value: number): readonly Sample[] => [{ value }];

/** Every metric there is. */
export const metricTable: readonly MetricRow[] = [
  {
    name: 'last_run_timestamp_seconds',
    help: 'When the last run ended, in seconds since 1970.',
    labels: [],
    samples: ({ finishedAtMs }) => one(finishedAtMs / 1000),
  },
  {
    name: 'last_success_timestamp_seconds',
    help: 'When the last run that ended with exit code 0 ended, in seconds since 1970.',
    labels: [],
    onlyOfSuccess: true,
    samples: ({ finishedAtMs }) => one(finishedAtMs / 1000),
  },
  {
    name: 'last_run_success',
    help: 'Whether the last run ended with exit code 0: 1 or 0.',
    labels: [],
    samples: ({ exitCode }) => one(exitCode === exitCodes.ok ? 1 : 0),
  },
  {
    name: 'last_run_exit_code',
    help: 'Exit code of the last run.',
    labels: [],
    samples: ({ exitCode }) => one(exitCode),
  },
  {
    name: 'last_run_duration_seconds',
    help: 'How long the last run took, from its start to its end.',
    labels: [],
    samples: ({ durationMs }) => one(durationMs / 1000),
  },
  {
    name: 'info',
    help: 'Always 1; the labels say what ran last: version of the program, and mode (rewrite or fold).',
    labels: ['version', 'mode'],
    samples: ({ toolVersion, mode }) => [{ labels: { version: toolVersion, mode }, value: 1 }],
  },
  {
    name: 'partitions',
    help: 'Partitions of the last run by what became of them.',
    labels: ['result'],
    samples: (_report, { partitions }) =>
      partitionResults.map((result) => ({ labels: { result }, value: partitions[result] })),
  },
  {
    name: 'success_ratio',
    help: 'Share of the partitions with work in the last run that were consolidated, 0 to 1; 0 when it ended before the first, NaN without work.',
    labels: [],
    samples: (_report, { successRatio }) => one(successRatio),
  },
  {
    name: 'files_consolidated',
    help: 'Files that the last run merged (files before).',
    labels: [],
    samples: (_report, { filesConsolidated }) => one(filesConsolidated),
  },
  {
    name: 'files_written',
    help: 'Files that the last run made of them (files after).',
    labels: [],
    samples: (_report, { filesWritten }) => one(filesWritten),
  },
  {
    name: 'consolidated_bytes',
    help: 'Size of the files that the last run merged (bytes before).',
    labels: [],
    samples: (_report, { bytesConsolidated }) => one(bytesConsolidated),
  },
  {
    name: 'written_bytes',
    help: 'Size of the files that the last run made of them (bytes after).',
    labels: [],
    samples: (_report, { bytesWritten }) => one(bytesWritten),
  },
  {
    name: 'rows',
    help: 'Rows in the files that the last run merged.',
    labels: [],
    samples: (_report, { rows }) => one(rows),
  },
  {
    name: 'files_per_second',
    help: 'Files merged per second spent on consolidated partitions in the last run; 0 when none were.',
    labels: [],
    samples: (_report, { filesPerSecond }) => one(filesPerSecond),
  },
  {
    name: 'namenode_objects_freed',
    help: 'Files and blocks that the partitions of the last run no longer have; memory is freed once their backups are gone.',
    labels: [],
    samples: (_report, { objectsFreed }) => one(objectsFreed),
  },
  {
    name: 'file_reduction_ratio',
    help: 'Share of the merged files that are gone, 0 to 1; NaN when the last run merged none.',
    labels: [],
    samples: (_report, { fileReductionRatio }) => one(fileReductionRatio),
  },
  {
    name: 'storage_gain_ratio',
    help: 'Share of the bytes of the merged files that is saved, at most 1; NaN when the last run merged none.',
    labels: [],
    samples: (_report, { storageGainRatio }) => one(storageGainRatio),
  },
  {
    name: 'partition_duration_mean_seconds',
    help: 'Mean time of a partition (one day) that the last run consolidated; NaN when there was none.',
    labels: [],
    samples: (_report, { meanPartitionSeconds }) => one(meanPartitionSeconds),
  },
  {
    name: 'partition_duration_longest_seconds',
    help: 'Longest time of a single partition that the last run consolidated or failed at; 0 when there was none.',
    labels: [],
    samples: (_report, { longestPartitionSeconds }) => one(longestPartitionSeconds),
  },
  {
    name: 'phase_duration_seconds',
    help: 'Time of the last run by phase, over all partitions.',
    labels: ['phase'],
    samples: (_report, { phaseSeconds }) =>
      phases.map((phase) => ({ labels: { phase }, value: phaseSeconds[phase] })),
  },
  {
    name: 'verification_failures',
    help: 'Partitions of the last run whose merged file did not equal its inputs; the originals stayed.',
    labels: [],
    samples: (_report, { verificationFailures }) => one(verificationFailures),
  },
  {
    name: 'swaps_recovered',
    help: 'Interrupted swaps of earlier runs that the last run finished or took back.',
    labels: [],
    samples: (_report, { swapsRecovered }) => one(swapsRecovered),
  },
  {
    name: 'recovery_needed',
    help: 'Partitions of the last run that need recover, or a person to look at them (exit code 14).',
    labels: [],
    samples: (_report, { recoveryNeeded }) => one(recoveryNeeded),
  },
  {
    name: 'errors',
    help: 'Errors and refusals of the last run by code; no series when there were none.',
    labels: ['code'],
    samples: (_report, { errors }) => [...errors].map(([code, value]) => ({ labels: { code }, value })),
  },
  {
    name: 'warnings',
    help: 'Warnings of the last run about its partitions.',
    labels: [],
    samples: (_report, { warnings }) => one(warnings),
  },
  {
    name: 'sink_failures',
    help: 'Failures of the last run to tell of itself, by where: history, hooks, webhooks.',
    labels: ['sink'],
    samples: ({ sinkFailures }) =>
      Object.entries(sinkFailures).map(([sink, value]) => ({ labels: { sink }, value })),
  },
];
