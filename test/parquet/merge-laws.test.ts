import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/core/errors.ts';
import { compareValues } from '../../src/parquet/compare-values.ts';
import { codec } from '../../src/parquet/format.ts';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { statisticsOf } from '../../src/parquet/metadata/column-chunk.ts';
import type { ForeignFile, Rows } from './foreign-file.ts';
import { foreignFile } from './foreign-file.ts';
import { assertHolds, type ReadFile, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, inputOf, mergeBytes } from './merging.ts';
import { emptyColumns, type Field, type LevelColumn, randomFields, randomRows } from './model.ts';
import { leavesOf, ownFile } from './own-file.ts';
import { type RandomSource, randomSource } from './random-source.ts';

/** Files of one schema: some written by the engine's writer, some as others write them. */
interface Case {
  readonly fields: readonly Field[];
  readonly files: readonly { readonly bytes: Uint8Array; readonly columns: readonly LevelColumn[] }[];
  readonly options: Partial<MergeOptions>;
}

async function caseOf(seed: number, files: number): Promise<Case> {
  const random = randomSource(seed);
  const fields = randomFields(random, 3);
  const made: (ForeignFile | Awaited<ReturnType<typeof ownFile>>)[] = [];
  for (let i = 0; i < files; i++) {
    const rowGroups = Array.from({ length: random.below(4) }, (): Rows => {
      return randomRows(random, fields, random.below(random.pick([2, 10, 60])));
    });
    made.push(
      random.chance(50)
        ? await ownFile(fields, rowGroups, random)
        : foreignFile(fields, rowGroups, random.word()),
    );
  }
  return { fields, files: made, options: limitsOf(random) };
}

function limitsOf(random: RandomSource): Partial<MergeOptions> {
  return {
    rowGroupRows: random.pick([1, 2, 3, 7, 50_000]),
    rowGroupBytes: random.pick([1, 200, 1000, 128 * 1024 * 1024]),
    useDictionary: random.chance(75),
    encodings: random.pick(['standard', 'compact']),
    compression: random.pick(['snappy', 'zstd', 'gzip', 'lz4_raw', 'uncompressed', 'keep']),
  };
}

function together(fields: readonly Field[], files: Case['files']): readonly LevelColumn[] {
  return emptyColumns(fields).map((column, i) => ({
    ...column,
    definition: files.flatMap((file) => file.columns[i]?.definition ?? []),
    repetition: files.flatMap((file) => file.columns[i]?.repetition ?? []),
    values: files.flatMap((file) => file.columns[i]?.values ?? []),
  }));
}

const seeds = fc.integer();

test('a file of our own writer holds what was written', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 4);
      const rowGroups = [10, 0, 40].map((most) => randomRows(random, fields, random.below(most + 1)));
      const file = await ownFile(fields, rowGroups, random);
      assertHolds(readWithHyparquet(file.bytes), file.columns);
    }),
    { numRuns: 100 },
  );
});

test('rows of a merge are the rows of the inputs, in order', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.integer({ min: 1, max: 4 }), async (seed, count) => {
      const { fields, files, options } = await caseOf(seed, count);
      const { bytes, result } = await mergeBytes(
        files.map((file) => file.bytes),
        options,
      );
      const read = readWithHyparquet(bytes);
      const expected = together(fields, files);
      assertHolds(read, expected);
      // What the merge says it read, what the engine finds in the output, and what is there: one thing.
      const found = await fingerprintBytes(bytes);
      assert.deepEqual(found.columns, result.columns);
      assert.equal(found.rows, result.rows);
      assert.equal(Number(read.metadata.num_rows), result.rows);
      assert.equal(found.rowGroups, result.rowGroups);
      assert.equal(bytes.length, result.sizeBytes);
      for (const [i, column] of expected.entries()) {
        assert.equal(result.columns[i]?.values, column.definition.length);
        assert.equal(result.columns[i]?.nulls, column.definition.length - column.values.length);
      }
      const limit = options.rowGroupRows ?? 0;
      for (const { num_rows } of read.metadata.row_groups) assert.ok(num_rows >= 1n && num_rows <= limit);
    }),
    { numRuns: 250 },
  );
});

