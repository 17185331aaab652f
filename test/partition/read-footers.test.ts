import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ParquetSchema, ParquetWriter } from '@dsnp/parquetjs';
import { StoreError } from '../../src/core/errors.ts';
import { codec } from '../../src/parquet/format.ts';
import { listPartition } from '../../src/partition/list-partition.ts';
import { type ReadFooters, readFooters } from '../../src/partition/read-footers.ts';
import { planPartition } from '../../src/plan/plan-partition.ts';
import { defaultPolicy } from '../../src/plan/policy.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { foldBytes, runId } from '../parquet/folding.ts';
import { memoryHdfs } from '../support/memory-hdfs.ts';
import { rewriteFile } from '../support/rewrite-file.ts';
import { tempDirectory, writeTree } from './temp-dataset.ts';

const date = '2025-08-15';
const partition = `date=${date}`;

/** A Parquet file of `rows` rows and two columns, with key-value metadata. */
async function parquetBytes(
  directory: string,
  rows: number,
  keyValues: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const path = join(directory, `source-${rows}.parquet`);
  const schema = new ParquetSchema({ id: { type: 'INT64' }, name: { type: 'UTF8', optional: true } });
  const writer = await ParquetWriter.openFile(schema, path);
  for (const [key, value] of Object.entries(keyValues)) writer.setMetadata(key, value);
  for (let i = 0; i < rows; i++) await writer.appendRow({ id: i, name: `n${i}` });
  await writer.close();
  return readFile(path);
}

async function read(
  basePath: string,
  tree: Readonly<Record<string, Uint8Array | string>>,
  store: Store = localStore(),
): Promise<ReadFooters> {
  await writeTree(join(basePath, partition), tree);
  const { entries } = await listPartition({ store, basePath, date });
  return readFooters(store, entries);
}

test('footers of data files become the facts that planning needs', async (t) => {
  const basePath = await tempDirectory(t);
  const bytes = await parquetBytes(basePath, 7);
  const { candidates, foreign } = await read(basePath, { 'a.parquet': bytes, b: bytes, _hidden: bytes });
  assert.deepEqual(foreign, []);
  assert.deepEqual(
    candidates.map(({ name }) => name),
    ['a.parquet', 'b'],
  );
  for (const { footer, sizeBytes } of candidates) {
    assert.ok(!('unreadable' in footer));
    assert.equal(sizeBytes, bytes.length);
    assert.equal(footer.rows, 7);
    assert.equal(footer.rowGroups, 1);
    assert.equal(footer.columnChunks, 2);
    assert.equal(footer.footerSizeBytes, bytes.readUInt32LE(bytes.length - 8) + 8);
    assert.equal(footer.ours, undefined);
  }
  const [a, b] = candidates.map(({ footer }) => ('unreadable' in footer ? assert.fail() : footer.schemaKey));
  assert.equal(a, b);
});

test('a stamp that another program copied does not make a file ours', async (t) => {
  const basePath = await tempDirectory(t);
  const stamp = JSON.stringify({ inputSizeBytes: 1e9, inputFiles: 9, runId: 'r' });
  const bytes = await parquetBytes(basePath, 3, { 'parquet-consolidator.stamp': stamp });
  const { candidates } = await read(basePath, { copied: bytes });
  const footer = candidates[0]?.footer;
  assert.ok(footer !== undefined && !('unreadable' in footer));
  assert.equal(footer.ours, undefined);
});

