import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { codec, encoding, physicalType } from '../../src/parquet/format.ts';
import { fingerprintFile } from '../../src/parquet/read/fingerprint-file.ts';
import { type Page, pages } from '../../src/parquet/read/pages.ts';
import type { Field, FieldValue } from '../parquet/model.ts';
import { ownFile } from '../parquet/own-file.ts';
import { randomSource } from '../parquet/random-source.ts';
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

test('flags say how the new file is written', async (t) => {
  const { partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const merged = async (name: string, ...flags: readonly string[]) => {
    const out = join(directory, name);
    const run = await runCli(['merge', partition, '--out', out, ...flags]);
    assert.equal(run.exit, 0, run.stderr);
    const source = memorySource(out, await readFile(out));
    const footer = await readFooter(source);
    const first: Page[] = [];
    // latitude
    for await (const page of pages(source, footer, 0, 4)) first.push(page);
    return { footer, first, columns: (await fingerprintOf(out)).columns };
  };
  const codecsOf = ({ footer }: Awaited<ReturnType<typeof merged>>): readonly number[] => [
    ...new Set(footer.rowGroups.flatMap(({ chunks }) => chunks.map((chunk) => chunk.codec))),
  ];
  const plain = await merged('plain.parquet');
  assert.deepEqual(codecsOf(plain), [codec.SNAPPY]);
  assert.equal(plain.footer.rowGroups.length, 1);
  assert.equal(plain.first.filter(({ kind }) => kind === 'DATA_PAGE').length, 1);

  const zstd = await merged('zstd.parquet', '--codec', 'zstd', '--row-group-rows', '4000');
  assert.deepEqual(codecsOf(zstd), [codec.ZSTD]);
  assert.deepEqual(
    zstd.footer.rowGroups.map(({ rows }) => rows),
    [4000, 4000, 2280],
  );
  assert.deepEqual(zstd.columns, plain.columns);

  const sizeOf = ({ footer }: typeof zstd): number =>
    footer.rowGroups.flatMap(({ chunks }) => chunks).reduce((sum, one) => sum + one.compressedSizeBytes, 0);
  const smallest = await merged('smallest.parquet', '--codec', 'zstd:19', '--row-group-rows', '4000');
  assert.deepEqual(codecsOf(smallest), [codec.ZSTD]);
  assert.ok(sizeOf(smallest) < sizeOf(zstd), `${sizeOf(smallest)} and ${sizeOf(zstd)} bytes`);
  assert.deepEqual(smallest.columns, plain.columns);

  const small = await merged('small.parquet', '--page-size', '4', '--row-group-mb', '1');
  assert.ok(small.first.filter(({ kind }) => kind === 'DATA_PAGE').length > 3);
  assert.deepEqual(small.columns, plain.columns);

  const filtered = await merged('filtered.parquet', '--bloom-filter-columns', 'vehicle_id, lat');
  assert.deepEqual(
    filtered.footer.leaves
      .filter(({ index }) => filtered.footer.rowGroups[0]?.chunks[index]?.hasBloomFilter)
      .map(({ path }) => path),
    ['vehicle_id', 'lat'],
  );

  const compact = await merged('compact.parquet', '--encodings', 'compact');
  const usesNew = compact.footer.rowGroups[0]?.chunks.some(({ encodings }) =>
    encodings.some((one) => one === encoding.DELTA_BINARY_PACKED || one === encoding.BYTE_STREAM_SPLIT),
  );
  assert.equal(usesNew, true);
  assert.deepEqual(compact.columns, plain.columns);
});

test('--sort-check makes a file only where the rows come in the order that the files state', async (t) => {
  const directory = await tempDirectory(t);
  const number: Field = { name: 'n', repetition: 0, type: physicalType.INT32, children: [] };
  const write = async (name: string, numbers: readonly number[], isSorted = true): Promise<void> => {
    const rows = numbers.map((n): FieldValue[] => [new Uint8Array(Int32Array.of(n).buffer)]);
    const sortedBy = isSorted ? [{ leaf: 0, isDescending: false, nullsFirst: false }] : [];
    const { bytes } = await ownFile([number], [rows], randomSource(815), [], sortedBy);
    await writeFile(join(directory, name), bytes);
  };
  await write('low', [1, 2]);
  await write('high', [2, 9]);
  await write('unsaid', [10], false);
  const merge = (...args: readonly string[]) =>
    runCli(['merge', ...args, '--out', 'out.parquet', '--sort-check'], { cwd: directory });

  const wrong = await merge('high', 'low');
  assert.equal(wrong.exit, 12);
  assert.match(
    wrong.stderr,
    /the files say that they are sorted by n, but one after the other their rows are not sorted by it\n/,
  );
  const unsaid = await merge('low', 'high', 'unsaid');
  assert.equal(unsaid.exit, 12);
  assert.match(
    unsaid.stderr,
    /the files do not all state one order of their rows, so there is none to check\n/,
  );
  assert.deepEqual(await readdir(directory), ['high', 'low', 'unsaid']);

  const right = await merge('low', 'high');
  assert.equal(right.exit, 0, right.stderr);
  assert.match(right.stdout, /\n {2}The rows of each row group are sorted by n, as the files say\.\n/);
  const inspected = await runCli(['inspect', join(directory, 'out.parquet')]);
  assert.match(inspected.stdout, /\n {2}Sorted by +n\n/);
});

test('a value that a flag does not take ends with 2 and what to type', async (t) => {
  const out = join(await tempDirectory(t), 'o');
  for (const [flag, value, message] of [
    [
      '--codec',
      'lzma',
      /flag --codec is "lzma"; allowed: snappy, zstd, gzip, lz4_raw, uncompressed, keep; with a level zstd:1 to zstd:22, gzip:1 to gzip:9\n/,
    ],
    ['--codec', 'zstd:99', /flag --codec is "zstd:99"; allowed: .* zstd:1 to zstd:22, gzip:1 to gzip:9\n/],
    ['--codec', 'snappy:3', /flag --codec is "snappy:3"; allowed: /],
    ['--encodings', 'best', /--encodings "best": expected "standard", "compact"\./],
    ['--schema', 'any', /--schema "any": expected "compatible", "exact"\./],
    [
      '--row-group-rows',
      '0',
      /flag --row-group-rows is "0"; allowed: a whole number from 1 to 100000000 \(rows\)/,
    ],
    [
      '--row-group-mb',
      '1.5',
      /flag --row-group-mb is "1.5"; allowed: a whole number from 1 to 1024 \(MB of /,
    ],
    [
      '--page-size',
      '1MB',
      /flag --page-size is "1MB"; allowed: a whole number from 1 to 65536 \(KB of 1,024 bytes/,
    ],
    ['--memory', '10', /flag --memory is "10"; allowed: a whole number from 256 to /],
  ] as const) {
    const run = await runCli(['merge', '/tmp', '--out', out, flag, value]);
    assert.equal(run.exit, 2);
    assert.match(run.stderr, message);
  }
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
