import { mapAhead } from '../core/concurrency.ts';
import { ConsolidatorError, StoreError } from '../core/errors.ts';
import { notDataByName } from '../partition/data-names.ts';
import { defaultLayout } from '../partition/layout.ts';
import { listMarkers, markersIn } from '../partition/list-markers.ts';
import { listPartitions, type PartitionDirectory } from '../partition/list-partitions.ts';
import { listWorkspace } from '../partition/list-workspace.ts';
import { isMergedName } from '../partition/names.ts';
import { type Gain, gainOf, groupsByListing, type MergeGroup, objectsOf } from '../plan/estimate-gain.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { ListedEntry, PartitionMarker } from '../plan/plan-input.ts';
import { smallBelowBytes } from '../plan/policy.ts';
import { settledByListing } from '../plan/settled-by-listing.ts';
import { unexpectedOwners } from '../plan/unexpected-owners.ts';
import { isOnHold } from '../swap/hold.ts';
import { listAndPlan, policyOf } from './list-and-plan.ts';
import type { DatasetTask } from './partition-task.ts';
import { sizedTask } from './sized-task.ts';

/** One partition as a scan saw it. Plain data, a few hundred bytes. */
export interface ScannedPartition {
  /** Key of the partition. */
  readonly date: string;
  /**
   * worthwhile: a run would probably consolidate it. nothing: nothing in it is worth it. waiting: a later run may. refused: a person must
   * settle something first. failed: it could not be looked at.
   */
  readonly state: 'worthwhile' | 'nothing' | 'waiting' | 'refused' | 'failed';
  /** Stable name of the rule, as of plans; `small-files` where only the listing was looked at and speaks for it. */
  readonly rule: string;
  /** A sentence a person can act on; empty where the figures say it all. */
  readonly reason: string;
  readonly dataFiles: number;
  readonly smallFiles: number;
  readonly bytes: number;
  /** Of state `worthwhile`. */
  readonly gain?: Gain;
}

/** What to scan. */
export interface ScanTask extends Omit<DatasetTask, 'dryRun' | 'force' | 'onBackupsRemoved'> {
  /** First and last date, both included; absent: no limit. */
  readonly from?: string;
  readonly to?: string;
  /** Read the footers too: then the plan itself says what would be done. */
  readonly footers: boolean;
}

/** Partitions looked at while the first of them is waited for. */
const ahead = 8;

/**
 * Looks at the partitions of a dataset one after the other, oldest first, by a listing each, and yields what consolidating each would
 * bring. Changes nothing. Of what it has yielded it keeps nothing, so that memory does not grow but with the names of the dates.
 * @throws ConfigError `base-path-absent`; StoreError when the store fails as a whole; the reason of `task.stop`
 */
export async function* scanDataset(given: ScanTask): AsyncGenerator<ScannedPartition, void, undefined> {
  const task = await sizedTask(given);
  const { store, basePath, layout = defaultLayout } = task;
  const partitions = await listPartitions({ store, basePath, layout, stop: task.stop }, task);
  const known: KnownOfBase = {
    markers: await markersAround(task, partitions),
    touched: new Set((await listWorkspace(store, basePath, layout)).map(({ key }) => key)),
    nowMs: await store.nowMs(),
  };
  let done = 0;
  const scanned = mapAhead(
    partitions,
    { items: ahead, weight: ahead },
    () => 1,
    async (directory) => {
      task.stop.throwIfAborted();
      return await scanPartition(task, known, directory);
    },
  );
  for await (const one of scanned) {
    done++;
    const amount = { of: 'partitions', done, total: partitions.length } as const;
    task.showProgress({ date: partitions[done - 1]?.key ?? '', doing: 'scanning', amount });
    if (one !== undefined) yield one;
  }
}

interface KnownOfBase {
  /** What lies beside and above the partitions and concerns them, by the directory they lie in. */
  readonly markers: ReadonlyMap<PartitionDirectory['beside'], readonly PartitionMarker[]>;
  /** Partitions a run has ever worked on: only those can be on hold. */
  readonly touched: ReadonlySet<string>;
  readonly nowMs: number;
}

/** Partitions of one directory share what lies beside them: it is looked at once. */
async function markersAround(
  { store, basePath }: ScanTask,
  partitions: readonly PartitionDirectory[],
): Promise<KnownOfBase['markers']> {
  const markers = new Map<PartitionDirectory['beside'], readonly PartitionMarker[]>();
  for (const { beside } of partitions) {
    if (!markers.has(beside)) markers.set(beside, await listMarkers(store, basePath, beside, []));
  }
  return markers;
}

