import { StoreError } from '../../core/errors.ts';
import { join, lateName } from '../../partition/names.ts';
import type { FileStatus, Store } from '../../store/store.ts';
import { deleteFileSurely, renameSurely } from '../sure-steps.ts';

const maxNames = 1000;

/**
 * Moves an entry that a writer made while the swap was under way into the partition. When its name is taken there,
 * neither file gives way: the late one gets another name (see `lateName`), so that no row is lost and none is replaced.
 * Resolves to the name it has there now.
 */
export async function bringAlong(
  store: Store,
  entry: FileStatus,
  partitionPath: string,
  runId: string,
): Promise<string> {
  const inPartition = await store.list(partitionPath);
  const same = inPartition?.find((other) => other.fileId === entry.fileId);
  if (same !== undefined && entry.kind === 'file') {
    // A second name of a file that is there already.
    await deleteFileSurely(store, entry.path);
    return same.name;
  }
  for (let index = 0; ; index++) {
    const name = index === 0 ? entry.name : lateName(entry.name, runId, index);
    try {
      await renameSurely(store, entry.path, join(partitionPath, name), entry.fileId);
      return name;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'exists' || index === maxNames) throw error;
    }
  }
}
