import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import { partitionName, workspaceName } from '../../partition/names.ts';
import { demoDate } from './demo-files.ts';
import { fillPartition } from './fill-partition.ts';

const twoDaysMs = 2 * 86_400_000;

/** A dataset as streaming writers left it. */
export interface DemoDataset {
  /** Full path of the dataset. */
  readonly basePath: string;
  /** Full path of its one partition. */
  readonly partitionPath: string;
}

/** Lies in every dataset the demo made: what has none of it is somebody's data, whatever it is called. */
const demoMark = '.made-by-the-demo';

/**
 * Builds the demo dataset anew below `directory`, after deleting what an earlier demo left there.
 * @throws ConfigError `demo-directory-in-use` when something lies there that no demo made
 */
export async function prepareDataset(directory: string): Promise<DemoDataset> {
  const basePath = join(directory, 'telemetry-data-v2');
  const partition = partitionName(demoDate);
  const entries = await entriesOf(basePath);
  const own = entries.includes(demoMark) ? [partition, workspaceName, demoMark] : [];
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
  await mkdir(basePath, { recursive: true });
  await writeFile(join(basePath, demoMark), '');
  const partitionPath = join(basePath, partition);
  await fillPartition({ directory: partitionPath, ageMs: twoDaysMs });
  return { basePath, partitionPath };
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
