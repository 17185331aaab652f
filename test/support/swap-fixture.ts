import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SwapError } from '../../src/core/errors.ts';
import { type Logger, silentLogger } from '../../src/core/log.ts';
import { relativePathOf } from '../../src/core/partition-key.ts';
import { makeRunId, stagedBinPath } from '../../src/partition/names.ts';
import { directoryNameOf } from '../../src/partition/partition-directory.ts';
import type { Bin, PartitionPlan } from '../../src/plan/partition-plan.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { type FileStatus, refOf, type Store } from '../../src/store/store.ts';
import type { StageUndo } from '../../src/swap/fold/undo-fold.ts';
import type { SwapReceipt } from '../../src/swap/journal.ts';
import { acquireLock, withLock } from '../../src/swap/partition-lock.ts';
import { recoverPartition } from '../../src/swap/recover.ts';
import { swapPartition } from '../../src/swap/swap-partition.ts';
import type { VerifiedFile } from '../../src/verify/verified-file.ts';

/** Key of the partition; another layout's where the variable says so, as `layout-faults.test.ts` does. */
export const date = process.env.TEST_PARTITION ?? '2025-08-15';

/** The local store without its consideration for slow readers, for tests that have none. */
export function quickStore(): Store {
  return localStore({ listingGraceMs: 0 });
}

/**
 * A partition of tiny stand-ins for Parquet files: each holds its row ids, one a line. The swap never looks into
 * them; the tests do, by themselves and without the store.
 */
export interface Fixture {
  readonly basePath: string;
  readonly partition: string;
  readonly workspace: string;
  readonly dateDirectory: string;
  /** Row ids of the whole partition, sorted. */
  readonly rows: readonly string[];
  /** Content of the input files, by name. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Inode of every file that is not merged and stays, by name. */
  readonly unplanned: ReadonlyMap<string, number>;
  remove(): void;
}

const inputNames = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5'].map((name) => `${name}.parquet`);
const unplannedFiles: readonly (readonly [string, string])[] = [
  ['big.parquet', 'u1\nu2\n'],
  ['.hidden', 'h'],
  ['_SUCCESS', ''],
  ['odd', 'o'],
  ['odd.staged', 'os'],
  ['odd.backup', 'ob'],
];

/**
 * Where the loops over every mutation work: in memory if that can be had. They do some hundred thousand fsyncs to look
 * at the order of things, for which the disk does not matter.
 */
