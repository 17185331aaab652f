import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { codec, encoding, pageType } from '../../src/parquet/format.ts';
import { wireType } from '../../src/parquet/thrift/compact-reader.ts';
import {
  beginStruct,
  compactWriter,
  endStruct,
  putRaw,
  putVarint,
  writeBinary,
  writeI32,
  writeI64,
  writeListField,
  writtenBytes,
} from '../../src/parquet/thrift/compact-writer.ts';
import { type CraftedChunk, craftedFile, craftedPage, honestPage, withFooter } from './crafted-file.ts';
import { deltaBytes } from './foreign-encodings.ts';
import { fingerprintBytes, inputOf, mergeBytes } from './merging.ts';
import type { Field } from './model.ts';
import { randomSource } from './random-source.ts';

/** What is looked for is a hang, or work that grows with a claim; slowness alone, on a busy machine, is neither. */
const hangMs = 20_000;

const { DATA_PAGE, DATA_PAGE_V2, DICTIONARY_PAGE } = pageType;
const leaf = { name: 'v', repetition: 0, children: [] } as const;
const int: Field = { ...leaf, type: 1 };
const optional: Field = { ...leaf, repetition: 1, type: 1 };
const text: Field = { ...leaf, type: 6 };
const flag: Field = { ...leaf, type: 0 };
const list: Field = { ...leaf, repetition: 2, type: 1 };
const big = 200_000_000;

function varint(value: number): Uint8Array {
  const w = compactWriter();
  putVarint(w, value);
  return writtenBytes(w);
}

/** A run of the hybrid encoding: `count` times the value of one byte. */
function run(count: number, value: number): Uint8Array {
  return Buffer.concat([varint(count * 2), Uint8Array.of(value)]);
}

