import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import { listAndPlan } from '../../src/pipeline/list-and-plan.ts';
import type { PartitionTask } from '../../src/pipeline/partition-task.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { parquetNames, settle, tempDirectory } from '../cli/dataset.ts';
import { group, int, long, required, schemaOf, text } from '../parquet/evolution-fields.ts';
import { convertedRow, unionOf } from '../parquet/evolution-model.ts';
import { foreignFile } from '../parquet/foreign-file.ts';
import { assertHolds, readWithHyparquet } from '../parquet/hyparquet-columns.ts';
import { inputOf } from '../parquet/merging.ts';
import { emptyColumns, type Field, randomRows, shred } from '../parquet/model.ts';
import { randomSource } from '../parquet/random-source.ts';
import { usualTask } from '../support/usual-task.ts';

const day = '2025-08-15';

/** A column was added, made nullable, widened, and the columns were put in another order, in the course of one day. */
const schemas: readonly (readonly Field[])[] = [
  [required(int('id')), text('vehicle'), group('position', [int('x')])],
  [required(long('id')), text('vehicle'), group('position', [int('x'), int('y')])],
  [group('position', [int('y'), int('x')]), int('id'), text('vehicle'), int('speed')],
];

async function dataset(t: TestContext, more: Readonly<Record<string, readonly Field[]>> = {}, flags = {}) {
  const basePath = await tempDirectory(t);
  const partition = join(basePath, `date=${day}`);
  await mkdir(partition);
  const union = unionOf(schemas);
  const expected = emptyColumns(union);
  const random = randomSource(1);
  for (let i = 0; i < 12; i++) {
    const fields = schemas[i % 3] ?? [];
    const rows = randomRows(random, fields, 20);
    const name = `part-${String(i).padStart(2, '0')}.parquet`;
    writeFileSync(join(partition, name), foreignFile(fields, [rows], i, { isModern: true, codec: 1 }).bytes);
    shred(
      union,
      rows.map((row) => convertedRow(row, fields, union)),
      expected,
    );
  }
  for (const [name, fields] of Object.entries(more)) {
    const { bytes } = foreignFile(fields, [randomRows(random, fields, 5)], 3, { isModern: true });
    writeFileSync(join(partition, name), bytes);
  }
  await settle(partition);
  const task: PartitionTask = {
    store: localStore(),
    basePath,
    settings: await loadSettings({ flags: { 'base-path': basePath, ...flags }, env: {} }),
    ...usualTask(),
    date: day,
  };
  return { task, partition, union, expected };
}

test('a day of three schemas becomes one file with the rows of all, and a second run does nothing', async (t) => {
  const { task, partition, union, expected } = await dataset(t);
  const result = await consolidatePartition(task);
  assert.equal(result.result, 'consolidated', result.error?.message ?? '');
  const names = await parquetNames(partition);
  assert.equal(names.length, 1);
  const bytes = new Uint8Array(readFileSync(join(partition, names[0] ?? '')));
  assert.deepEqual((await inputOf(bytes)).footer.elementBytes, schemaOf(union).elementBytes);
  assertHolds(readWithHyparquet(bytes), expected);
  await settle(partition);
  assert.equal((await consolidatePartition(task)).result, 'nothing');
});

test('the dry run tells the schemas of the bin and the columns that get nulls', async (t) => {
  const { task } = await dataset(t);
  const plan = await listAndPlan(task);
  assert.deepEqual(plan.bins[0]?.evolution, { schemas: 3, columnsAdded: ['position.y', 'speed'] });
  assert.match(
    plan.files[0]?.reason ?? '',
    /merged with 11 other files \(3 schemas that one can hold\) into bin 0/,
  );
});

test('a file that contradicts the others stays, with the column that keeps it apart', async (t) => {
  const other = [long('id', { convertedType: 10 }), text('vehicle')];
  const { task, partition } = await dataset(t, { 'x.parquet': other });
  const plan = await listAndPlan(task);
  const left = plan.files.find(({ name }) => name === 'x.parquet');
  assert.equal(left?.verdict, 'keep');
  assert.match(
    left?.reason ?? '',
    /merged apart: 12 small files \(another schema: column id integer of 32 or 64 bits instead of INT64 \(TIMESTAMP\(MICROS, UTC\)\)/,
  );
  await consolidatePartition(task);
  assert.equal((await parquetNames(partition)).length, 2);
});

test('where the swap is a fold, which has one footer for all inputs, it is always exact', async (t) => {
  const { task } = await dataset(t);
  const store = { ...task.store, abilities: { ...task.store.abilities, fold: true } };
  assert.equal((await listAndPlan({ ...task, store })).decision, 'nothing');
});

test('with schema exact each of the three is too few', async (t) => {
  const { task } = await dataset(t, {}, { schema: 'exact' });
  const plan = await listAndPlan(task);
  assert.equal(plan.decision, 'nothing');
  assert.match(
    plan.files[0]?.reason ?? '',
    /Only 4 new small files .* merged apart: 4 small files \(another schema\)/,
  );
});
