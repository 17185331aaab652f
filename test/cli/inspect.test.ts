import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadParquetjs } from '../../src/verify/parquetjs.ts';
import { jsonOf, runCli } from './cli-process.ts';
import { demoDataset, parquetNames, tempDirectory } from './dataset.ts';

interface Inspected {
  readonly rows: number;
  readonly createdBy: string;
  readonly schema: readonly {
    readonly name: string;
    readonly children?: readonly { readonly name: string }[];
  }[];
  readonly keyValues: readonly { readonly key: string }[];
  readonly rowGroups: readonly {
    readonly columns: readonly {
      readonly column: string;
      readonly codec: string;
      readonly encodings: readonly string[];
      readonly statistics?: Readonly<Record<string, unknown>>;
    }[];
  }[];
}

test('the text shows facts, schema and column chunks', async (t) => {
  const { partition } = await demoDataset(t);
  const [name = ''] = await parquetNames(partition);
  const run = await runCli(['inspect', join(partition, name)]);
  assert.equal(run.exit, 0);
  assert.equal(run.stderr, '');
  assert.match(run.stdout, /\n {2}Size +44K \(44,684 bytes; footer /);
  assert.match(run.stdout, /\n {2}Created by +@dsnp\/parquetjs\n/);
  assert.match(run.stdout, /\n {2}Rows +765 in 1 row group\n/);
  assert.match(
    run.stdout,
    /\n {2}Metadata keys +parquet\.avro\.schema \(\d+ bytes\), writer\.model\.name \(4 bytes\)\n/,
  );
  assert.match(run.stdout, /\n {2}required INT64 event_time \(TIMESTAMP_MICROS\)\n/);
  assert.match(
    run.stdout,
    /\n {2}event_time +SNAPPY +RLE PLAIN +765 +0 .* 2025-08-15T19:11:32\.\d{6}Z {2,}2025-08-15T19:12:/,
  );
});

test('JSON has every column chunk, and large integers as text', async (t) => {
  const path = join(await tempDirectory(t), 'large.parquet');
  const { ParquetSchema, ParquetWriter } = await loadParquetjs();
  const schema = new ParquetSchema({
    id: { type: 'INT64' },
    place: { optional: true, fields: { lat: { type: 'DOUBLE' }, tags: { type: 'UTF8', repeated: true } } },
  });
  const writer = await ParquetWriter.openFile(schema, path);
  writer.setMetadata('origin', 'a test');
  await writer.appendRow({ id: 9_007_199_254_740_993n, place: { lat: -0.5, tags: ['a', 'b'] } });
  await writer.appendRow({ id: 7n });
  await writer.close();

  const run = await runCli(['inspect', path, '--output', 'json']);
  assert.equal(run.exit, 0);
  const file = jsonOf(run) as unknown as Inspected;
  assert.equal(file.rows, 2);
  assert.deepEqual(
    file.schema.map((node) => node.name),
    ['id', 'place'],
  );
  assert.deepEqual(
    file.schema[1]?.children?.map((node) => node.name),
    ['lat', 'tags'],
  );
  assert.deepEqual(
    file.keyValues.map(({ key }) => key),
    ['origin'],
  );
  const columns = file.rowGroups[0]?.columns ?? [];
  assert.deepEqual(
    columns.map(({ column }) => column),
    ['id', 'place.lat', 'place.tags'],
  );
  assert.equal(columns[0]?.statistics?.min, 7);
  assert.equal(columns[0]?.statistics?.max, '9007199254740993');
  assert.equal(columns[1]?.statistics?.nulls, 1);
});

test('a link is followed, and what is no Parquet file ends with 12', async (t) => {
  const { partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const [name = ''] = await parquetNames(partition);
  await symlink(join(partition, name), join(directory, 'link'));
  assert.equal((await runCli(['inspect', join(directory, 'link')])).exit, 0);

  await writeFile(join(directory, 'text'), 'this is a text and no Parquet file');
  const wrong = await runCli(['inspect', join(directory, 'text'), '--output', 'json']);
  assert.equal(wrong.exit, 12);
  assert.match(wrong.stderr, /text.*is no Parquet file/);
  const folder = await runCli(['inspect', directory]);
  assert.equal(folder.exit, 2);
});
