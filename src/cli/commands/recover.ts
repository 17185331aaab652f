import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { listBase } from '../../partition/list-base.ts';
import { parseDate } from '../../partition/partition-dates.ts';
import { recoverDataset, recoverPartition } from '../../swap/recover.ts';
import { commandWords } from '../command-for.ts';
import type { Invocation } from '../command-line.ts';
import type { CliEnvironment } from '../environment.ts';
import { openDataset } from '../open-dataset.ts';
import { withHintCommands } from '../output/commands-in-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { printable } from '../output/printable.ts';
import { stderrLogger } from '../output/stderr-logger.ts';

type RecoverInvocation = Extract<Invocation, { command: 'recover' }>;

/** Settles what interrupted runs left, in one partition or in the whole dataset. */
export async function runRecover(
  invocation: RecoverInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  const { dryRun, date, timeZone } = invocation;
  const { store, basePath, shownPath } = await openDataset(invocation, environment);
  // A mistyped path must not read as good news.
  await listBase(store, basePath);
  const log = stderrLogger(terminal, invocation.verbose);
  // The outcomes say all that the log would warn of.
  const request = { store, basePath, dryRun, log: { ...log, warn: log.info } };
  const context = { nowMs: await store.nowMs(), ...(timeZone === undefined ? {} : { timeZone }) };
  const found =
    date === undefined
      ? await recoverDataset(request)
      : await recoverPartition({ ...request, date: parseDate(date, context) });
  const commands = commandWords(invocation, environment);
  const outcomes = found.map((outcome) => withHintCommands(outcome, commands));
  const exitCode = outcomes.some((outcome) => outcome.needsAttention)
    ? exitCodes.swapInterrupted
    : exitCodes.ok;
  if (invocation.output === 'json') {
    terminal.out(jsonLine({ command: 'recover', exitCode, dryRun, store: store.uri, basePath, outcomes }));
    return exitCode;
  }
  // Of a whole dataset only what there was to do is news.
  const told = date === undefined ? outcomes.filter(({ action }) => action !== 'nothing') : outcomes;
  if (told.length === 0) terminal.out(`Nothing to recover in ${shownPath(basePath)}.\n`);
  for (const { date: day, action, sentence, hint } of told) {
    terminal.out(`${day}  ${action}: ${printable(sentence)}\n`);
    if (hint !== undefined) terminal.out(`            next: ${printable(hint)}\n`);
  }
  return exitCode;
}
