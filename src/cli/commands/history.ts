import { baseText } from '../../config/base-location.ts';
import { ConfigError, StoreError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import type { Logger } from '../../core/log.ts';
import { msPerDay } from '../../core/units.ts';
import { listBase } from '../../partition/list-base.ts';
import { parseDate } from '../../partition/partition-dates.ts';
import { type HistoryQuery, historyEntries, ownQuery } from '../../telemetry/history/history-query.ts';
import { type OpenHistory, openHistory } from '../../telemetry/history/open-history.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { type OpenDataset, openDataset, settingsOf } from '../open-dataset.ts';
import { historyText, rowsText } from '../output/history-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';

type HistoryInvocation = Extract<Invocation, { command: 'history' }>;

/** Shows what was consolidated, or answers a query of the operator's. */
export async function runHistory(
  invocation: HistoryInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  const days = wholeNumber(invocation.days, { flag: '--days', most: 36_500, otherwise: 30 });
  const limit = wholeNumber(invocation.limit, { flag: '--limit', most: 1_000_000, otherwise: 100 });
  const log = stderrLogger(terminal, invocation.verbose);
  const settings = await settingsOf(invocation, environment);
  const dataset = baseText(settings.base);
  const opened = await openUnlessElsewhere(invocation, environment, settings.history.url !== undefined, log);
  const nowMs = opened === undefined ? Date.now() : await opened.store.nowMs();
  const date =
    invocation.date === undefined
      ? undefined
      : parseDate(invocation.date, {
          nowMs,
          ...(invocation.timeZone === undefined ? {} : { timeZone: invocation.timeZone }),
        });
  const query: HistoryQuery = {
    dataset,
    // Of one partition all there is, unless somebody says otherwise.
    sinceMs: date !== undefined && invocation.days === undefined ? 0 : nowMs - days * msPerDay,
    limit,
    ...(date === undefined ? {} : { date }),
  };
  const history = await openHistory({ ...settings.history, query, log, ...(opened ?? {}) });
  try {
    const answer = await answerOf(history, invocation.sql, query);
    terminal.out(
      invocation.output === 'json'
        ? jsonLine({ command: 'history', exitCode: exitCodes.ok, dataset, source: history.source, ...answer })
        : 'rows' in answer
          ? rowsText(answer.rows)
          : historyText(answer.consolidations, { ...query, source: history.source, days }),
    );
  } finally {
    await history.database.close();
  }
  return exitCodes.ok;
}

async function answerOf(
  { database }: OpenHistory,
  sql: string | undefined,
  query: HistoryQuery,
): Promise<
  | { readonly consolidations: Awaited<ReturnType<typeof historyEntries>> }
  | { readonly rows: Awaited<ReturnType<typeof ownQuery>> }
> {
  if (sql === undefined) return { consolidations: await historyEntries(database, query) };
  try {
    return { rows: await ownQuery(database, sql) };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`--sql: ${problem}`, {
      code: 'bad-sql',
      hint: 'Write one SELECT over consolidation_metrics (a row per partition) and consolidation_log (a row per file).',
      dataState: 'nothing was changed',
      cause,
    });
  }
}

/** The dataset; undefined where it cannot be reached, but a database may have its history. */
async function openUnlessElsewhere(
  invocation: HistoryInvocation,
  environment: CliEnvironment,
  hasDatabase: boolean,
  log: Logger,
): Promise<OpenDataset | undefined> {
  try {
    const opened = await openDataset(invocation, environment);
    await listBase(opened.store, opened.basePath);
    return opened;
  } catch (error) {
    if (!hasDatabase || !(error instanceof StoreError)) throw error;
    log.warn(`${error.message}; what the database does not have yet stays there`);
    return undefined;
  }
}

function wholeNumber(
  typed: string | undefined,
  { flag, most, otherwise }: { readonly flag: string; readonly most: number; readonly otherwise: number },
): number {
  if (typed === undefined) return otherwise;
  const number = /^\d+$/.test(typed) ? Number(typed) : 0;
  if (number >= 1 && number <= most) return number;
  throw new ConfigError(`${flag} is "${typed}"; allowed: a whole number from 1 to ${most}`, {
    code: `bad-${flag.slice(2)}`,
    dataState: 'nothing was touched',
  });
}
