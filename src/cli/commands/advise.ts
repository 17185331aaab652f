import { baseText } from '../../config/base-location.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { msPerDay } from '../../core/units.ts';
import { currentDate } from '../../partition/partition-dates.ts';
import { chosenSize } from '../../pipeline/sized-task.ts';
import type { SizingDecision } from '../../plan/choose-size.ts';
import { type Advice, adviceFrom } from '../../telemetry/history/advice.ts';
import { openHistory } from '../../telemetry/history/open-history.ts';
import { pastRuns } from '../../telemetry/history/past-runs.ts';
import { adviceText } from '../advise/advice-text.ts';
import { commandFor } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import { openUnlessElsewhere, wholeNumber } from '../history-dataset.ts';
import type { Invocation } from '../invocation.ts';
import { type OpenDataset, settingsOf } from '../open-dataset.ts';
import { jsonLine } from '../output/json-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';

type AdviseInvocation = Extract<Invocation, { command: 'advise' }>;

const defaultDays = 90;

/** Says, by the history of a dataset, when to run and how large files should become, with every number it goes by. Changes nothing. */
export async function runAdvise(
  invocation: AdviseInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  const days = wholeNumber(invocation.days, { flag: '--days', most: 36_500, otherwise: defaultDays });
  const log = stderrLogger(terminal, invocation.verbose);
  const settings = await settingsOf(invocation, environment);
  const dataset = baseText(settings.base);
  const opened = await openUnlessElsewhere(invocation, environment, settings.history.url !== undefined, log);
  const nowMs = opened === undefined ? Date.now() : await opened.store.nowMs();
  const sinceMs = nowMs - days * msPerDay;
  // Listings are there sooner than a database in this process.
  const sizing = opened === undefined ? undefined : await sizingOf(opened, invocation.timeZone, nowMs);
  const query = { dataset, sinceMs, limit: 1 };
  const history = await openHistory({ ...settings.history, query, log, ...(opened ?? {}) });
  let advice: Advice;
  try {
    advice = adviceFrom(await pastRuns(history.database, dataset, sinceMs));
  } finally {
    await history.database.close();
  }
  const { source } = history;
  if (invocation.output === 'json') {
    const of = { dataset, source, days, ...advice, ...(sizing === undefined ? {} : { sizing }) };
    terminal.out(jsonLine({ command: 'advise', exitCode: exitCodes.ok, ...of }));
    return exitCodes.ok;
  }
  const command = (words: readonly string[]) => commandFor(words, invocation, environment);
  terminal.out(adviceText({ dataset, source, days, advice, sizing, command }));
  return exitCodes.ok;
}

function sizingOf(
  { store, basePath, settings, layout }: OpenDataset,
  timeZone: string | undefined,
  nowMs: number,
): Promise<SizingDecision> {
  const today = currentDate({ nowMs, ...(timeZone === undefined ? {} : { timeZone }) });
  return chosenSize({ store, basePath, settings, layout, today, stop: new AbortController().signal });
}
