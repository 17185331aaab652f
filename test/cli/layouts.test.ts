import assert from 'node:assert/strict';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCliInProcess } from './cli-in-process.ts';
import { addPartition, addPartitionAt, parquetNames, settle, tempDirectory, treeDigest } from './dataset.ts';

const hourly = 'year={yyyy}/month={MM}/day={dd}/hour={HH}';
const hours = [
  'year=2025/month=08/day=14/hour=23',
  'year=2025/month=08/day=15/hour=00',
  'year=2025/month=08/day=15/hour=07',
];

interface ToldPartition {
  readonly date: string;
  readonly partition?: string;
  readonly result?: string;
  readonly rule: string;
  readonly decision?: string;
  readonly bins: readonly { readonly files: number }[];
}

/** What the commands say as JSON, as far as it is looked at here. */
interface Told extends ToldPartition {
  readonly exitCode: number;
  readonly partitions: readonly ToldPartition[];
  readonly ranked: readonly ToldPartition[];
  readonly others: readonly { readonly rule: string }[];
  readonly consolidations: readonly { readonly date: string }[];
  readonly error: { readonly code: string; readonly message: string };
}

/** The program in this process, on a dataset. */
const on = (basePath: string, layout: string) => {
  const where = ['--base-path', basePath, '--layout', layout];
  return {
    text: (...args: readonly string[]) => runCliInProcess([...args, ...where], {}),
    json: async (...args: readonly string[]): Promise<Told> => {
      const { stdout } = await runCliInProcess([...args, ...where, '--output', 'json'], {});
      return JSON.parse(stdout);
    },
  };
};

test('partitions of hours: consolidated, explained, told of, undone, each or all of a date', async (t) => {
  const basePath = await tempDirectory(t);
  for (const hour of hours) await addPartitionAt(join(basePath, hour));
  // Neither is of the layout.
  await addPartition(basePath, '2025-08-15');
  await addPartitionAt(join(basePath, 'year=2025/month=08/day=15/hour=7'));
  const { text, json } = on(basePath, hourly);

  const before = treeDigest(basePath);
  const preview = await text('--date', '2025-08-15', '--dry-run');
  assert.equal(preview.exit, 0, preview.stderr);
  assert.match(preview.stdout, /Preview for partition year=2025\/month=08\/day=15\/hour=00:/);
  assert.match(preview.stdout, /DRY RUN: 2 partitions of 2 to consolidate: 42 files into 2/);
  assert.equal(treeDigest(basePath), before);

  const explained = await json('explain', '2025-08-15');
  assert.deepEqual(
    explained.partitions.map(({ date, partition, decision }) => [date, partition, decision]),
    hours.slice(1).map((hour) => ['2025-08-15', hour, 'consolidate']),
  );
  const one = await json('explain', `${hours[1]}/`);
  assert.equal(one.partition, hours[1]);
  assert.equal(one.bins[0]?.files, 21);

  const run = await json('--date', '2025-08-15');
  assert.equal(run.exitCode, 0);
  assert.deepEqual(
    run.partitions.map(({ date, partition, result }) => [date, partition, result]),
    hours.slice(1).map((hour) => ['2025-08-15', hour, 'consolidated']),
  );
  for (const hour of hours.slice(1)) assert.equal((await parquetNames(join(basePath, hour))).length, 1, hour);
  assert.equal((await parquetNames(join(basePath, hours[0] ?? ''))).length, 21);
  assert.equal((await parquetNames(join(basePath, 'date=2025-08-15'))).length, 21);
  assert.deepEqual((await readdir(join(basePath, '_consolidation'))).sort(), [
    'part-year~3D2025~2Fmonth~3D08~2Fday~3D15~2Fhour~3D00',
    'part-year~3D2025~2Fmonth~3D08~2Fday~3D15~2Fhour~3D07',
  ]);

  const scanned = await json('scan', '--from', '2025-08-01');
  assert.equal(Number(scanned.partitions), 3);
  assert.deepEqual(
    scanned.ranked.map(({ date, partition }) => [date, partition]),
    [['2025-08-14', hours[0]]],
  );
  assert.equal(Number((await json('scan', '--from', '2025-08-15')).partitions), 2);
  assert.equal(Number((await json('scan', '--to', '2024-12-31')).partitions), 0);

  const history = await json('history', '--date', '2025-08-15');
  assert.deepEqual(
    history.consolidations.map(({ date }) => date),
    ['2025-08-15', '2025-08-15'],
  );
  assert.equal((await json('history', '--date', '2025-08-14')).consolidations.length, 0);

  const nothing = await text('recover', '--date', '2025-08-15');
  assert.equal(nothing.exit, 0, nothing.stderr);
  assert.match(nothing.stdout, /Nothing to recover/);

  // One of them, then the rest of the date: what is undone already is passed over.
  const undone = await text('undo', hours[2] ?? '');
  assert.equal(undone.exit, 0, undone.stderr);
  assert.match(undone.stdout, /Undone for partition year=2025\/month=08\/day=15\/hour=07/);
  assert.match(undone.stdout, /--date year=2025\/month=08\/day=15\/hour=07/);
  assert.equal((await parquetNames(join(basePath, hours[2] ?? ''))).length, 21);
  assert.equal((await parquetNames(join(basePath, hours[1] ?? ''))).length, 1);
  const again = await json('--date', '2025-08-15');
  assert.deepEqual(
    again.partitions.map(({ rule }) => rule),
    ['nothing-to-merge', 'on-hold'],
  );
  // A run that died and was settled by another one has its files in a directory of another name.
  const workspace = join(basePath, '_consolidation');
  const [work = ''] = (await readdir(workspace)).filter((name) => name.includes('~2Fhour~3D00'));
  const [runId = ''] = (await readdir(join(workspace, work))).filter((name) => name !== 'history');
  await rename(join(workspace, work, runId), join(workspace, work, `${runId}.fenced-1`));
  const named = await json('undo', '2025-08-15', '--run', runId, '--dry-run');
  assert.equal(named.exitCode, 0, named.error?.message);
  const rest = await json('undo', '2025-08-15');
  assert.deepEqual(
    rest.partitions.map(({ partition }) => partition),
    [hours[1]],
  );
  assert.equal((await parquetNames(join(basePath, hours[1] ?? ''))).length, 21);
  const none = await json('undo', '2025-08-15');
  assert.equal(none.error.code, 'nothing-to-undo');
});

