import type { SalvagedSettings } from '../config/report-settings.ts';
import type { NotifySettings } from '../config/settings.ts';
import type { Logger } from '../core/log.ts';
import { dateOf } from '../core/partition-key.ts';
import { partitionPath } from '../partition/names.ts';
import type { SwappedPartition } from '../telemetry/hooks/after-swap.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import type { ReportSink } from '../telemetry/run-report.ts';
import type { CliEnvironment } from './environment.ts';

/** The variable that holds the key for an OpenLineage server: a secret, so the file does not take it. */
export const lineageKeyVariable = 'OPENLINEAGE_API_KEY';

/** How long a webhook or an OpenLineage server may take. */
const tellMs = 10_000;

/** Those who are told of a run at its end, besides metrics and history. */
export async function notifySinks(
  { notify }: Pick<SalvagedSettings, 'notify'>,
  { env }: Pick<CliEnvironment, 'env'>,
): Promise<readonly ReportSink[]> {
  const { webhookUrl, lineage } = notify;
  const sinks: ReportSink[] = [];
  if (lineage !== undefined) {
    const { lineageUrl, openLineageSink } = await import('../telemetry/hooks/open-lineage.ts');
    const key = env[lineageKeyVariable] ?? '';
    const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
    const { namespace } = lineage;
    sinks.push(openLineageSink({ url: lineageUrl(lineage.url), namespace, timeoutMs: tellMs, headers }));
  }
  if (webhookUrl !== undefined) {
    const { webhookSink } = await import('../telemetry/hooks/webhook.ts');
    sinks.push(webhookSink({ url: webhookUrl, timeoutMs: tellMs }));
  }
  return sinks;
}

/** What is told of while a dataset is worked on. */
export interface NotifiedDataset {
  readonly notify: NotifySettings;
  readonly title: string;
  /** A local path, or `hdfs://host:port/path`. */
  readonly dataset: string;
  readonly mode: 'rewrite' | 'fold';
  readonly env: CliEnvironment['env'];
  readonly log: Logger;
}

/** Tells of partitions while a run goes on, and counts whom it could not tell. */
export interface PartitionNotices {
  /**
   * Does the work on a partition, tells the webhook when it takes long, and runs the post-swap hook when its files changed places. What
   * goes wrong with either is a warning of the result.
   */
  around(date: string, work: () => Promise<PartitionResult>): Promise<PartitionResult>;
  /** How often it went wrong, by the name of the sink. */
  failures(): Readonly<Record<string, number>>;
}

/** Notices for one run. */
export function partitionNotices(dataset: NotifiedDataset): PartitionNotices {
  const failures = new Map<string, number>();
  const count = (sink: string, problems: readonly string[]): void => {
    if (problems.length > 0) failures.set(sink, (failures.get(sink) ?? 0) + problems.length);
  };
  return {
    around: async (date, work) => {
      const watch = watchSlow(dataset, date);
      const result = await work().finally(() => watch.stop());
      const slow = await watch.problems();
      count('webhook', slow);
      const hooked = await afterSwap(dataset, swappedBy(dataset, result));
      count('post-swap-hook', hooked);
      const warnings = [...slow, ...hooked];
      return warnings.length === 0 ? result : { ...result, warnings: [...result.warnings, ...warnings] };
    },
    failures: () => Object.fromEntries(failures),
  };
}

/**
 * Runs the post-swap hook; nothing where there is none, or nothing was swapped.
 * @returns what went wrong, a sentence each
 */
export async function afterSwap(
  { notify, env, log }: Pick<NotifiedDataset, 'notify' | 'env' | 'log'>,
  swapped: SwappedPartition | undefined,
): Promise<readonly string[]> {
  const { command, url } = notify.afterSwap;
  if (swapped === undefined || (command === undefined && url === undefined)) return [];
  const { runAfterSwap } = await import('../telemetry/hooks/after-swap.ts');
  const begunMs = performance.now();
  const { problems, output } = await runAfterSwap(notify.afterSwap, swapped, env);
  const { date, runId } = swapped;
  const step = 'hook';
  for (const line of output.split('\n').filter((one) => one.trim() !== '')) {
    log.info(`post-swap command: ${line}`, { date, runId, step });
  }
  const durationMs = Math.round(performance.now() - begunMs);
  log.info(`post-swap hook ${problems.length === 0 ? 'done' : 'failed'}`, { date, runId, step, durationMs });
  return problems;
}

/** What a result says of files that changed places; undefined when none did. */
function swappedBy(
  { dataset, mode }: NotifiedDataset,
  result: PartitionResult,
): SwappedPartition | undefined {
  const { date, runId, filesBefore, filesAfter, bytesBefore, bytesAfter, rows } = result;
  const where = {
    date: dateOf(date),
    dataset,
    partition: partitionPath(dataset, date),
    ...(runId === undefined ? {} : { runId }),
  };
  if (result.result !== 'consolidated') {
    // The files became one, and then the swap could not go on.
    if (result.error?.code === 'stopped-folded') return { kind: 'fold', ...where };
    // A swap that an earlier run left half done may have been finished on the way.
    return (result.swapsRecovered ?? 0) > 0 ? { kind: 'recover', ...where } : undefined;
  }
  return {
    kind: mode === 'fold' ? 'fold' : 'consolidate',
    ...where,
    filesBefore,
    filesAfter,
    bytesBefore,
    ...(bytesAfter === undefined ? {} : { bytesAfter }),
    rows,
  };
}

/** Tells the webhook once the time is over, while the work goes on. */
function watchSlow(
  { notify, title, dataset }: NotifiedDataset,
  date: string,
): { stop(): void; problems(): Promise<readonly string[]> } {
  const { webhookUrl, slowAfterMs } = notify;
  if (webhookUrl === undefined || slowAfterMs === undefined) {
    return { stop: () => {}, problems: () => Promise.resolve([]) };
  }
  let told: Promise<readonly string[]> = Promise.resolve([]);
  const tell = async (): Promise<readonly string[]> => {
    const [{ slowAlert }, { postJson }] = await Promise.all([
      import('../telemetry/hooks/webhook.ts'),
      import('../telemetry/hooks/post-json.ts'),
    ]);
    const alert = slowAlert({ title, dataset }, { date, seconds: slowAfterMs / 1000 });
    const problem = await postJson({ url: webhookUrl, timeoutMs: tellMs }, alert);
    return problem === undefined ? [] : [`the webhook could not be told that it takes long: ${problem}`];
  };
  const timer = setTimeout(() => {
    told = tell();
  }, slowAfterMs);
  return { stop: () => clearTimeout(timer), problems: () => told };
}
