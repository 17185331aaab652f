import { compareNames } from '../core/name-order.ts';
import type { SwapObstacle } from '../plan/plan-input.ts';
import type { FileStatus, Store } from '../store/store.ts';
import { notDataByName } from './data-names.ts';
import { maxNameBytes, workspacePath } from './names.ts';

/**
 * What keeps a swap of this partition on this store from taking place, in byte order of paths: asked of the store itself where it knows
 * of any, and of the entries where the partition is built anew.
 * @throws StoreError when the store fails
 */
export async function obstaclesOf(
  store: Store,
  basePath: string,
  partitionPath: string,
  entries: readonly FileStatus[],
): Promise<readonly SwapObstacle[]> {
  const { fold } = store.abilities;
  const ofEntries = fold ? [] : entryObstacles(entries);
  const files = entries.filter((entry) => notDataByName(entry.name, entry.kind) === undefined);
  if (files.length === 0 || store.foldObstacles === undefined) return ofEntries;
  const paths = new Set(files.map((file) => file.path));
  const found = await store.foldObstacles(partitionPath, files, workspacePath(basePath));
  const ofStore: readonly SwapObstacle[] = found
    .filter(({ stopsRename }) => fold || stopsRename)
    .map((obstacle) => (fold && paths.has(obstacle.path) ? { ...obstacle, onlyAsInput: true } : obstacle));
  return [...ofStore, ...ofEntries].toSorted((a, b) => compareNames(a.path, b.path));
}

/**
 * Entries that a swap by directories cannot take over: it builds the partition anew from hard links, only of files, and
 * under longer names while it is not finished.
 */
function entryObstacles(entries: readonly FileStatus[]): readonly SwapObstacle[] {
  return entries.flatMap((entry) => obstacle(entry) ?? []);
}

function obstacle({ path, name, kind }: FileStatus): SwapObstacle | undefined {
  const nameBytes = Buffer.byteLength(name);
  if (kind !== 'file') {
    const what = kind === 'directory' ? 'a directory' : 'a link or special file';
    return {
      path,
      rule: 'partition-not-flat',
      reason: `it is ${what}, and only files can be taken over when this partition is replaced; move it out of the partition`,
    };
  }
  if (nameBytes > maxNameBytes) {
    return {
      path,
      rule: 'name-too-long',
      reason: `its name has ${nameBytes} bytes, at most ${maxNameBytes} leave room for a suffix; give it a shorter name`,
    };
  }
  return undefined;
}
