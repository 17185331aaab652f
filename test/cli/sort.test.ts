import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { physicalType } from '../../src/parquet/format.ts';
import { fingerprintFile } from '../../src/parquet/read/fingerprint-file.ts';
import { int, leaf, list, text } from '../parquet/evolution-fields.ts';
import { foreignFile } from '../parquet/foreign-file.ts';
import { type Field, randomRows } from '../parquet/model.ts';
import { randomSource } from '../parquet/random-source.ts';
import { runCliInProcess } from './cli-in-process.ts';
import {
  addPartition,
  date,
  demoDataset,
  parquetNames,
  settle,
  tempDirectory,
  treeDigest,
} from './dataset.ts';

async function columnsOf(path: string) {
  const source = memorySource(path, await readFile(path));
  const footer = await readFooter(source);
  const { columns } = await fingerprintFile(source, footer);
  return { columns, footer };
}

test('merge and consolidation sort by --sort-by, and say what it is good for', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const temp = join(directory, 'temp');
  const env = { TEMP_DIRECTORY: temp, ROW_GROUP_SIZE: '1000' };
  const order = 'vehicle_id, event_time desc nulls first';
  const kept = join(directory, 'kept.parquet');
  const sorted = join(directory, 'sorted.parquet');
  assert.equal((await runCliInProcess(['merge', partition, '--out', kept], env)).exit, 0);
  const merge = await runCliInProcess(['merge', partition, '--out', sorted, '--sort-by', order], env);
  assert.equal(merge.exit, 0, merge.stderr);
  assert.match(merge.stdout, /\n {2}Sorted {4}by vehicle_id, event_time desc nulls first\n/);
  assert.match(
    merge.stdout,
    /\n {12}one value of vehicle_id lies in \d+(?:\.\d)? of 11 row groups \([\d.]+ %\), on average; before in \d+(?:\.\d)? of 21 row groups \([\d.]+ %\)\n/,
  );
  assert.doesNotMatch(merge.stdout, /as the files say/);
  const [before, after] = [await columnsOf(kept), await columnsOf(sorted)];
  const orderless = ({ columns }: typeof before) =>
    columns.map(({ levelDigest: _, valueDigest: __, ...rest }) => rest);
  assert.deepEqual(orderless(after), orderless(before));
  assert.notDeepEqual(after.columns, before.columns);

  const flags = ['--date', date, '--base-path', basePath];
  const run = await runCliInProcess([...flags, '--sort-by', order, '--output', 'json'], env);
  assert.equal(run.exit, 0, run.stderr);
  const [name = ''] = await parquetNames(partition);
  assert.deepEqual((await columnsOf(join(partition, name))).columns, after.columns);
  assert.match(
    run.stdout,
    /"sorting":\{"by":"vehicle_id, event_time desc nulls first","lookups":\[\{"column":"vehicle_id","before":\{"rowGroups":21,"share":/,
  );
  // What was in it went with the file that had no name.
  assert.deepEqual(await readdir(temp), []);
  const again = await runCliInProcess([...flags, '--sort-by', order], env);
  assert.match(again.stdout, /Nothing to do/);
});

test('what cannot be sorted is refused before anything is touched', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const env = { TEMP_DIRECTORY: join(directory, 'temp') };
  const out = join(directory, 'out.parquet');
  const untouched = treeDigest(basePath);
  const merge = ['merge', partition, '--out', out];
  const flags = ['--date', date, '--base-path', basePath];
  const file = join(directory, 'file');
  await writeFile(file, '');
  for (const [args, code, message, environment] of [
    [
      [...merge, '--sort-by', 'vehicle_id upwards'],
      2,
      /flag --sort-by is "vehicle_id upwards"; allowed: columns separated by commas/,
    ],
    [[...merge, '--sort-by', 'vehicle_id,'], 2, /flag --sort-by is "vehicle_id,"; allowed: /],
    [
      [...merge, '--sort-by', 'vehicle'],
      2,
      /rows cannot be sorted by vehicle: it does not exist; there are vehicle_id, event_time, /,
    ],
    [[...merge, '--sort-by', 'lat', '--sort-check'], 2, /--sort-check looks at the order that rows have/],
    [
      [...merge, '--sort-by', 'lat'],
      10,
      /cannot make a file in .*file.* to sort with: /,
      { TEMP_DIRECTORY: file },
    ],
    [
      [...flags, '--sort-by', 'lat', '--mode', 'fold'],
      2,
      /consolidation\.sort_by is set together with consolidation\.mode fold/,
    ],
  ] as const) {
    const run = await runCliInProcess(args, environment ?? env);
    assert.equal(run.exit, code, run.stderr);
    assert.match(run.stderr, message);
  }
  assert.equal(treeDigest(basePath), untouched);
  assert.deepEqual((await readdir(directory)).toSorted(), ['file', 'temp']);
});

/** A partition of six small files, every other one of each of these schemas. */
async function filesOf(
  t: TestContext,
  even: readonly Field[],
  odd = even,
): Promise<{ readonly basePath: string; readonly partition: string }> {
  const basePath = await tempDirectory(t);
  const partition = await addPartition(basePath, date, 0);
  for (let i = 0; i < 6; i++) {
    const fields = i % 2 === 0 ? even : odd;
    const rows = randomRows(randomSource(i), fields, 7);
    const { bytes } = foreignFile(fields, [rows], 1, { isModern: true, codec: 1 });
    await writeFile(join(partition, `part-${i}.parquet`), bytes);
  }
  await settle(partition);
  return { basePath, partition };
}

test('a dry run, explain and scan say that rows cannot be sorted as the run does, and as little is touched', async (t) => {
  const { basePath, partition } = await filesOf(t, [
    int('id'),
    text('vehicle'),
    leaf('old_time', physicalType.INT96),
    list('tags', text('tag')),
  ]);
  const before = treeDigest(basePath);
  const said = (output: string): string | undefined => /rows cannot be sorted by .*?\)/.exec(output)?.[0];
  for (const [column, why] of [
    ['speed', 'does not exist; there are id, vehicle, old_time, tags.list.tag'],
    ['tags', 'is a group, and not a column of values'],
    ['tags.list.tag', 'is inside a list or map: a row has many values of it, or none'],
    ['old_time', 'is of a type that the format defines no order for'],
    ['id, vehicle, id', 'is named twice'],
  ] as const) {
    const flags = ['--base-path', basePath];
    const env = { SORT_BY: column };
    const run = await runCliInProcess(['--date', date, ...flags], env);
    assert.equal(run.exit, 2, run.stderr);
    const sentence = said(run.stderr) ?? '';
    assert.ok(sentence.includes(why), run.stderr);
    assert.ok(sentence.endsWith(`(schema of ${partition}/part-0.parquet)`), sentence);
    assert.match(
      run.stderr,
      /\n {2}data: {2}nothing was touched\n {2}next: {2}Name columns with one value a row/,
    );
    const dry = await runCliInProcess(['--date', date, ...flags, '--dry-run'], env);
    assert.deepEqual([dry.exit, said(dry.stderr)], [2, sentence]);
    assert.ok(dry.stdout.endsWith(`:\n\nDRY RUN: Could not plan: ${sentence}\n`), dry.stdout);
    const explained = await runCliInProcess(['explain', date, ...flags], env);
    assert.deepEqual([explained.exit, said(explained.stderr)], [2, sentence]);
    const scanned = await runCliInProcess(['scan', '--footers', ...flags], env);
    assert.deepEqual([scanned.exit, said(scanned.stdout)], [3, sentence], scanned.stdout);
  }
  assert.equal(treeDigest(basePath), before);
});

test('of files of several schemas one must have the column; the others have nulls there', async (t) => {
  const { basePath, partition } = await filesOf(t, [int('id')], [int('id'), int('speed')]);
  const flags = ['--date', date, '--base-path', basePath];
  const dry = await runCliInProcess([...flags, '--sort-by', 'speed desc, id', '--dry-run'], {});
  assert.equal(dry.exit, 0, dry.stderr);
  assert.match(dry.stdout, /DRY RUN: Would consolidate 6 files/);
  // Nobody could merge these with the others, so this bin has no such column.
  const exact = await runCliInProcess(
    [...flags, '--sort-by', 'speed', '--schema', 'exact', '--min-files', '2'],
    {},
  );
  assert.equal(exact.exit, 2, exact.stderr);
  assert.match(
    exact.stderr,
    /rows cannot be sorted by speed: it does not exist; there are id \(schema of .*part-0/,
  );
  assert.equal((await parquetNames(partition)).length, 6);
  const run = await runCliInProcess([...flags, '--sort-by', 'speed desc, id'], {});
  assert.equal(run.exit, 0, run.stderr);
  assert.equal((await parquetNames(partition)).length, 1);
});
