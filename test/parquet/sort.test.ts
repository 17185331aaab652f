import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryScratch } from '../../src/core/scratch-space.ts';
import type { SortTerm } from '../../src/core/sort-order-text.ts';
import { compareValues } from '../../src/parquet/compare-values.ts';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import type { SortOrder } from '../../src/parquet/metadata/sort-order.ts';
import { sortingColumnsOf } from '../../src/parquet/metadata/sorting-columns.ts';
import { foreignFile } from './foreign-file.ts';
import { assertHolds, readWithHyparquet } from './hyparquet-columns.ts';
import { inputOf, mergeBytes } from './merging.ts';
import { emptyColumns, type Field, type FieldValue, randomFields, randomRows, shred } from './model.ts';
import { leavesOf, ownFile } from './own-file.ts';
import { type RandomSource, randomSource } from './random-source.ts';

const bytesOf = (array: { readonly buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(array.buffer);
const numbers = [Number.NaN, -0, 0, -1.5, 2.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-30];
/** Columns with a few values each, so that rows tie. */
const kinds: readonly (readonly [Partial<Field>, (n: number) => Uint8Array])[] = [
  [{ type: 0 }, (n) => Uint8Array.of(n % 2)],
  [{ type: 1 }, (n) => bytesOf(Int32Array.of(n - 2))],
  [{ type: 1, convertedType: 13 }, (n) => bytesOf(Int32Array.of(n - 2))],
  [{ type: 2 }, (n) => bytesOf(BigInt64Array.of(BigInt(n - 2) * 2n ** 33n + BigInt(n % 2)))],
  [{ type: 2, convertedType: 14 }, (n) => bytesOf(BigInt64Array.of(BigInt(n - 2) * 2n ** 31n))],
  [{ type: 4 }, (n) => bytesOf(Float32Array.of(numbers[n] ?? n))],
  [{ type: 5 }, (n) => bytesOf(Float64Array.of(numbers[n] ?? n))],
  [{ type: 6 }, (n) => Buffer.from(['', 'a', 'a\0', 'a\0\0b', 'ab', 'b', '\0', '\u00e4'][n] ?? 'z')],
  [{ type: 7, typeLength: 3, convertedType: 5, precision: 5 }, (n) => Uint8Array.of(n * 37, n, 255 - n)],
  [{ type: 7, typeLength: 4 }, (n) => Uint8Array.of(n * 37, 0, 255 - n, 7)],
];

/** As the README says: NaN above every number, -0.0 below 0.0. */
function compare(order: SortOrder, a: Uint8Array, b: Uint8Array): number {
  if (order !== 'float32' && order !== 'float64') return Math.sign(compareValues(order, a, b));
  const numberOf = (bytes: Uint8Array): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return order === 'float32' ? view.getFloat32(0, true) : view.getFloat64(0, true);
  };
  const [x, y] = [numberOf(a), numberOf(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  if (x === y) return Number(Object.is(y, -0)) - Number(Object.is(x, -0));
  return x < y ? -1 : 1;
}

type Row = readonly FieldValue[];

interface Case {
  readonly fields: readonly Field[];
  readonly files: readonly Uint8Array[];
  /** The rows of all files, in their order and sorted. */
  readonly rows: readonly Row[];
  readonly sorted: readonly Row[];
  readonly by: readonly SortTerm[];
  readonly options: Partial<MergeOptions>;
}

async function caseOf(random: RandomSource): Promise<Case> {
  const chosen = [0, 1, 2].map(() => random.pick(kinds));
  const keys = chosen.map(
    ([of], i): Field => ({ name: `key${i}`, repetition: random.below(2), children: [], ...of }),
  );
  const others = randomFields(random, 3);
  const fields = [...keys, ...others];
  const orders = leavesOf(keys).map(({ sortOrder }) => sortOrder);
  const by = [0, 1, 2]
    .sort(() => random.below(3) - 1)
    .slice(0, 1 + random.below(3))
    .map((leaf) => ({ leaf, isDescending: random.chance(50), nullsFirst: random.chance(50) }));
  const rows: Row[] = [];
  const files: Uint8Array[] = [];
  for (let file = 0; file < 1 + random.below(4); file++) {
    const rowGroups = Array.from({ length: random.below(4) }, () => {
      return randomRows(random, others, random.below(random.pick([2, 10, 60]))).map((row) => [
        ...chosen.map(([, value], i) =>
          keys[i]?.repetition === 1 && random.chance(20) ? undefined : value(random.below(8)),
        ),
        ...row,
      ]);
    });
    rows.push(...rowGroups.flat());
    const made = random.chance(50)
      ? await ownFile(fields, rowGroups, random)
      : foreignFile(fields, rowGroups, random.word());
    files.push(made.bytes);
  }
  const sorted = rows.toSorted((a, b) => {
    for (const { leaf, isDescending, nullsFirst } of by) {
      const [x, y] = [a[leaf], b[leaf]];
      if (x instanceof Uint8Array && y instanceof Uint8Array) {
        const sign = compare(orders[leaf] ?? 'none', x, y);
        if (sign !== 0) return isDescending ? -sign : sign;
      } else if (x !== y) {
        return (x === undefined) === nullsFirst ? -1 : 1;
      }
    }
    return 0;
  });
  return {
    fields,
    files,
    rows,
    sorted,
    by: by.map(({ leaf, ...rest }) => ({ path: `key${leaf}`, ...rest })),
    options: {
      rowGroupRows: random.pick([1, 2, 7, 50_000]),
      rowGroupBytes: random.pick([200, 1000, 128 * 1024 * 1024]),
      useDictionary: random.chance(75),
      encodings: random.pick(['standard', 'compact']),
      compression: random.pick(['snappy', 'zstd', 'keep']),
      // So that a run has a few rows.
      memory: { chunkBytes: random.pick([256, 1024, 8192, 1024 * 1024]) },
    },
  };
}

function columnsOf(fields: readonly Field[], rows: readonly Row[]) {
  const columns = emptyColumns(fields);
  shred(fields, rows, columns);
  return columns;
}

test('rows come in the order of the columns, rows of equal values in theirs, and each stays whole', async () => {
  let most = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const { fields, files, rows, sorted, by, options } = await caseOf(randomSource(seed));
      const sort = { by, scratch: memoryScratch(), seed: 'a' };
      const { bytes, result } = await mergeBytes(files, { ...options, sort });
      assert.equal(result.rows, rows.length);
      assertHolds(readWithHyparquet(bytes), columnsOf(fields, sorted));
      const plain = await mergeBytes(files, options);
      assert.deepEqual(
        result.columns.map(({ levelDigest, valueDigest, min, max }) => [levelDigest, valueDigest, min, max]),
        plain.result.columns.map(({ levelDigest, valueDigest, min, max }) => [
          levelDigest,
          valueDigest,
          min,
          max,
        ]),
      );
      for (const { row, origin } of result.sorted?.sample ?? []) assert.equal(rows[origin], sorted[row]);
      most = Math.max(most, result.sorted?.runs ?? 0);
    }),
    { numRuns: process.env.TEST_FULL === '1' ? 1000 : 40 },
  );
  assert.ok(most > 40, `${most} runs at most`);
});

