import { baseText } from '../../config/base-location.ts';
import type { Settings } from '../../config/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import type { ExitCode } from '../../core/exit-codes.ts';
import { defaultLayout } from '../../partition/layout.ts';
import type { BinExecutor } from '../../pipeline/bin-executor.ts';
import { consolidateDates } from '../../pipeline/consolidate-dates.ts';
import { datesInRange } from '../../pipeline/dates-in-range.ts';
import { datesOfShard } from '../../pipeline/dates-of-shard.ts';
import type { DatasetTask } from '../../pipeline/partition-task.ts';
import { partitionsOfDates } from '../../pipeline/partitions-of-dates.ts';
import type { CaughtUp } from '../../pipeline/replica/replica-keeper.ts';
import type { CleanupOutcome } from '../../swap/cleanup.ts';
import { exitCodeOf } from '../../telemetry/exit-code.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { reportSettings, reportSinks, runReport, startRun, tellOfRun } from '../after-run.ts';
import { atOnceFor } from '../at-once.ts';
import { commandFor, commandWords } from '../command-for.ts';
import { checkDates, chooseDates, type WantedDates } from '../dates.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import type { ExecutorsDataset } from '../merge-bin/connect-executors.ts';
import { partitionNotices } from '../notify.ts';
import { openDataset } from '../open-dataset.ts';
import { type CommandFor, withCommands, withHintCommands } from '../output/commands-in-text.ts';
import { consolidationText, noPartitionText, removedBackupsText } from '../output/consolidation-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { dated, datedWithPlan } from '../output/partition-words.ts';
import { titleText } from '../output/preview.ts';
import { progressLine } from '../output/progress-line.ts';
import { replicaFailures, replicaText } from '../output/replica-text.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { reportTroubles } from '../output/troubles.ts';
import { given } from '../parsed-flags.ts';
import { replicaOf } from '../replica.ts';
import { listenForStopSignals } from '../stop-signals.ts';
import { columnThreads } from '../threads/column-threads.ts';

type ConsolidateInvocation = Extract<Invocation, { command: 'consolidate' }>;

/** The default command: consolidates the partitions of one or more dates, or previews that. */
export async function runConsolidate(
  invocation: ConsolidateInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const start = startRun();
  const { terminal, program, version } = environment;
  const { dryRun, force, verbose } = invocation;
  // Before the settings: without a date, that is what the operator must hear first.
  checkDates({ ...invocation, program });
  const { settings, store, basePath, layout, shownPath } = await openDataset(invocation, environment);
  const { mode } = settings.consolidation;
  if (mode === 'fold' && !store.abilities.fold) throw noFold(settings);
  const { wanted, today, currentDayAllowed } = chooseDates({
    ...invocation,
    layout,
    nowMs: await store.nowMs(),
    program,
  });
  if (!dryRun && settings.base.kind === 'hdfs') {
    const { assureSwap } = await import('../assure-swap.ts');
    await assureSwap(store, basePath, stderrLogger(terminal, verbose));
  }
  const executor = await executorGiven(invocation, { settings, store, basePath }, environment);
  const progress = progressLine(terminal);
  const signals = listenForStopSignals((sentence) => progress.messages.err(`${sentence}\n`));
  const { dataset } = reportSettings(settings);
  const notices = partitionNotices({
    ...settings,
    dataset,
    mode,
    env: environment.env,
    log: stderrLogger(progress.messages, verbose),
  });
  let results: readonly PartitionResult[];
  let removedBackups: readonly CleanupOutcome[] = [];
  let caughtUp: readonly CaughtUp[] = [];
  try {
    const log = stderrLogger(progress.messages, verbose);
    const stop = signals.signal;
    const replica = dryRun
      ? undefined
      : await replicaOf({ settings, store, basePath, stop, log }, environment);
    const follow = replica?.follow ?? ((result: PartitionResult) => Promise.resolve(result));
    const task: DatasetTask = {
      store,
      basePath,
      settings,
      layout,
      today,
      currentDayAllowed,
      force,
      dryRun,
      toolVersion: version,
      log: stderrLogger(progress.messages, verbose),
      showProgress: progress.show,
      ...(settings.base.kind === 'local'
        ? { columnThreads: (files) => columnThreads(files, settings.consolidation) }
        : {}),
      ...(executor === undefined ? {} : { executor }),
      onBackupsRemoved: (removed) => {
        removedBackups = removed;
      },
      ...(dryRun ? {} : { around: async (date, work) => follow(await notices.around(date, work)) }),
      ...(replica === undefined ? {} : { beforeSwap: replica.noteSwap }),
      stop: signals.signal,
    };
    const dates = await datesWanted(task, wanted);
    const keepsPlans = dryRun || verbose || invocation.output === 'json';
    const { options, ...together } = atOnceFor(settings.consolidation, dates.length, keepsPlans);
    const found = await consolidateDates({ ...task, ...together }, dates, options);
    results = found.map((result) => typeable(result, commandWords(invocation, environment)));
    caughtUp = signals.signal.aborted ? [] : ((await replica?.catchUp()) ?? []);
  } finally {
    signals.dispose();
    progress.clear();
  }
  const exitCode = exitCodeOf(results);
  if (invocation.output === 'json') {
    terminal.out(
      jsonLine({
        command: 'consolidate',
        exitCode,
        dryRun,
        mode,
        store: store.uri,
        basePath,
        partitions: results.map(datedWithPlan),
        removedBackups: removedBackups.map(dated),
        ...(settings.replica === undefined ? {} : { replica: { uri: baseText(settings.replica), caughtUp } }),
      }),
    );
  } else {
    const context = {
      style: terminal.style,
      mode,
      shownPath,
      undoCommand: (date: string) => commandFor(['undo', date], invocation, environment),
    };
    const body =
      results.length === 0 ? noPartitionText(wanted) : consolidationText(results, invocation, context);
    const removed = removedBackupsText(removedBackups, settings.safety.backupRetentionDays);
    const copied =
      settings.replica === undefined ? '' : replicaText(baseText(settings.replica), results, caughtUp);
    const after = removed + copied;
    if (body !== '' || after !== '') terminal.out(titleText(settings.title) + body + after);
  }
  reportTroubles(results, invocation, terminal);
  if (!dryRun) {
    const behind = replicaFailures(results, caughtUp);
    const sinkFailures = { ...notices.failures(), ...(behind === 0 ? {} : { replica: behind }) };
    const end = { start, settings: reportSettings(settings), exitCode, partitions: results, sinkFailures };
    const report = runReport({ ...end, ...given('shard', invocation.shard) }, environment);
    const log = stderrLogger(terminal, verbose);
    const run = { settings, store, basePath, exitCode, log };
    await tellOfRun(report, () => reportSinks(run, environment), log);
  }
  return exitCode;
}

