import { resolve } from 'node:path';
import { baseText } from '../../config/base-location.ts';
import type { ByteSource } from '../../core/byte-source.ts';
import { ConfigError } from '../../core/errors.ts';
import { refOf } from '../../store/store.ts';
import type { CliEnvironment } from '../environment.ts';
import type { DatasetFlags } from '../invocation.ts';
import { openLocalFile } from '../merge/local-files.ts';
import { openDataset } from '../open-dataset.ts';

/**
 * Opens a file that is named by a path of this machine or by a URI. The caller closes it.
 * @throws ConfigError `file-missing`; StoreError
 */
export async function openInspected(
  file: string,
  flags: DatasetFlags,
  environment: CliEnvironment,
): Promise<ByteSource> {
  const isUri = /^(?:file|s?webhdfs|hdfs):/i.test(file);
  if (!isUri) return openLocalFile(resolve(file));
  // A file is found in the same way as a dataset: host, ports and user come from the settings.
  const dataset = { ...flags, settingFlags: { 'base-path': file } };
  const { settings, store, basePath: path } = await openDataset(dataset, environment);
  if (settings.base.kind === 'local') return openLocalFile(path);
  const status = await store.stat(path);
  if (status?.kind === 'file') {
    return { ...(await store.open(path, refOf(status))), name: baseText(settings.base) };
  }
  throw new ConfigError(
    `${baseText(settings.base)} ${status === undefined ? 'does not exist' : 'is no file'}`,
    { code: 'file-missing', hint: `Check the path: hdfs dfs -ls ${baseText(settings.base)}` },
  );
}
