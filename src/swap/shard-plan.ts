import { ConfigError, StoreError } from '../core/errors.ts';
import { parsedJson } from '../core/json-fields.ts';
import type { Logger } from '../core/log.ts';
import { isPartitionKey } from '../core/partition-key.ts';
import { msPerDay } from '../core/units.ts';
import { shardPlanDirectory, shardPlanPath, stagedShardPlanPath } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { deleteFileSurely, makeDirectorySurely, readText, writeInPlace } from './sure-steps.ts';
import { ensureWorkspace, workspaceMode } from './workspace.ts';

/** What a shard plan is asked for by. */
export interface ShardPlanKey {
  readonly name: string;
  /** First and last date, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  /** Number of shards. */
  readonly count: number;
  /** Pattern of the layout that says what the partitions are; absent: `date={yyyy-MM-dd}`. */
  readonly layout?: string;
}

/** Which run does which partitions of a range; written once, never changed. */
export interface ShardPlan extends ShardPlanKey {
  /** Store time, milliseconds since 1970. */
  readonly madeAtMs: number;
  readonly toolVersion: string;
  /** The dates of each shard, oldest first. */
  readonly shards: readonly (readonly string[])[];
}

/** Where a plan is agreed on, and by whom. */
export interface ShardPlanContext {
  readonly store: Store;
  readonly basePath: string;
  /** Of the run that makes its own. */
  readonly runId: string;
  readonly log: Logger;
}

/** A plan that no run has gone by for so long is deleted. */
const keptMs = 30 * msPerDay;
/** What a run left in the middle of making one. */
const stagedKeptMs = msPerDay;

/**
 * The plan of this name; undefined when nobody has made one yet.
 * @throws ConfigError `shard-plan-differs` when it is one of another range or number of shards, `shard-plan-damaged`
 */
export async function readShardPlan(
  store: Store,
  basePath: string,
  wanted: ShardPlanKey,
): Promise<ShardPlan | undefined> {
  const path = shardPlanPath(basePath, wanted.name);
  const text = await readText(store, path);
  if (text === undefined) return undefined;
  const plan = parseShardPlan(text, path);
  const isSameRange = plan.from === wanted.from && plan.to === wanted.to && plan.count === wanted.count;
  if (isSameRange && plan.layout === wanted.layout) return plan;
  throw new ConfigError(
    `the shard plan ${path} is for ${plan.from} to ${plan.to} in ${plan.count} shards; ` +
      `asked for: ${wanted.from} to ${wanted.to} in ${wanted.count}${isSameRange ? ' of another layout' : ''}`,
    {
      code: 'shard-plan-differs',
      hint: 'Give every backfill a --shard-plan of its own, the name of its Kubernetes Job for instance.',
      dataState: 'nothing was touched',
    },
  );
}

/**
 * Writes `made` down unless another run was faster, and returns the plan that all go by.
 * @throws ConfigError as `readShardPlan` and `ensureWorkspace` do; StoreError when the store fails
 */
export async function agreeOnShards(context: ShardPlanContext, made: ShardPlan): Promise<ShardPlan> {
  const { store, basePath, runId, log } = context;
  await ensureWorkspace(store, basePath, log);
  await makeDirectorySurely(store, shardPlanDirectory(basePath), workspaceMode);
  const staged = stagedShardPlanPath(basePath, made.name, runId);
  const path = shardPlanPath(basePath, made.name);
  try {
    await writeInPlace(store, path, `${JSON.stringify(made)}\n`, staged);
    return made;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'exists') throw error;
  }
  await deleteFileSurely(store, staged);
  const theirs = await readShardPlan(store, basePath, made);
  if (theirs !== undefined) return theirs;
  throw new StoreError(`the shard plan ${path} was there and is gone again`, {
    code: 'changed',
    op: 'open',
    path,
    dataState: 'nothing was touched',
    hint: 'Is somebody deleting files below _consolidation? Run again.',
  });
}

/** A sign that the plan is in use: it is kept for 30 days more. */
export async function keepShardPlan(store: Store, basePath: string, name: string): Promise<void> {
  await store.touch(shardPlanPath(basePath, name));
}

/** Deletes plans nobody has gone by for 30 days, and what crashes left of making some. */
export async function removeOldShardPlans(store: Store, basePath: string): Promise<void> {
  const entries = await store.list(shardPlanDirectory(basePath));
  if (entries === undefined) return;
  const nowMs = await store.nowMs();
  for (const { kind, name, path, modifiedAtMs } of entries) {
    const keep = name.endsWith('.json') ? keptMs : stagedKeptMs;
    if (kind === 'file' && nowMs - modifiedAtMs > keep) await deleteFileSurely(store, path);
  }
}

function parseShardPlan(text: string, path: string): ShardPlan {
  const parsed = parsedJson(text);
  if (isShardPlan(parsed)) return parsed;
  throw new ConfigError(`the shard plan ${path} is damaged: it cannot be understood`, {
    code: 'shard-plan-damaged',
    hint: `Once none of the runs that share it is at work, delete it and start them again: what is done stays done.`,
    dataState: 'nothing was touched',
  });
}

function isShardPlan(value: unknown): value is ShardPlan {
  if (typeof value !== 'object' || value === null) return false;
  const { name, from, to, count, madeAtMs, toolVersion, shards } = value as Partial<
    Record<keyof ShardPlan, unknown>
  >;
  return (
    [name, from, to, toolVersion].every((text) => typeof text === 'string') &&
    typeof madeAtMs === 'number' &&
    Array.isArray(shards) &&
    shards.length === count &&
    shards.every(
      (dates) =>
        Array.isArray(dates) && dates.every((date) => typeof date === 'string' && isPartitionKey(date)),
    )
  );
}
