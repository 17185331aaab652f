import type { FileStatus, Store } from '../store/store.ts';
import { keyByLayout, type PartitionLayout } from './layout.ts';
import { workspacePath } from './names.ts';
import { parseDirectoryName } from './partition-directory.ts';

/** A directory of the workspace, and the partition it is about. */
export interface WorkedOn {
  /** Without a date where the partition does not lie where the layout has partitions. */
  readonly key: string;
  readonly directory: FileStatus;
}

/**
 * Every partition that a run ever worked on and left something of, whatever the layout was by then.
 * @throws StoreError when the store fails
 */
export async function listWorkspace(
  store: Store,
  basePath: string,
  layout: PartitionLayout,
): Promise<readonly WorkedOn[]> {
  return partitionDirectories((await store.list(workspacePath(basePath))) ?? [], layout);
}

/** Those of these entries that are directories about a partition. */
export function partitionDirectories(
  entries: readonly FileStatus[],
  layout: PartitionLayout,
): readonly WorkedOn[] {
  return entries.flatMap((directory): readonly WorkedOn[] => {
    const relativePath = directory.kind === 'directory' ? parseDirectoryName(directory.name) : undefined;
    return relativePath === undefined ? [] : [{ key: keyByLayout(layout, relativePath), directory }];
  });
}
