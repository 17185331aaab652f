import type { Settings } from '../../config/settings.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { consolidateDates } from '../../pipeline/consolidate-dates.ts';
import type { ErrorFacts } from '../../telemetry/error-facts.ts';
import { exitCodeOf } from '../../telemetry/exit-code.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import type { Invocation } from '../command-line.ts';
import { chooseDates } from '../dates.ts';
import type { CliEnvironment } from '../environment.ts';
import { commandFor, openDataset } from '../open-dataset.ts';
import { jsonLine } from '../output/json-line.ts';
import { previewText, titleText } from '../output/preview.ts';
import { progressLine } from '../output/progress-line.ts';
import { renderFacts } from '../output/render-error.ts';
import { datesReport, partitionReport } from '../output/run-report.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { verdictTable } from '../output/verdict-table.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type ConsolidateInvocation = Extract<Invocation, { command: 'consolidate' }>;

/** The default command: consolidates the partitions of one or more dates, or previews that. */
export async function runConsolidate(
  invocation: ConsolidateInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal, program, version } = environment;
  const { dryRun, force, verbose } = invocation;
  // Before the settings: without a date, that is what the operator must hear first.
  if (invocation.date === undefined) chooseDates({ nowMs: 0, program });
  const { settings, store, basePath } = await openDataset(invocation, environment);
  const { dates, today, currentDayAllowed } = chooseDates({
    ...invocation,
    nowMs: await store.nowMs(),
    program,
  });
  const progress = progressLine(terminal);
  const signals = listenForStopSignals((sentence) => progress.messages.err(`${sentence}\n`));
  let results: readonly PartitionResult[];
  try {
    results = await consolidateDates(
      {
        store,
        basePath,
        settings,
        today,
        currentDayAllowed,
        force,
        dryRun,
        toolVersion: version,
        log: stderrLogger(progress.messages, verbose),
        showProgress: progress.show,
        stop: signals.signal,
      },
      dates,
    );
  } finally {
    signals.dispose();
    progress.clear();
  }
  const exitCode = exitCodeOf(results);
  if (invocation.output === 'json') {
    terminal.out(
      jsonLine({ command: 'consolidate', exitCode, dryRun, store: store.uri, basePath, partitions: results }),
    );
  } else {
    terminal.out(textOf(results, settings, invocation, environment));
  }
  reportTroubles(results, invocation, environment);
  return exitCode;
}

function textOf(
  results: readonly PartitionResult[],
  settings: Settings,
  invocation: ConsolidateInvocation,
  environment: CliEnvironment,
): string {
  const context = {
    style: environment.terminal.style,
    undoCommand: (date: string) => commandFor(['undo', date], invocation, environment),
  };
  const withVerdicts = (result: PartitionResult, text: string): string =>
    invocation.verbose && (result.plan?.files.length ?? 0) > 0
      ? `${text}\n${verdictTable(result.plan?.files ?? [])}`
      : text;
  const body = invocation.dryRun
    ? results.map((result) => withVerdicts(result, previewText(result))).join('')
    : results.length === 1
      ? results.map((result) => withVerdicts(result, partitionReport(result, context))).join('')
      : datesReport(results, context) + results.map((result) => withVerdicts(result, '')).join('');
  return body === '' ? '' : titleText(settings.title) + body;
}

/** Warnings and failures go to stderr, whatever the output is. */
function reportTroubles(
  results: readonly PartitionResult[],
  { verbose, dryRun, output }: ConsolidateInvocation,
  { terminal }: CliEnvironment,
): void {
  const log = stderrLogger(terminal, verbose);
  for (const result of results) {
    for (const warning of result.warnings) log.warn(`${result.date}: ${warning}`);
    if (result.error !== undefined) {
      const where = results.length > 1 ? `${result.date}: ` : '';
      terminal.err(renderFacts(result.error, { where, verbose, style: terminal.errStyle }));
    } else if (result.result === 'refused' && !(dryRun && output === 'text')) {
      terminal.err(renderFacts(refusal(result), { verbose, style: terminal.errStyle }));
    }
  }
}

function refusal({ date, rule, reason }: PartitionResult): ErrorFacts {
  return {
    code: rule,
    exitCode: exitCodes.unsupportedInput,
    message: `date ${date} is refused: ${reason}`,
    dataState: 'the partition is untouched',
  };
}
