import assert from 'node:assert/strict';
import { silentLogger } from '../../src/core/log.ts';
import {
  binBackupPath,
  dateDirectory,
  foldBasePath,
  foldTailPath,
  join,
  lockDirectory,
  ownerPath,
  parseRunEntry,
  parseTailName,
  partitionPath,
  stagedBinPath,
} from '../../src/partition/names.ts';
import type { Bin, PartitionPlan } from '../../src/plan/partition-plan.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import type { FoldParts, StagedPart } from '../../src/swap/fold/fold-parts.ts';
import type { StageUndo } from '../../src/swap/fold/undo-fold.ts';
import type { SwapReceipt } from '../../src/swap/journal.ts';
import { acquireLock, withLock } from '../../src/swap/partition-lock.ts';
import { recoverPartition } from '../../src/swap/recover.ts';
import { swapPartition } from '../../src/swap/swap-partition.ts';
import { type MemoryHdfs, memoryHdfs } from './memory-hdfs.ts';
import { date, fakeVerified, makeBin, nextRunId } from './swap-fixture.ts';

/**
 * A partition on HDFS in memory, of stand-ins for Parquet files: text lines, one a row, ended by a line that says how
 * many rows come before it, as a footer does. What is before an older such line is read all the same only if the last
 * one counts it: a folded file with a wrong tail is not read as if it were right.
 */
export interface FoldFixture {
  readonly memory: MemoryHdfs;
  readonly store: Store;
  readonly basePath: string;
  readonly partition: string;
  /** Row ids of the whole partition, sorted. */
  readonly rows: readonly string[];
  readonly inputNames: readonly string[];
}

const inputNames = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'a-6'].map((name) => `${name}.parquet`);

export async function makeFoldFixture(): Promise<FoldFixture> {
  const memory = memoryHdfs();
  const { store } = memory;
  const basePath = '/lake/telemetry';
  const partition = partitionPath(basePath, date);
  await store.makeDirectory(partition, 0o775);
  const rows: string[] = ['u1', 'u2'];
  for (const [index, name] of inputNames.entries()) {
    const own = [`r${index}-0`, `r${index}-1`];
    rows.push(...own);
    await write(store, join(partition, name), fileText(own));
    memory.setModifiedAt(join(partition, name), 1_700_000_000_000 + index);
  }
  await write(store, join(partition, 'big.parquet'), fileText(['u1', 'u2']));
  for (const name of ['_SUCCESS', '_metadata', '.hidden']) await write(store, join(partition, name), name);
  return { memory, store, basePath, partition, rows: rows.sort(), inputNames };
}

/** A stand-in for a Parquet file. */
export function fileText(rows: readonly string[]): string {
  return `${rows.map((row) => `${row}\n`).join('')}#${rows.length}\n`;
}

export async function write(store: Store, path: string, text: string): Promise<StagedPart> {
  const sink = await store.create(path);
  try {
    await sink.write(Buffer.from(text));
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  const status = await store.stat(path);
  assert.ok(status !== undefined);
  return { path, ref: refOf(status) };
}

/** Options of {@link consolidateByFold}. */
export interface FoldConsolidation {
  readonly keepBackup?: boolean;
  /** Inputs of one CONCAT. */
  readonly inputsPerStep?: number;
  /** Only fold. */
  readonly foldOnly?: boolean;
  readonly runId?: string;
  readonly beforeSwap?: () => void | Promise<void>;
}

/** The program's way in small: plan, lock, plan again, merge, fold, replace, release. Undefined: nothing to do. */
export async function consolidateByFold(
  store: Store,
  fixture: FoldFixture,
  options: FoldConsolidation = {},
): Promise<SwapReceipt | undefined> {
  const { basePath, partition } = fixture;
  await recoverPartition({ store, basePath, date, log: silentLogger });
  if ((await planFold(store, fixture)).bins.length === 0) return undefined;
  const runId = options.runId ?? nextRunId();
  const lock = await acquireLock({ store, basePath, date, runId, log: silentLogger });
  return await withLock(lock, silentLogger, async () => {
    const plan = await planFold(store, fixture);
    if (plan.bins.length === 0) return undefined;
    const outputs = [];
    for (const bin of plan.bins) {
      const texts = bin.inputs.map((input) => fixture.memory.textOf(join(partition, input.name)) ?? '');
      const fold = await foldParts(store, lock.runDirectory, bin, texts, options);
      const path = stagedBinPath(lock.runDirectory, bin.index);
      if (options.foldOnly === true) {
        outputs.push({ binIndex: bin.index, fold });
        continue;
      }
      await write(store, path, `merged\n${fileText(texts.flatMap(rowsIn))}`);
      outputs.push({ binIndex: bin.index, fold, file: await fakeVerified(store, path) });
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
      log: silentLogger,
    });
  });
}