test('merging in two steps is merging at once, and merging one file changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const { fields, files, options } = await caseOf(seed, 3);
      const [a, b, c] = files.map((file) => file.bytes);
      assert.ok(a && b && c);
      const once = await mergeBytes([a, b, c], options);
      const left = await mergeBytes([(await mergeBytes([a, b], options)).bytes, c], options);
      const right = await mergeBytes([a, (await mergeBytes([b, c])).bytes], options);
      const again = await mergeBytes([once.bytes], limitsOf(randomSource(seed)));
      const expected = together(fields, files);
      for (const merged of [once, left, right, again]) {
        assert.deepEqual(merged.result.columns, once.result.columns);
        assertHolds(readWithHyparquet(merged.bytes), expected);
      }
      // The same inputs and limits give the same bytes, and merging the outcome again changes none of them.
      assert.deepEqual((await mergeBytes([a, b, c], options)).bytes, once.bytes);
      const byRows = { ...options, rowGroupBytes: 128 * 1024 * 1024 };
      const settled = await mergeBytes([a, b, c], byRows);
      assert.deepEqual((await mergeBytes([settled.bytes], byRows)).bytes, settled.bytes);
    }),
    { numRuns: 60 },
  );
});

test('schema elements are those of the inputs byte for byte, unknown fields and all', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const { files, options } = await caseOf(seed, 2);
      const [a, b] = files;
      assert.ok(a && b);
      const merged = await inputOf((await mergeBytes([a.bytes, b.bytes], options)).bytes);
      const source = await inputOf(a.bytes);
      assert.deepEqual(merged.footer.elementBytes, source.footer.elementBytes);
      assert.equal(merged.footer.schemaKey, source.footer.schemaKey);
    }),
    { numRuns: 60 },
  );
});

/** Asserts what the format asks of statistics, for the chunks of one leaf. */
function assertStatistics(
  read: ReadFile,
  leafIndex: number,
  fields: readonly Field[],
  bytesOf: RawStatistics,
): void {
  const leaf = leavesOf(fields)[leafIndex];
  assert.ok(leaf);
  for (const [i, rowGroup] of read.rowGroups.entries()) {
    const chunk = rowGroup[leafIndex];
    assert.ok(chunk);
    const { min, max, nullCount } = bytesOf(i, leafIndex);
    assert.equal(nullCount, chunk.definition.length - chunk.values.length);
    const isFloat = ['float32', 'float64', 'float16'].includes(leaf.sortOrder);
    const values = chunk.values.map((hex) => Buffer.from(hex, 'hex'));
    // Readers do not agree on whether a NaN is greater than all numbers: with one among them there are no bounds.
    const hasNaN = isFloat && values.some(isNaNOf);
    if (leaf.sortOrder === 'none' || values.length === 0 || hasNaN) {
      assert.deepEqual([min, max], [undefined, undefined], `${leaf.path}: ${leaf.sortOrder}`);
      continue;
    }
    if (min === undefined && leaf.sortOrder === 'signed-bytes' && values.some(({ length }) => length === 0)) {
      // A decimal number without bytes is none that readers take for a bound.
      assert.equal(max, undefined);
      continue;
    }
    assert.ok(min && max, `${leaf.path} has statistics`);
    for (const value of values) {
      assert.ok(compareValues(leaf.sortOrder, min, value) <= 0);
      assert.ok(compareValues(leaf.sortOrder, value, max) <= 0);
    }
    if (!isFloat) continue;
    assert.ok(Buffer.compare(min, new Uint8Array(min.length)) !== 0, 'a least zero is -0.0');
    const negativeZero = new Uint8Array(max.length);
    negativeZero[max.length - 1] = 128;
    assert.ok(Buffer.compare(max, negativeZero) !== 0, 'a greatest zero is +0.0');
  }
}

type RawStatistics = (
  rowGroup: number,
  leaf: number,
) => {
  readonly min?: Uint8Array | undefined;
  readonly max?: Uint8Array | undefined;
  readonly nullCount?: number | undefined;
};

function isNaNOf(value: Uint8Array): boolean {
  const exponentBits = value.length === 2 ? 5 : value.length === 4 ? 8 : 11;
  const bits = BigInt(`0x${Buffer.from(value).reverse().toString('hex')}`);
  const fractionBits = BigInt(value.length * 8 - 1 - exponentBits);
  const exponent = (bits >> fractionBits) & ((1n << BigInt(exponentBits)) - 1n);
  return exponent === (1n << BigInt(exponentBits)) - 1n && (bits & ((1n << fractionBits) - 1n)) !== 0n;
}

