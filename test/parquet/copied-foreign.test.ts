import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { memorySink } from '../../src/core/byte-sink.ts';
import { FormatError } from '../../src/core/errors.ts';
import { stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import { codec, encoding, pageType } from '../../src/parquet/format.ts';
import { defaultMemoryLimits } from '../../src/parquet/memory-limits.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { footerForCopying } from '../../src/parquet/metadata/merge-footer.ts';
import { chunkExtents } from '../../src/parquet/read/chunk-extents.ts';
import { fingerprintRowGroups } from '../../src/parquet/read/fingerprint-file.ts';
import { pages } from '../../src/parquet/read/pages.ts';
import { verifyRowGroups } from '../../src/verify/verify-row-groups.ts';
import { columnThreads } from './columns-in-turn.ts';
import { type CraftedPage, craftedFile, craftedPage } from './crafted-file.ts';
import { type ForeignOptions, foreignFile } from './foreign-file.ts';
import { assertHolds, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, inputOf, mergeBytes, mergeOptions } from './merging.ts';
import { emptyColumns, type Field, randomFields, randomRows } from './model.ts';
import { type RandomSource, randomSource } from './random-source.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const codecs = [
  ['snappy', codec.SNAPPY],
  ['zstd', codec.ZSTD],
  ['gzip', codec.GZIP],
  ['lz4_raw', codec.LZ4_RAW],
  ['uncompressed', codec.UNCOMPRESSED],
] as const;
const copying = { copyRowGroups: true, copiedFromBytes: 0 } as const;
const numRuns = process.env.TEST_FULL === '1' ? 1500 : 60;

function foreignCase(random: RandomSource): {
  readonly options: Partial<MergeOptions>;
  readonly foreign: ForeignOptions;
} {
  const [compression, number] = random.pick(codecs);
  return {
    options: {
      rowGroupRows: random.pick([40, 60]),
      useDictionary: random.chance(25),
      compression,
      pages: { pageRows: random.pick([30, 400]), pageSizeBytes: 1024 * 1024 },
    },
    foreign: {
      codec: number,
      isModern: true,
      isUniform: random.chance(90),
      ...(random.chance(85) ? { pageVersion: 1 } : {}),
    },
  };
}

/** Holds what readers skip by against the values, every header against what this program writes, and pages against rows. */
async function assertAsWritten(
  bytes: Uint8Array,
  { pageRows = 20_000 }: { pageRows?: number } = {},
): Promise<void> {
  const { source, footer } = await inputOf(bytes);
  const next = new Int32Array(new SharedArrayBuffer(4));
  await verifyRowGroups(source, footer, { memory: defaultMemoryLimits, stretches: 1, next });
  for (const rowGroup of footer.rowGroups.keys()) {
    for (const { index, path } of footer.leaves) {
      for await (const page of pages(source, footer, rowGroup, index)) {
        const isDictionary = page.number === 0 && page.kind === 'DICTIONARY_PAGE';
        assert.ok(isDictionary || page.kind === 'DATA_PAGE', `${path}: ${page.kind}`);
        assert.ok(
          page.encoding === 'PLAIN' || page.encoding === 'RLE_DICTIONARY',
          `${path}: ${page.encoding}`,
        );
        assert.notEqual(page.crc, undefined, path);
      }
    }
  }
  await fingerprintRowGroups(source, footer, { from: 0, to: footer.rowGroups.length }, undefined, {
    onChunk: async (_, leaf) => (page) => {
      const { bytes: memory } = page.rooms.kernel.memory;
      const levels = memory.subarray(page.repetition.at, page.repetition.at + page.entryCount);
      if (leaf.maxRepetitionLevel > 0) assert.equal(levels[0], 0, `${leaf.path}: a page begins inside a row`);
      const rows =
        leaf.maxRepetitionLevel > 0 ? levels.filter((level) => level === 0).length : page.entryCount;
      assert.ok(rows <= pageRows, `${leaf.path}: a page of ${rows} rows`);
    },
  });
}

test('chunks of other writers, copied or not, hold every row in order, behind headers like ours, and what readers skip by is true', async () => {
  let copied = 0;
  let chunks = 0;
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const { options, foreign } = foreignCase(random);
      const files = [1, 2, 3].map(() => {
        const rows = randomRows(random, fields, random.chance(70) ? 30 + random.below(11) : random.below(50));
        return foreignFile(fields, [rows], random.word(), foreign);
      });
      const inputs = files.map(({ bytes }) => bytes);
      const anew = await mergeBytes(inputs, options);
      const { bytes, result } = await mergeBytes(inputs, { ...options, ...copying });
      assert.deepEqual(result.columns, anew.result.columns);
      assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns);
      const expected = emptyColumns(fields).map((column, i) => ({
        ...column,
        definition: files.flatMap((file) => file.columns[i]?.definition ?? []),
        repetition: files.flatMap((file) => file.columns[i]?.repetition ?? []),
        values: files.flatMap((file) => file.columns[i]?.values ?? []),
      }));
      assertHolds(readWithHyparquet(bytes), expected);
      await assertAsWritten(bytes, options.pages);
      copied += result.chunksCopied ?? 0;
      chunks += result.rowGroups * result.columns.length;
    }),
    { numRuns },
  );
  assert.ok(copied > numRuns / 2, `${copied} of ${chunks} chunks were copied`);
  assert.ok(copied < chunks * 0.9, `${copied} of ${chunks} chunks were copied`);
});

