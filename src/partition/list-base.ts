import { ConfigError } from '../core/errors.ts';
import type { FileStatus, Store } from '../store/store.ts';

/**
 * The entries of the dataset's directory.
 * @throws ConfigError `base-path-absent` when it does not exist or is no directory; StoreError when the store fails
 */
export async function listBase(store: Store, basePath: string): Promise<readonly FileStatus[]> {
  const base = await store.stat(basePath);
  const entries = base?.kind === 'file' ? undefined : await store.list(basePath);
  if (entries !== undefined) return entries;
  throw new ConfigError(`The base path ${basePath} (${store.uri}) does not exist or is no directory`, {
    code: 'base-path-absent',
    hint: 'Name the directory that holds date=YYYY-MM-DD/ with --base-path, HDFS_BASE_PATH or hdfs.base_path.',
    dataState: 'nothing was touched',
  });
}
