import { SwapError } from '../core/errors.ts';
import { silentLogger } from '../core/log.ts';
import { dateOf } from '../core/partition-key.ts';
import type { PartitionLayout } from '../partition/layout.ts';
import type { DateLimits } from '../partition/list-partitions.ts';
import { listWorkspace } from '../partition/list-workspace.ts';
import { workspacePath } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { recoverPartition } from '../swap/recover.ts';
import type { RecoverOutcome } from '../swap/recover-outcome.ts';

/** Where to look for them. */
export interface HidingDataset {
  readonly store: Store;
  readonly basePath: string;
  readonly layout: PartitionLayout;
}

/**
 * The partitions that no listing shows because a run died between two renames: without them a run over what is listed would leave
 * their rows where no reader finds them. By their keys, in no order. Changes nothing.
 * @param listed keys of the partitions that are there
 * @throws StoreError when the store fails
 */
export async function hiddenPartitions(
  { store, basePath, layout }: HidingDataset,
  listed: readonly string[],
  { from, to }: DateLimits = {},
): Promise<readonly string[]> {
  // What else may have that name each partition tells of.
  if ((await store.stat(workspacePath(basePath)))?.kind !== 'directory') return [];
  const known = new Set(listed);
  const hidden: string[] = [];
  for (const { key } of await listWorkspace(store, basePath, layout)) {
    const date = dateOf(key);
    const isWanted = date !== '' && (from === undefined || date >= from) && (to === undefined || date <= to);
    if (isWanted && !known.has(key) && (await isInterrupted(store, basePath, key))) hidden.push(key);
  }
  return hidden;
}

/** What a swap that nobody finished would come to; a living run finishes its own. */
const interrupted: readonly RecoverOutcome['action'][] = ['rolled-forward', 'rolled-back', 'foreign'];

async function isInterrupted(store: Store, basePath: string, date: string): Promise<boolean> {
  try {
    const outcomes = await recoverPartition({ store, basePath, date, log: silentLogger, dryRun: true });
    return outcomes.some(({ action }) => interrupted.includes(action));
  } catch (error) {
    // A journal that cannot be read, say: whoever begins with the partition tells of it.
    if (!(error instanceof SwapError)) throw error;
    return true;
  }
}
