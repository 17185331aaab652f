import type { SwapObstacle } from '../plan/plan-input.ts';
import type { FileStatus, StoreAbilities } from '../store/store.ts';
import { maxNameBytes } from './names.ts';

/**
 * Entries that a swap cannot take over. Where the store cannot fold, a partition is built anew from hard links: only
 * of files, and under longer names while it is not finished. Elsewhere nothing is in the way.
 */
export function swapObstacles(
  entries: readonly FileStatus[],
  abilities: StoreAbilities,
): readonly SwapObstacle[] {
  return abilities.fold ? [] : entries.flatMap((entry) => obstacle(entry) ?? []);
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
