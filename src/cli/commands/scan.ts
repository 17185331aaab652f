import { ConfigError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { currentDate, parseDate } from '../../partition/partition-dates.ts';
import { type ScanTask, scanDataset } from '../../pipeline/scan-dataset.ts';
import { sizedTask } from '../../pipeline/sized-task.ts';
import type { SizingDecision } from '../../plan/choose-size.ts';
import { commandFor } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { datasetNamed, openDataset } from '../open-dataset.ts';
import { jsonLine } from '../output/json-line.ts';
import { dated } from '../output/partition-words.ts';
import { titleText } from '../output/preview.ts';
import { progressLine } from '../output/progress-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { scanCollector } from '../scan/scan-summary.ts';
import { scanText } from '../scan/scan-text.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type ScanInvocation = Extract<Invocation, { command: 'scan' }>;

const defaultTop = 20;

/** Ranks the partitions of a dataset by what consolidating them would bring. Changes nothing. */
export async function runScan(invocation: ScanInvocation, environment: CliEnvironment): Promise<ExitCode> {
  const { terminal, version } = environment;
  const top = parseTop(invocation.top);
  const { settings, store, basePath, layout, shownPath } = await openDataset(invocation, environment);
  const { timeZone, footers } = invocation;
  const context = { nowMs: await store.nowMs(), ...(timeZone === undefined ? {} : { timeZone }) };
  const range = rangeOf(invocation, context);
  const progress = progressLine(terminal);
  const signals = listenForStopSignals((sentence) => progress.messages.err(`${sentence}\n`));
  const collector = scanCollector(top);
  let sizing: SizingDecision | undefined;
  try {
    const task = await sizedTask<ScanTask>({
      store,
      basePath,
      settings,
      layout,
      today: currentDate(context),
      currentDayAllowed: false,
      toolVersion: version,
      log: stderrLogger(progress.messages, invocation.verbose),
      showProgress: progress.show,
      stop: signals.signal,
      footers,
      ...range,
    });
    sizing = task.sizing;
    for await (const partition of scanDataset(task)) collector.add(partition);
  } finally {
    signals.dispose();
    progress.clear();
  }
  const summary = collector.summary();
  const exitCode = summary.others.some(({ state }) => state === 'failed') ? exitCodes.partial : exitCodes.ok;
  if (invocation.output === 'json') {
    const of = {
      ...datasetNamed(settings),
      store: store.uri,
      basePath,
      footers,
      mode: settings.consolidation.mode,
      ...(sizing === undefined ? {} : { sizing }),
    };
    const ranked = summary.ranked.map(dated);
    const others = summary.others.map((one) => ({ ...one, example: dated(one.example) }));
    terminal.out(jsonLine({ command: 'scan', exitCode, ...of, ...summary, ranked, others }));
    return exitCode;
  }
  const text = scanText(summary, {
    style: terminal.style,
    shownBase: shownPath(basePath),
    limits: range,
    layout: settings.consolidation.layout,
    footers,
    sizing,
    fold: settings.consolidation.mode === 'fold',
    blocks: store.abilities.fold || store.abilities.remote === true,
    verbose: invocation.verbose,
    commandOf: (date) => commandFor(['--date', date], invocation, environment),
  });
  terminal.out(titleText(settings.title) + text);
  return exitCode;
}

function rangeOf(
  { from, to }: ScanInvocation,
  context: { readonly nowMs: number; readonly timeZone?: string },
): { readonly from?: string; readonly to?: string } {
  const first = from === undefined ? undefined : parseDate(from, context, '--from');
  const last = to === undefined ? undefined : parseDate(to, context, '--to');
  if (first !== undefined && last !== undefined && first > last) {
    throw new ConfigError(`--from ${first} is after --to ${last}`, {
      code: 'bad-date-range',
      hint: 'Both are included: --from 2025-08-01 --to 2025-08-31',
      dataState: 'nothing was touched',
    });
  }
  return { ...(first === undefined ? {} : { from: first }), ...(last === undefined ? {} : { to: last }) };
}

function parseTop(typed: string | undefined): number {
  if (typed === undefined) return defaultTop;
  if (/^\d{1,6}$/.test(typed) && Number(typed) > 0) return Number(typed);
  throw new ConfigError(`--top is "${typed}"; allowed: a whole number from 1 to 999999`, {
    code: 'bad-top',
    dataState: 'nothing was touched',
  });
}
