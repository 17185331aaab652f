import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../src/core/errors.ts';
import { rootsAbove } from '../../src/partition/list-markers.ts';
import { listPartition } from '../../src/partition/list-partition.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { FoldObstacle, Store } from '../../src/store/store.ts';
import { memoryHdfs } from '../support/memory-hdfs.ts';
import { setModified, tempDirectory, writeTree } from './temp-dataset.ts';

const date = '2025-08-15';
const partition = `date=${date}`;

test('a partition is listed with its age, its time and what is no data', async (t) => {
  const basePath = await tempDirectory(t);
  await writeTree(basePath, {
    [`${partition}/b.parquet`]: 'b',
    [`${partition}/a.parquet`]: '',
    [`${partition}/_SUCCESS`]: '',
    [`${partition}/hour=00/x.parquet`]: 'x',
  });
  await symlink('a.parquet', join(basePath, partition, 'link.parquet'));
  const modifiedAtMs = Date.UTC(2025, 7, 16, 1, 2, 3);
  await setModified(join(basePath, partition), modifiedAtMs);

  const before = Date.now();
  const listing = await listPartition({ store: localStore(), basePath, date });
  assert.deepEqual(
    listing.entries.map(({ name, notData }) => [name, notData?.rule]),
    [
      ['_SUCCESS', 'success-marker'],
      ['a.parquet', undefined],
      ['b.parquet', undefined],
      ['hour=00', 'directory'],
      ['link.parquet', 'not-a-file'],
    ],
  );
  assert.equal(listing.partitionPath, join(basePath, partition));
  assert.equal(listing.absent, false);
  assert.equal(listing.modifiedAtMs, modifiedAtMs);
  assert.ok(Math.abs(listing.storeNowMs - before) < 60_000);
  assert.deepEqual(listing.markers, []);
  assert.deepEqual(
    listing.obstacles.map(({ path, rule }) => [path, rule]),
    [
      [join(basePath, partition, 'hour=00'), 'partition-not-flat'],
      [join(basePath, partition, 'link.parquet'), 'partition-not-flat'],
    ],
  );
});

test('names that leave no room for a suffix are in the way, unless the store folds', async (t) => {
  const basePath = await tempDirectory(t);
  const name = 'n'.repeat(249);
  await writeTree(basePath, { [`${partition}/${name}`]: 'x', [`${partition}/${name.slice(1)}`]: 'x' });
  const local = localStore();
  const listing = await listPartition({ store: local, basePath, date });
  assert.deepEqual(
    listing.obstacles.map(({ path, rule }) => [path, rule]),
    [[join(basePath, partition, name), 'name-too-long']],
  );
  const folding = { ...local, abilities: { ...local.abilities, fold: true } };
  assert.deepEqual((await listPartition({ store: folding, basePath, date })).obstacles, []);
});

test('a store that folds is asked what is in the way of its data files; directories and links are not', async () => {
  const { store } = memoryHdfs();
  const directory = `/lake/${partition}`;
  await store.makeDirectory(`${directory}/hour=00`, 0o755);
  for (const name of [
    'b,b.parquet',
    'a.parquet',
    '_SUCCESS',
    '.consolidate-20250815T020000Z-abcdef-0-0.tail',
  ]) {
    await (await store.create(`${directory}/${name}`)).close();
  }
  const asked: unknown[] = [];
  const obstacles: FoldObstacle[] = [
    {
      path: `${directory}/b,b.parquet`,
      rule: 'comma-in-name',
      reason: 'CONCAT cannot name it',
      stopsRename: false,
    },
    { path: directory, rule: 'encryption-zone', reason: 'CONCAT refuses it', stopsRename: false },
  ];
  const foldObstacles: Store['foldObstacles'] = async (path, files) => {
    asked.push([path, files.map(({ name }) => name)]);
    return obstacles;
  };
  const args = { basePath: '/lake', date };
  const listing = await listPartition({ store: { ...store, foldObstacles }, ...args });
  assert.deepEqual(asked, [[directory, ['a.parquet', 'b,b.parquet']]]);
  assert.deepEqual(listing.obstacles, [obstacles[1], { ...obstacles[0], onlyAsInput: true }]);
  assert.deepEqual(
    listing.entries.map(({ name, notData }) => [name, notData?.rule]),
    [
      ['.consolidate-20250815T020000Z-abcdef-0-0.tail', 'own-name'],
      ['_SUCCESS', 'success-marker'],
      ['a.parquet', undefined],
      ['b,b.parquet', undefined],
      ['hour=00', 'directory'],
    ],
  );
  assert.deepEqual((await listPartition({ store, ...args })).obstacles, []);
  await store.deleteFile(`${directory}/a.parquet`);
  await store.deleteFile(`${directory}/b,b.parquet`);
  await listPartition({ store: { ...store, foldObstacles }, ...args });
  assert.equal(asked.length, 1);
});