test('statistics hold every value, and are absent where there is a NaN or no order', async () => {
  let bounded = 0;
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const { fields, files, options } = await caseOf(seed, 2);
      const { bytes } = await mergeBytes(
        files.map((file) => file.bytes),
        options,
      );
      const { footer } = await inputOf(bytes);
      const read = readWithHyparquet(bytes);
      for (const leaf of footer.leaves) {
        assertStatistics(read, leaf.index, fields, (rowGroup, index) => {
          const chunk = footer.rowGroups[rowGroup]?.chunks[index];
          assert.ok(chunk);
          const stated = statisticsOf(chunk);
          assert.ok(stated);
          assert.deepEqual([stated.deprecatedMin, stated.deprecatedMax], [undefined, undefined]);
          if (stated.min !== undefined) bounded++;
          return { min: stated.min, max: stated.max, nullCount: stated.nullCount };
        });
      }
    }),
    { numRuns: 120 },
  );
  assert.ok(bounded > 500, `${bounded} chunks had statistics`);
});

test('version 2 pages that say they are not compressed are, where their writer is known to say so wrongly', async () => {
  const random = randomSource(10353);
  const fields = randomFields(random, 3);
  const rows = randomRows(random, fields, 200);
  const lies = { codec: codec.SNAPPY, pageVersion: 2, mislabelsPages: true } as const;
  const file = foreignFile(fields, [rows], 10353, {
    ...lies,
    createdBy: 'parquet-cpp version 1.5.1-SNAPSHOT',
  });
  assertHolds(readWithHyparquet((await mergeBytes([file.bytes])).bytes), file.columns);
  const other = foreignFile(fields, [rows], 10353, { ...lies, createdBy: 'parquet-cpp-arrow version 3.0.0' });
  await assert.rejects(mergeBytes([other.bytes]), { name: 'FormatError' });
});

test('what known writers state wrongly is put right, and is a mistake where another writer states it', async () => {
  const random = randomSource(816);
  const fields = randomFields(random, 3);
  const groups = [randomRows(random, fields, 150), randomRows(random, fields, 90)];
  const mistakes = [
    [{ hidesRows: true }, 'parquet-rs version 0.3.0 (build b45ce7c)'],
    [{ hidesNulls: true, pageVersion: 2 }, 'parquet-cpp-arrow version 10.0.1'],
    [{ shortensChunks: true, pageVersion: 1 }, 'parquet-mr'],
    [{ shortensChunks: true, pageVersion: 1 }, 'parquet-mr version 1.2.8'],
  ] as const;
  for (const [mistake, createdBy] of mistakes) {
    const file = foreignFile(fields, groups, 816, { ...mistake, createdBy });
    const { bytes, result } = await mergeBytes([file.bytes, file.bytes], { rowGroupRows: 70 });
    assert.equal(result.rows, 480, createdBy);
    assertHolds(readWithHyparquet(bytes), together(fields, [file, file]));
    assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns, createdBy);
    if ('hidesNulls' in mistake || 'hidesRows' in mistake) continue;
    const other = foreignFile(fields, groups, 816, { ...mistake, createdBy: 'another writer' });
    await assert.rejects(mergeBytes([other.bytes]), { name: 'FormatError' }, createdBy);
  }
});

test('levels beyond the last value are passed over where Impala wrote them', async () => {
  let refused = 0;
  for (let seed = 0; seed < 20; seed++) {
    const random = randomSource(seed);
    const fields = randomFields(random, 3);
    const groups = [randomRows(random, fields, 100)];
    const how = { addsLevels: true, pageVersion: 1, isModern: true } as const;
    const createdBy = 'impala version 2.5.0-cdh5.7.0 (build ad3f5ad)';
    const file = foreignFile(fields, groups, seed, { ...how, createdBy });
    const { bytes, result } = await mergeBytes([file.bytes], { rowGroupRows: 70 });
    assertHolds(readWithHyparquet(bytes), file.columns);
    assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns);
    // Whether they are noticed depends on whether a run reaches beyond the last value.
    const other = foreignFile(fields, groups, seed, how);
    const outcome = await mergeBytes([other.bytes]).catch((error: unknown) => error);
    if (outcome instanceof FormatError) refused++;
  }
  assert.ok(refused > 5, `${refused} of 20 refused where another wrote them`);
});