test('what a row group states of its order is true', async () => {
  const number: Field = { name: 'n', repetition: 1, type: 5, children: [] };
  const rowsOf = (...values: readonly (number | undefined)[]): Row[] =>
    values.map((value) => [value === undefined ? undefined : bytesOf(Float64Array.of(value))]);
  const stated = async (rows: readonly Row[], isDescending = false) => {
    const { bytes } = await ownFile([number], [rows], randomSource(1));
    const sort = { by: [{ path: 'n', isDescending, nullsFirst: false }], scratch: memoryScratch(), seed: '' };
    const { footer } = await inputOf((await mergeBytes([bytes], { sort, rowGroupRows: 3 })).bytes);
    return footer.rowGroups.map(sortingColumnsOf);
  };
  const descending = [{ leaf: 0, isDescending: true, nullsFirst: false }];
  assert.deepEqual(await stated(rowsOf(1, undefined, 3, 2, 9), true), [descending, descending]);
  // Readers do not agree on where NaN belongs.
  const ascending = [{ leaf: 0, isDescending: false, nullsFirst: false }];
  assert.deepEqual(await stated(rowsOf(1, Number.NaN, 3, 2, 9)), [ascending, []]);
});

test('columns that rows cannot be sorted by are refused before anything is read', async () => {
  const leaf = (name: string, more: Partial<Field>): Field => ({
    name,
    repetition: 0,
    children: [],
    ...more,
  });
  const fields = [
    leaf('n', { type: 1 }),
    leaf('old', { type: 3 }),
    leaf('list', { type: 1, repetition: 2 }),
    leaf('group', { children: [leaf('x', { type: 1 })] }),
    leaf('amount', { type: 6, convertedType: 5, precision: 5, scale: 2 }),
  ];
  const { bytes } = await ownFile(fields, [], randomSource(1));
  for (const [paths, message] of [
    [
      ['nope'],
      /rows cannot be sorted by nope: it does not exist; there are n, old, list, group\.x, amount \(/,
    ],
    [['old'], /rows cannot be sorted by old: it is of a type that the format defines no order for/],
    [['list'], /rows cannot be sorted by list: it is inside a list or map/],
    [['group'], /rows cannot be sorted by group: it is a group, and not a column of values/],
    [['amount'], /rows cannot be sorted by amount: it is a DECIMAL of varying length/],
    [['n', 'n'], /rows cannot be sorted by n: it is named twice/],
  ] as const) {
    const by = paths.map((path) => ({ path, isDescending: false, nullsFirst: false }));
    await assert.rejects(mergeBytes([bytes], { sort: { by, scratch: memoryScratch(), seed: '' } }), {
      name: 'ConfigError',
      code: 'cannot-sort',
      message,
    });
  }
});
