import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { physicalType } from '../../src/parquet/format.ts';
import { loadParquetjs } from '../../src/verify/parquetjs.ts';
import { foreignFile } from '../parquet/foreign-file.ts';
import type { Field } from '../parquet/model.ts';
import { jsonOf, runCli } from './cli-process.ts';
import { demoDataset, parquetNames, tempDirectory } from './dataset.ts';

interface InspectedPage {
  readonly headerSizeBytes: number;
  readonly compressedSizeBytes: number;
}

interface Inspected {
  readonly pages?: readonly { readonly column: string; readonly pages: readonly InspectedPage[] }[];
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
      readonly compressedSizeBytes: number;
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
    /\n {2}event_time +timestamp µs UTC +SNAPPY +RLE PLAIN +765 +0 .* 2025-08-15T19:11:32\.\d{6}Z {2,}2025-08-15T19:12:/,
  );
  assert.match(run.stdout, /\n {2}Page index +no\n {2}Bloom filters +no\n {2}Page CRCs +no\n/);
  assert.match(run.stdout, /\nNoteworthy\n {2}It is small: about 3,004 files like it make one of 128M\.\n/);
  assert.doesNotMatch(run.stdout, /\nRow groups\n/);
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

test('--pages lists every page, as text and as data', async (t) => {
  const { partition } = await demoDataset(t);
  const [name = ''] = await parquetNames(partition);
  const out = join(await tempDirectory(t), 'merged.parquet');
  assert.equal((await runCli(['merge', join(partition, name), '--out', out])).exit, 0);
  const run = await runCli(['inspect', out, '--pages']);
  assert.equal(run.exit, 0, run.stderr);
  assert.match(run.stdout, /\n {2}Page CRCs +yes\n/);
  assert.match(run.stdout, /\n {2}Consolidated +from 1 file, 44K, by run \d{8}T\d{6}Z-\w+\n/);
  assert.match(
    run.stdout,
    /\nRow group 0, vehicle_id: 2 pages\n {2}page .*\n +0 {2}DICTIONARY_PAGE {2}PLAIN +\d+ +- .* [0-9a-f]{8} +- +-\n +1 {2}DATA_PAGE +RLE_DICTIONARY +765 +765 +0 +0 .* VEH-004336 +VEH-005316\n/,
  );
  assert.match(run.stdout, /\n {2}Page index +yes\n/);

  const json = jsonOf(await runCli(['inspect', out, '--pages', '--output', 'json'])) as unknown as Inspected;
  const sizeOf = ({ pages }: { readonly pages: readonly InspectedPage[] }): number =>
    pages.reduce((sum, page) => sum + page.headerSizeBytes + page.compressedSizeBytes, 0);
  assert.deepEqual(
    json.pages?.map((chunk) => [chunk.column, sizeOf(chunk)]),
    json.rowGroups[0]?.columns.map(({ column, compressedSizeBytes }) => [column, compressedSizeBytes]),
  );
  assert.deepEqual(json.pages?.[4]?.pages.at(-1), {
    ...json.pages?.[4]?.pages.at(-1),
    kind: 'DATA_PAGE',
    values: 765,
    rows: 765,
    nulls: 0,
    firstRow: 0,
    isAllNull: false,
    min: 32.942948,
    max: 34.297794,
  });
  const plain = jsonOf(await runCli(['inspect', out, '--output', 'json'])) as unknown as Inspected;
  assert.equal(plain.pages, undefined);
});

test('--diff tells in words how the schemas of two files differ', async (t) => {
  const directory = await tempDirectory(t);
  const write = (name: string, fields: readonly Field[]) =>
    writeFile(join(directory, name), foreignFile(fields, [], 1).bytes);
  const id: Field = { name: 'id', repetition: 0, type: physicalType.INT32, children: [] };
  const note: Field = { name: 'note', repetition: 1, type: physicalType.BYTE_ARRAY, children: [] };
  await write('a', [id]);
  await write('b', [{ ...id, type: physicalType.INT64 }, note]);
  await write('c', [{ ...id, type: physicalType.BYTE_ARRAY }]);
  const diff = (...args: readonly string[]) => runCli(['inspect', '--diff', ...args], { cwd: directory });

  const merges = await diff('a', 'b');
  assert.equal(merges.exit, 0, merges.stderr);
  assert.match(merges.stdout, /^first +\/.*\/a\nsecond +\/.*\/b\n\n/);
  assert.match(
    merges.stdout,
    /\n {2}merges: column id is required INT32 in the first and required INT64 in the/,
  );
  assert.match(merges.stdout, /\n {2}merges: column note \(optional BYTE_ARRAY\) is only in the second\n/);
  assert.match((await diff('a', 'c')).stdout, /\n {2}keeps apart: column id is required INT32 in the first/);
  assert.match((await diff('a', 'a')).stdout, /\n {2}The schemas are the same\.\n$/);

  const json = jsonOf(await diff('a', 'b', '--output', 'json'));
  assert.equal(json.isSame, false);
  assert.deepEqual(
    (json.differences as readonly Record<string, unknown>[]).map(({ path, what }) => [path, what]),
    [
      ['id', 'type'],
      ['note', 'added'],
    ],
  );
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
