import { randomUUID } from 'node:crypto';
import { baseText } from '../config/base-location.ts';
import type { SalvagedSettings } from '../config/report-settings.ts';
import type { Settings } from '../config/settings.ts';
import { type ExitCode, exitCodes } from '../core/exit-codes.ts';
import type { Logger } from '../core/log.ts';
import type { Store } from '../store/store.ts';
import type { ErrorFacts } from '../telemetry/error-facts.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import type { ReportSink, RunReport } from '../telemetry/run-report.ts';
import type { CliEnvironment } from './environment.ts';
import { notifySinks } from './notify.ts';

/** The variable that holds the bearer token for a Pushgateway: a secret, so neither flag nor file takes it. */
export const bearerTokenVariable = 'PUSHGATEWAY_BEARER_TOKEN';

/** When a run began, by both clocks. */
export interface RunStart {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Milliseconds of a clock that does not jump. */
  readonly ticksMs: number;
}

/** Begins to measure a run. */
export function startRun(): RunStart {
  return { atMs: Date.now(), ticksMs: performance.now() };
}

/** What a report of a run is made from. */
export interface RunEnd {
  readonly start: RunStart;
  readonly settings: SalvagedSettings & { readonly dataset: string };
  readonly shard?: string;
  readonly exitCode: ExitCode;
  readonly partitions: readonly PartitionResult[];
  readonly error?: ErrorFacts;
  /** Whom the run could not tell of what it did while it went on, by the name of the sink. */
  readonly sinkFailures?: Readonly<Record<string, number>>;
}

/** The report of a run that is over now. */
export function runReport(end: RunEnd, { version }: Pick<CliEnvironment, 'version'>): RunReport {
  const { start, settings, shard, exitCode, partitions, error } = end;
  return {
    invocationId: randomUUID(),
    title: settings.title,
    dataset: settings.dataset,
    ...(shard === undefined ? {} : { shard }),
    toolVersion: version,
    mode: settings.mode,
    startedAtMs: start.atMs,
    finishedAtMs: Date.now(),
    durationMs: Math.round(performance.now() - start.ticksMs),
    exitCode,
    partitions,
    ...(error === undefined ? {} : { error }),
    sinkFailures: end.sinkFailures ?? {},
  };
}

/**
 * Tells everybody of a run, one after the other, in their order; what one could not be told is a warning, and known to those
 * after it. The exit code of the run stays what it is.
 */
export async function tellOfRun(
  report: RunReport,
  makeSinks: () => Promise<readonly ReportSink[]>,
  log: Logger,
): Promise<void> {
  try {
    const failures: Record<string, number> = { ...report.sinkFailures };
    for (const { name, deliver } of await makeSinks()) {
      const problems = await deliver({ ...report, sinkFailures: { ...failures } });
      for (const problem of problems) log.warn(problem);
      failures[name] = (failures[name] ?? 0) + problems.length;
    }
  } catch (error) {
    // A bug in a sink is no reason to call a night's work a failure.
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.warn(`the run could not be told of everywhere, which is a bug of this program: ${problem}`);
  }
}

/** Those who are told of the figures of every run, also of one that ended before it began. */
export async function metricsSinks(
  { metrics }: SalvagedSettings,
  { env }: Pick<CliEnvironment, 'env'>,
): Promise<readonly ReportSink[]> {
  const { pushgatewayUrl, textfile, job } = metrics;
  const sinks: ReportSink[] = [];
  if (textfile !== undefined) {
    sinks.push((await import('../telemetry/metrics/textfile.ts')).textfileSink(textfile));
  }
  if (pushgatewayUrl !== undefined) {
    const token = env[bearerTokenVariable] ?? '';
    const [{ gatewayAddress }, { pushSink }] = await Promise.all([
      import('../telemetry/metrics/gateway-address.ts'),
      import('../telemetry/metrics/push.ts'),
    ]);
    const gateway = gatewayAddress({ url: pushgatewayUrl, ...(token === '' ? {} : { bearerToken: token }) });
    if (gateway !== undefined) sinks.push(pushSink({ gateway, job }));
  }
  return sinks;
}

/** What settings say for a report. */
export function reportSettings(settings: Settings): SalvagedSettings & { readonly dataset: string } {
  const { metrics, notify, title, base, consolidation } = settings;
  return { metrics, notify, title, mode: consolidation.mode, dataset: baseText(base) };
}

/** A run that worked on its dataset. */
export interface DatasetRun {
  readonly settings: Settings;
  readonly store: Store;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
  readonly exitCode: ExitCode;
  readonly log: Logger;
}

/** Everybody who is told of a run: the metrics last, since they also say whom the run could not tell of itself. */
export async function reportSinks(
  { settings, store, basePath, exitCode, log }: DatasetRun,
  environment: Pick<CliEnvironment, 'env'>,
): Promise<readonly ReportSink[]> {
  const sinks: ReportSink[] = [];
  const { url } = settings.history;
  // Who stops a run waits for its end, and the history can wait for the next run.
  const isStopped = exitCode === exitCodes.interrupted || exitCode === exitCodes.terminated;
  if (url !== undefined && !isStopped) {
    const { historySink } = await import('../telemetry/history/history-sink.ts');
    sinks.push(historySink({ url, store, basePath, log }));
  }
  const told = reportSettings(settings);
  return [...sinks, ...(await notifySinks(told, environment)), ...(await metricsSinks(told, environment))];
}
