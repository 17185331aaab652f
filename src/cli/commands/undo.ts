import { randomInt } from 'node:crypto';
import { ConfigError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { formatSize } from '../../core/units.ts';
import { listBase } from '../../partition/list-base.ts';
import { makeRunId, partitionPath } from '../../partition/names.ts';
import { parseDate } from '../../partition/partition-dates.ts';
import { type UndoOutcome, undoRun } from '../../swap/undo.ts';
import { reportSettings } from '../after-run.ts';
import { commandFor } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { afterSwap } from '../notify.ts';
import { openDataset } from '../open-dataset.ts';
import { jsonLine } from '../output/json-line.ts';
import { counted } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type UndoInvocation = Extract<Invocation, { command: 'undo' }>;

/** Brings the original files of a consolidated partition back. */
export async function runUndo(invocation: UndoInvocation, environment: CliEnvironment): Promise<ExitCode> {
  const { terminal, program, version } = environment;
  const { dryRun, date: typed, timeZone, runId } = invocation;
  if (typed === undefined || typed === '') {
    throw new ConfigError('undo: which partition?', {
      code: 'date-missing',
      hint: `For example: ${program} undo 2025-08-15`,
      dataState: 'nothing was touched',
    });
  }
  const { settings, store, basePath } = await openDataset(invocation, environment);
  await listBase(store, basePath);
  const nowMs = await store.nowMs();
  const date = parseDate(typed, { nowMs, ...(timeZone === undefined ? {} : { timeZone }) });
  const signals = listenForStopSignals((sentence) => terminal.err(`${sentence}\n`));
  const request = {
    store,
    basePath,
    date,
    ...(runId === undefined ? {} : { runId }),
    newRunId: makeRunId(nowMs, randomInt(2 ** 24)),
    toolVersion: version,
    dryRun,
    stop: signals.signal,
    log: stderrLogger(terminal, invocation.verbose),
  };
  let outcome: UndoOutcome;
  try {
    if (!dryRun && invocation.output === 'text') {
      const foreseen = await undoRun({ ...request, dryRun: true });
      terminal.out(`Run ${foreseen.undoneRunId} is to be undone: will ${intention(foreseen)}.\n`);
      if (foreseen.restoredInto < foreseen.restoredFiles) terminal.out(`${readersWarning}\n`);
    }
    outcome = await undoRun(request);
  } finally {
    signals.dispose();
  }
  if (!dryRun) {
    const { dataset, notify } = reportSettings(settings);
    const swapped = {
      kind: 'undo',
      date,
      dataset,
      partition: partitionPath(dataset, date),
      ...(outcome.runId === undefined ? {} : { runId: outcome.runId }),
    } as const;
    const { log } = request;
    for (const problem of await afterSwap({ notify, env: environment.env, log }, swapped)) {
      log.warn(problem, { date });
    }
  }
  if (invocation.output === 'json') {
    terminal.out(
      jsonLine({ command: 'undo', exitCode: exitCodes.ok, dryRun, store: store.uri, basePath, ...outcome }),
    );
    return exitCodes.ok;
  }
  const back = `${counted(outcome.restoredFiles, 'file')} (${formatSize(outcome.restoredBytes)})`;
  const gone = outcome.removedNames.map(printable).join(', ');
  const isFolded = outcome.restoredInto < outcome.restoredFiles;
  const as = `as ${counted(outcome.restoredInto, 'file')} in the place of the merged one`;
  const did = isFolded
    ? `all bytes and rows of ${back} are back, ${as}: ${gone}`
    : `${back} are back, ${gone} is out`;
  const again = commandFor(['--date', date, '--force'], invocation, environment);
  terminal.out(
    dryRun
      ? `DRY RUN: Would ${intention(outcome)}\n${isFolded ? `${readersWarning}\n` : ''}`
      : `${terminal.style.good('✔')} Undone for date ${date}: ${did}.\n` +
          `  The partition is left alone from now on. To consolidate it again, once it has lain still: ${again}\n`,
  );
  return exitCodes.ok;
}

/** The file of all originals takes the merged one's name, and is longer: who cuts by the length he listed sees its beginning. */
const readersWarning =
  'Jobs that listed this partition before and read it after (Spark) may miss rows or see some twice: run them again.';

function intention({ date, restoredFiles, restoredBytes, restoredInto, removedNames }: UndoOutcome): string {
  const back = `${counted(restoredFiles, 'file')} (${formatSize(restoredBytes)})`;
  const gone = removedNames.map(printable).join(', ');
  return restoredInto < restoredFiles
    ? `bring all bytes and rows of ${back} back for date ${date}, as ${counted(restoredInto, 'file')} in the place of the merged one: ${gone}`
    : `bring ${back} back for date ${date} and take out ${gone}`;
}
