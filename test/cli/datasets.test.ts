import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCliInProcess } from './cli-in-process.ts';
import type { CliRun } from './cli-process.ts';
import { addPartitionAt, parquetNames, tempDirectory, treeDigest } from './dataset.ts';

interface ToldPartition {
  readonly date: string;
  readonly partition?: string;
  readonly result: string;
  readonly rule: string;
  readonly filesBefore: number;
  readonly bytesBefore: number;
}

/** What the commands say as JSON, as far as it is looked at here. */
interface Told {
  readonly exitCode: number;
  readonly datasetName?: string;
  readonly basePath: string;
  readonly partitions: readonly ToldPartition[];
  readonly datasets: readonly (Told & { readonly error?: { readonly code: string } })[];
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
  readonly left: {
    readonly partitions: number;
    readonly bytes: number;
    readonly because: Readonly<Record<string, number>>;
    readonly first: readonly {
      readonly datasetName: string;
      readonly date: string;
      readonly because: string;
    }[];
  };
}

/** A lake of two datasets: `claims` with a partition of 42 small files and one of 21, `telemetry` with two of 21. */
async function lake(t: TestContext, more = '') {
  const directory = await tempDirectory(t);
  const claims = join(directory, 'claims');
  const telemetry = join(directory, 'telemetry');
  await addPartitionAt(join(claims, 'date=2025-08-14'), 2);
  await addPartitionAt(join(claims, 'date=2025-08-15'));
  await addPartitionAt(join(telemetry, 'year=2025/month=08/day=14'));
  await addPartitionAt(join(telemetry, 'year=2025/month=08/day=15'));
  const config = join(directory, 'lake.yaml');
  await writeFile(
    config,
    `title: Lake
consolidation: {min_files_threshold: 5}
metrics: {textfile: metrics.prom}
datasets:
  telemetry:
    base_path: telemetry
    consolidation: {layout: "year={yyyy}/month={MM}/day={dd}", target_size_mb: 64}
    compression: {codec: zstd}
  claims:
    base_path: claims
    priority: 2
${more}`,
  );
  const run = (...args: readonly string[]): Promise<CliRun> =>
    runCliInProcess([...args, '--config', config], {});
  const json = async (...args: readonly string[]): Promise<Told> =>
    JSON.parse((await run(...args, '--output', 'json')).stdout);
  return { directory, claims, telemetry, config, run, json };
}

const day = (n: number): string => `year=2025/month=08/day=${n}`;

test('a date of all datasets, each by its own policy, or of those that are named', async (t) => {
  const { directory, claims, telemetry, run, json } = await lake(t);
  const before = treeDigest(directory);
  const preview = await run('--date', '2025-08-15', '--dry-run');
  assert.equal(preview.exit, 0, preview.stderr);
  assert.match(preview.stdout, /Lake\n=+\n\nDataset claims\n\nPreview for date 2025-08-15:/);
  assert.match(preview.stdout, /\nDataset telemetry\n\nPreview for partition year=2025\/month=08\/day=15:/);
  assert.equal(treeDigest(directory), before);

  const one = await json('--date', '2025-08-15', '--dataset', 'telemetry');
  assert.equal(one.datasetName, 'telemetry');
  assert.equal(one.basePath, telemetry);
  assert.deepEqual(
    one.partitions.map(({ partition, result }) => [partition, result]),
    [[day(15), 'consolidated']],
  );
  assert.equal((await parquetNames(join(claims, 'date=2025-08-15'))).length, 21);

  const both = await json('--date', '2025-08-15', '--days-back', '1');
  assert.equal(both.exitCode, 0);
  assert.deepEqual(
    both.datasets.map(({ datasetName, exitCode, partitions }) => [
      datasetName,
      exitCode,
      partitions.map(({ date, result }) => `${date} ${result}`),
    ]),
    [
      ['claims', 0, ['2025-08-14 consolidated', '2025-08-15 consolidated']],
      ['telemetry', 0, ['2025-08-14 consolidated', '2025-08-15 nothing']],
    ],
  );
  assert.deepEqual((await readdir(directory)).filter((name) => name.endsWith('.prom')).sort(), [
    'metrics-claims.prom',
    'metrics-telemetry.prom',
  ]);

  const files = join(telemetry, day(14));
  const [merged = ''] = await parquetNames(files);
  assert.match((await run('inspect', join(files, merged))).stdout, /zstd/i);

  const none = await json('--date', '2025-08-15', '--dataset', 'telemetri');
  assert.equal(none.exitCode, 2);
  assert.equal(none.error.hint, 'Did you mean --dataset telemetry?');
  const both2 = await json('--date', '2025-08-15', '--dataset', 'telemetry', '--base-path', claims);
  assert.equal(both2.error.code, 'dataset-and-base-path');
  const plain = await json('--date', '2025-08-15', '--base-path', claims);
  assert.deepEqual(
    plain.partitions.map(({ rule }) => rule),
    ['nothing-to-merge'],
  );
});