test('key-value metadata: every key once, the first value, a warning where they differ, ours added', async () => {
  const fields: readonly Field[] = [{ name: 'v', repetition: 0, type: 1, children: [] }];
  const rows = [[Uint8Array.of(1, 2, 3, 4)]];
  const first = foreignFile(fields, [rows], 1, {
    keyValues: [
      { key: 'org.example.schema', value: '{"größe":1}' },
      { key: 'no value' },
      { key: 'x', value: '1' },
    ],
  });
  const second = foreignFile(fields, [rows], 2, {
    keyValues: [
      { key: 'x', value: '2' },
      { key: 'only here', value: '' },
      { key: '\ufeffbom', value: 'y' },
      { key: 'ours', value: 'theirs' },
    ],
  });
  const { bytes, result } = await mergeBytes([first.bytes, second.bytes], {
    keyValues: [{ key: 'ours', value: 'ours' }],
  });
  const { footer } = await inputOf(bytes);
  assert.deepEqual(
    footer.keyValues.map(({ key, value }) => [key, value]),
    [
      ['org.example.schema', '{"größe":1}'],
      ['no value', undefined],
      ['x', '1'],
      ['only here', ''],
      ['\ufeffbom', 'y'],
      ['ours', 'ours'],
    ],
  );
  assert.deepEqual(result.warnings, [
    'key-value metadata x of input-1 is not that of input-0, which is kept',
  ]);
  const again = await mergeBytes([bytes, bytes], { keyValues: [{ key: 'ours', value: 'new' }] });
  assert.deepEqual(again.result.warnings, []);
  const kept = (await inputOf(again.bytes)).footer.keyValues;
  assert.deepEqual(
    kept.map(({ key }) => key),
    footer.keyValues.map(({ key }) => key),
  );
  assert.equal(kept.at(-1)?.value, 'new');
});

test('a key that a file states twice stays so', async () => {
  const fields: readonly Field[] = [{ name: 'v', repetition: 0, type: 1, children: [] }];
  const keyValues = [
    { key: 'k', value: '1' },
    { key: 'j', value: '2' },
    { key: 'k', value: '3' },
  ];
  const file = foreignFile(fields, [[[new Uint8Array(4)]]], 3, { keyValues });
  const { bytes, result } = await mergeBytes([file.bytes, file.bytes]);
  assert.deepEqual(result.warnings, []);
  const { footer } = await inputOf(bytes);
  assert.deepEqual(
    footer.keyValues.map(({ key, value }) => `${key}=${value}`),
    ['k=1', 'k=3', 'j=2'],
  );
});

test('files without rows, and none with, merge to a file without rows', async () => {
  const fields = randomFields(randomSource(5), 3);
  const empty = foreignFile(fields, [], 1);
  const emptyGroup = foreignFile(fields, [[]], 2);
  const rows = randomRows(randomSource(6), fields, 5);
  const five = foreignFile(fields, [[], rows, []], 3);
  for (const files of [[empty], [emptyGroup, empty], [empty, five, emptyGroup, five]]) {
    const { bytes, result } = await mergeBytes(files.map((file) => file.bytes));
    assert.equal(result.rows, files.includes(five) ? 10 : 0);
    assert.equal(result.rowGroups, files.includes(five) ? 1 : 0);
    assertHolds(readWithHyparquet(bytes), together(fields, files));
  }
});

test('a file of another schema is refused by name', async () => {
  const field: Field = { name: 'v', repetition: 0, type: 1, children: [] };
  const a = foreignFile([field], [], 1);
  for (const other of [
    { ...field, fieldId: 3 },
    { ...field, unknownField: 1 },
    { ...field, name: 'w' },
  ]) {
    await assert.rejects(mergeBytes([a.bytes, foreignFile([other], [], 1).bytes]), {
      name: 'FormatError',
      code: 'schemas-differ',
      message:
        /^input-1.*: has another schema than input-0 \(the first; this file is the second\): column [vw] /,
    });
  }
});

/** One required column of `type` with these values, in pages of other writers. */
function columnFile(
  type: Partial<Field>,
  values: readonly Uint8Array[],
  seed: number,
  rowsAGroup = 9000,
): ForeignFile {
  const field: Field = { name: 'v', repetition: 0, children: [], ...type };
  const groups: Rows[] = [];
  for (let i = 0; i < values.length; i += rowsAGroup) {
    groups.push(values.slice(i, i + rowsAGroup).map((value) => [value]));
  }
  return foreignFile([field], groups, seed);
}

