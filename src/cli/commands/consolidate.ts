import { baseText } from '../../config/base-location.ts';
import type { Settings } from '../../config/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import type { ExitCode } from '../../core/exit-codes.ts';
import { consolidateDates } from '../../pipeline/consolidate-dates.ts';
import { datesInRange } from '../../pipeline/dates-in-range.ts';
import { datesOfShard } from '../../pipeline/dates-of-shard.ts';
import type { DatasetTask } from '../../pipeline/partition-task.ts';
import type { CleanupOutcome } from '../../swap/cleanup.ts';
import { exitCodeOf } from '../../telemetry/exit-code.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { reportSettings, reportSinks, runReport, startRun, tellOfRun } from '../after-run.ts';
import { commandFor, commandWords } from '../command-for.ts';
import { type ChosenDates, checkDates, chooseDates } from '../dates.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { partitionNotices } from '../notify.ts';
import { openDataset } from '../open-dataset.ts';
import { type CommandFor, withCommands, withHintCommands } from '../output/commands-in-text.ts';
import { consolidationText, noPartitionText, removedBackupsText } from '../output/consolidation-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { titleText } from '../output/preview.ts';
import { progressLine } from '../output/progress-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { reportTroubles } from '../output/troubles.ts';
import { given } from '../parsed-flags.ts';
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
  const { settings, store, basePath, shownPath } = await openDataset(invocation, environment);
  const { mode } = settings.consolidation;
  if (mode === 'fold' && !store.abilities.fold) throw noFold(settings);
  const { wanted, today, currentDayAllowed } = chooseDates({
    ...invocation,
    nowMs: await store.nowMs(),
    program,
  });
  if (!dryRun && settings.base.kind === 'hdfs') {
    const { assureSwap } = await import('../assure-swap.ts');
    await assureSwap(store, basePath, stderrLogger(terminal, verbose));
  }
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
  try {
    const task: DatasetTask = {
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
      ...(settings.base.kind === 'local'
        ? { columnThreads: (files) => columnThreads(files, settings.consolidation) }
        : {}),
      onBackupsRemoved: (removed) => {
        removedBackups = removed;
      },
      ...(dryRun ? {} : { around: notices.around }),
      stop: signals.signal,
    };
    const found = await consolidateDates(task, await datesWanted(task, wanted));
    results = found.map((result) => typeable(result, commandWords(invocation, environment)));
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
        partitions: results,
        removedBackups,
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
      results.length === 0 && 'range' in wanted
        ? noPartitionText(wanted.range, wanted.shard)
        : consolidationText(results, invocation, context);
    const removed = removedBackupsText(removedBackups, settings.safety.backupRetentionDays);
    if (body !== '' || removed !== '') terminal.out(titleText(settings.title) + body + removed);
  }
  reportTroubles(results, invocation, terminal);
  if (!dryRun) {
    const sinkFailures = notices.failures();
    const end = { start, settings: reportSettings(settings), exitCode, partitions: results, sinkFailures };
    const report = runReport({ ...end, ...given('shard', invocation.shard) }, environment);
    const log = stderrLogger(terminal, verbose);
    const run = { settings, store, basePath, exitCode, log };
    await tellOfRun(report, () => reportSinks(run, environment), log);
  }
  return exitCode;
}

function datesWanted(task: DatasetTask, wanted: ChosenDates['wanted']): Promise<readonly string[]> {
  if (!('range' in wanted)) return Promise.resolve(wanted);
  return wanted.shard === undefined
    ? datesInRange(task.store, task.basePath, wanted.range)
    : datesOfShard(task, wanted.range, wanted.shard);
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