test('a range, its shards and a date without partitions, with a directory for each source', async (t) => {
  const basePath = await tempDirectory(t);
  const paths = ['eu west/dt=20250814', 'eu west/dt=20250815', 'us/dt=20250815', 'us/dt=20250816'];
  for (const path of paths) await addPartitionAt(join(basePath, path));
  const { text, json } = on(basePath, '{source}/dt={yyyyMMdd}');
  const args = ['--from', '2025-08-14', '--to', '2025-08-15', '--dry-run'];
  const partitionsOf = (run: Told): readonly unknown[] => run.partitions.map(({ partition }) => partition);
  const whole = await json(...args);
  assert.deepEqual(partitionsOf(whole), paths.slice(0, 3));
  const shares = [await json(...args, '--shard', '0/2'), await json(...args, '--shard', '1/2')].map(
    partitionsOf,
  );
  assert.deepEqual(shares.flat().toSorted(), paths.slice(0, 3).toSorted());
  assert.ok(shares.every((share) => share.length > 0));
  const absent = await text('--date', '2025-08-01');
  assert.equal(absent.exit, 0, absent.stderr);
  assert.match(absent.stdout, /there is no partition of 2025-08-01/);

  // A shard plan of one layout is none of another.
  await json('--from', '2025-08-14', '--to', '2025-08-15', '--shard', '0/2');
  const other = on(basePath, '{source}/dt={yyyy}{MM}{dd}');
  const refused = await other.json('--from', '2025-08-14', '--to', '2025-08-15', '--shard', '1/2');
  assert.equal(refused.error.code, 'shard-plan-differs');
  assert.match(refused.error.message, /of another layout/);
});

test('a date has one partition at most, which is told of when it is not there', async (t) => {
  const basePath = await tempDirectory(t);
  await addPartitionAt(join(basePath, 'year=2025/month=8/day=5'));
  const { text } = on(basePath, 'year={yyyy}/month={M}/day={d}');
  const run = await text('--date', '2025-08-06', '--days-back', '2');
  assert.equal(run.exit, 0, run.stderr);
  assert.match(run.stdout, /year=2025\/month=8\/day=5 +consolidated +21 → 1/);
  assert.match(run.stdout, /No partition for 2 dates: year=2025\/month=8\/day=4, year=2025\/month=8\/day=6/);
});

test('what stands between the base and a partition counts: a table of its own, a job at work, another dataset', async (t) => {
  const basePath = await tempDirectory(t);
  for (const source of ['delta', 'busy', 'nested', 'plain'])
    await addPartitionAt(join(basePath, source, 'dt=20250815'));
  await mkdir(join(basePath, 'delta', '_delta_log'));
  await mkdir(join(basePath, 'busy', '_temporary'));
  await mkdir(join(basePath, 'nested', '_consolidation'));
  await mkdir(join(basePath, '_staging', 'dt=20250815'), { recursive: true });
  const { json } = on(basePath, '{source}/dt={yyyyMMdd}');
  const run = await json('--date', '2025-08-15');
  assert.deepEqual(
    run.partitions.map(({ partition, rule }) => [partition, rule]),
    [
      ['busy/dt=20250815', 'busy'],
      ['delta/dt=20250815', 'table-format'],
      ['nested/dt=20250815', 'dataset-within'],
      ['plain/dt=20250815', 'small-files'],
    ],
  );
  const scanned = await json('scan');
  assert.deepEqual(scanned.others.map(({ rule }) => rule).sort(), [
    'busy',
    'dataset-within',
    'nothing-to-merge',
    'table-format',
  ]);
});

test('names that Hive escaped stay as they are', async (t) => {
  const basePath = await tempDirectory(t);
  const path = 'src=a%2Fb/ts=2025-08-15 07%3A00%3A00';
  const partition = await addPartitionAt(join(basePath, path));
  await writeFile(join(partition, '_SUCCESS'), '');
  await settle(partition);
  const { text, json } = on(basePath, 'src={source}/ts={yyyy-MM-dd HH:00:00}');
  const run = await json('--date', '2025-08-15');
  assert.deepEqual(
    run.partitions.map(({ partition: at, result }) => [at, result]),
    [[path, 'consolidated']],
  );
  assert.equal((await parquetNames(partition)).length, 1);
  const undone = await text('undo', path);
  assert.equal(undone.exit, 0, undone.stderr);
  assert.equal((await parquetNames(partition)).length, 21);
});

test('a layout that is none is refused, and so is a partition that is none of it', async (t) => {
  const basePath = await tempDirectory(t);
  const bad = await on(basePath, 'date={YYYY-MM-DD}').json('--date', '2025-08-15');
  assert.equal(bad.exitCode, 2);
  assert.match(
    bad.error.message,
    /flag --layout is "date=\{YYYY-MM-DD\}", which has \{YYYY-MM-DD\}, which is no date/,
  );
  const other = await on(basePath, hourly).json('explain', 'year=2025/month=08/day=15');
  assert.equal(other.error.code, 'bad-date');
  assert.match(other.error.message, /no partition of the layout year=/);
});
