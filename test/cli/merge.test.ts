import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { fingerprintFile } from '../../src/parquet/read/fingerprint-file.ts';
import { jsonOf, runCli } from './cli-process.ts';
import { demoDataset, parquetNames, tempDirectory, treeDigest } from './dataset.ts';

async function fingerprintOf(path: string) {
  const source = memorySource(path, await readFile(path));
  return fingerprintFile(source, await readFooter(source));
}

test('a directory becomes one new file, and the sources are untouched', async (t) => {
  const { partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const out = join(directory, 'day.parquet');
  const before = treeDigest(partition);
  const run = await runCli(['merge', partition, '--out', out]);
  assert.equal(run.stderr, '');
  assert.equal(run.exit, 0);
  assert.match(run.stdout, /\n {2}Files +21 +1 /);
  assert.match(run.stdout, /\n {2}Rows +10,280 +10,280 /);
  assert.deepEqual(await readdir(directory), ['day.parquet']);
  assert.equal(treeDigest(partition), before);
  const merged = await fingerprintOf(out);
  assert.equal(merged.rows, 10_280);
  assert.equal(merged.columns.length, 17);
});

test('merging in two steps gives the same rows as merging at once', async (t) => {
  const { partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const files = (await parquetNames(partition)).map((name) => join(partition, name));
  const merge = async (out: string, inputs: readonly string[]): Promise<string> => {
    const path = join(directory, out);
    const run = await runCli(['merge', ...inputs, '--out', path, '--output', 'json']);
    assert.equal(run.exit, 0, run.stderr);
    assert.equal(jsonOf(run).filesBefore, inputs.length);
    return path;
  };
  const first = await merge('first.parquet', files.slice(0, 9));
  const second = await merge('second.parquet', files.slice(9));
  const [atOnce, inSteps] = await Promise.all([
    merge('at-once.parquet', files).then(fingerprintOf),
    merge('in-steps.parquet', [first, second]).then(fingerprintOf),
  ]);
  assert.deepEqual(inSteps.columns, atOnce.columns);
});

test('--out is never overwritten', async (t) => {
  const { partition } = await demoDataset(t);
  const out = join(await tempDirectory(t), 'taken.parquet');
  await writeFile(out, 'mine');
  const run = await runCli(['merge', partition, '--out', out, '--output', 'json']);
  assert.equal(run.exit, 2);
  assert.equal((jsonOf(run).error as { code: string }).code, 'out-exists');
  assert.equal(await readFile(out, 'utf8'), 'mine');
});

test('a damaged input ends with 12 and leaves no file', async (t) => {
  const { partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const [name = ''] = await parquetNames(partition);
  const bytes = await readFile(join(partition, name));
  bytes.fill(0xff, 60, 400);
  await writeFile(join(partition, name), bytes);
  const run = await runCli(['merge', partition, '--out', join(directory, 'day.parquet')]);
  assert.equal(run.exit, 12);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, new RegExp(name));
  assert.deepEqual(await readdir(directory), []);
});

test('inputs that are missing or hold no data end with 2', async (t) => {
  const directory = await tempDirectory(t);
  const missing = await runCli(['merge', join(directory, 'none'), '--out', join(directory, 'o')]);
  assert.equal(missing.exit, 2);
  assert.match(missing.stderr, /none cannot be read: ENOENT/);
  const empty = await runCli(['merge', directory, '--out', join(directory, 'o')]);
  assert.equal(empty.exit, 2);
  assert.match(empty.stderr, /holds no data files/);
});

test('a merged file never comes to lie among its inputs, where readers would find every row twice', async (t) => {
  const { partition } = await demoDataset(t);
  const before = treeDigest(partition);
  const files = (await parquetNames(partition)).map((name) => join(partition, name));
  for (const inputs of [[partition], files]) {
    const run = await runCli([
      'merge',
      ...inputs,
      '--out',
      join(partition, 'day.parquet'),
      '--output',
      'json',
    ]);
    assert.equal(run.exit, 2);
    assert.equal((jsonOf(run).error as { code: string }).code, 'out-among-inputs');
  }
  assert.equal(treeDigest(partition), before);
});

test('a URI is refused with what to do instead', async () => {
  for (const args of [
    ['hdfs://nn:8020/d/date=2025-08-15', '--out', '/tmp/never.parquet'],
    ['/tmp', '--out', 'webhdfs://nn:9870/never.parquet'],
  ]) {
    const run = await runCli(['merge', ...args]);
    assert.equal(run.exit, 2);
    assert.match(
      run.stderr,
      /^error: merge works on files of this machine, and s?(?:web)?hdfs:\S+ is a (?:web)?hdfs URI\n/,
    );
    assert.match(run.stderr, /\n {2}next: {2}Fetch it first \(hdfs dfs -get\)/);
  }
});