/** Undefined for a partition that is gone meanwhile. */
async function scanPartition(
  task: ScanTask,
  known: KnownOfBase,
  directory: PartitionDirectory,
): Promise<ScannedPartition | undefined> {
  const { key: date } = directory;
  const nothing = { date, dataFiles: 0, smallFiles: 0, bytes: 0 };
  try {
    return await lookAt(task, known, directory);
  } catch (error) {
    // One partition that may not be read must not hide the others; a store that is down does not answer for any.
    const isItsOwn = error instanceof ConsolidatorError && !(error instanceof StoreError && error.retryable);
    if (!isItsOwn || error.code === 'stopped') throw error;
    return { ...nothing, state: 'failed', rule: error.code, reason: error.message };
  }
}

async function lookAt(
  task: ScanTask,
  known: KnownOfBase,
  { key: date, status: { path, kind, modifiedAtMs }, beside }: PartitionDirectory,
): Promise<ScannedPartition | undefined> {
  const { store, basePath, today, currentDayAllowed } = task;
  const listed = kind === 'directory' ? await store.list(path) : undefined;
  if (listed === undefined) return undefined;
  const entries = listed.map((entry): ListedEntry => {
    const notData = notDataByName(entry.name, entry.kind);
    return notData === undefined ? entry : { ...entry, notData };
  });
  const data = entries.filter((entry) => entry.notData === undefined);
  const policy = policyOf(task);
  const counted = {
    date,
    dataFiles: data.length,
    smallFiles: data.filter((file) => file.sizeBytes < smallBelowBytes(policy) && !isMergedName(file.name))
      .length,
    bytes: data.reduce((sum, file) => sum + file.sizeBytes, 0),
  };
  const listing = {
    date,
    partitionPath: path,
    absent: false,
    entries,
    markers: [...(known.markers.get(beside) ?? []), ...(await markersIn(store, listed))],
    obstacles: [],
    modifiedAtMs,
    storeNowMs: known.nowMs,
  };
  const onHold = known.touched.has(date) && (await isOnHold(store, basePath, date)) !== undefined;
  const settled = settledByListing({ listing, today, currentDayAllowed, onHold });
  if (settled !== undefined) return { ...counted, ...stateOf(settled) };
  const { owners } = task.settings;
  const others = owners.onMismatch === 'refuse' ? unexpectedOwners(data, owners) : undefined;
  if (others !== undefined) return { ...counted, state: 'refused', rule: 'unexpected-owner', reason: others };

  const groups = groupsByListing(
    data.map((file) => ({ ...file, isMerged: isMergedName(file.name) })),
    policy,
  );
  // A folded file is worth a merge of its own, and only its footer tells.
  const isOpen = groups.length > 0 || data.some((file) => isMergedName(file.name));
  const plan = task.footers && isOpen ? await planOf(task, date) : undefined;
  if (plan !== undefined && plan.decision !== 'consolidate') return { ...counted, ...stateOf(plan) };
  const newestMs = data.reduce((newest, file) => Math.max(newest, file.modifiedAtMs), modifiedAtMs);
  if (plan === undefined && groups.length > 0 && known.nowMs - newestMs < policy.quietMs) {
    const reason = `It changed ${Math.max(0, Math.floor((known.nowMs - newestMs) / 60_000))} min ago`;
    return { ...counted, state: 'waiting', rule: 'quiet-period', reason };
  }
  const gain = gainOf(plan === undefined ? groups : groupsOf(plan, data), {
    keepsBackup: task.settings.safety.backupBeforeDelete,
    fold: policy.mode === 'fold',
  });
  if (gain === undefined) return { ...counted, state: 'nothing', rule: 'nothing-to-merge', reason: '' };
  return {
    ...counted,
    state: 'worthwhile',
    rule: plan?.rule ?? 'small-files',
    reason: plan?.reason ?? '',
    gain,
  };
}

function planOf(task: ScanTask, date: string): Promise<PartitionPlan> {
  const quiet = { dryRun: true, force: false, showProgress: () => {} };
  return listAndPlan({ ...task, ...quiet, date });
}

/** The bins of a plan, with what the listing says of their files. */
function groupsOf(plan: PartitionPlan, data: readonly ListedEntry[]): readonly MergeGroup[] {
  const byName = new Map(data.map((file) => [file.name, file]));
  return plan.bins.map(({ inputs, sizeBytes, placement }) => ({
    files: inputs.length,
    sizeBytes,
    objects: inputs.reduce(
      (sum, { name, sizeBytes: size }) => sum + objectsOf(size, byName.get(name)?.placement?.blockSizeBytes),
      0,
    ),
    ...(placement === undefined ? {} : { blockSizeBytes: placement.blockSizeBytes }),
  }));
}

function stateOf(plan: PartitionPlan): Pick<ScannedPartition, 'state' | 'rule' | 'reason'> {
  const states = {
    consolidate: 'worthwhile',
    nothing: 'nothing',
    wait: 'waiting',
    refuse: 'refused',
  } as const;
  return { state: states[plan.decision], rule: plan.rule, reason: plan.reason };
}
