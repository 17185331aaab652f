import { readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { loadSettings } from '../../config/load-settings.ts';
import { ConfigError } from '../../core/errors.ts';
import { relativePathOf } from '../../core/partition-key.ts';
import { workspaceName } from '../../partition/names.ts';
import { openStore } from '../../store/open-store.ts';
import { shellWord } from '../environment.ts';
import { packageRoot, shippedConfigPath } from '../package-files.ts';
import type { DemoDataset } from './demo-dataset.ts';
import { demoDate } from './demo-files.ts';
import { fillPartition, settledMs } from './fill-partition.ts';
import { makeDirectories, unusable } from './make-directories.ts';

/** Lies in every dataset the demo made: what has none of it is somebody's data, whatever it is called. */
const demoMark = '.made-by-the-demo';

/**
 * Builds the demo dataset anew below a directory of this machine, after deleting what an earlier demo left there.
 * @throws ConfigError `demo-directory-in-use` when something lies there that no demo made, `demo-directory-unusable`
 */
export async function prepareLocalDataset(directory: string): Promise<DemoDataset> {
  const basePath = join(directory, 'telemetry-data-v2');
  await emptyDataset(basePath);
  const partitionPath = join(basePath, relativePathOf(demoDate));
  await fillPartition({ directory: partitionPath, ageMs: settledMs });
  const configPath = shippedConfigPath();
  const isConfigured = configPath !== undefined && directory === join(packageRoot, '.demo');
  return {
    ...openStore(basePath),
    settings: await loadSettings({
      flags: { 'base-path': basePath },
      env: {},
      ...(configPath === undefined ? {} : { configPath }),
    }),
    partitionPath,
    shownPath: shortPath,
    baseFlag: isConfigured ? '' : ` --base-path ${shellWord(basePath)}`,
    undoBrings: 'bring the 21 files back',
    staysForMore: true,
    whereMeasured: 'files in the page cache: on a cluster every open and read is a round trip',
    closing: [],
    close: async () => {},
  };
}

/** A path of this machine from where the operator stands, if it lies below. */
export function shortPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}

async function emptyDataset(basePath: string): Promise<void> {
  const entries = await entriesOf(basePath);
  const own = entries.includes(demoMark) ? [relativePathOf(demoDate), workspaceName, demoMark] : [];
  const foreign = entries.filter((name) => !own.includes(name));
  if (foreign.length > 0) {
    throw new ConfigError(`the demo will not delete ${basePath}: it holds ${foreign.join(', ')}`, {
      code: 'demo-directory-in-use',
      hint: 'Give the demo a directory of its own: demo --directory /tmp/demo',
      dataState: 'nothing was touched',
    });
  }
  // The mark stays, so that a demo that was killed halfway can be repeated.
  for (const name of own) {
    if (name !== demoMark) await rm(join(basePath, name), { recursive: true, force: true });
  }
  await makeDirectories(basePath);
  try {
    await writeFile(join(basePath, demoMark), '');
  } catch (error) {
    throw unusable(basePath, error);
  }
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unusable(directory, error);
  }
}
