import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { errorFacts } from '../../telemetry/error-facts.ts';
import { type RunStart, startRun } from '../after-run.ts';
import { chosenDatasets, forDataset } from '../chosen-datasets.ts';
import type { ConsolidateInvocation, RunShared } from '../consolidate/dataset-part.ts';
import { type LeftOfPart, leftFacts, leftText } from '../consolidate/left-text.ts';
import {
  type FailedPart,
  type OpenedPart,
  openOrFail,
  type QueueRun,
  runQueue,
} from '../consolidate/run-queue.ts';
import {
  type DonePart,
  partFacts,
  partText,
  reportPart,
  reportPartTroubles,
} from '../consolidate/tell-part.ts';
import { checkDates } from '../dates.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Executors } from '../merge-bin/connect-executors.ts';
import { jsonLine } from '../output/json-line.ts';
import { titleText } from '../output/preview.ts';
import { progressLine } from '../output/progress-line.ts';
import { tellError } from '../output/record-terminal.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { listenForStopSignals } from '../stop-signals.ts';

/** The default command: consolidates the partitions of one or more dates, or what is worth it, of one dataset or several; or previews that. */
export async function runConsolidate(
  invocation: ConsolidateInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const start = startRun();
  const { terminal, program } = environment;
  // Before the settings: without a date, that is what the operator must hear first.
  checkDates({ ...invocation, program });
  const names = await chosenDatasets(invocation, environment);
  const executors = await executorsGiven(invocation, environment);
  const progress = progressLine(terminal);
  const signals = listenForStopSignals((sentence) => progress.messages.err(`${sentence}\n`));
  const shared: RunShared = { start, progress, stop: signals.signal, executors };
  const opened: OpenedPart[] = [];
  let run: QueueRun;
  try {
    const isOnly = names.length === 1;
    for (const name of names) {
      opened.push(await openOrFail(forDataset(invocation, name), environment, shared, isOnly));
    }
    run = await runQueue(opened, invocation, environment, shared);
  } finally {
    signals.dispose();
    progress.clear();
  }
  const { done, left } = run;
  const failures = opened.flatMap((one) => ('error' in one ? [one] : []));
  const exitCode = overallCode(done, failures, signals.signal, left);
  tell({ invocation, done, failures, left, isNamed: names.length > 1, exitCode }, environment);
  for (const one of done) reportPartTroubles(one, environment);
  if (!invocation.dryRun) {
    for (const one of done) await reportPart(one, start, environment);
    for (const one of failures) await reportFailure(one, start, environment);
  }
  return exitCode;
}

async function reportFailure(
  { invocation, error }: FailedPart,
  start: RunStart,
  environment: CliEnvironment,
): Promise<void> {
  const { tellOfFailure } = await import('../early-end.ts');
  const log = stderrLogger(environment.terminal, invocation.verbose);
  await tellOfFailure({ flags: invocation, start, error }, environment, log);
}

function overallCode(
  done: readonly DonePart[],
  failures: readonly FailedPart[],
  stop: AbortSignal,
  left: readonly LeftOfPart[],
): ExitCode {
  const codes = [...done.map(({ exitCode }) => exitCode), ...failures.map(({ error }) => error.exitCode)];
  const stopped = codes.find((code) => code === exitCodes.interrupted || code === exitCodes.terminated);
  if (stopped !== undefined) return stopped;
  if (left.some(({ because }) => because === 'stopped')) return errorFacts(stop.reason).exitCode;
  const [only] = codes;
  // Where no dataset could be begun, for the same reason, another try finds what a single one would.
  const isShared = codes.length === 1 || (done.length === 0 && codes.every((code) => code === only));
  if (isShared && only !== undefined) return only;
  return codes.every((code) => code === exitCodes.ok) ? exitCodes.ok : exitCodes.partial;
}

interface Telling {
  readonly invocation: ConsolidateInvocation;
  readonly done: readonly DonePart[];
  readonly failures: readonly FailedPart[];
  readonly left: readonly LeftOfPart[];
  /** There are several datasets. */
  readonly isNamed: boolean;
  readonly exitCode: ExitCode;
}

function tell(
  { invocation, done, failures, left, isNamed, exitCode }: Telling,
  environment: CliEnvironment,
): void {
  const { terminal } = environment;
  const { dryRun } = invocation;
  const leaving = left.length === 0 && !invocation.all ? {} : { left: leftFacts(left) };
  if (invocation.output === 'json') {
    const [only] = done;
    const head = { command: 'consolidate', exitCode, dryRun };
    if (!isNamed && only !== undefined) {
      terminal.out(jsonLine({ ...head, ...named(only.part.invocation), ...partFacts(only), ...leaving }));
    } else {
      const datasets = [
        ...done.map((one) => ({ ...named(one.part.invocation), exitCode: one.exitCode, ...partFacts(one) })),
        ...failures.map(({ invocation: of, error }) => ({ ...named(of), exitCode: error.exitCode, error })),
      ];
      terminal.out(jsonLine({ ...head, datasets, ...leaving }));
    }
  } else {
    const settings = done[0]?.part.dataset.settings;
    const texts = done.map((one) => {
      const text = partText(one, environment);
      const head = terminal.style.bold(`Dataset ${one.part.invocation.dataset}`);
      return isNamed && text !== '' ? `\n${head}\n${text}` : text;
    });
    const after = settings === undefined ? '' : leftText(left, settings);
    const body = texts.join('') + after;
    if (body !== '' && settings !== undefined) terminal.out(titleText(settings.title) + body);
  }
  for (const { invocation: of, error } of failures) {
    const view = { verbose: invocation.verbose, style: terminal.errStyle, where: `${of.dataset}: ` };
    tellError(terminal, error, view);
  }
}

function named({ dataset }: ConsolidateInvocation): { readonly datasetName?: string } {
  return dataset === undefined ? {} : { datasetName: dataset };
}

/** Who merges the bins, where that is not this process; hung up on at the end of the command. */
async function executorsGiven(
  { executors, dryRun, verbose }: ConsolidateInvocation,
  { terminal, version, atEnd }: CliEnvironment,
): Promise<Executors | undefined> {
  if (executors === undefined || dryRun) return undefined;
  const { connectExecutors } = await import('../merge-bin/connect-executors.ts');
  const connected = connectExecutors(executors, version, stderrLogger(terminal, verbose));
  atEnd(async () => connected.close());
  return connected;
}
