import { bytesPerMb } from '../core/units.ts';
import { defaultMemoryBytes } from '../parquet/memory-limits.ts';
import { footerMemory } from '../partition/footer-memory.ts';
import { partitionPath } from '../partition/names.ts';
import { rememberingStore } from '../store/remembering-store.ts';
import { clearHold } from '../swap/hold.ts';
import { swapPartition } from '../swap/swap-partition.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import { stopwatch } from '../telemetry/stopwatch.ts';
import { listAndPlan } from './list-and-plan.ts';
import {
  consolidatedResult,
  failedResult,
  interruptedResult,
  type PartitionReport,
  settledResult,
} from './partition-report.ts';
import type { PartitionAtWork, PartitionTask } from './partition-task.ts';
import { settleDeadRun } from './settle-dead-run.ts';
import { stageBins } from './stage-bins.ts';
import { underLock } from './under-lock.ts';

/**
 * Consolidates one partition: list → plan → read → merge → write → verify → swap → report. A dry run ends after the
 * plan and has touched nothing. Every failure becomes the result of the partition.
 */
export async function consolidatePartition(given: PartitionTask): Promise<PartitionResult> {
  const task = atWork(given);
  const { store, basePath, date, log, showProgress, toolVersion } = task;
  const watch = stopwatch();
  const report: PartitionReport = {
    date,
    partitionPath: partitionPath(basePath, date),
    watch,
    warnings: [],
  };
  try {
    task.stop.throwIfAborted();
    const found = await watch.time('recover', () => settleDeadRun(task));
    report.warnings.push(...found.warnings);
    report.swapsRecovered = found.swapsRecovered;
    const preview = await watch.time('list', () => listAndPlan(task, task.footers));
    report.plan = preview;
    log.info(`plan: ${preview.decision} (${preview.rule}): ${preview.reason}`, {
      date,
      step: 'list',
      durationMs: watch.phaseMs().list,
    });
    // In the middle of another run's swap even the partition may seem absent: then the lock decides.
    const nothingToDo = preview.decision !== 'consolidate' && !found.inProgress;
    const halfDone = task.dryRun ? interruptedResult(report, preview, found.interrupted) : undefined;
    if (halfDone !== undefined) return halfDone;
    if (task.dryRun || nothingToDo) return settledResult(report, preview);

    return await underLock(task, report, async (lock) => {
      const { runId } = lock;
      log.info(`run ${runId} holds the partition`, {
        date,
        runId,
        step: 'lock',
        durationMs: watch.phaseMs().lock,
      });
      // Again, because the partition may have changed before it was locked.
      const plan = await watch.time('list', () => listAndPlan(task, task.footers));
      report.plan = plan;
      if (plan.decision !== 'consolidate') return settledResult(report, plan);
      const staged = await stageBins(task, lock, plan, watch);
      // Before the swap, so that nothing is left that could fail after it.
      if (task.force) await clearHold(store, basePath, date);
      showProgress({ date, doing: 'swapping' });
      const begunAtMs = Math.round((await store.nowMs()) - watch.totalMs());
      const receipt = await watch.time('swap', () =>
        swapPartition({
          store,
          lock,
          basePath,
          partitionPath: report.partitionPath,
          plan,
          outputs: staged,
          keepBackup: task.settings.safety.backupBeforeDelete,
          toolVersion,
          begunAtMs,
          allowAttributeChange: task.settings.safety.allowAttributeChange,
          log,
        }),
      );
      log.info(`in place: ${receipt.added.map(({ name }) => name).join(', ')}`, {
        date,
        runId,
        step: 'swap',
        durationMs: watch.phaseMs().swap,
      });
      return consolidatedResult(report, plan, staged, receipt, task.settings.safety.backupRetentionDays);
    });
  } catch (error) {
    if (error instanceof Error) log.debug(error.stack ?? error.message, { date });
    return failedResult(report, error);
  }
}

/** The task with memories of its own: where every read crosses a network, small files are read once for all. */
function atWork(task: PartitionTask): PartitionAtWork {
  const footers = footerMemory();
  const memoryBytes = task.settings.consolidation.memoryBytes ?? defaultMemoryBytes;
  const remembering =
    task.store.abilities.remote === true
      ? rememberingStore(task.store, {
          budgetBytes: Math.floor(Math.min(80 * bytesPerMb, memoryBytes / 6)),
          wholeFileBytes: bytesPerMb / 4,
          tailBytes: 64 * 1024,
        })
      : undefined;
  return {
    ...task,
    store: remembering ?? task.store,
    footers,
    forget: (files) => {
      footers.forgetFooters(files.map(({ ref }) => ref));
      remembering?.forget(files.map(({ path }) => path));
    },
  };
}
