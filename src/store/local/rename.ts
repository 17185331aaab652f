import { linkSync, renameSync, unlinkSync } from 'node:fs';
import { StoreError } from '../../core/errors.ts';
import { errnoOf } from './errors.ts';
import { lstatIfThere } from './status.ts';

/**
 * Renames a file or directory and never overwrites. rename(2) replaces an existing file, and Node offers no
 * RENAME_NOREPLACE, so:
 *
 * - A file gets its new name by link(2), which the kernel refuses when the name is taken, and then loses the old
 *   one. A crash between the two leaves one file with two names, which the callers know to tidy.
 * - Where the kernel forbids the link (fs.protected_hardlinks, for files of another user), and for anything that
 *   is no regular file, a look at the destination and rename(2). A *directory* in the way is safe even if it
 *   appears in between: rename(2) fails on one that has entries and replaces an empty one, of which nothing is lost.
 *
 * @throws StoreError `exists`, `not-found`; errors of `node:fs`
 */
export function renameNeverOver(from: string, to: string): void {
  const source = lstatIfThere(from);
  if (source === undefined) {
    throw new StoreError(`cannot rename ${from} to ${to}: ${from} does not exist`, {
      code: 'not-found',
      op: 'rename',
      path: from,
      status: 'ENOENT',
    });
  }
  if (source.isFile() && linked(from, to)) {
    unlinkSync(from);
    return;
  }
  if (lstatIfThere(to) !== undefined) {
    throw new StoreError(`cannot rename ${from} to ${to}: the destination exists`, {
      code: 'exists',
      op: 'rename',
      path: to,
      status: 'EEXIST',
    });
  }
  renameSync(from, to);
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EPERM' || errnoOf(error) === 'EMLINK') return false;
    throw error;
  }
}
