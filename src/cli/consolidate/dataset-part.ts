import type { BinExecutor } from '../../pipeline/bin-executor.ts';
import type { DatasetTask } from '../../pipeline/partition-task.ts';
import type { ReplicaKeeper } from '../../pipeline/replica/replica-keeper.ts';
import type { CleanupOutcome } from '../../swap/cleanup.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { type RunStart, reportSettings } from '../after-run.ts';
import { type ChosenDates, chooseDates } from '../dates.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import type { Executors } from '../merge-bin/connect-executors.ts';
import { type PartitionNotices, partitionNotices } from '../notify.ts';
import { type OpenDataset, openDataset } from '../open-dataset.ts';
import type { ProgressLine } from '../output/progress-line.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { replicaOf } from '../replica.ts';
import { columnThreads } from '../threads/column-threads.ts';
import { noFold } from './no-fold.ts';

/** A consolidation as it was asked for. */
export type ConsolidateInvocation = Extract<Invocation, { command: 'consolidate' }>;

/** What a consolidation does of one dataset. */
export interface DatasetPart {
  /** As it was asked for, of this dataset. */
  readonly invocation: ConsolidateInvocation;
  readonly dataset: OpenDataset;
  readonly wanted: ChosenDates['wanted'];
  readonly task: DatasetTask;
  readonly notices: PartitionNotices;
  readonly replica: ReplicaKeeper | undefined;
  /** Backups whose retention was over. */
  readonly removedBackups: readonly CleanupOutcome[];
}

/** What the parts of a run share. */
export interface RunShared {
  readonly start: RunStart;
  readonly progress: ProgressLine;
  readonly stop: AbortSignal;
  /** Who merges the bins, where that is not this process. */
  readonly executors: Executors | undefined;
}

/**
 * Opens a dataset for a consolidation. Nothing is changed yet.
 * @throws ConfigError, StoreError as `openDataset` and `chooseDates` do; ConfigError `fold-needs-hdfs`, `fold-or-rename`
 */
export async function openPart(
  invocation: ConsolidateInvocation,
  environment: CliEnvironment,
  { progress, stop, executors }: RunShared,
): Promise<DatasetPart> {
  const { program, version } = environment;
  const { dryRun, force, verbose } = invocation;
  const dataset = await openDataset(invocation, environment);
  const { settings, store, basePath, layout } = dataset;
  const { mode } = settings.consolidation;
  if (mode === 'fold' && !store.abilities.fold) throw noFold(settings);
  const nowMs = await store.nowMs();
  const { wanted, today, currentDayAllowed } = chooseDates({ ...invocation, layout, nowMs, program });
  const log = stderrLogger(progress.messages, verbose);
  if (!dryRun && settings.base.kind === 'hdfs') {
    const { assureSwap } = await import('../assure-swap.ts');
    await assureSwap(store, basePath, log);
  }
  const executor: BinExecutor | undefined = await executors?.for({ settings, store, basePath });
  const replica = dryRun ? undefined : await replicaOf({ settings, store, basePath, stop, log }, environment);
  const follow = replica?.follow ?? ((result: PartitionResult) => Promise.resolve(result));
  const of = reportSettings(settings).dataset;
  const notices = partitionNotices({ ...settings, dataset: of, mode, env: environment.env, log });
  const removedBackups: CleanupOutcome[] = [];
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
    log,
    showProgress: progress.show,
    ...(settings.base.kind === 'local'
      ? { columnThreads: (files) => columnThreads(files, settings.consolidation) }
      : {}),
    ...(executor === undefined ? {} : { executor }),
    onBackupsRemoved: (removed) => {
      removedBackups.push(...removed);
    },
    ...(dryRun ? {} : { around: async (date, work) => follow(await notices.around(date, work)) }),
    ...(replica === undefined ? {} : { beforeSwap: replica.noteSwap }),
    stop,
  };
  return { invocation, dataset, wanted, task, notices, replica, removedBackups };
}
