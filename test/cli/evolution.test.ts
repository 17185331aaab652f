import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { int, long, schemaOf, text } from '../parquet/evolution-fields.ts';
import { foreignFile } from '../parquet/foreign-file.ts';
import { inputOf } from '../parquet/merging.ts';
import { type Field, randomRows } from '../parquet/model.ts';
import { randomSource } from '../parquet/random-source.ts';
import { jsonOf, runCli } from './cli-process.ts';
import { addPartition, date, parquetNames, settle, tempDirectory } from './dataset.ts';

const old = [int('id'), text('vehicle')];
const added = [long('id'), text('vehicle'), int('speed')];

async function files(t: TestContext, schemas: Readonly<Record<string, readonly Field[]>>) {
  const directory = await tempDirectory(t);
  for (const [name, fields] of Object.entries(schemas)) {
    const rows = randomRows(randomSource(1), fields, 7);
    await writeFile(
      join(directory, name),
      foreignFile(fields, [rows], 1, { isModern: true, codec: 1 }).bytes,
    );
  }
  return directory;
}

test('merge puts files of two schemas together, and with --schema exact says why it does not', async (t) => {
  const directory = await files(t, { 'a.parquet': old, 'b.parquet': added });
  const out = join(directory, 'out.merged');
  const inputs = ['a', 'b'].map((name) => join(directory, `${name}.parquet`));
  const exact = await runCli(['merge', ...inputs, '--out', out, '--schema', 'exact']);
  assert.equal(exact.exit, 12);
  assert.match(
    exact.stderr.replaceAll(/\s+/g, ' '),
    /b\.parquet.* has another schema than .*a\.parquet.* column id is optional INT32 in the first and optional INT64 in the second\. column speed \(optional INT32\) is only in the second/,
  );
  const run = await runCli(['merge', ...inputs, '--out', out, '--output', 'json']);
  assert.equal(run.exit, 0, run.stderr);
  const line = jsonOf(run) as {
    rows: number;
    verification: { level: string; sample: { notRead: string[] } };
  };
  assert.equal(line.rows, 14);
  assert.equal(line.verification.level, 'full');
  assert.deepEqual(line.verification.sample.notRead, []);
  const { footer } = await inputOf(new Uint8Array(await readFile(out)));
  assert.deepEqual(footer.elementBytes, schemaOf(added).elementBytes);
});

test('merge refuses files that contradict each other, with files, column, and both sides', async (t) => {
  const directory = await files(t, { 'a.parquet': old, 'b.parquet': [text('id')] });
  const out = join(await tempDirectory(t), 'out.merged');
  const run = await runCli(['merge', directory, '--out', out]);
  assert.equal(run.exit, 12);
  assert.match(
    run.stderr.replaceAll(/\s+/g, ' '),
    /b\.parquet.*column id.*cannot be merged with that of .*a\.parquet .*column id is optional INT32 in the first and optional BYTE_ARRAY \(STRING\) in the second/,
  );
  await assert.rejects(readFile(out));
});

test('a dry run says how many schemas become one and where nulls come from; the run does it', async (t) => {
  const directory = await files(t, { a: old, b: added });
  const basePath = await tempDirectory(t);
  const partition = await addPartition(basePath, date, 0);
  for (let i = 0; i < 6; i++) {
    const bytes = await readFile(join(directory, i % 2 === 0 ? 'a' : 'b'));
    await writeFile(join(partition, `part-${i}.parquet`), bytes);
  }
  await settle(partition);
  const args = ['--date', date, '--base-path', basePath];
  const dry = await runCli([...args, '--dry-run']);
  assert.match(
    dry.stdout,
    /\n {2}🧩 2 schemas become one; null where a file has no column speed\n\nDRY RUN: Would consolidate 6 files/,
  );
  const done = await runCli(args);
  assert.equal(done.exit, 0, done.stderr);
  assert.equal((await parquetNames(partition)).length, 1);
  const exact = await runCli([...args, '--dry-run', '--schema', 'exact']);
  assert.match(exact.stdout, /Nothing to do/);
});
