import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { memorySink } from '../../src/core/byte-sink.ts';
import { silentLogger } from '../../src/core/log.ts';
import { memoryScratch } from '../../src/core/scratch-space.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import { sortingColumnsOf } from '../../src/parquet/metadata/sorting-columns.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import { stageUndo } from '../../src/pipeline/stage-undo.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { undoRun } from '../../src/swap/undo.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { mergeOptions } from '../parquet/merging.ts';
import { type SmallFile, smallFiles } from '../support/hdfs-seed.ts';
import { memoryHdfs } from '../support/memory-hdfs.ts';
import { usualTask } from '../support/usual-task.ts';

const basePath = '/lake/telemetry';
const date = '2025-08-15';
const partition = `${basePath}/date=${date}`;
const startMs = Date.UTC(2026, 0, 2);
const dayMs = 86_400_000;
const temp = mkdtempSync(join(tmpdir(), 'sorted-partition-'));

let files: readonly SmallFile[];
before(async () => {
  files = await smallFiles(12, { rowsPerFile: 40 });
});
after(() => rmSync(temp, { recursive: true }));

async function makeLake(memory = memoryHdfs()): Promise<Store> {
  const { store } = memory;
  await store.makeDirectory(partition, 0o755);
  for (const { name, bytes } of files) {
    const sink = await store.create(`${partition}/${name}`);
    await sink.write(bytes);
    await sink.close();
    memory.setModifiedAt(`${partition}/${name}`, startMs - 2 * dayMs);
  }
  memory.setModifiedAt(partition, startMs - 2 * dayMs);
  return store;
}

/** What a reader of the partition finds: every row as a whole, in any order; and in their order, column by column. */
async function reading(store: Store) {
  const visible = ((await store.list(partition)) ?? []).filter(({ name }) => !/^[._]/.test(name));
  const inputs = [];
  for (const status of visible) {
    const source = await store.open(status.path, refOf(status));
    inputs.push({ source, footer: await readFooter(source) });
  }
  const by = [{ path: 'policy_id', isDescending: false, nullsFirst: false }];
  const sort = { by, scratch: memoryScratch(), seed: '' };
  const { rows, sorted, columns } = await mergeFiles(inputs, memorySink('r'), { ...mergeOptions, sort });
  return { rows: { count: rows, sum: sorted?.rowSum }, inOrder: columns, inputs };
}

async function consolidate(store: Store, sortBy = 'policy_id desc'): Promise<PartitionResult> {
  const flags = { 'base-path': 'hdfs://memory:8020/lake/telemetry', 'quiet-minutes': 0 };
  return await consolidatePartition({
    store,
    basePath,
    settings: await loadSettings({ flags, env: { SORT_BY: sortBy, TEMP_DIRECTORY: temp } }),
    ...usualTask(),
    date,
  });
}

test('where files are folded first, readers have every row at each step, and in the end in the order asked for', async () => {
  const lake = await makeLake();
  const originals = await reading(lake);
  const steps: string[] = [];
  const checked = async (step: string, work: Promise<void>): Promise<void> => {
    await work;
    steps.push(step);
    assert.deepEqual((await reading(lake)).rows, originals.rows, `after ${step}`);
  };
  const store: Store = {
    ...lake,
    rename: (from, to) => {
      const work = lake.rename(from, to);
      return from.includes('base.staged') ? checked('publish', work) : work;
    },
    concat: (target, sources) => checked('concat', lake.concat(target, sources)),
    replaceFile: (from, to, id) => checked('replace', lake.replaceFile(from, to, id)),
  };
  const result = await consolidate(store);
  assert.equal(result.result, 'consolidated', result.reason);
  assert.deepEqual(steps, ['publish', 'concat', 'replace']);
  const { inputs } = await reading(lake);
  const number = inputs[0]?.footer.leaves.find(({ path }) => path === 'policy_id')?.index ?? -1;
  assert.deepEqual(
    inputs.map(({ footer }) => footer.rowGroups.map(sortingColumnsOf)),
    [[[{ leaf: number, isDescending: true, nullsFirst: false }]]],
  );
  const [output] = result.outputs;
  assert.equal(output?.sorting?.by, 'policy_id desc');
  assert.deepEqual(output?.sorting?.lookups, [
    { column: 'policy_id', before: { rowGroups: 12, share: 1 / 12 }, after: { rowGroups: 1, share: 1 } },
  ]);
  assert.equal(output?.verification?.sorted?.rowSum, originals.rows.sum);
  assert.deepEqual(readdirSync(temp), []);
  assert.equal((await consolidate(lake)).result, 'nothing');

  const undo = { store: lake, basePath, date, newRunId: '20260103T000000Z-000001', toolVersion: '0' };
  await undoRun({ ...undo, stage: stageUndo, log: silentLogger });
  const undone = await reading(lake);
  assert.deepEqual([undone.rows, undone.inOrder], [originals.rows, originals.inOrder]);
});

test('a run that ends between fold and replace leaves the rows as they were, and recovery puts the sorted file there', async () => {
  const memory = memoryHdfs();
  const lake = await makeLake(memory);
  const originals = await reading(lake);
  const store: Store = { ...lake, replaceFile: () => new Promise(() => {}) };
  // It never comes back, as if the process had died.
  void consolidate(store);
  for (;;) {
    const names = ((await lake.list(partition)) ?? []).map(({ name }) => name);
    if (names.length === 1 && names[0]?.includes('.merged-')) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const folded = await reading(lake);
  assert.deepEqual([folded.rows, folded.inOrder], [originals.rows, originals.inOrder]);
  memory.setModifiedAt(`${basePath}/_consolidation/${date}/lock/owner.json`, 0);
  const [outcome] = await recoverDataset({ store: lake, basePath, log: silentLogger });
  assert.equal(outcome?.action, 'rolled-forward', outcome?.sentence);
  const found = await reading(lake);
  assert.deepEqual(found.rows, originals.rows);
  assert.notDeepEqual(found.inOrder, originals.inOrder);
});

test('a column that does not exist leaves the partition as it is', async () => {
  const lake = await makeLake();
  const originals = await reading(lake);
  const result = await consolidate(lake, 'policy');
  assert.equal(result.result, 'failed');
  assert.equal(result.error?.code, 'cannot-sort');
  assert.match(result.error?.message ?? '', /rows cannot be sorted by policy: it does not exist; there are /);
  assert.deepEqual((await reading(lake)).inOrder, originals.inOrder);
});
