import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { fingerprintFile } from '../../src/parquet/read/fingerprint-file.ts';
import { runCliInProcess } from './cli-in-process.ts';
import { date, demoDataset, parquetNames, tempDirectory, treeDigest } from './dataset.ts';

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