test('the other commands take a dataset, or all of them in turn; undo wants one', async (t) => {
  const { claims, run, json } = await lake(t);
  await json('--date', '2025-08-15');
  const scan = await run('scan', '--output', 'json');
  const lines = scan.stdout
    .trimEnd()
    .split('\n')
    .map((line): Told => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ datasetName }) => datasetName),
    ['claims', 'telemetry'],
  );
  const explained = await run('explain', '2025-08-14');
  assert.match(
    explained.stdout,
    /^Dataset claims\n.*Date 2025-08-14 will be.*Do it: .+ --date 2025-08-14 --dataset claims --config .*Dataset telemetry\n.*Partition year=2025/s,
  );
  const which = await json('undo', '2025-08-15');
  assert.equal(which.error.code, 'dataset-missing');
  assert.match(which.error.message, /claims, telemetry/);
  const undone = await run('undo', '2025-08-15', '--dataset', 'claims');
  assert.equal(undone.exit, 0, undone.stderr);
  assert.equal((await parquetNames(join(claims, 'date=2025-08-15'))).length, 21);
  for (const command of ['recover', 'cleanup', 'doctor'] as const) {
    const each = await run(command);
    assert.equal(each.exit, 0, each.stderr);
    assert.match(each.stdout, /^Dataset claims\n.*\nDataset telemetry\n/s, command);
  }
  const history = await run('history', '--dataset', 'telemetry', '--output', 'json');
  assert.equal(JSON.parse(history.stdout).datasetName, 'telemetry');
  assert.equal(JSON.parse(history.stdout).consolidations.length, 1);
});

test('one dataset that cannot be worked on does not keep the run from the others', async (t) => {
  const { run, json } = await lake(t, '  gone:\n    base_path: nowhere\n    priority: 9\n');
  const told = await json('--date', '2025-08-15');
  assert.equal(told.exitCode, 3);
  assert.deepEqual(
    told.datasets.map(({ datasetName, exitCode, error }) => [datasetName, exitCode, error?.code]),
    [
      ['claims', 0, undefined],
      ['telemetry', 0, undefined],
      ['gone', 2, 'base-path-absent'],
    ],
  );
  const again = await run('--date', '2025-08-14');
  assert.equal(again.exit, 3);
  assert.match(again.stderr, /gone: .*nowhere/);
  assert.match(again.stdout, /Dataset claims\n\n✔ Consolidated date 2025-08-14/);
  const alone = await json('--date', '2025-08-14', '--dataset', 'gone');
  assert.equal(alone.exitCode, 2);
  const scans = await run('scan');
  assert.equal(scans.exit, 3);
  assert.match(scans.stderr, /gone: /);
});

test('all that is worth it, the best first, as far as the budget goes; what is left is told and done by the next run', async (t) => {
  const { claims, telemetry, run, json } = await lake(t);
  const sizes = await json('--all', '--dry-run');
  assert.equal(sizes.left.partitions, 0);
  assert.deepEqual(
    sizes.datasets.map(({ partitions }) => partitions.map(({ date, filesBefore }) => [date, filesBefore])),
    [
      [
        ['2025-08-14', 42],
        ['2025-08-15', 21],
      ],
      [
        ['2025-08-15', 21],
        ['2025-08-14', 21],
      ],
    ],
  );

  // There is room for the best one, with 42 files, and for no other; then for two of half the size.
  const bytes = (sizes.datasets[0]?.partitions[0]?.bytesBefore ?? 0) * 1.2;
  const budget = `${(bytes / 2 ** 20).toFixed(3)}MB`;
  const first = await json('--all', '--max-bytes', budget);
  assert.equal(first.exitCode, 0);
  assert.equal((await parquetNames(join(claims, 'date=2025-08-14'))).length, 1);
  assert.equal((await parquetNames(join(claims, 'date=2025-08-15'))).length, 21);
  assert.deepEqual(first.left.because, { 'max-bytes': 3 });
  assert.equal(first.left.first[0]?.datasetName, 'claims');
  assert.equal(first.left.first[0]?.date, '2025-08-15');
  const second = await run('--all', '--max-bytes', budget);
  assert.equal(second.exit, 0, second.stderr);
  assert.match(
    second.stdout,
    /Left for another run: 1 partition with [\d.]+K to merge; 1 had no room in --max-bytes \([\d.]+[KM]\)\n {2}first {3}telemetry year=2025\/month=08\/day=14/,
  );
  const third = await json('--all');
  assert.deepEqual(third.left, { partitions: 0, bytes: 0, because: {}, first: [] });
  for (const n of [14, 15]) assert.equal((await parquetNames(join(telemetry, day(n)))).length, 1);
  const nothing = await run('--all');
  assert.equal(nothing.exit, 0, nothing.stderr);
  assert.match(nothing.stdout, /Nothing to do: no partition is worth a run/);

  const wrong = await json('--all', '--date', '2025-08-15');
  assert.match(wrong.error.message, /--all and --date are both given/);
});

