import { ConfigError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { isDate, partitionLabel } from '../../core/partition-key.ts';
import { listBase } from '../../partition/list-base.ts';
import { partitionPath } from '../../partition/names.ts';
import { currentDate } from '../../partition/partition-dates.ts';
import { listAndPlan } from '../../pipeline/list-and-plan.ts';
import { sizedTask } from '../../pipeline/sized-task.ts';
import type { PartitionPlan } from '../../plan/partition-plan.ts';
import { recoverPartition } from '../../swap/recover.ts';
import { commandFor, commandWords } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { datasetNamed, openDataset } from '../open-dataset.ts';
import { withCommands } from '../output/commands-in-text.ts';
import { explanationText } from '../output/explanation.ts';
import { jsonLine } from '../output/json-line.ts';
import { dated } from '../output/partition-words.ts';
import { titleText } from '../output/preview.ts';
import { progressLine } from '../output/progress-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { listenForStopSignals } from '../stop-signals.ts';
import { parsePartition, typedKeys } from '../typed-partition.ts';

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
  const { settings, store, basePath, layout, shownPath } = await openDataset(invocation, environment);
  await listBase(store, basePath);
  const context = { nowMs: await store.nowMs(), ...(timeZone === undefined ? {} : { timeZone }) };
  const keys = await typedKeys({ store, basePath, layout }, parsePartition(typed, layout, context));
  const progress = progressLine(terminal);
  const signals = listenForStopSignals((sentence) => progress.messages.err(`${sentence}\n`));
  const log = stderrLogger(progress.messages, invocation.verbose);
  const explained: Explained[] = [];
  try {
    const quietLog = { ...log, warn: log.info };
    for (const date of keys) {
      const found = await recoverPartition({ store, basePath, date, dryRun: true, log: quietLog });
      const task = await sizedTask({
        store,
        basePath,
        date,
        settings,
        layout,
        today: currentDate(context),
        currentDayAllowed: typed === 'today',
        force,
        dryRun: true,
        toolVersion: version,
        log,
        showProgress: progress.show,
        stop: signals.signal,
      });
      const plan = await listAndPlan(task);
      const reason = withCommands(plan.reason, commandWords(invocation, environment));
      const unsettled = found.filter(({ action }) => action !== 'nothing').map(({ sentence }) => sentence);
      explained.push({ plan: { ...plan, reason }, unsettled });
    }
  } finally {
    signals.dispose();
    progress.clear();
  }
  if (invocation.output === 'json') {
    const of = { ...datasetNamed(settings), store: store.uri, basePath, mode: settings.consolidation.mode };
    const partitions = explained.map(({ plan, unsettled }) => {
      const bins = plan.bins.map(({ inputs, ...bin }) => ({ ...bin, files: inputs.length }));
      return { ...dated(plan), bins, unsettled };
    });
    const what = partitions.length === 1 ? partitions[0] : { partitions };
    terminal.out(jsonLine({ command: 'explain', exitCode: exitCodes.ok, ...of, ...what }));
    return exitCodes.ok;
  }
  if (explained.length === 0) {
    terminal.out(`There is no partition of ${typed} in ${shownPath(basePath)} (${layout.pattern}).\n`);
  }
  for (const [index, { plan, unsettled }] of explained.entries()) {
    const asked = isDate(plan.date) && typed === 'today' ? 'today' : partitionLabel(plan.date);
    const words = ['--date', asked, ...(force ? ['--force'] : [])];
    const text = explanationText(plan, {
      style: terminal.style,
      shownPath: shownPath(partitionPath(basePath, plan.date)),
      command: commandFor(words, invocation, environment),
    });
    terminal.out((index === 0 ? titleText(settings.title) : '') + text);
    for (const sentence of unsettled) log.warn(`not settled yet: ${sentence}`, { date: plan.date });
  }
  return exitCodes.ok;
}

/** One partition, with what earlier runs left half done in it. */
interface Explained {
  readonly plan: PartitionPlan;
  readonly unsettled: readonly string[];
}