function withLength(bytes: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function one(
  field: Field,
  rows: number,
  chunk: Omit<CraftedChunk, 'values'> & { values?: number },
): Uint8Array {
  return craftedFile([field], [{ rows, chunks: [{ values: rows, ...chunk }] }]);
}

function page(
  body: Uint8Array,
  values: number,
  more: Partial<Parameters<typeof craftedPage>[0]> = {},
): Uint8Array {
  return craftedPage({ type: DATA_PAGE, body, values, ...more });
}

const bombs: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  [
    'a page that claims 2 GB',
    () => one(int, 1, { pages: [page(new Uint8Array(4), 1, { uncompressedSize: 2 ** 31 - 1 })], codec: 1 }),
    /page claims 2147483647 bytes, more than the \d+ allowed$/,
  ],
  [
    'a page that claims to be longer than its chunk',
    () => one(int, 1, { pages: [page(new Uint8Array(4), 1, { compressedSize: 200_000_000 })] }),
    /page of 200000000 bytes ends behind its column chunk$/,
  ],
  [
    'a Snappy page that claims 256 MB',
    () => {
      const body = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x01, 0, 0);
      return one(int, 1, { pages: [page(body, 1, { uncompressedSize: 2 ** 28 })], codec: codec.SNAPPY });
    },
    /7 bytes of Snappy data cannot hold 268435456$/,
  ],
  [
    'a Snappy page whose preamble says something else than its header',
    () => {
      const body = compressSync(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
      return one(int, 1, { pages: [page(body, 1, { uncompressedSize: 4 })], codec: codec.SNAPPY });
    },
    /Snappy data says it holds 8 bytes, the page header says 4$/,
  ],
  [
    'a gzip page that holds more than it says',
    () => {
      const body = gzipSync(new Uint8Array(100_000_000), { level: 9 });
      return one(int, 1, { pages: [page(body, 1, { uncompressedSize: 4 })], codec: codec.GZIP });
    },
    /gzip data is damaged or holds more than 4 bytes/,
  ],
  [
    'a Brotli page that holds more than it says',
    () => {
      const body = brotliCompressSync(new Uint8Array(20_000_000));
      return one(int, 1, { pages: [page(body, 1, { uncompressedSize: 4 })], codec: codec.BROTLI });
    },
    /Brotli data is damaged or holds more than 4 bytes/,
  ],
  [
    'a Zstd page that claims 256 MB',
    () => {
      const body = Buffer.from('28b52ffda00000001003001041', 'hex');
      return one(int, 1, { pages: [page(body, 1, { uncompressedSize: 2 ** 28 })], codec: codec.ZSTD });
    },
    /13 bytes of Zstandard data cannot hold 268435456$/,
  ],
  [
    'a Zstd page whose frame claims 2^63 bytes',
    () => {
      const body = Buffer.from('28b52ffde0ffffffffffffff7f010000', 'hex');
      return one(int, 1, { pages: [page(body, 1, { uncompressedSize: 0 })], codec: codec.ZSTD });
    },
    /Zstandard data says it holds 9223372036854776000 bytes, not 0$/,
  ],
  [
    'an LZ4_RAW page that claims 256 MB',
    () =>
      one(int, 1, {
        pages: [page(new Uint8Array(1000), 1, { uncompressedSize: 2 ** 28 })],
        codec: codec.LZ4_RAW,
      }),
    /1000 bytes of LZ4 data cannot hold 268435456$/,
  ],
  [
    'delta-encoded numbers that claim hundreds of millions of values',
    () => {
      const body = Buffer.concat([varint(128), varint(4), varint(big), varint(0), new Uint8Array(5)]);
      return one(int, big, { pages: [page(body, big, { encoding: encoding.DELTA_BINARY_PACKED })] });
    },
    /a page of more than 16777216 values \(it has 200000000\) is not supported$/,
  ],
  [
    'delta-encoded numbers in 2^40 miniblocks',
    () => {
      const body = Buffer.concat([
        varint(2 ** 43),
        varint(2 ** 40),
        varint(9),
        varint(0),
        new Uint8Array(50),
      ]);
      return one(int, 9, { pages: [page(body, 9, { encoding: encoding.DELTA_BINARY_PACKED })] });
    },
    /delta-encoded numbers in blocks of 2147483647 values and 2147483647 parts$/,
  ],
  [
    'strings that take over a long prefix, each from the one before',
    () => {
      const values = 1_000_000;
      const length = 1_000_000;
      const random = randomSource(1);
      const lengths = (first: number, rest: number): Uint8Array =>
        deltaBytes(
          random,
          Array.from({ length: values }, (_, i) => BigInt(i === 0 ? first : rest)),
          32,
          true,
        );
      const body = Buffer.concat([lengths(0, length), lengths(length, 0), new Uint8Array(length)]);
      return one(text, values, { pages: [page(body, values, { encoding: encoding.DELTA_BYTE_ARRAY })] });
    },
    /values take 1000004000000 bytes, more than the \d+ allowed$/,
  ],
  [
    'strings of negative lengths',
    () => {
      const body = deltaBytes(randomSource(1), [5n, -5n, 3n], 32, true);
      return one(text, 3, { pages: [page(body, 3, { encoding: encoding.DELTA_LENGTH_BYTE_ARRAY })] });
    },
    /value 0 of 3 ends behind the end of the page$/,
  ],
  [
    'byte streams that are longer than their values',
    () => one(int, 2, { pages: [page(new Uint8Array(12), 2, { encoding: encoding.BYTE_STREAM_SPLIT })] }),
    /2 values in byte streams take 8 bytes, the page has 12$/,
  ],
  [
    'an encoding that the format does not have for the type',
    () => one(text, 1, { pages: [page(new Uint8Array(8), 1, { encoding: encoding.BYTE_STREAM_SPLIT })] }),
    /encoding BYTE_STREAM_SPLIT for values of type BYTE_ARRAY$/,
  ],
  [
    'a footer with 2^52 rows over three values',
    () => one(int, 2 ** 51, { pages: [honestPage([1, 2, 3])] }),
    /column chunk ends with \d+ of 2251799813685248 values missing$/,
  ],
  [
    'a page that claims hundreds of millions of required values',
    () => one(int, big, { pages: [page(new Uint8Array(4), big)] }),
    /a page of more than 16777216 values \(it has 200000000\) is not supported$/,
  ],
  [
    'a page that claims millions of required values',
    () => one(int, 16_000_000, { pages: [page(new Uint8Array(4), 16_000_000)] }),
    /16000000 PLAIN values take 64000000 bytes, the page has 4$/,
  ],
  [
    'a page that claims millions of strings',
    () => one(text, 16_000_000, { pages: [page(new Uint8Array(8), 16_000_000)] }),
    /16000000 PLAIN values take 64000000 bytes, the page has 8$/,
  ],
  [
    'a dictionary that claims millions of strings',
    () => {
      const pages = [
        page(new Uint8Array(8), 16_000_000, { type: DICTIONARY_PAGE }),
        page(new Uint8Array(2), 1),
      ];
      return one(text, 1, { pages });
    },
    /16000000 PLAIN values take 64000000 bytes, the page has 8$/,
  ],
  [
    'dictionary indices in one run, hundreds of millions of them',
    () => {
      const dictionary = page(new Uint8Array(4), 1, { type: DICTIONARY_PAGE });
      const body = Buffer.concat([Uint8Array.of(1), run(big, 0)]);
      return one(int, big, { pages: [dictionary, page(body, big, { encoding: encoding.RLE_DICTIONARY })] });
    },
    /a page of more than 16777216 values/,
  ],
  [
    'dictionary indices of no bits, in a run of nothing',
    () => {
      const dictionary = page(new Uint8Array(12), 3, { type: DICTIONARY_PAGE });
      const indices = page(new Uint8Array(4), 3, { encoding: encoding.RLE_DICTIONARY });
      return one(int, 3, { pages: [dictionary, indices] });
    },
    /a run of length 0$/,
  ],
  [
    'booleans in one run, hundreds of millions of them',
    () => one(flag, big, { pages: [page(withLength(run(big, 1)), big, { encoding: encoding.RLE })] }),
    /a page of more than 16777216 values/,
  ],
  [
    'a list with hundreds of millions of elements in one row',
    () => {
      const body = Buffer.concat([withLength(run(big, 1)), withLength(run(big, 0))]);
      return one(list, 1, { values: big, pages: [page(body, big)] });
    },
    /a page of more than 16777216 values/,
  ],
  [
    'a list with hundreds of millions of elements, by many pages',
    () => {
      const size = 8_000_000;
      const first = Buffer.concat([
        withLength(Buffer.concat([run(8, 0), run(size - 8, 1)])),
        withLength(run(size, 0)),
      ]);
      const next = Buffer.concat([withLength(run(size, 1)), withLength(run(size, 0))]);
      const pages = [page(first, size), ...Array.from({ length: 24 }, () => page(next, size))];
      return one(list, 8, { values: 25 * size, pages });
    },
    /a column of more than 33554432 values in one row group is not supported$/,
  ],
  [
    'one long string, named by its index over and over',
    () => {
      const values = 1_000_000;
      const dictionary = page(withLength(Buffer.alloc(2_000_000, 'x')), 1, { type: DICTIONARY_PAGE });
      const body = Buffer.concat([Uint8Array.of(1), run(values, 0)]);
      return one(text, values, {
        pages: [dictionary, page(body, values, { encoding: encoding.RLE_DICTIONARY })],
      });
    },
    /a column of more than \d+ bytes in one row group is not supported$/,
  ],
  [
    'version 2 levels longer than their page',
    () => {
      const more = { type: DATA_PAGE_V2, definitionSize: 2 ** 30, repetitionSize: 0 };
      return one(optional, 1, { pages: [page(new Uint8Array(4), 1, more)] });
    },
    /levels of 1073741824 bytes do not fit the page's 4$/,
  ],
  [
    'version 2 levels longer than the uncompressed page',
    () => {
      const body = Buffer.concat([run(1, 1), new Uint8Array(4)]);
      const more = { type: DATA_PAGE_V2, definitionSize: 2, uncompressedSize: 1 };
      return one(optional, 1, { pages: [page(body, 1, more)], codec: codec.SNAPPY });
    },
    /page has 1 bytes uncompressed, its levels alone 2$/,
  ],
  [
    'levels with a negative length',
    () => one(optional, 1, { pages: [page(Uint8Array.of(255, 255, 255, 255, 2, 1, 0, 0, 0, 0), 1)] }),
    /levels of 4294967295 bytes do not fit the page$/,
  ],
  [
    'a string with a negative length',
    () => one(text, 1, { pages: [page(Uint8Array.of(255, 255, 255, 255, 65), 1)] }),
    /value 0 of 1 claims 4294967295 bytes$/,
  ],
];

