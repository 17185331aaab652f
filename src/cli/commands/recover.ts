import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { dateOf, partitionLabel } from '../../core/partition-key.ts';
import { listBase } from '../../partition/list-base.ts';
import { partitionPath } from '../../partition/names.ts';
import { type RecoverRequest, recoverDataset, recoverPartition } from '../../swap/recover.ts';
import type { RecoverOutcome } from '../../swap/recover-outcome.ts';
import { clearTrials } from '../../swap/trial/clear-trials.ts';
import { reportSettings } from '../after-run.ts';
import { commandWords } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { afterSwap } from '../notify.ts';
import { datasetNamed, openDataset } from '../open-dataset.ts';
import { withHintCommands } from '../output/commands-in-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { dated } from '../output/partition-words.ts';
import { printable } from '../output/printable.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { parsePartition, typedKeysWorkedOn } from '../typed-partition.ts';

type RecoverInvocation = Extract<Invocation, { command: 'recover' }>;

/** Settles what interrupted runs left, in one partition or in the whole dataset. */
export async function runRecover(
  invocation: RecoverInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  const { dryRun, date, timeZone } = invocation;
  const { settings, store, basePath, layout, shownPath } = await openDataset(invocation, environment);
  // A mistyped path must not read as good news.
  await listBase(store, basePath);
  const log = stderrLogger(terminal, invocation.verbose);
  // The outcomes say all that the log would warn of.
  const request = { store, basePath, dryRun, log: { ...log, warn: log.info } };
  const context = { nowMs: await store.nowMs(), ...(timeZone === undefined ? {} : { timeZone }) };
  const typed = date === undefined ? undefined : parsePartition(date, layout, context);
  const keys = typed === undefined ? undefined : await typedKeysWorkedOn({ store, basePath, layout }, typed);
  const recover = async (asked: RecoverRequest): Promise<readonly RecoverOutcome[]> => {
    if (keys === undefined) return recoverDataset({ ...asked, layout });
    const outcomes: RecoverOutcome[] = [];
    for (const key of keys) outcomes.push(...(await recoverPartition({ ...asked, date: key })));
    return outcomes;
  };
  if (!dryRun && invocation.output === 'text') {
    for (const { date: of, action, sentence } of await recover({ ...request, dryRun: true })) {
      if (action !== 'nothing')
        terminal.out(`${printable(partitionLabel(of))}  to do: ${printable(sentence)}\n`);
    }
  }
  const found = await recover(request);
  // Of the whole dataset only: they belong to no partition.
  const trials = date === undefined ? await clearTrials(store, basePath, dryRun) : [];
  const commands = commandWords(invocation, environment);
  const outcomes = found.map((outcome) => withHintCommands(outcome, commands));
  const exitCode = outcomes.some((outcome) => outcome.needsAttention)
    ? exitCodes.swapInterrupted
    : exitCodes.ok;
  const { dataset, notify } = reportSettings(settings);
  for (const { date: of, runId, action } of dryRun ? [] : outcomes) {
    if (action !== 'rolled-forward' && action !== 'rolled-back') continue;
    const run = runId === undefined ? {} : { runId };
    const swapped = {
      kind: 'recover',
      date: dateOf(of),
      dataset,
      partition: partitionPath(dataset, of),
      ...run,
    } as const;
    for (const problem of await afterSwap({ notify, env: environment.env, log }, swapped)) {
      log.warn(problem, { date: of });
    }
  }
  if (invocation.output === 'json') {
    terminal.out(
      jsonLine({
        command: 'recover',
        exitCode,
        ...datasetNamed(settings),
        dryRun,
        store: store.uri,
        basePath,
        outcomes: outcomes.map(dated),
        trials,
      }),
    );
    return exitCode;
  }
  // Of a whole dataset only what there was to do is news.
  const told = keys?.length !== 1 ? outcomes.filter(({ action }) => action !== 'nothing') : outcomes;
  for (const path of trials) {
    const verb = dryRun ? 'would be removed' : 'removed';
    terminal.out(`${printable(shownPath(path))}: what an interrupted doctor left, ${verb}\n`);
  }
  if (told.length === 0 && trials.length === 0)
    terminal.out(`Nothing to recover in ${shownPath(basePath)}.\n`);
  for (const { date: of, action, sentence, hint } of told) {
    terminal.out(
      `${dryRun ? 'DRY RUN: ' : ''}${printable(partitionLabel(of))}  ${action}: ${printable(sentence)}\n`,
    );
    if (hint !== undefined) terminal.out(`            next: ${printable(hint)}\n`);
  }
  return exitCode;
}
