import { StoreError } from '../core/errors.ts';
import { inNameOrder } from '../core/name-order.ts';
import { msPerDay } from '../core/units.ts';
import { type FooterMemory, footerMemory } from '../partition/footer-memory.ts';
import { listPartition } from '../partition/list-partition.ts';
import { readFooters } from '../partition/read-footers.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { PartitionListing } from '../plan/plan-input.ts';
import { planPartition } from '../plan/plan-partition.ts';
import { defaultPolicy, type PlanPolicy } from '../plan/policy.ts';
import { ignored, settledByListing, stopped } from '../plan/settled-by-listing.ts';
import { unexpectedOwners } from '../plan/unexpected-owners.ts';
import type { Store } from '../store/store.ts';
import { isOnHold } from '../swap/hold.ts';
import type { PartitionTask } from './partition-task.ts';
import { quotasFor } from './quotas-for.ts';
import { stoppableStore } from './stoppable-store.ts';

/** How often a partition is looked at that changes under our eyes. */
const maxLooks = 3;

/**
 * Looks at the partition and decides what is to be done with it. Changes nothing; a dry run and a real one both go by
 * what this returns. A listed file that is gone or another when its footer is read, as in the middle of another
 * run's swap, makes it look again.
 * @param footers what was read of this partition before
 * @throws StoreError, ConfigError as `listPartition` and `readFooters` do; ConfigError `cannot-sort`; the reason of `task.stop`
 */
export async function listAndPlan(task: PartitionTask, footers?: FooterMemory): Promise<PartitionPlan> {
  for (let look = 1; ; look++) {
    try {
      return await lookAndPlan(task, footers);
    } catch (error) {
      const isMoving =
        error instanceof StoreError && (error.code === 'not-found' || error.code === 'changed');
      if (!isMoving || look === maxLooks) throw error;
      task.log.debug(`looking again: ${error.message}`, { date: task.date });
    }
  }
}

async function lookAndPlan(task: PartitionTask, footers = footerMemory()): Promise<PartitionPlan> {
  const { basePath, date, today, currentDayAllowed } = task;
  const store = stoppableStore(task.store, task.stop);
  task.showProgress({ date, doing: 'planning' });
  const listing = await listPartition({ store, basePath, date, baseEntries: task.baseEntries });
  const bytes = listing.entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await task.listed?.(listing.entries.length, bytes);
  const onHold = !task.force && (await isOnHold(store, basePath, date)) !== undefined;
  const input = { listing, today, currentDayAllowed, onHold };
  const settled = settledByListing(input);
  if (settled !== undefined) return settled;
  const { owners } = task.settings;
  const others = unexpectedOwners(
    listing.entries.filter((entry) => entry.notData === undefined),
    owners,
  );
  if (others !== undefined && owners.onMismatch === 'refuse') return refusedOwners(listing, others);
  const total = listing.entries.filter((entry) => entry.notData === undefined).length;
  let done = 0;
  const watched: Store = {
    ...store,
    open: (path, expected) => {
      task.showProgress({ date, doing: 'planning', amount: { of: 'files', done: ++done, total } });
      return store.open(path, expected);
    },
  };
  const whole = { ...input, ...(await readFooters(watched, listing.entries, footers)) };
  const plan = {
    ...planPartition(whole, policyOf(task)),
    ...(others === undefined ? {} : { warnings: [`${listing.partitionPath}: ${others}`] }),
  };
  if (plan.decision !== 'consolidate') return plan;
  const { sortBy } = task.settings.consolidation;
  // Loaded when it is asked for: most runs keep the order of the rows.
  if (sortBy !== undefined) (await import('./check-sortable.ts')).checkSortable(plan, sortBy, footers);
  // Asked only where there is something to do, and with the plan made: a directory without a quota must be counted for it.
  const limits = await quotasFor(store, basePath, listing.partitionPath);
  if (limits.quotas.length === 0) return plan;
  return { ...plan, ...planPartition({ ...whole, ...limits }, policyOf(task)) };
}

/** The plan of a partition with files of others, where that is not to be. */
function refusedOwners(listing: PartitionListing, others: string): PartitionPlan {
  const decision = {
    decision: 'refuse',
    rule: 'unexpected-owner',
    reason: `${others}; settle whose files these are, or change owners.* in the configuration (on_mismatch: warn merges them)`,
  } as const;
  const files = inNameOrder(listing.entries).map(({ name, sizeBytes, notData }) => ({
    name,
    sizeBytes,
    ...(notData === undefined ? stopped(decision) : ignored(notData)),
  }));
  return { date: listing.date, partitionPath: listing.partitionPath, ...decision, bins: [], files };
}

/** The figures that planning on this store, with these settings, goes by. */
export function policyOf({
  store,
  sizing,
  settings: { consolidation, safety },
}: Pick<PartitionTask, 'store' | 'settings' | 'sizing'>): PlanPolicy {
  return {
    ...defaultPolicy,
    mode: consolidation.mode,
    // Elsewhere the originals themselves are kept.
    copiesInputs: store.abilities.fold && safety.backupBeforeDelete,
    // The swap there joins the inputs under one footer, which has one schema.
    schema: store.abilities.fold ? 'exact' : consolidation.schema,
    targetSizeBytes: consolidation.targetSizeBytes,
    ...(sizing === undefined ? {} : { sizing }),
    minFiles: consolidation.minFiles,
    quietMs: consolidation.quietMinutes * 60_000,
    late: {
      minFiles: consolidation.late.minFiles ?? 0,
      minRowShare: consolidation.late.minRowShare,
      maxAgeMs: consolidation.late.maxAgeDays * msPerDay,
    },
  };
}