for (const [what, make, message] of bombs) {
  test(what, async () => {
    const bytes = make();
    assert.ok(bytes.length < 5_000_000);
    const startedAt = performance.now();
    await assert.rejects(mergeBytes([bytes], { useDictionary: false }), { name: 'FormatError', message });
    assert.ok(performance.now() - startedAt < hangMs, 'in bounded time');
    // Reading without merging keeps nothing, so what is too large for an output column is not too large for it.
    if (message.source.includes('in one row group')) return;
    await assert.rejects(fingerprintBytes(bytes), { name: 'FormatError', message });
  });
}

test('a long string that is named by its index over and over stays in the dictionary', async () => {
  const values = 200_000;
  const dictionary = page(withLength(Buffer.alloc(2_000_000, 'x')), 1, { type: DICTIONARY_PAGE });
  const body = Buffer.concat([Uint8Array.of(1), run(values, 0)]);
  const file = one(text, values, {
    pages: [dictionary, page(body, values, { encoding: encoding.RLE_DICTIONARY })],
  });
  const { bytes, result } = await mergeBytes([file]);
  assert.equal(result.rowGroups, 4);
  assert.ok(bytes.length < 2_000_000, `${bytes.length} bytes`);
  assert.deepEqual((await fingerprintBytes(bytes)).columns, (await fingerprintBytes(file)).columns);
});