test('a damaged file of another writer comes to the same values or the same error, copied or encoded anew', async () => {
  let copied = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const { options: some, foreign } = foreignCase(random);
      const options = { ...some, useDictionary: false, pages: { pageRows: 400 } };
      const rows = randomRows(random, fields, 40);
      const file = foreignFile(fields, [rows], random.word(), {
        ...foreign,
        hasCrc: false,
        isUniform: true,
        pageVersion: 1,
      });
      const damaged = file.bytes.slice();
      const footerBytes = new DataView(damaged.buffer).getUint32(damaged.length - 8, true);
      // The footer now and then: nearly all that is changed there is refused before any page is looked at.
      const end = damaged.length - (random.chance(90) ? 8 + footerBytes : 0);
      for (let i = random.below(3); i > 0; i--) {
        const at = 4 + random.below(end - 4);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
      }
      const outcome = async (more: Partial<MergeOptions>) => {
        try {
          return await mergeBytes([damaged], { ...options, ...more });
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          return error.message;
        }
      };
      const [anew, copy] = [await outcome({}), await outcome(copying)];
      if (typeof anew === 'string' || typeof copy === 'string') {
        assert.ok(typeof anew === 'string' && typeof copy === 'string', `${anew} / ${copy}`);
        refused++;
        return;
      }
      assert.deepEqual(copy.result.columns, anew.result.columns);
      assert.deepEqual((await fingerprintBytes(copy.bytes)).columns, copy.result.columns);
      await assertAsWritten(copy.bytes, options.pages);
      copied += copy.result.chunksCopied ?? 0;
    }),
    { numRuns },
  );
  assert.ok(
    copied > numRuns / 8 && refused > numRuns / 8,
    `${copied} chunks copied, ${refused} files refused`,
  );
});

const required: Field = { name: 'n', repetition: 0, type: 2, children: [] };

function int64(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt(value), true);
  return bytes;
}

const counted = Array.from({ length: 40 }, (_, i) => i);
const plain = (values: readonly number[], more: Partial<CraftedPage> = {}): Uint8Array => {
  const body = more.body ?? int64(values);
  return craftedPage({ type: pageType.DATA_PAGE, values: values.length, body, ...more });
};

/** How many chunks of a file of one column of 40 rows are copied. */
async function copiesOf(
  pagesOfChunk: readonly Uint8Array[],
  options: Partial<MergeOptions> = {},
  chunk: { readonly codec?: number; readonly fields?: readonly Field[] } = {},
): Promise<number> {
  const { fields = [required], codec: number = codec.UNCOMPRESSED } = chunk;
  const file = craftedFile(fields, [
    { rows: 40, chunks: [{ pages: pagesOfChunk, values: 40, codec: number }] },
  ]);
  const all = { rowGroupRows: 40, useDictionary: false, compression: 'keep', ...options } as const;
  const anew = await mergeBytes([file], all);
  const { bytes, result } = await mergeBytes([file], { ...all, ...copying });
  assert.deepEqual(result.columns, anew.result.columns);
  if (options.encodings !== 'compact') await assertAsWritten(bytes, options.pages);
  return result.chunksCopied ?? 0;
}

