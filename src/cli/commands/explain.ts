import { ConfigError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { listBase } from '../../partition/list-base.ts';
import { partitionPath } from '../../partition/names.ts';
import { currentDate, parseDate } from '../../partition/partition-dates.ts';
import { listAndPlan } from '../../pipeline/list-and-plan.ts';
import type { PartitionPlan } from '../../plan/partition-plan.ts';
import { recoverPartition } from '../../swap/recover.ts';
import { commandFor, commandWords } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { openDataset } from '../open-dataset.ts';
import { withCommands } from '../output/commands-in-text.ts';
import { explanationText } from '../output/explanation.ts';
import { jsonLine } from '../output/json-line.ts';
import { titleText } from '../output/preview.ts';
import { progressLine } from '../output/progress-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type ExplainInvocation = Extract<Invocation, { command: 'explain' }>;

/**
 * Says what a run would do with a partition, and why, for each file by the rule that decides it. Changes nothing, and exits with 0
 * whatever the decision is.
 */
export async function runExplain(
  invocation: ExplainInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal, program, version } = environment;
  const { date: typed, timeZone, force } = invocation;
  if (typed === undefined || typed === '') {
    throw new ConfigError('explain: which partition?', {
      code: 'date-missing',
      hint: `For example: ${program} explain 2025-08-15`,
      dataState: 'nothing was touched',
    });
  }
  const { settings, store, basePath, shownPath } = await openDataset(invocation, environment);
  await listBase(store, basePath);
  const context = { nowMs: await store.nowMs(), ...(timeZone === undefined ? {} : { timeZone }) };
  const date = parseDate(typed, context);
  const progress = progressLine(terminal);
  const signals = listenForStopSignals((sentence) => progress.messages.err(`${sentence}\n`));
  const log = stderrLogger(progress.messages, invocation.verbose);
  let plan: PartitionPlan;
  let unsettled: readonly string[];
  try {
    const quietLog = { ...log, warn: log.info };
    const found = await recoverPartition({ store, basePath, date, dryRun: true, log: quietLog });
    unsettled = found.filter(({ action }) => action !== 'nothing').map(({ sentence }) => sentence);
    plan = await listAndPlan({
      store,
      basePath,
      date,
      settings,
      today: currentDate(context),
      currentDayAllowed: typed === 'today',
      force,
      dryRun: true,
      toolVersion: version,
      log,
      showProgress: progress.show,
      stop: signals.signal,
    });
  } finally {
    signals.dispose();
    progress.clear();
  }
  const reason = withCommands(plan.reason, commandWords(invocation, environment));
  if (invocation.output === 'json') {
    const bins = plan.bins.map(({ inputs, ...bin }) => ({ ...bin, files: inputs.length }));
    const of = { store: store.uri, basePath, mode: settings.consolidation.mode };
    terminal.out(
      jsonLine({ command: 'explain', exitCode: exitCodes.ok, ...of, ...plan, reason, bins, unsettled }),
    );
    return exitCodes.ok;
  }
  const isToday = typed === 'today' ? 'today' : date;
  const words = ['--date', isToday, ...(force ? ['--force'] : [])];
  const text = explanationText(
    { ...plan, reason },
    {
      style: terminal.style,
      shownPath: shownPath(partitionPath(basePath, date)),
      command: commandFor(words, invocation, environment),
    },
  );
  terminal.out(titleText(settings.title) + text);
  for (const sentence of unsettled) log.warn(`${date}: not settled yet: ${sentence}`);
  return exitCodes.ok;
}