test('hundreds of millions of nulls in one page need no room', async () => {
  const file = one(optional, big, { pages: [page(withLength(run(big, 0)), big)] });
  const { columns } = await fingerprintBytes(file);
  assert.equal(columns[0]?.nulls, big);
  const some = one(optional, 3_000_000, { pages: [page(withLength(run(3_000_000, 0)), 3_000_000)] });
  const { bytes, result } = await mergeBytes([some, some], { rowGroupRows: 1_000_000 });
  assert.equal(result.rowGroups, 6);
  assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns);
});

test('a gzip page at the limit of its honest size is undone within the bounds', async () => {
  // As much as a page may hold, of one byte that comes again.
  const zeros = new Uint8Array(64 * 1024 * 1024);
  const file = one(int, zeros.length / 4, {
    pages: [page(gzipSync(zeros, { level: 9 }), zeros.length / 4, { uncompressedSize: zeros.length })],
    codec: codec.GZIP,
  });
  assert.ok(file.length < 100_000);
  assert.equal((await fingerprintBytes(file)).rows, zeros.length / 4);
});

test('chunks that overlap are read for what they say', async () => {
  const shared = honestPage([1, 2, 3]);
  const fields = [int, { ...int, name: 'w' }];
  const chunk = { pages: [shared], values: 3 };
  // The second column and the second row group point at the first one's bytes.
  const again = { pages: [], values: 3, offset: 4, compressedSize: shared.length };
  const file = craftedFile(fields, [
    { rows: 3, chunks: [chunk, again] },
    { rows: 3, chunks: [again, again] },
  ]);
  const { bytes, result } = await mergeBytes([file]);
  assert.equal(result.rows, 6);
  const [v, w] = (await fingerprintBytes(bytes)).columns;
  assert.equal(v?.valueDigest, w?.valueDigest);
  const beyond = craftedFile([int], [{ rows: 3, chunks: [{ ...chunk, compressedSize: shared.length + 1 }] }]);
  await assert.rejects(mergeBytes([beyond]), {
    name: 'FormatError',
    message: /column chunk ends at offset \d+, but the data of the file ends at \d+$/,
  });
});