function datesWanted(task: DatasetTask, wanted: WantedDates): Promise<readonly string[]> {
  const { store, basePath, layout = defaultLayout, stop } = task;
  if ('key' in wanted) return Promise.resolve([wanted.key]);
  if ('dates' in wanted) return partitionsOfDates({ store, basePath, layout, stop }, wanted.dates);
  return wanted.shard === undefined
    ? datesInRange(store, basePath, wanted.range, layout)
    : datesOfShard(task, wanted.range, wanted.shard);
}

/** Who merges the bins, where that is not this process; hung up on at the end of the command. */
async function executorGiven(
  { executors, dryRun, verbose }: ConsolidateInvocation,
  dataset: ExecutorsDataset,
  { terminal, version, atEnd }: CliEnvironment,
): Promise<BinExecutor | undefined> {
  if (executors === undefined || dryRun) return undefined;
  const { connectExecutors } = await import('../merge-bin/connect-executors.ts');
  const connected = connectExecutors(executors, version, stderrLogger(terminal, verbose));
  atEnd(async () => connected.close());
  return await connected.for(dataset);
}

function noFold(settings: Settings): ConfigError {
  if (settings.base.kind === 'hdfs') {
    return new ConfigError(
      `${settings.sources['consolidation.mode']} is fold and ${settings.sources['consolidation.swap']} is rename, which exclude ` +
        'each other: folding is what takes the place of the renames',
      {
        code: 'fold-or-rename',
        hint: 'Leave one of --mode fold and --swap rename away.',
        dataState: 'nothing was touched',
      },
    );
  }
  return new ConfigError(
    `${settings.sources['consolidation.mode']} is fold, but ${baseText(settings.base)} is a directory of this machine: ` +
      'only HDFS can make one file of many without moving their bytes',
    {
      code: 'fold-needs-hdfs',
      hint: 'Leave --mode away to merge and encode anew, or name a dataset on HDFS: --base-path hdfs://host:8020/path',
      dataState: 'nothing was touched',
    },
  );
}

/** The result with every command in its texts as it can be typed. */
function typeable(result: PartitionResult, commands: CommandFor): PartitionResult {
  return {
    ...result,
    reason: withCommands(result.reason, commands),
    ...(result.error === undefined ? {} : { error: withHintCommands(result.error, commands) }),
  };
}