test('what is wrong for every dataset ends as it would with one of them, and warns of nothing else', async (t) => {
  const { run, json } = await lake(t);
  for (const words of [
    ['--date', 'tomorrow'],
    ['--from', '2025-08-15', '--to', '2025-08-01'],
  ]) {
    const told = await json(...words);
    assert.equal(told.exitCode, 2);
    assert.deepEqual(
      told.datasets.map(({ exitCode }) => exitCode),
      [2, 2],
    );
  }
  const unknown = await run('--all', '--dataset', 'claimz');
  assert.equal(unknown.exit, 2);
  assert.match(unknown.stderr, /^error: there is no dataset "claimz": .+ has telemetry, claims\n/);
  const both = await run('--all', '--dataset', 'claims', '--base-path', '/nowhere');
  assert.equal(both.exit, 2);
  for (const { stderr } of [unknown, both]) assert.doesNotMatch(stderr, /warning/);
});

test('a layout that no directory is called by is told of, and is not taken for a dataset with nothing to do', async (t) => {
  const { run } = await lake(t);
  const wrong = ['--dataset', 'claims', '--layout', 'dt={yyyyMMdd}'];
  const said = /there is no partition that is called as dt=\{yyyyMMdd\} says/;
  assert.match((await run('--all', ...wrong)).stdout, said);
  const range = ['--from', '2025-08-14', '--to', '2025-08-15'];
  assert.match(
    (await run(...range, ...wrong)).stdout,
    /no partition from 2025-08-14 to 2025-08-15 that is called as dt/,
  );
  assert.match((await run('scan', ...wrong)).stdout, said);
});

test('outside of its hours a dataset is left alone, and the others are done', async (t) => {
  const now = new Date();
  const hour = (n: number): string => String((now.getUTCHours() + n + 24) % 24).padStart(2, '0');
  const closed = `${hour(6)}:00-${hour(8)}:00`;
  const { claims, telemetry, json, run } = await lake(t, `    budget: {window: "${closed}"}\n`);
  const told = await json('--date', '2025-08-15');
  assert.equal(told.exitCode, 0);
  assert.equal((await parquetNames(join(claims, 'date=2025-08-15'))).length, 21);
  assert.equal((await parquetNames(join(telemetry, day(15)))).length, 1);
  assert.deepEqual(told.left.because, { window: 1 });
  const text = await run('--date', '2025-08-15', '--dataset', 'claims');
  assert.equal(text.exit, 0, text.stderr);
  assert.match(text.stdout, new RegExp(`1 outside of ${closed}`));
  // A flag wins over the file.
  const open = await json(
    '--date',
    '2025-08-15',
    '--dataset',
    'claims',
    '--window',
    `${hour(-6)}:00-${hour(6)}:00`,
  );
  assert.deepEqual(
    open.partitions.map(({ result }) => result),
    ['consolidated'],
  );
});

test('files of others refuse a partition, or are told of', async (t) => {
  const { claims, json, run } = await lake(t, '    owners: {mode: "0600"}\n');
  const refused = await json('--date', '2025-08-15', '--dataset', 'claims');
  assert.equal(refused.exitCode, 12);
  assert.deepEqual(
    refused.partitions.map(({ result, rule }) => [result, rule]),
    [['refused', 'unexpected-owner']],
  );
  assert.equal((await parquetNames(join(claims, 'date=2025-08-15'))).length, 21);
  const scan = await run('scan', '--dataset', 'claims');
  assert.match(scan.stdout, /has the mode 0644 instead of 0600 \(and \d+ more are not as they should be\)/);
  const warned = await runCliInProcess(['--date', '2025-08-15', '--base-path', claims], {
    EXPECTED_MODE: '0600',
    EXPECTED_ON_MISMATCH: 'warn',
  });
  assert.equal(warned.exit, 0, warned.stderr);
  assert.match(warned.stderr, /warning: .*has the mode 0644 instead of 0600/);
  assert.equal((await parquetNames(join(claims, 'date=2025-08-15'))).length, 1);
});

test('datasets of a file that is wrong are no datasets', async (t) => {
  const directory = await tempDirectory(t);
  const config = join(directory, 'c.yaml');
  await mkdir(join(directory, 'a'));
  await writeFile(config, 'datasets:\n  a: {base_path: a, priorit: 3}\n  b: {base_path: b}\n');
  for (const args of [['--date', '2025-08-15'], ['scan'], ['recover', '--dataset', 'a']]) {
    const run = await runCliInProcess([...args, '--config', config], {});
    assert.equal(run.exit, 2, run.stderr);
    assert.match(run.stderr, /c\.yaml:2:21: unknown key datasets\.a\.priorit; did you mean priority\?/);
  }
});