test('what is not as this program would write it is encoded anew', async () => {
  const half = [counted.slice(0, 20), counted.slice(20)] as const;
  assert.equal(await copiesOf([plain(counted)]), 1);
  assert.equal(await copiesOf(half.map((part) => plain(part))), 1);
  assert.equal(await copiesOf([plain(counted, { crc: crc32(int64(counted)) })]), 1);

  const because: Readonly<Record<string, Promise<number>>> = {
    'version 2': copiesOf([plain(counted, { type: pageType.DATA_PAGE_V2 })]),
    'one of them of version 2': copiesOf([plain(half[0]), plain(half[1], { type: pageType.DATA_PAGE_V2 })]),
    'a page without values': copiesOf([plain([]), plain(counted)]),
    'an index page': copiesOf([
      craftedPage({ type: pageType.INDEX_PAGE, values: 0, body: new Uint8Array(4) }),
      plain(counted),
    ]),
    'pages of few values': copiesOf(counted.map((value) => plain([value]))),
    'pages of more rows than one may have': copiesOf([plain(counted)], { pages: { pageRows: 20 } }),
    'pages of more bytes than one may have': copiesOf([plain(counted)], { pages: { pageSizeBytes: 100 } }),
    'an encoding that not all readers have': copiesOf([
      plain(counted, { encoding: encoding.BYTE_STREAM_SPLIT }),
    ]),
    'bytes behind the last page': copiesOf([plain(counted), Uint8Array.of(0)]),
    'another codec is asked for': copiesOf([plain(counted)], { compression: 'snappy' }),
    'compact encodings are asked for': copiesOf([plain(counted)], { encodings: 'compact' }),
    'a dictionary may be better': copiesOf([plain(counted)], { useDictionary: true }),
    'a Bloom filter is asked for': copiesOf([plain(counted)], { bloomFilterColumns: ['n'] }),
    'it is small for a row group': copiesOf([plain(counted)], { rowGroupRows: 81 }),
    'it is large for a row group': copiesOf([plain(counted)], { rowGroupRows: 39 }),
    'it is large for the memory': copiesOf([plain(counted)], { memory: { chunkBytes: 300 } }),
  };
  for (const [reason, copies] of Object.entries(because)) assert.equal(await copies, 0, reason);
});

test('a dictionary stays where it pays, finds both zeros, and is wanted', async () => {
  const entry = (values: Uint8Array, count: number): Uint8Array =>
    craftedPage({ type: pageType.DICTIONARY_PAGE, values: count, body: values });
  // A bit each: 5 groups of 8 indices, 0 and 1 in turn.
  const indices = Uint8Array.of(1, 5 * 2 + 1, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa);
  const page = (body: Uint8Array, number: number = encoding.PLAIN_DICTIONARY): Uint8Array =>
    craftedPage({ type: pageType.DATA_PAGE, values: 40, body, encoding: number });
  const useDictionary = true;
  const two = entry(int64([7, 9]), 2);
  assert.equal(await copiesOf([two, page(indices)], { useDictionary }), 1);
  assert.equal(await copiesOf([two, page(indices, encoding.RLE_DICTIONARY)], { useDictionary }), 1);
  assert.equal(await copiesOf([two, page(indices)], { useDictionary: false }), 0);
  const many = entry(int64(counted), 40);
  assert.equal(await copiesOf([many, page(indices)], { useDictionary }), 0);
  assert.equal(await copiesOf([two, plain(counted)], { useDictionary }), 0);
  // Whoever looks for 0.0 in a dictionary does not find -0.0.
  const fields = [{ ...required, type: 5 }];
  const zeros = (...values: readonly number[]): Uint8Array =>
    entry(new Uint8Array(Float64Array.from(values).buffer), values.length);
  assert.equal(await copiesOf([zeros(1, -0), page(indices)], { useDictionary }, { fields }), 0);
  assert.equal(await copiesOf([zeros(0, -0), page(indices)], { useDictionary }, { fields }), 1);
});

test('gzip of several members, and of more than its page, is undone and done anew', async () => {
  const body = int64(counted);
  const stored = (bytes: Uint8Array) => [plain(counted, { body: bytes, uncompressedSize: body.length })];
  const gzip = { codec: codec.GZIP };
  assert.equal(await copiesOf(stored(gzipSync(body)), {}, gzip), 1);
  const members = Buffer.concat([gzipSync(body.subarray(0, 80)), gzipSync(body.subarray(80))]);
  assert.equal(await copiesOf(stored(members), {}, gzip), 0);
  assert.equal(await copiesOf(stored(gzipSync(body)), { compressionLevel: 9, compression: 'gzip' }, gzip), 0);
});

test('the eighth chunk without a dictionary is encoded anew, to see whether one would pay', async () => {
  const file = craftedFile([required], [{ rows: 40, chunks: [{ pages: [plain(counted)], values: 40 }] }]);
  const options = { rowGroupRows: 40, compression: 'uncompressed', ...copying } as const;
  const { result } = await mergeBytes(
    Array.from({ length: 17 }, () => file),
    options,
  );
  // Numbers 0, 8 and 16.
  assert.equal(result.chunksCopied, 14);
  assert.equal(result.rowGroupsCopied, 14);
  assert.equal(result.rowGroups, 17);
});

