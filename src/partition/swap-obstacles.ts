import type { SwapObstacle } from '../plan/plan-input.ts';
import type { FileStatus } from '../store/store.ts';
import { maxNameBytes } from './names.ts';

/**
 * Entries that a swap by directories cannot take over: it builds the partition anew from hard links, only of files, and
 * under longer names while it is not finished.
 */
export function swapObstacles(entries: readonly FileStatus[]): readonly SwapObstacle[] {
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