test('a folded file is known by its stamp, and every file by how it is kept', async (t) => {
  const basePath = await tempDirectory(t);
  const input = new Uint8Array(await parquetBytes(basePath, 3));
  const folded = await foldBytes([input, input, input]);
  // What others wrote from a folded file is no folded file, whatever metadata they copied.
  const copied = Buffer.from(folded.bytes);
  copied.write('Parquet-', copied.lastIndexOf('parquet-consolidator version'), 'latin1');
  const { store } = memoryHdfs();
  const placement = { blockSizeBytes: 1024, replication: 2, storagePolicy: 'COLD' };
  await store.makeDirectory('/lake', 0o755);
  for (const [name, bytes] of Object.entries({ a: input, copied, folded: folded.bytes })) {
    const sink = await store.create(`/lake/${name}`, placement);
    await sink.write(bytes);
    await sink.close();
  }
  const entries = (await store.list('/lake')) ?? [];
  const { candidates } = await readFooters(store, entries);
  assert.deepEqual(
    candidates.map(({ name, footer, placement: kept }) => {
      assert.ok(!('unreadable' in footer), name);
      return [name, footer.rowGroups, footer.ours, footer.folded, kept];
    }),
    [
      ['a', 1, undefined, undefined, placement],
      ['copied', 3, undefined, undefined, placement],
      ['folded', 3, undefined, { inputFiles: 3, inputSizeBytes: 3 * input.length, runId }, placement],
    ],
  );
  const [a, , three] = candidates.map(({ footer }) => ('unreadable' in footer ? assert.fail() : footer));
  assert.ok(a !== undefined && three !== undefined);
  assert.ok(a.rowGroupBytes > 100 && a.rowGroupBytes < a.footerSizeBytes);
  // The limit on a bin's footer goes by this: not less than what the folded file's row groups take.
  const growth = defaultPolicy.footerGrowthPerColumnChunk;
  assert.ok(three.rowGroupBytes <= 3 * (a.rowGroupBytes + growth * a.columnChunks));
});

test('what is no Parquet is foreign, each with its rule; what is damaged says so', async (t) => {
  const basePath = await tempDirectory(t);
  const good = await parquetBytes(basePath, 5);
  const damagedFooter = Buffer.from(good);
  damagedFooter.fill(0xff, good.length - 40, good.length - 8);
  const headless = Buffer.from(good);
  headless.write('XXXX', 0, 'latin1');
  const encrypted = Buffer.from(good);
  encrypted.write('PARE', 0, 'latin1');
  encrypted.write('PARE', good.length - 4, 'latin1');
  const hugeFooter = Buffer.from(good);
  hugeFooter.writeUInt32LE(0x7fffffff, good.length - 8);
  const { candidates, foreign } = await read(basePath, {
    good,
    empty: '',
    short: 'PAR1PAR1',
    text: 'id,name\n1,a\n2,b\n',
    truncated: good.subarray(0, good.length - 5),
    damagedFooter,
    headless,
    encrypted,
    hugeFooter,
  });
  assert.deepEqual(
    foreign.map(({ name, rule }) => [name, rule]),
    [
      ['empty', 'empty-file'],
      ['short', 'not-parquet'],
      ['text', 'not-parquet'],
      ['truncated', 'truncated-file'],
    ],
  );
  const unreadable = Object.fromEntries(
    candidates.map(({ name, footer }) => [name, 'unreadable' in footer ? footer.unreadable : '']),
  );
  assert.equal(unreadable.good, '');
  assert.match(unreadable.encrypted ?? '', /encrypted/);
  assert.match(unreadable.headless ?? '', /beginning is damaged/);
  assert.match(unreadable.damagedFooter ?? '', /damagedFooter/);
  assert.match(unreadable.hugeFooter ?? '', /2147483647 bytes/);
});

test('from directory to plan: foreign files are left alone, the rest is merged', async (t) => {
  const basePath = await tempDirectory(t);
  const bytes = await parquetBytes(basePath, 5);
  const parts = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`part-${i}`, bytes]));
  await writeTree(join(basePath, partition), { ...parts, empty: '', _SUCCESS: '' });
  const listing = await listPartition({ store: localStore(), basePath, date });
  const found = await readFooters(localStore(), listing.entries);
  const input = { listing, ...found, today: '2025-08-20', currentDayAllowed: false, onHold: false };
  const plan = planPartition(input, { ...defaultPolicy, quietMs: 0 });
  assert.equal(plan.decision, 'consolidate');
  assert.equal(plan.bins[0]?.rows, 30);
  assert.deepEqual(
    plan.files.map(({ verdict }) => verdict),
    ['ignore', 'ignore', ...Array<string>(6).fill('merge')],
  );
  assert.equal(planPartition(input, defaultPolicy).decision, 'wait');
});

