import { withFields } from '../core/log.ts';
import type { Reservation } from '../core/memory-budget.ts';
import { bytesPerMb } from '../core/units.ts';
import { defaultMemoryBytes } from '../parquet/memory-limits.ts';
import { footerMemory } from '../partition/footer-memory.ts';
import { join, partitionPath } from '../partition/names.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';
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
import { sizedTask } from './sized-task.ts';
import { stageBins } from './stage-bins.ts';
import { underLock } from './under-lock.ts';
import { binNeedBytes, planNeedBytes } from './work-room.ts';

/**
 * Consolidates one partition: list → plan → read → merge → write → verify → swap → report. A dry run ends after the
 * plan and has touched nothing. Every failure becomes the result of the partition.
 */
export async function consolidatePartition(given: PartitionTask): Promise<PartitionResult> {
  const held: Reservation[] = [];
  const { task, end } = atWork(given, held);
  try {
    return await consolidate(task, held);
  } finally {
    end();
    for (const reservation of held) reservation.release();
  }
}

async function consolidate(known: PartitionAtWork, held: Reservation[]): Promise<PartitionResult> {
  const { store, basePath, date, showProgress, toolVersion } = known;
  // Every line says which partition it is about, and which run once there is one: others are at work at the same time.
  const place: { date: string; runId?: string } = { date };
  const log = withFields(known.log, place);
  const given = { ...known, log };
  const watch = stopwatch();
  const report: PartitionReport = {
    date,
    partitionPath: partitionPath(basePath, date),
    watch,
    warnings: [],
  };
  try {
    given.stop.throwIfAborted();
    const task = await sizedTask(given);
    const found = await watch.time('recover', () => settleDeadRun(task));
    report.warnings.push(...found.warnings);
    report.swapsRecovered = found.swapsRecovered;
    const first = await firstLook(task, report, found);
    if ('result' in first) return first;

    // Waited for without the lock, which others may want meanwhile.
    const need = first.needBytes;
    let room = await roomForBins(task, need);
    if (room !== undefined) held.push(room);
    return await underLock(task, report, async (lock) => {
      const { runId } = lock;
      place.runId = runId;
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
      const needNow = needOf(task, plan);
      if (room !== undefined && needNow > need) {
        room.release();
        room = await roomForBins(task, needNow);
        if (room !== undefined) held.push(room);
      }
      forgetLater(task, plan);
      const staged = await stageBins(
        isAlone(task, room) ? { ...task, beginBin: undefined } : task,
        lock,
        plan,
        watch,
      );
      room?.release();
      // Before the swap, so that nothing is left that could fail after it.
      if (task.force) await clearHold(store, basePath, date);
      await task.beforeSwap?.({ date, runId, runDirectory: lock.runDirectory });
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

/**
 * The plan without the lock: the result, where nothing is to be done by it, else what its largest bin takes. The plan itself, of all
 * files once, stays in the report alone, until there is a new one.
 */
async function firstLook(
  task: PartitionAtWork,
  report: PartitionReport,
  found: Awaited<ReturnType<typeof settleDeadRun>>,
): Promise<PartitionResult | { readonly needBytes: number }> {
  const { date, log } = task;
  const plan = await report.watch.time('list', () => listAndPlan(task, task.footers));
  report.plan = plan;
  report.warnings.push(...(plan.warnings ?? []));
  log.info(`plan: ${plan.decision} (${plan.rule}): ${plan.reason}`, {
    date,
    step: 'list',
    durationMs: report.watch.phaseMs().list,
  });
  // In the middle of another run's swap even the partition may seem absent: then the lock decides.
  const nothingToDo = plan.decision !== 'consolidate' && !found.inProgress;
  const halfDone = task.dryRun ? interruptedResult(report, plan, found.interrupted) : undefined;
  if (halfDone !== undefined) return halfDone;
  return task.dryRun || nothingToDo ? settledResult(report, plan) : { needBytes: needOf(task, plan) };
}

/** Of partitions beyond this, what can be remembered while planning is a small part. */
const largeBytes = 256 * bytesPerMb;

/** What of those is remembered: enough for backup and merge to read each file once for both. */
const rememberedOfLargeBytes = 28 * bytesPerMb;

/** Bins beyond which what is remembered is a small part of what is read: its room is worth more to the merge. */
const fewBins = 3;

/** Forgets, in a large partition, what planning has read of all bins but the first. */
function forgetLater(task: PartitionAtWork, { bins, partitionPath }: PartitionPlan): void {
  if (bins.length <= fewBins) return;
  const later = bins.slice(1).flatMap(({ inputs }) => inputs);
  task.forget(later.map((ref) => ({ path: join(partitionPath, ref.name), ref })));
}

/** Memory for the bins of a plan. Undefined where nobody shares it. */
async function roomForBins(task: PartitionAtWork, needBytes: number): Promise<Reservation | undefined> {
  // A fold moves no rows, and what is merged elsewhere takes its memory there.
  if (task.settings.consolidation.mode === 'fold' || task.executor !== undefined) return undefined;
  return await task.room?.bins.reserve(needBytes, task.stop);
}

/** Whether the room has no place for a bin like this one beside it: a thread for it alone would only cost. */
function isAlone({ room }: PartitionAtWork, reserved: Reservation | undefined): boolean {
  return room !== undefined && reserved !== undefined && 2 * reserved.bytes() > room.bins.totalBytes;
}

/** What the largest bin of a plan takes: they are merged one after the other. */
function needOf({ footers, settings }: PartitionAtWork, { bins }: PartitionPlan): number {
  const isSorted = settings.consolidation.sortBy !== undefined;
  const needs = bins.map((bin) => binNeedBytes(bin, footers.uncompressedBytesOf(bin.inputs), isSorted));
  return Math.max(0, ...needs);
}

/**
 * The task with memories of its own: where every read crosses a network, small files are read once for all.
 * @param held gets what is reserved for them
 */
function atWork(
  task: PartitionTask,
  held: Reservation[],
): { readonly task: PartitionAtWork; readonly end: () => void } {
  const footers = footerMemory();
  const { room } = task;
  const memoryBytes = task.settings.consolidation.memoryBytes ?? defaultMemoryBytes;
  const remembering =
    task.store.abilities.remote === true
      ? rememberingStore(task.store, {
          budgetBytes: Math.floor(Math.min(80 * bytesPerMb, memoryBytes / 6)),
          ...(room === undefined ? {} : { spent: room.remembered }),
          wholeFileBytes: bytesPerMb / 4,
          tailBytes: 64 * 1024,
        })
      : undefined;
  let isListed = false;
  return {
    task: {
      ...task,
      store: remembering ?? task.store,
      footers,
      listed: async (files, bytes) => {
        if (bytes > largeBytes) remembering?.limitTo(rememberedOfLargeBytes);
        // A second look finds about as many.
        if (isListed || room === undefined) return;
        isListed = true;
        held.push(await room.plans.reserve(planNeedBytes(files), task.stop));
      },
      forget: (files) => {
        footers.forgetFooters(files.map(({ ref }) => ref));
        remembering?.forget(files.map(({ path }) => path));
      },
    },
    end: () => remembering?.forgetAll(),
  };
}
