import { SwapError } from '../core/errors.ts';
import { journalPath, parseRunEntry } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { forAll } from './for-all.ts';
import {
  deleteDirectorySurely,
  deleteFileSurely,
  removeEmptySurely,
  setAttributesSurely,
} from './sure-steps.ts';
import { workspaceMode } from './workspace.ts';

/**
 * Empties the directory of a run that has replaced nothing, and removes it unless `keepDirectory`. `old/` and `late-<n>/`
 * may hold the only copy of a row: they are removed only when empty. The journal goes last, so that a crash
 * in between leaves a run that can still be told from a finished one.
 * @throws SwapError `run-not-empty` when something remains that must not be deleted
 */
export async function clearRunDirectory(
  store: Store,
  run: string,
  options: { readonly keepDirectory?: boolean } = {},
): Promise<void> {
  const entries = await store.list(run);
  if (entries === undefined) return;
  const remaining: string[] = [];
  await forAll(entries, async (entry) => {
    const kind = parseRunEntry(entry.name);
    if ((kind === 'staged' || kind === 'backup') && entry.kind === 'file') {
      await deleteFileSurely(store, entry.path);
    } else if (
      (kind === 'new' || kind === 'attempts' || kind === 'lock-transit' || kind === 'trash') &&
      entry.kind === 'directory'
    ) {
      // `new/` has the mode of its partition, which may forbid its own user to delete in it.
      if ((entry.mode & workspaceMode) !== workspaceMode) {
        await setAttributesSurely(store, entry.path, { ...entry, mode: workspaceMode });
      }
      await deleteDirectorySurely(store, entry.path);
    } else if ((kind === 'old' || kind === 'late') && (await removeEmptySurely(store, entry.path))) {
      // Nothing was in it.
    } else if (kind !== 'journal') {
      remaining.push(entry.name);
    }
  });
  if (remaining.length > 0) {
    throw new SwapError(`cannot remove ${run}: it holds ${remaining.join(', ')}`, {
      code: 'run-not-empty',
      dataState: 'nothing of that was deleted, as it may be the only copy',
      hint: `move what is needed from ${run} back into the partition by hand, then delete the directory`,
    });
  }
  await deleteFileSurely(store, journalPath(run));
  if (options.keepDirectory !== true) await removeEmptySurely(store, run);
}