test('a store that fails is not a damaged file; every opened file is closed', async (t) => {
  const basePath = await tempDirectory(t);
  const bytes = await parquetBytes(basePath, 5);
  const local = localStore();
  let open = 0;
  const failing: Store = {
    ...local,
    open: async (path, expected) => {
      if (path.endsWith('part-20')) {
        throw new StoreError(`cannot open ${path}`, { code: 'io', op: 'open', path });
      }
      const source = await local.open(path, expected);
      open++;
      return {
        ...source,
        read: (offset, length) => source.read(offset, length),
        close: async () => {
          open--;
          await source.close();
        },
      };
    },
  };
  const tree = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`part-${i}`, bytes]));
  await assert.rejects(
    read(basePath, tree, failing),
    (error) => error instanceof StoreError && error.path.endsWith('part-20'),
  );
  assert.equal(open, 0);
});

test('a small file costs one read', async (t) => {
  const basePath = await tempDirectory(t);
  const bytes = await parquetBytes(basePath, 5);
  const local = localStore();
  let reads = 0;
  const counting: Store = {
    ...local,
    open: async (path, expected) => {
      const source = await local.open(path, expected);
      return {
        name: source.name,
        sizeBytes: source.sizeBytes,
        read: (offset, length) => {
          reads++;
          return source.read(offset, length);
        },
        close: () => source.close(),
      };
    },
  };
  await read(basePath, { a: bytes, b: bytes }, counting);
  assert.equal(reads, 2);
});

test('metadata that says how values are read becomes part of the facts, other metadata does not', async (t) => {
  const basePath = await tempDirectory(t);
  const readingOf = async (keyValues: Readonly<Record<string, string>>) => {
    const { candidates } = await read(basePath, { file: await parquetBytes(basePath, 2, keyValues) });
    const footer = candidates[0]?.footer;
    assert.ok(footer !== undefined && !('unreadable' in footer));
    return footer.reading;
  };
  assert.equal(await readingOf({ writer: 'a', pandas: '{"stop":2}' }), undefined);
  const spark = { 'org.apache.spark.version': '2.4.8' };
  const one = await readingOf({ ...spark, writer: 'a' });
  assert.deepEqual(Object.keys(one ?? {}), ['org.apache.spark.version']);
  assert.deepEqual(await readingOf({ writer: 'b', ...spark }), one);
  assert.notDeepEqual(await readingOf({ 'org.apache.spark.version': '3.5.1' }), one);
  assert.deepEqual(Object.keys((await readingOf({ geo: '{}', 'ARROW:schema': 'x', ...spark })) ?? {}), [
    'ARROW:schema',
    'geo',
    'org.apache.spark.version',
  ]);
});

test('compression and encodings that are not supported are found in planning, so that a dry run says so', async (t) => {
  const basePath = await tempDirectory(t);
  const bytes = await parquetBytes(basePath, 7);
  const withCodec = (number: number): Promise<Uint8Array> =>
    rewriteFile(bytes, (chunks) => chunks.map((chunk) => ({ ...chunk, codec: number })));
  const withEncoding = (number: number): Promise<Uint8Array> =>
    rewriteFile(bytes, (chunks) => chunks.map((chunk) => ({ ...chunk, encodings: [number] })));
  const { candidates } = await read(basePath, {
    'a.parquet': await withCodec(codec.GZIP),
    'b.parquet': await withCodec(codec.LZO),
    'c.parquet': await withEncoding(42),
  });
  const reasons = candidates.map(({ footer }) => ('unreadable' in footer ? footer.unreadable : undefined));
  assert.equal(reasons[0], undefined);
  assert.match(reasons[1] ?? '', /b\.parquet, row group 0, column id: compression LZO is not supported$/);
  assert.match(reasons[2] ?? '', /column id: encoding 42 is not supported$/);
});
