import { readdir, rm } from 'node:fs/promises';
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

/**
 * Builds the demo dataset anew below `directory`, after deleting what an earlier demo left there.
 * @throws ConfigError `demo-directory-in-use` when something else lies there
 */
export async function prepareDataset(directory: string): Promise<DemoDataset> {
  const basePath = join(directory, 'telemetry-data-v2');
  const partition = partitionName(demoDate);
  const foreign = (await entriesOf(basePath)).filter((name) => name !== partition && name !== workspaceName);
  if (foreign.length > 0) {
    throw new ConfigError(`the demo will not delete ${basePath}: it holds ${foreign.join(', ')}`, {
      code: 'demo-directory-in-use',
      hint: 'Give the demo a directory of its own: demo --directory /tmp/demo',
      dataState: 'nothing was touched',
    });
  }
  await rm(basePath, { recursive: true, force: true });
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
