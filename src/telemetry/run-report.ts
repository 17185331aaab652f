import type { ExitCode } from '../core/exit-codes.ts';
import type { ErrorFacts } from './error-facts.ts';
import type { PartitionResult } from './partition-result.ts';

/** One start of the program that consolidates, once it is over. Plain JSON; never made for a dry run. */
export interface RunReport {
  /** A UUID, different for every start of the program. */
  readonly invocationId: string;
  /** Headline of the configuration. */
  readonly title: string;
  /** Where the dataset lies: an absolute local path, or `hdfs://host:port/path`. */
  readonly dataset: string;
  /** Which share of the partitions this run took, as typed (`0/4`), when it shared them with other runs. */
  readonly shard?: string;
  readonly toolVersion: string;
  readonly mode: 'rewrite' | 'fold';
  /** By the clock of this machine, milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** By a clock that does not jump. */
  readonly durationMs: number;
  /** What the process ends with. */
  readonly exitCode: ExitCode;
  /** In the order in which they were worked on; empty when the run ended before the first. */
  readonly partitions: readonly PartitionResult[];
  /** Why the run ended before the first partition. */
  readonly error?: ErrorFacts;
  /** How often something that should have been told of the run could not be, by the name of the sink. */
  readonly sinkFailures: Readonly<Record<string, number>>;
}

/** Somebody who is told of a run once it is over: a metrics gateway, a database, a webhook. */
export interface ReportSink {
  /** Kebab-case; in warnings and as label of a metric. */
  readonly name: string;
  /**
   * Tells of the run, within a time limit of its own.
   * @returns what went wrong, a sentence each, with what to look at; whatever that is, the run's exit code stays. Never
   * rejects.
   */
  readonly deliver: (report: RunReport) => Promise<readonly string[]>;
}