export function memoryDirectory(): string {
  try {
    accessSync('/dev/shm', constants.R_OK | constants.W_OK | constants.X_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

export function makeFixture(under = tmpdir()): Fixture {
  const root = mkdtempSync(join(under, 'swap-'));
  const basePath = join(root, 'base');
  const partition = join(basePath, relativePathOf(date));
  mkdirSync(partition, { recursive: true });
  chmodSync(partition, 0o775);
  const inputs = new Map<string, string>();
  const rows: string[] = ['u1', 'u2'];
  for (const [index, name] of inputNames.entries()) {
    const own = [`r${index}-0`, `r${index}-1`];
    rows.push(...own);
    inputs.set(name, `${own.join('\n')}\n`);
    writeFileSync(join(partition, name), `${own.join('\n')}\n`, { mode: 0o640 });
    utimesSync(join(partition, name), 1_700_000_000 + index, 1_700_000_000 + index);
  }
  writeFileSync(join(partition, '.a-1.parquet.crc'), 'crc');
  writeFileSync(join(partition, '_metadata'), 'm');
  const unplanned = new Map<string, number>();
  for (const [name, content] of unplannedFiles) {
    writeFileSync(join(partition, name), content);
    unplanned.set(name, lstatSync(join(partition, name)).ino);
  }
  return {
    ...fixtureAt(basePath),
    rows: rows.sort(),
    inputs,
    unplanned,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The fixture in a base path that another process filled; its content is not known here. */
export function fixtureAt(basePath: string): Fixture {
  return {
    basePath,
    partition: join(basePath, relativePathOf(date)),
    workspace: join(basePath, '_consolidation'),
    dateDirectory: join(basePath, '_consolidation', directoryNameOf(date)),
    rows: [],
    inputs: new Map(),
    unplanned: new Map(),
    remove: () => {},
  };
}

let runs = 0;

/** A new run id, later than all before it. */
export function nextRunId(): string {
  runs++;
  return makeRunId(Date.UTC(2026, 0, 1) + runs * 1000, runs);
}

/** Plans like the program, but by name: files `a-<n>.parquet`, in two bins, unless they are merged already. */
export async function planFixture(store: Store, fixture: Fixture): Promise<PartitionPlan> {
  const entries = (await store.list(fixture.partition)) ?? [];
  const small = entries.filter(
    (entry) =>
      /^a-\d+\.parquet$/.test(entry.name) && !readFileSync(entry.path, 'utf8').startsWith('merged\n'),
  );
  const bins =
    small.length < 2 ? [] : [small.slice(0, 2), small.slice(2)].filter((files) => files.length > 0);
  return {
    date,
    partitionPath: fixture.partition,
    decision: bins.length === 0 ? 'nothing' : 'consolidate',
    rule: 'test',
    reason: 'a test',
    bins: bins.map(makeBin),
    files: [],
  };
}

export function makeBin(files: readonly FileStatus[], index: number): Bin {
  const first = files[0];
  assert.ok(first !== undefined);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return {
    index,
    inputs: files.map(refOf),
    schemaKey: '',
    attributes: { owner: first.owner, group: first.group, mode: first.mode, acl: [] },
    rows: 0,
    sizeBytes,
    inputSizeBytes: sizeBytes,
  };
}

/** For an undo on a store that does not fold. */
export const neverStaged: StageUndo = () => Promise.reject(new Error('nothing is folded here'));

/** What `verify` would make of a staged file; only tests may say so without looking. */
export async function fakeVerified(store: Store, path: string): Promise<VerifiedFile> {
  const status = await store.stat(path);
  assert.ok(status !== undefined, `${path} is not there`);
  const file: Omit<VerifiedFile, keyof { [K in keyof VerifiedFile as K extends symbol ? K : never]: true }> =
    {
      stagedPath: path,
      ref: refOf(status),
      receipt: { rows: 0, rowGroups: 1, level: 'full', sha256: await hashOf(store, status), columns: [] },
    };
  return file as VerifiedFile;
}

async function hashOf(store: Store, status: FileStatus): Promise<string> {
  const source = await store.open(status.path, status);
  try {
    return createHash('sha256')
      .update(await source.read(0, source.sizeBytes))
      .digest('hex');
  } finally {
    await source.close();
  }
}

/** Options of {@link consolidate}. */
export interface ConsolidateOptions {
  readonly keepBackup?: boolean;
  readonly runId?: string;
  readonly log?: Logger;
  readonly allowAttributeChange?: boolean;
  /** Called after staging, right before the swap. */
  readonly beforeSwap?: () => void | Promise<void>;
}

/** The program's way in small: plan, lock, plan again, merge, swap, release. Undefined when there was nothing to do. */
export async function consolidate(
  store: Store,
  fixture: Fixture,
  options: ConsolidateOptions = {},
): Promise<SwapReceipt | undefined> {
  const { basePath, partition } = fixture;
  const log = options.log ?? silentLogger;
  // A run that died between the two renames left no partition to plan for.
  for (const outcome of await recoverPartition({ store, basePath, date, log })) {
    if (outcome.needsAttention) throw new SwapError(outcome.sentence, { code: 'foreign-state' });
  }
  if ((await planFixture(store, fixture)).bins.length === 0) return undefined;
  const runId = options.runId ?? nextRunId();
  const lock = await acquireLock({ store, basePath, date, runId, log });
  return await withLock(lock, log, async () => {
    const plan = await planFixture(store, fixture);
    if (plan.bins.length === 0) return undefined;
    const outputs = [];
    for (const bin of plan.bins) {
      const path = stagedBinPath(lock.runDirectory, bin.index);
      const merged = bin.inputs.map((input) => readFileSync(join(partition, input.name), 'utf8'));
      const sink = await store.create(path);
      try {
        await sink.write(Buffer.from(`merged\n${merged.join('')}`));
        await sink.close();
      } catch (error) {
        await sink.abort();
        throw error;
      }
      outputs.push({ binIndex: bin.index, file: await fakeVerified(store, path) });
    }
    await options.beforeSwap?.();
    return await swapPartition({
      store,
      lock,
      basePath,
      partitionPath: partition,
      plan,
      outputs,
      keepBackup: options.keepBackup ?? true,
      toolVersion: '0.0.0-test',
      allowAttributeChange: options.allowAttributeChange ?? false,
      log,
    });
  });
}

/** The rows a reader of the directory finds, sorted; undefined when there is no directory. */
export function rowsOf(directory: string): string[] | undefined {
  if (!existsSync(directory)) return undefined;
  const rows: string[] = [];
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.parquet') || name.startsWith('.') || name.startsWith('_')) continue;
    const lines = readFileSync(join(directory, name), 'utf8').split('\n');
    rows.push(...lines.filter((line) => line !== '' && line !== 'merged'));
  }
  return rows.sort();
}

/** I1: every row exactly once, or no directory. */
export function assertRows(fixture: Fixture, when: string, rows: readonly string[] = fixture.rows): void {
  const found = rowsOf(fixture.partition);
  if (found !== undefined) assert.deepEqual(found, rows, `rows of the partition ${when}`);
}

/** The rows are there, every file outside the plan is the same file, and its name is unchanged. */
export function assertPartition(fixture: Fixture, when: string): void {
  assert.deepEqual(rowsOf(fixture.partition), fixture.rows, `rows of the partition ${when}`);
  for (const [name, inode] of fixture.unplanned) {
    assert.equal(lstatSync(join(fixture.partition, name)).ino, inode, `${name} ${when}`);
  }
  assert.equal(lstatSync(fixture.partition).mode & 0o7777, 0o775, `mode of the partition ${when}`);
  assert.deepEqual(globParquet(fixture.workspace), [], `files a glob would find in the workspace ${when}`);
}

/** I4: nothing lies in the workspace that no receipt names, and nobody holds a lock. */
export function assertTidy(fixture: Fixture, when: string): void {
  if (!existsSync(fixture.workspace)) return;
  assert.equal(lstatSync(fixture.workspace).mode & 0o7777, 0o700, `mode of the workspace ${when}`);
  for (const name of readdirSync(fixture.workspace)) {
    if (name === 'history') {
      for (const day of readdirSync(join(fixture.workspace, name))) {
        for (const file of readdirSync(join(fixture.workspace, name, day))) {
          assert.match(file, /^\d{8}T\d{6}Z-[0-9a-f]{6}\.json$/, `history ${when}`);
        }
      }
      continue;
    }
    if (name === 'replicas') {
      assert.deepEqual(readdirSync(join(fixture.workspace, name)), [], `copies outstanding ${when}`);
      continue;
    }
    assert.equal(name, directoryNameOf(date), `entry of the workspace ${when}`);
    const entries = readdirSync(fixture.dateDirectory);
    assert.notEqual(entries.length, 0, `an empty date directory ${when}`);
    for (const entry of entries) {
      if (entry === 'hold.json') continue;
      assert.match(entry, /^\d{8}T\d{6}Z-[0-9a-f]{6}(\.fenced-\d+)?$/, `entry of the date directory ${when}`);
      assertTidyRun(join(fixture.dateDirectory, entry), when);
    }
  }
}

function assertTidyRun(directory: string, when: string): void {
  const names = readdirSync(directory).sort();
  assert.ok(names.includes('receipt.json'), `${directory} without a receipt ${when}: ${names.join(', ')}`);
  const { record }: { record: SwapReceipt } = JSON.parse(
    readFileSync(join(directory, 'receipt.json'), 'utf8'),
  );
  assert.deepEqual(
    names,
    record.backup === 'kept' ? ['old', 'receipt.json'] : ['receipt.json'],
    `run directory ${when}`,
  );
  if (record.backup !== 'kept' || record.way !== 'directories') return;
  const known = [...record.removed, ...record.sidecars, ...record.carried].map(
    (file) => `${file.name}.backup`,
  );
  for (const name of readdirSync(join(directory, 'old'))) {
    assert.ok(known.includes(name), `${name} in the backup is in no receipt ${when}`);
  }
  for (const file of [...record.removed, ...record.sidecars]) {
    assert.ok(existsSync(join(directory, 'old', `${file.name}.backup`)), `backup of ${file.name} ${when}`);
  }
}

/** What readers find that glob for every file whose name ends in .parquet, at any depth. */
export function globParquet(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.parquet'),
  );
}

/** The process that held the lock has ended: no sign of life any more. */
export function endProcess(fixture: Fixture): void {
  const owner = join(fixture.dateDirectory, 'lock', 'owner.json');
  if (existsSync(owner)) utimesSync(owner, 1_600_000_000, 1_600_000_000);
}

/** True when the inputs are all there under their own names with their own bytes and times. */
export function originalsAreBack(fixture: Fixture): boolean {
  return [...fixture.inputs].every(([name, content], index) => {
    const path = join(fixture.partition, name);
    return (
      existsSync(path) &&
      readFileSync(path, 'utf8') === content &&
      lstatSync(path).mtimeMs === (1_700_000_000 + index) * 1000
    );
  });
}
