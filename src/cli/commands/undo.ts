import { randomInt } from 'node:crypto';
import { ConfigError, ConsolidatorError, SwapError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { dateOf, partitionLabel } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import { listBase } from '../../partition/list-base.ts';
import { isRunId, makeRunId, partitionPath } from '../../partition/names.ts';
import { recoverPartition } from '../../swap/recover.ts';
import { runDirectories } from '../../swap/settle-leftovers.ts';
import { type UndoOutcome, type UndoRequest, undoRun } from '../../swap/undo.ts';
import { type ErrorFacts, errorFacts } from '../../telemetry/error-facts.ts';
import { reportSettings } from '../after-run.ts';
import { commandFor, commandWords } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { afterSwap } from '../notify.ts';
import { datasetNamed, type OpenDataset, openDataset } from '../open-dataset.ts';
import { withHintCommands } from '../output/commands-in-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { counted } from '../output/numbers.ts';
import { dated, partitionWords } from '../output/partition-words.ts';
import { printable } from '../output/printable.ts';
import { tellError } from '../output/record-terminal.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { listenForStopSignals } from '../stop-signals.ts';
import { parsePartition, typedKeysWorkedOn, typedLabel } from '../typed-partition.ts';

type UndoInvocation = Extract<Invocation, { command: 'undo' }>;

/** Brings the original files of consolidated partitions back: of the one that is named, or of all of a date. */
export async function runUndo(invocation: UndoInvocation, environment: CliEnvironment): Promise<ExitCode> {
  const { terminal, program } = environment;
  const { date: typed, timeZone, runId, dryRun } = invocation;
  if (typed === undefined || typed === '') {
    throw new ConfigError('undo: which partition?', {
      code: 'date-missing',
      hint: `For example: ${program} undo 2025-08-15`,
      dataState: 'nothing was touched',
    });
  }
  const dataset = await openDataset(invocation, environment);
  const { store, basePath, layout } = dataset;
  await listBase(store, basePath);
  const nowMs = await store.nowMs();
  const context = { nowMs, ...(timeZone === undefined ? {} : { timeZone }) };
  const meant = parsePartition(typed, layout, context);
  const keys = await havingRun(dataset, await typedKeysWorkedOn(dataset, meant), runId);
  if (keys.length === 0) throw nothingToUndo(typedLabel(meant), runId);
  const [only] = keys;
  const of = { ...datasetNamed(dataset.settings), store: store.uri, basePath };
  if (keys.length === 1 && only !== undefined) {
    const outcome = await undoPartition(invocation, environment, dataset, only);
    if (invocation.output === 'json') {
      terminal.out(jsonLine({ command: 'undo', exitCode: exitCodes.ok, dryRun, ...of, ...dated(outcome) }));
    }
    return exitCodes.ok;
  }
  const partitions = await undoEach(invocation, environment, dataset, keys);
  if (partitions.length === 0) throw nothingToUndo(typedLabel(meant), runId);
  const exitCode = partitions.some((one) => 'error' in one) ? exitCodes.partial : exitCodes.ok;
  if (invocation.output === 'json') {
    terminal.out(jsonLine({ command: 'undo', exitCode, dryRun, ...of, partitions: partitions.map(dated) }));
  }
  return exitCode;
}

type Undone = UndoOutcome | { readonly date: string; readonly error: ErrorFacts };

/** One partition after the other. Those a run kept no backup of are passed over; one that cannot be undone does not stop the others. */
async function undoEach(
  invocation: UndoInvocation,
  environment: CliEnvironment,
  dataset: OpenDataset,
  keys: readonly string[],
): Promise<readonly Undone[]> {
  const { terminal } = environment;
  const partitions: Undone[] = [];
  for (const date of keys) {
    try {
      partitions.push(await undoPartition(invocation, environment, dataset, date));
    } catch (error) {
      if (!(error instanceof ConsolidatorError) || error.code === 'stopped') throw error;
      if (error.code === 'nothing-to-undo') continue;
      const facts = withHintCommands(errorFacts(error), commandWords(invocation, environment));
      const where = `${printable(partitionLabel(date))}: `;
      tellError(terminal, facts, { verbose: invocation.verbose, style: terminal.errStyle, where }, { date });
      partitions.push({ date, error: facts });
    }
  }
  return partitions;
}

/** Of several partitions those that a run with this id worked on; all where none is asked for. */
async function havingRun(
  { store, basePath }: OpenDataset,
  keys: readonly string[],
  runId: string | undefined,
): Promise<readonly string[]> {
  if (runId === undefined || !isRunId(runId) || keys.length === 1) return keys;
  const having: string[] = [];
  for (const key of keys) {
    // Whichever name its directory has: one that died has another since it was settled.
    const runs = await runDirectories(store, basePath, key);
    if (runs.some((run) => run.runId === runId)) having.push(key);
  }
  return having;
}

function nothingToUndo(label: string, runId: string | undefined): SwapError {
  const what =
    runId === undefined ? 'no run has a backup' : `there is no run ${runId}, or its backup was removed`;
  return new SwapError(`cannot undo ${label}: ${what}`, {
    code: 'nothing-to-undo',
    exitCode: exitCodes.usage,
    dataState: 'nothing was touched',
  });
}

async function undoPartition(
  invocation: UndoInvocation,
  environment: CliEnvironment,
  { settings, store, basePath }: OpenDataset,
  date: string,
): Promise<UndoOutcome> {
  const { terminal, version } = environment;
  const { dryRun, runId } = invocation;
  const nowMs = await store.nowMs();
  const signals = listenForStopSignals((sentence) => terminal.err(`${sentence}\n`));
  const log = stderrLogger(terminal, invocation.verbose);
  let isAssured = false;
  const request: UndoRequest = {
    store,
    basePath,
    date,
    ...(runId === undefined ? {} : { runId }),
    newRunId: makeRunId(nowMs, randomInt(2 ** 24)),
    toolVersion: version,
    // The engine is loaded only where files are folded, and what stands before the store is tried before the first is.
    stage: async (staging) => {
      if (!isAssured) await (await import('../assure-swap.ts')).assureSwap(store, basePath, log);
      isAssured = true;
      return (await import('../../pipeline/stage-undo.ts')).stageUndo(staging);
    },
    allowAttributeChange: settings.safety.allowAttributeChange,
    dryRun,
    stop: signals.signal,
    log,
  };
  let outcome: UndoOutcome;
  try {
    // What a run left that died, an undo among them, would be taken for a damaged backup.
    if (!dryRun) await recoverPartition(request);
    if (!dryRun && invocation.output === 'text') {
      const foreseen = await undoRun({ ...request, dryRun: true });
      terminal.out(`Run ${foreseen.undoneRunId} is to be undone: will ${intention(foreseen)}.\n`);
    }
    outcome = await undoRun(request);
  } finally {
    signals.dispose();
  }
  if (!dryRun) {
    const { dataset, notify } = reportSettings(settings);
    const swapped = {
      kind: 'undo',
      date: dateOf(date),
      dataset,
      partition: partitionPath(dataset, date),
      ...(outcome.runId === undefined ? {} : { runId: outcome.runId }),
    } as const;
    for (const problem of await afterSwap({ notify, env: environment.env, log }, swapped)) {
      log.warn(problem, { date });
    }
  }
  if (invocation.output === 'json') return outcome;
  const back = `${counted(outcome.restoredFiles, 'file')} (${formatSize(outcome.restoredBytes)})`;
  const gone = outcome.removedNames.map(printable).join(', ');
  const isFolded = outcome.restoredInto < outcome.restoredFiles;
  const did = isFolded
    ? `all bytes and rows of ${back} are back, ${asFiles(outcome)}; ${gone} is out`
    : `${back} are back, ${gone} is out`;
  const again = commandFor(['--date', partitionLabel(date), '--force'], invocation, environment);
  terminal.out(
    dryRun
      ? `DRY RUN: Would ${intention(outcome)}\n`
      : `${terminal.style.good('✔')} Undone for ${partitionWords(date)}: ${did}.\n` +
          `  The partition is left alone from now on. To consolidate it again, once it has lain still: ${again}\n`,
  );
  return outcome;
}

function intention(outcome: UndoOutcome): string {
  const { date, restoredFiles, restoredBytes, restoredInto, removedNames } = outcome;
  const back = `${counted(restoredFiles, 'file')} (${formatSize(restoredBytes)})`;
  const gone = removedNames.map(printable).join(', ');
  return restoredInto < restoredFiles
    ? `bring all bytes and rows of ${back} back for ${partitionWords(date)}, ${asFiles(outcome)}, and take out ${gone}`
    : `bring ${back} back for ${partitionWords(date)} and take out ${gone}`;
}

function asFiles({ restoredInto, restoredNames }: UndoOutcome): string {
  return `as ${counted(restoredInto, 'file')} (${restoredNames.map(printable).join(', ')})`;
}
