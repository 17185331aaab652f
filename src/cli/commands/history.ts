import { baseText } from '../../config/base-location.ts';
import { ConfigError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { msPerDay } from '../../core/units.ts';
import { makeLayout } from '../../partition/layout.ts';
import { type HistoryQuery, historyEntries, ownQuery } from '../../telemetry/history/history-query.ts';
import { type OpenHistory, openHistory } from '../../telemetry/history/open-history.ts';
import type { CliEnvironment } from '../environment.ts';
import { openUnlessElsewhere, wholeNumber } from '../history-dataset.ts';
import type { Invocation } from '../invocation.ts';
import { datasetNamed, settingsOf } from '../open-dataset.ts';
import { historyText, rowsText } from '../output/history-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { parsePartition } from '../typed-partition.ts';

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
  const only =
    invocation.date === undefined
      ? undefined
      : parsePartition(invocation.date, makeLayout(settings.consolidation.layout), {
          nowMs,
          ...(invocation.timeZone === undefined ? {} : { timeZone: invocation.timeZone }),
        });
  const query: HistoryQuery = {
    dataset,
    // Of one date or partition all there is, unless somebody says otherwise.
    sinceMs: only !== undefined && invocation.days === undefined ? 0 : nowMs - days * msPerDay,
    limit,
    ...only,
  };
  const history = await openHistory({ ...settings.history, query, log, ...(opened ?? {}) });
  try {
    const answer = await answerOf(history, invocation.sql, query);
    terminal.out(
      invocation.output === 'json'
        ? jsonLine({
            command: 'history',
            exitCode: exitCodes.ok,
            ...datasetNamed(settings),
            dataset,
            source: history.source,
            ...answer,
          })
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