async function foldParts(
  store: Store,
  run: string,
  bin: Bin,
  texts: readonly string[],
  options: FoldConsolidation,
): Promise<FoldParts> {
  const base = await write(store, foldBasePath(run, bin.index), 'base\n#0\n');
  const perStep = options.inputsPerStep ?? 2;
  const tails = [];
  for (let from = 0; from < texts.length; from += perStep) {
    const rowCount = texts.slice(0, from + perStep).flatMap(rowsIn).length;
    const path = foldTailPath(run, bin.index, tails.length);
    tails.push({
      inputs: Math.min(perStep, texts.length - from),
      part: await write(store, path, `tail ${rowCount}\n#${rowCount}\n`),
    });
  }
  if (options.keepBackup === false || options.foldOnly === true) return { base, tails };
  const rows = texts.flatMap(rowsIn);
  const backup = await write(store, binBackupPath(run, bin.index), `${texts.join('')}#${rows.length}\n`);
  return { base, tails, backup };
}

/** What the pipeline does with real files. */
export function stageUndoText({ memory }: FoldFixture): StageUndo {
  return async ({ store, runDirectory, binIndex, merged, minSizeBytes }) => {
    const base = await write(store, foldBasePath(runDirectory, binIndex), 'base\n#0\n');
    const rowCount = rowsIn(memory.textOf(merged.path) ?? '').length;
    const end = `tail ${rowCount}\n#${rowCount}\n`;
    const padding = '\n'.repeat(
      Math.max(0, minSizeBytes - base.ref.sizeBytes - merged.sizeBytes - end.length),
    );
    const part = await write(store, foldTailPath(runDirectory, binIndex, 0), padding + end);
    return { base, tails: [{ inputs: 1, part }] };
  };
}

async function planFold(store: Store, { partition, memory }: FoldFixture): Promise<PartitionPlan> {
  const entries = (await store.list(partition)) ?? [];
  const small = entries.filter(
    (entry) => /^a-/.test(entry.name) && !(memory.textOf(entry.path) ?? '').startsWith('merged\n'),
  );
  // One folded file alone is worth merging; so are the files of a bin that was left.
  const isOneBin = small.length < 4;
  const groups = small.length === 0 ? [] : isOneBin ? [small] : [small.slice(0, 2), small.slice(2)];
  return {
    date,
    partitionPath: partition,
    decision: groups.length === 0 ? 'nothing' : 'consolidate',
    rule: 'test',
    reason: 'a test',
    bins: groups.map(makeBin),
    files: [],
  };
}

/** The rows of one file, as its last count says. */
export function rowsIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const count = Number(lines.at(-1)?.slice(1));
  assert.match(lines.at(-1) ?? '', /^#\d+$/, `a file without an end: ${text}`);
  const rows = lines.filter((line) => /^[ru]\d/.test(line));
  assert.equal(rows.length, count, `a file whose end says ${count} rows: ${text}`);
  return rows;
}

/** The rows a reader of the partition finds, sorted. */
export async function rowsOfPartition({ store, memory, partition }: FoldFixture): Promise<string[]> {
  const rows: string[] = [];
  for (const entry of (await store.list(partition)) ?? []) {
    if (!entry.name.endsWith('.parquet') || /^[._]/.test(entry.name)) continue;
    rows.push(...rowsIn(memory.textOf(entry.path) ?? ''));
  }
  return rows.sort();
}

/** I1: every row exactly once. */
export async function assertFoldRows(fixture: FoldFixture, when: string): Promise<void> {
  assert.deepEqual(await rowsOfPartition(fixture), fixture.rows, `rows of the partition ${when}`);
}

/** I4: nothing of ours in the partition or the workspace that no receipt names, and nobody holds a lock. */
export async function assertFoldTidy(
  { store, basePath, partition }: FoldFixture,
  when: string,
): Promise<void> {
  for (const entry of (await store.list(partition)) ?? []) {
    assert.equal(parseTailName(entry.name), undefined, `${entry.name} lies in the partition ${when}`);
  }
  const directory = dateDirectory(basePath, date);
  for (const entry of (await store.list(directory)) ?? []) {
    if (entry.name === 'hold.json') continue;
    assert.notEqual(entry.name, 'lock', `a lock ${when}`);
    const names = ((await store.list(entry.path)) ?? []).map(({ name }) => name);
    assert.ok(names.includes('receipt.json'), `${entry.name} without a receipt ${when}: ${names.join(', ')}`);
    for (const name of names) {
      const isKept = name === 'receipt.json' || ['backup', 'taken'].includes(parseRunEntry(name) ?? '');
      assert.ok(isKept && !name.startsWith('restore-'), `${entry.name}/${name} ${when}`);
    }
  }
}

/** The process that held the lock has ended: no sign of life any more. */
export function endFoldProcess({ memory, basePath }: FoldFixture): void {
  memory.setModifiedAt(ownerPath(lockDirectory(basePath, date)), 1_600_000_000_000);
}
