import { randomInt } from 'node:crypto';
import { mapConcurrently } from '../core/concurrency.ts';
import { StoreError } from '../core/errors.ts';
import { notDataByName } from '../partition/data-names.ts';
import { defaultLayout } from '../partition/layout.ts';
import { makeRunId, partitionPath } from '../partition/names.ts';
import { defaultPolicy, smallBelowBytes } from '../plan/policy.ts';
import { dealOut, type WeighedDate } from '../plan/shards.ts';
import { agreeOnShards, keepShardPlan, readShardPlan, type ShardPlan } from '../swap/shard-plan.ts';
import { type DateRange, datesInRange } from './dates-in-range.ts';
import type { DatasetTask } from './partition-task.ts';
import { stoppableStore } from './stoppable-store.ts';

/** Which part of a range one run of several does. */
export interface Shard {
  /** From 0 to `count` - 1. */
  readonly index: number;
  readonly count: number;
  /** What the runs that share the range call their plan; else it is made of range and count. */
  readonly planName?: string;
}

/** Listings that are asked for at the same time. */
const listingsAtOnce = 8;

/**
 * The dates of a range that belong to one shard of it, oldest first. The first run that asks weighs the partitions by the bytes of their small files,
 * deals them out, and writes the plan down below `_consolidation`; all others, and the same one after a restart, go by
 * that. So the shards are disjoint and complete although the runs start at different times and change what they would weigh. A dry run
 * writes nothing: before there is a plan, it shows what that would be.
 *
 * @throws ConfigError `base-path-absent`, `shard-plan-differs`; StoreError when the store fails; the reason of `task.stop`
 */
export async function datesOfShard(
  task: DatasetTask,
  range: DateRange,
  { index, count, planName }: Shard,
): Promise<readonly string[]> {
  const { basePath, toolVersion, dryRun, log, layout = defaultLayout } = task;
  const store = stoppableStore(task.store, task.stop);
  const wanted = {
    ...range,
    count,
    name: planName ?? `${range.from}_${range.to}_${count}`,
    ...(layout.pattern === defaultLayout.pattern ? {} : { layout: layout.pattern }),
  };
  let plan = await readShardPlan(store, basePath, wanted);
  if (plan === undefined) {
    const weighed = await weigh({ ...task, store }, await datesInRange(store, basePath, range, layout));
    const madeAtMs = await store.nowMs();
    const made: ShardPlan = { ...wanted, madeAtMs, toolVersion, shards: dealOut(weighed, count) };
    const runId = makeRunId(madeAtMs, randomInt(2 ** 24));
    plan = dryRun ? made : await agreeOnShards({ store, basePath, runId, log }, made);
  } else if (!dryRun) {
    await keepShardPlan(store, basePath, plan.name);
  }
  return plan.shards[index] ?? [];
}

async function weigh(
  { store, basePath, settings, stop }: DatasetTask,
  dates: readonly string[],
): Promise<readonly WeighedDate[]> {
  const { targetSizeBytes } = settings.consolidation;
  const smallBelow = smallBelowBytes({ ...defaultPolicy, targetSizeBytes });
  return mapConcurrently(dates, listingsAtOnce, async (date) => {
    stop.throwIfAborted();
    const entries = (await store.list(partitionPath(basePath, date)).catch(unlistable)) ?? [];
    const plannedBytes = entries
      .filter(
        ({ name, kind, sizeBytes }) => notDataByName(name, kind) === undefined && sizeBytes < smallBelow,
      )
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return { date, plannedBytes };
  });
}

/** One that may not be listed weighs nothing here; whoever gets it will say what is wrong with it. */
function unlistable(error: unknown): undefined {
  if (error instanceof StoreError && !error.retryable) return undefined;
  throw error;
}