test('an absent partition is no error, an absent base path is', async (t) => {
  const basePath = await tempDirectory(t);
  const listing = await listPartition({ store: localStore(), basePath, date });
  assert.equal(listing.absent, true);
  assert.deepEqual(listing.entries, []);
  await assert.rejects(
    listPartition({ store: localStore(), basePath: join(basePath, 'gone'), date }),
    (error) =>
      error instanceof ConfigError &&
      error.code === 'base-path-absent' &&
      error.exitCode === 2 &&
      error.message.includes(join(basePath, 'gone')),
  );
  await writeTree(basePath, { file: 'no directory' });
  await assert.rejects(
    listPartition({ store: localStore(), basePath: join(basePath, 'file'), date }),
    (error) => error instanceof ConfigError && error.code === 'base-path-absent',
  );
});

test('a link or a file in the place of the partition is refused', async (t) => {
  const basePath = await tempDirectory(t);
  await writeTree(basePath, { 'elsewhere/a': 'a', 'date=2025-08-16': 'a file' });
  await symlink('elsewhere', join(basePath, partition));
  const refused = (error: unknown) =>
    error instanceof ConfigError && error.code === 'partition-not-a-directory' && error.exitCode === 2;
  await assert.rejects(listPartition({ store: localStore(), basePath, date }), refused);
  await assert.rejects(listPartition({ store: localStore(), basePath, date: '2025-08-16' }), refused);
});

test('table formats are found in the partition, in the base, and at the root of the table', async (t) => {
  const cases: readonly [tree: string, basePath: string, marker: string, owner: string][] = [
    ['_delta_log/00000.json', '', '_delta_log', 'Delta Lake'],
    [`${partition}/_delta_log/00000.json`, '', `${partition}/_delta_log`, 'Delta Lake'],
    ['_spark_metadata/0', '', '_spark_metadata', "Spark Structured Streaming's file sink"],
    ['.hoodie/hoodie.properties', '', '.hoodie', 'Apache Hudi'],
    [`${partition}/.hoodie_partition_metadata`, '', `${partition}/.hoodie_partition_metadata`, 'Apache Hudi'],
    ['metadata/v1.metadata.json', '', 'metadata/v1.metadata.json', 'Apache Iceberg'],
    ['metadata/v1.gz.metadata.json', 'data', 'metadata/v1.gz.metadata.json', 'Apache Iceberg'],
    ['_delta_log/0.json', 'region=eu/source=a', '_delta_log', 'Delta Lake'],
    ['_metadata', '', '_metadata', 'a Parquet summary file of the whole dataset'],
  ];
  for (const [tree, base, marker, owner] of cases) {
    const root = await tempDirectory(t);
    const basePath = join(root, base);
    await writeTree(basePath, { [`${partition}/a.parquet`]: 'a' });
    await writeTree(root, { [tree]: 'x' });
    const { markers } = await listPartition({ store: localStore(), basePath, date });
    assert.deepEqual(
      markers.map((found) => [found.kind, found.path, found.owner]),
      [['table-format', join(root, marker), owner]],
      tree,
    );
  }
});

test('jobs at work are found in the partition and in the base', async (t) => {
  for (const path of [
    `${partition}/_temporary/0/`,
    '_temporary/0/',
    '.spark-staging-3f/',
    `${partition}/.hive-staging_hive_2025-08-15/`,
  ]) {
    const basePath = await tempDirectory(t);
    await writeTree(basePath, { [`${partition}/a.parquet`]: 'a', [path]: '' });
    const { markers } = await listPartition({ store: localStore(), basePath, date });
    assert.deepEqual(
      markers.map(({ kind }) => kind),
      ['busy'],
      path,
    );
  }
});

test('names that only look like markers are none', async (t) => {
  const basePath = await tempDirectory(t);
  await writeTree(basePath, {
    [`${partition}/a.parquet`]: 'a',
    'metadata/readme.txt': 'no table',
    _common_metadata: 'schema only',
    '_temporary_notes/': '',
    '../_delta_log_of_nobody': '',
  });
  t.after(async () => (await import('node:fs/promises')).rm(join(basePath, '../_delta_log_of_nobody')));
  assert.deepEqual((await listPartition({ store: localStore(), basePath, date })).markers, []);
});

test('the roots of a table above a base path', () => {
  assert.deepEqual(rootsAbove('/lake/telemetry'), []);
  assert.deepEqual(rootsAbove('/lake/t/data'), ['/lake/t']);
  assert.deepEqual(rootsAbove('/lake/t/data/region=eu'), ['/lake/t/data', '/lake/t']);
  assert.deepEqual(rootsAbove('/data'), ['/']);
  assert.deepEqual(rootsAbove('/'), []);
});
