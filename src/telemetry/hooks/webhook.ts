import { hostname } from 'node:os';
import { exitCodes } from '../../core/exit-codes.ts';
import { dateOf, isDate, partitionLabel, relativePathOf } from '../../core/partition-key.ts';
import type { PartitionResult } from '../partition-result.ts';
import type { ReportSink, RunReport } from '../run-report.ts';
import { type PostTarget, postJson } from './post-json.ts';

/** What a webhook is sent. Plain JSON; `text` is what chat programs show. */
export interface Alert {
  readonly event: 'run-failed' | 'partition-slow';
  /** One sentence or two for a person. */
  readonly text: string;
  readonly title: string;
  readonly dataset: string;
  readonly host: string;
  readonly [fact: string]: unknown;
}

/**
 * Tells a webhook of runs that failed. A run that somebody stopped (SIGINT, SIGTERM) is none of them.
 * @param target where to; its secrets are never shown
 */
export function webhookSink(target: PostTarget): ReportSink {
  return {
    name: 'webhook',
    deliver: async (report) => {
      if (!isFailure(report)) return [];
      const problem = await postJson(target, failureAlert(report));
      return problem === undefined ? [] : [`the webhook could not be told that the run failed: ${problem}`];
    },
  };
}

function isFailure({ exitCode }: RunReport): boolean {
  const good: readonly number[] = [exitCodes.ok, exitCodes.interrupted, exitCodes.terminated];
  return !good.includes(exitCode);
}

/** What is told of a run that failed. */
export function failureAlert(report: RunReport): Alert {
  const { title, dataset, exitCode, error, invocationId, toolVersion } = report;
  const failed = report.partitions.filter(({ result }) => result === 'failed' || result === 'refused');
  const [first] = failed;
  const why =
    error?.message ??
    (first === undefined ? '' : `${partitionLabel(first.date)}: ${first.error?.message ?? first.reason}`);
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  const state = error?.dataState ?? first?.error?.dataState;
  const data = state === undefined ? '' : ` Data: ${state}.`;
  return {
    event: 'run-failed',
    text: `${title}: exit code ${exitCode} on ${dataset}. ${why}${more}.${data}`.replace(/\.\.$/, '.'),
    title,
    dataset,
    host: hostname(),
    exitCode,
    invocationId,
    toolVersion,
    startedAt: new Date(report.startedAtMs).toISOString(),
    durationSeconds: report.durationMs / 1000,
    ...(error === undefined ? {} : { error }),
    failed: failed.map(factsOf),
    consolidated: report.partitions.filter(({ result }) => result === 'consolidated').length,
  };
}

/** What is told of a partition whose consolidation takes longer than it should, while it is still at work. */
export function slowAlert(
  where: { readonly title: string; readonly dataset: string },
  { date, seconds }: { readonly date: string; readonly seconds: number },
): Alert {
  return {
    event: 'partition-slow',
    text: `${where.title}: consolidating ${partitionLabel(date)} of ${where.dataset} has taken ${seconds} s and goes on.`,
    ...where,
    host: hostname(),
    date: dateOf(date),
    ...(isDate(date) ? {} : { partition: relativePathOf(date) }),
    slowAfterSeconds: seconds,
  };
}

function factsOf({ date, result, rule, reason, runId, error, durationMs }: PartitionResult): unknown {
  return {
    date: dateOf(date),
    ...(isDate(date) ? {} : { partition: relativePathOf(date) }),
    result,
    rule,
    reason,
    ...(runId === undefined ? {} : { runId }),
    ...(error === undefined ? {} : { error }),
    durationSeconds: durationMs / 1000,
  };
}
