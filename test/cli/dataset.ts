import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, type TestContext } from 'node:test';
import { demoDate } from '../../src/cli/demo/demo-files.ts';
import { fillPartition } from '../../src/cli/demo/fill-partition.ts';

/** The date every test dataset has. */
export const date = demoDate;

/** Age at which a partition has settled. */
export const twoDaysMs = 2 * 86_400_000;

/** A directory for one test, deleted at its end. */
export async function tempDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'consolidator-cli-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A dataset with one partition. */
export interface TestDataset {
  readonly basePath: string;
  /** Full path of the partition of {@link date}. */
  readonly partition: string;
}

// Writing 21 files takes most of a second: they are written once for a test file and copied from then on.
let original: Promise<string> | undefined;

async function writeOriginal(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'consolidator-original-'));
  await fillPartition({ directory, ageMs: twoDaysMs });
  return directory;
}

after(async () => {
  if (original !== undefined) await rm(await original, { recursive: true, force: true });
});

/** The 21 files of the demo in a partition that has settled, in a new dataset. */
export async function demoDataset(t: TestContext): Promise<TestDataset> {
  const basePath = await tempDirectory(t);
  return { basePath, partition: await addPartition(basePath, date) };
}

/**
 * Adds a partition with copies of the demo's files.
 * @param copies how many times; from the second on under other names
 * @returns its full path
 */
export async function addPartition(basePath: string, day: string, copies = 1): Promise<string> {
  return addPartitionAt(join(basePath, `date=${day}`), copies);
}

/** The same at any path, which it returns. */
export async function addPartitionAt(partition: string, copies = 1): Promise<string> {
  original ??= writeOriginal();
  const source = await original;
  await mkdir(partition, { recursive: true });
  for (const name of await readdir(source)) {
    for (let copy = 0; copy < copies; copy++) {
      const copyName = copy === 0 ? name : name.replace('.parquet', `-${copy}.parquet`);
      await copyFile(join(source, name), join(partition, copyName));
    }
  }
  await settle(partition);
  return partition;
}

/** Sets the times of a partition and of everything in it so far back that the quiet period is over. */
export async function settle(partition: string, ageMs = twoDaysMs): Promise<void> {
  const time = new Date(Date.now() - ageMs);
  for (const name of await readdir(partition)) await utimes(join(partition, name), time, time);
  await utimes(partition, time, time);
}

/** Names of the Parquet files of a directory, sorted. */
export async function parquetNames(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.parquet')).sort();
}

/** A digest over every name, kind, mode, time and content below a directory. */
export function treeDigest(root: string): string {
  const hash = createHash('sha256');
  const walk = (path: string): void => {
    const stats = lstatSync(path);
    hash.update(`${relative(root, path)}\0${stats.mode}\0${stats.mtimeMs}\0${stats.size}\0${stats.ino}\0`);
    if (stats.isDirectory()) for (const name of readdirSync(path).sort()) walk(join(path, name));
    else hash.update(stats.isSymbolicLink() ? readlinkSync(path) : readFileSync(path));
  };
  walk(root);
  return hash.digest('hex');
}