test('copied or not, the file is the same from one thread and three, and from footers that were cut down', async () => {
  const fields = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...required, name }));
  const chunks = fields.map((_, i) => {
    // The second column is encoded anew.
    const number = i === 1 ? encoding.BYTE_STREAM_SPLIT : encoding.PLAIN;
    return { pages: [plain(counted, { encoding: number })], values: 40 };
  });
  const files = [1, 2].map(() => craftedFile(fields, [{ rows: 40, chunks }]));
  const inputs = await Promise.all(files.map((bytes, i) => inputOf(bytes, `input-${i}`)));
  const outcomes: Uint8Array[] = [];
  for (const wholeRowGroupBytes of [8 * 1024 * 1024, 0]) {
    for (const threads of [undefined, columnThreads(3, inputs)]) {
      const sink = memorySink('out');
      const { chunksCopied = 0 } = await mergeFiles(inputs, sink, {
        ...mergeOptions,
        ...copying,
        useDictionary: false,
        rowGroupRows: 40,
        compression: 'uncompressed',
        memory: { wholeRowGroupBytes },
        ...(threads === undefined ? {} : { threads }),
      });
      assert.equal(chunksCopied, 8);
      outcomes.push(new Uint8Array(sink.bytes()));
    }
  }
  for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0]);
});

test('a large row group is kept as it is of a footer for copying', async () => {
  const values = Array.from({ length: 140_000 }, (_, i) => i * 7919);
  const chunk = {
    pages: [0, 1, 2, 3, 4, 5, 6].map((i) => plain(values.slice(i * 20_000, (i + 1) * 20_000))),
    values: 140_000,
  };
  const input = await inputOf(craftedFile([required], [{ rows: 140_000, chunks: [chunk] }]));
  const merge = async (footer: typeof input.footer) => {
    const sink = memorySink('out');
    const options = {
      ...mergeOptions,
      rowGroupRows: 200_000,
      compression: 'keep',
      useDictionary: false,
      copyRowGroups: true,
    } as const;
    const { rowGroupsCopied } = await mergeFiles([{ ...input, footer }], sink, options);
    return { rowGroupsCopied, bytes: new Uint8Array(sink.bytes()) };
  };
  const whole = await merge(input.footer);
  assert.equal(whole.rowGroupsCopied, 1);
  assert.deepEqual(await merge(footerForCopying(input.footer)), whole);
});

const stamp = {
  key: stampKey,
  value: stampValue({ inputSizeBytes: 1, inputFiles: 2, runId: '20250815T000000Z-0000', writers: [] }),
};

/** The bytes of the only Bloom filter of each row group. */
async function filtersOf(bytes: Uint8Array): Promise<readonly (Uint8Array | undefined)[]> {
  const { footer } = await inputOf(bytes);
  return footer.rowGroups.map((rowGroup) => {
    const { offsetBytes = 0, sizeBytes = 0 } = chunkExtents(rowGroup)[0]?.bloomFilter ?? {};
    return offsetBytes === 0 ? undefined : bytes.slice(offsetBytes, offsetBytes + sizeBytes);
  });
}

test('a Bloom filter is kept with its chunk, from whomever it is, unless it does not know a value', async () => {
  const file = craftedFile([required], [{ rows: 40, chunks: [{ pages: [plain(counted)], values: 40 }] }]);
  const options = {
    rowGroupRows: 40,
    useDictionary: false,
    compression: 'uncompressed',
    ...copying,
  } as const;
  const made = await mergeBytes([file], { ...options, bloomFilterColumns: ['n'] });
  const own = await mergeBytes([file], { ...options, bloomFilterColumns: ['n'], keyValues: [stamp] });
  const [filter] = await filtersOf(made.bytes);
  assert.ok(filter !== undefined);
  for (const [bytes, more] of [
    [made.bytes, {}],
    [own.bytes, {}],
    [own.bytes, { bloomFilterColumns: ['n'] }],
  ] as const) {
    const copy = await mergeBytes([bytes, file], { ...options, ...more });
    assert.equal(copy.result.chunksCopied, more.bloomFilterColumns === undefined ? 2 : 1);
    assert.deepEqual((await filtersOf(copy.bytes))[0], filter);
    await assertAsWritten(copy.bytes);
  }
  for (const bytes of [made.bytes, own.bytes]) {
    const rowGroup = (await inputOf(bytes)).footer.rowGroups[0] ?? assert.fail();
    const { offsetBytes, sizeBytes } = chunkExtents(rowGroup)[0]?.bloomFilter ?? assert.fail();
    for (const [from, to] of [
      [offsetBytes + sizeBytes - 32, offsetBytes + sizeBytes],
      [offsetBytes, offsetBytes + 8],
    ] as const) {
      const wrong = bytes.slice().fill(0, from, to);
      const copy = await mergeBytes([wrong], options);
      assert.equal(copy.result.chunksCopied, 1);
      assert.deepEqual(await filtersOf(copy.bytes), [undefined]);
      await assertAsWritten(copy.bytes);
      const asked = await mergeBytes([wrong], { ...options, bloomFilterColumns: ['n'] });
      assert.equal(asked.result.chunksCopied, undefined);
      assert.deepEqual(await filtersOf(asked.bytes), [filter]);
    }
  }
});