test('a page that is followed by more values than the chunk has is not taken for the whole', async () => {
  const file = one(int, 3, { pages: [honestPage([1, 2, 3]), honestPage([4])] });
  await assert.rejects(mergeBytes([file]), {
    name: 'FormatError',
    message: /column v, page 0, offset 4: column chunk goes on with 1 values after its last one$/,
  });
  // Filling bytes, and pages without values, are nothing to anybody.
  const filled = one(int, 3, { pages: [honestPage([1, 2, 3]), honestPage([]), new Uint8Array(9).fill(255)] });
  assert.equal((await mergeBytes([filled])).result.rows, 3);
});

/** A footer of thrift bytes behind nothing but the magic. */
async function footerOf(write: (w: ReturnType<typeof compactWriter>) => void): Promise<unknown> {
  const w = compactWriter();
  const outer = beginStruct(w);
  writeI32(w, 1, 1);
  write(w);
  endStruct(w, outer);
  return inputOf(withFooter(Buffer.from('PAR1'), writtenBytes(w)));
}

function writeElement(w: ReturnType<typeof compactWriter>, name: string, children: number): void {
  const outer = beginStruct(w);
  if (children === 0) writeI32(w, 1, 1);
  writeI32(w, 3, 0);
  writeBinary(w, 4, Buffer.from(name));
  if (children > 0) writeI32(w, 5, children);
  endStruct(w, outer);
}

const footers: readonly (readonly [string, (w: ReturnType<typeof compactWriter>) => void, RegExp])[] = [
  [
    'a schema list of 2^40 elements',
    (w) => {
      putRaw(w, Uint8Array.of(0x19, 0xfc));
      putVarint(w, 2 ** 40);
    },
    /thrift list of 1099511627776 elements does not fit$/,
  ],
  [
    'a schema of too many elements',
    (w) => {
      writeListField(w, 2, wireType.STRUCT, 100_001);
      putRaw(w, new Uint8Array(200_000));
    },
    /the schema has 100001 elements$/,
  ],
  [
    'groups nested without end',
    (w) => {
      writeListField(w, 2, wireType.STRUCT, 50_000);
      for (let i = 0; i < 50_000; i++) writeElement(w, 'g', i < 49_999 ? 1 : 0);
    },
    /the schema is nested more than 200 deep$/,
  ],
  [
    'a group that claims more children than there are elements',
    (w) => {
      writeListField(w, 2, wireType.STRUCT, 2);
      writeElement(w, 'root', 2 ** 31 - 1);
      writeElement(w, 'v', 0);
    },
    /the schema ends too early$/,
  ],
  [
    'a long name above many columns',
    (w) => {
      writeListField(w, 2, wireType.STRUCT, 50_002);
      writeElement(w, 'root', 1);
      writeElement(w, 'n'.repeat(1_000_000), 50_000);
      for (let i = 0; i < 50_000; i++) writeElement(w, 'v', 0);
    },
    /the paths of the columns have more than \d+ characters$/,
  ],
  [
    'unknown structs nested without end',
    (w) => {
      writeListField(w, 2, wireType.STRUCT, 1);
      putRaw(w, Uint8Array.of(0x0c, 0x50));
      putRaw(w, new Uint8Array(1_000_000).fill(0x1c));
    },
    /nested more than 64 deep$/,
  ],
  [
    'millions of key-value pairs',
    (w) => {
      writeListField(w, 2, wireType.STRUCT, 2);
      writeElement(w, 'root', 1);
      writeElement(w, 'v', 0);
      writeI64(w, 3, 0);
      writeListField(w, 4, wireType.STRUCT, 0);
      writeListField(w, 5, wireType.STRUCT, 2_000_000);
      putRaw(w, new Uint8Array(4_000_000));
    },
    /the footer has 2000000 key-value pairs$/,
  ],
];

for (const [what, write, message] of footers) {
  test(`a footer with ${what}`, async () => {
    const startedAt = performance.now();
    await assert.rejects(footerOf(write), { name: 'FormatError', message });
    assert.ok(performance.now() - startedAt < hangMs, 'in bounded time');
  });
}

test('memory stayed within bounds', () => {
  const mostBytes = process.resourceUsage().maxRSS * 1024;
  assert.ok(mostBytes < 640 * 1024 * 1024, `${mostBytes} bytes, the test runner included`);
});