test('a dictionary is given up in the middle of a chunk when it does not pay, at its end, or for its size', async () => {
  const number = (i: number): Uint8Array => new Uint8Array(Int32Array.of(i, i >> 3).buffer);
  const short = (i: number): Uint8Array => number(i).subarray(0, 4);
  const text = (i: number, length: number): Uint8Array => new Uint8Array(Buffer.alloc(length, `${i} `));
  const cases: readonly [string, Partial<Field>, readonly Uint8Array[], boolean][] = [
    ['few values', { type: 2 }, Array.from({ length: 30_000 }, (_, i) => number(i % 7)), true],
    ['all different', { type: 2 }, Array.from({ length: 30_000 }, (_, i) => number(i)), false],
    ['all different, and few', { type: 2 }, Array.from({ length: 500 }, (_, i) => number(i)), false],
    // Pays at 16,384 values and not any more at the end.
    [
      'different later',
      { type: 1 },
      Array.from({ length: 40_000 }, (_, i) => short(i < 17_000 ? i % 9 : i)),
      false,
    ],
    ['long and few', { type: 6 }, Array.from({ length: 3000 }, (_, i) => text(i % 60, 20_000)), true],
    ['long and many', { type: 6 }, Array.from({ length: 3000 }, (_, i) => text(i % 800, 2000)), false],
    ['fixed', { type: 7, typeLength: 3 }, Array.from({ length: 20_000 }, (_, i) => text(i % 50, 3)), true],
    ['days', { type: 3 }, Array.from({ length: 20_000 }, (_, i) => text(i, 12)), false],
  ];
  for (const [what, type, values, hasDictionary] of cases) {
    const file = columnFile(type, values, values.length);
    const { bytes } = await mergeBytes([file.bytes]);
    const read = readWithHyparquet(bytes);
    assertHolds(read, file.columns);
    assert.equal(read.rowGroups[0]?.[0]?.hasDictionary, hasDictionary, what);
    assert.equal(read.rowGroups.length, 1);
  }
});

test('values chosen to collide in the dictionary are merged all the same', async () => {
  // The kernel's hash backwards: numbers whose hashes, as dictionaries use them, all begin at one place.
  const unshifted = (x: bigint, bits: bigint): bigint => x ^ (x >> bits) ^ (x >> (bits * 2n));
  const unmixed = (hash: bigint): bigint => {
    let h = BigInt.asUintN(64, unshifted(hash, 31n) * 0x319642b2d24d8ec3n);
    h = BigInt.asUintN(64, unshifted(h, 27n) * 0x96de1b173f119089n);
    return unshifted(h, 30n);
  };
  const value = (i: number): Uint8Array =>
    new Uint8Array(BigUint64Array.of(unmixed(BigInt(i) << 18n) - 0x9e3779b97f4a7c15n).buffer);
  const numbers = Array.from({ length: 5000 }, (_, i) => value(i));
  const file = columnFile({ type: 2 }, [...numbers, ...numbers, ...numbers], 8);
  const { bytes } = await mergeBytes([file.bytes]);
  const read = readWithHyparquet(bytes);
  assertHolds(read, file.columns);
  assert.equal(read.rowGroups[0]?.[0]?.hasDictionary, false);
});

test('after chunks without a dictionary it is tried again', async () => {
  const value = (i: number): Uint8Array => new Uint8Array(Int32Array.of(i < 1000 ? i : 7).buffer);
  const file = columnFile(
    { type: 1 },
    Array.from({ length: 20_000 }, (_, i) => value(i)),
    4,
  );
  const { bytes } = await mergeBytes([file.bytes], { rowGroupRows: 1000 });
  const read = readWithHyparquet(bytes);
  assertHolds(read, file.columns);
  const tried = read.rowGroups.map(([chunk]) => chunk?.hasDictionary);
  assert.deepEqual(tried.slice(0, 9), [...new Array(8).fill(false), true]);
});

test('pages end at the stated rows and bytes, never inside a row', async () => {
  const fields: readonly Field[] = [
    { name: 'n', repetition: 0, type: 1, children: [] },
    { name: 'list', repetition: 2, type: 1, children: [] },
  ];
  const rows: Rows = Array.from({ length: 50_000 }, (_, i) => {
    const value = new Uint8Array(Int32Array.of(i).buffer);
    return [value, Array.from({ length: i % 3 }, () => value)];
  });
  const file = await ownFile(fields, [rows.slice(0, 20_001), rows.slice(20_001)], randomSource(9));
  const { bytes } = await mergeBytes([file.bytes]);
  const read = readWithHyparquet(bytes);
  assertHolds(read, file.columns);
  // 20,000 rows a page, in three pages.
  assert.deepEqual(
    read.rowGroups[0]?.map((chunk) => chunk.pages),
    [3, 3],
  );
});
