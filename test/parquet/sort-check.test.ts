import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareValues } from '../../src/parquet/compare-values.ts';
import type { SortOrder } from '../../src/parquet/metadata/sort-order.ts';
import { type SortingColumn, sortingColumnsOf } from '../../src/parquet/metadata/sorting-columns.ts';
import { foldBytes } from './folding.ts';
import { inputOf, mergeBytes } from './merging.ts';
import type { Field } from './model.ts';
import { leavesOf, ownFile } from './own-file.ts';
import { type RandomSource, randomSource } from './random-source.ts';

type Row = readonly (Uint8Array | undefined)[];

const bytesOf = (array: { readonly buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(array.buffer);
/** Columns with a few values each, so that rows tie. */
const kinds: readonly (readonly [Partial<Field>, (n: number) => Uint8Array])[] = [
  [{ type: 0 }, (n) => Uint8Array.of(n % 2)],
  [{ type: 1 }, (n) => bytesOf(Int32Array.of(n - 2))],
  [{ type: 1, convertedType: 13 }, (n) => bytesOf(Int32Array.of(n - 2))],
  [{ type: 2 }, (n) => bytesOf(BigInt64Array.of(BigInt(n - 2) * 2n ** 33n + BigInt(n % 2)))],
  [{ type: 2, convertedType: 14 }, (n) => bytesOf(BigInt64Array.of(BigInt(n - 2) * 2n ** 31n))],
  [{ type: 4 }, (n) => bytesOf(Float32Array.of(n / 3 + 0.1))],
  [{ type: 5 }, (n) => bytesOf(Float64Array.of(-n / 3 + 0.1))],
  [{ type: 6 }, (n) => Buffer.from(['', 'a', 'ab', 'b', '\u00e4'][n] ?? 'z')],
  [{ type: 7, typeLength: 3, convertedType: 5, precision: 5 }, (n) => Uint8Array.of(n * 64, n, 255 - n)],
];

function compareRows(a: Row, b: Row, by: readonly SortingColumn[], orders: readonly SortOrder[]): number {
  for (const { leaf, isDescending, nullsFirst } of by) {
    const [x, y] = [a[leaf], b[leaf]];
    if (x === undefined || y === undefined) {
      if (x !== y) return (x === undefined) === nullsFirst ? -1 : 1;
      continue;
    }
    const sign = Math.sign(compareValues(orders[leaf] ?? 'none', x, y));
    if (sign !== 0) return isDescending ? -sign : sign;
  }
  return 0;
}

function isSorted(rows: readonly Row[], by: readonly SortingColumn[], orders: readonly SortOrder[]): boolean {
  return rows.every((row, i) => i === 0 || compareRows(rows[i - 1] ?? [], row, by, orders) <= 0);
}

function randomCase(random: RandomSource) {
  const chosen = [0, 1, 2].map(() => random.pick(kinds));
  const fields = chosen.map(
    ([of], i): Field => ({ name: `c${i}`, repetition: random.below(2), children: [], ...of }),
  );
  const orders = leavesOf(fields).map(({ sortOrder }) => sortOrder);
  const by = [0, 1, 2]
    .sort(() => random.below(3) - 1)
    .slice(0, 1 + random.below(3))
    .map((leaf) => ({ leaf, isDescending: random.chance(50), nullsFirst: random.chance(50) }));
  const rows = Array.from({ length: 2 + random.below(40) }, (): Row => {
    return chosen.map(([, value], i) =>
      fields[i]?.repetition === 1 && random.chance(20) ? undefined : value(random.below(5)),
    );
  });
  const sortedBy = random.chance(30) ? by.slice(0, -1) : by;
  if (random.chance(80)) rows.sort((a, b) => compareRows(a, b, sortedBy, orders));
  return { fields, orders, by, rows };
}

test('sorting columns are stated of each row group as far as its rows follow them', async () => {
  const kept = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
      const random = randomSource(seed);
      const { fields, orders, by, rows } = randomCase(random);
      const cut = 1 + random.below(rows.length - 1);
      const files = await Promise.all(
        [rows.slice(0, cut), rows.slice(cut)].map((part) => ownFile(fields, [part], random, [], by)),
      );
      const rowGroupRows = 1 + random.below(rows.length);
      const { bytes, result } = await mergeBytes(
        files.map((file) => file.bytes),
        { rowGroupRows, useDictionary: random.chance(50), sortCheck: true },
      );
      const { footer } = await inputOf(bytes);
      let first = 0;
      let least = by.length;
      for (const rowGroup of footer.rowGroups) {
        const part = rows.slice(first, first + rowGroup.rows);
        first += rowGroup.rows;
        let length = by.length;
        while (!isSorted(part, by.slice(0, length), orders)) length--;
        assert.deepEqual(sortingColumnsOf(rowGroup), by.slice(0, length));
        least = Math.min(least, length);
      }
      const paths = by.map(({ leaf }) => `c${leaf}`);
      assert.deepEqual(result.sorting, { stated: paths, kept: paths.slice(0, least) });
      kept.add(`${least} of ${by.length}`);
    }),
    { numRuns: 300 },
  );
  assert.ok(kept.size >= 8, [...kept].join());
});

test('without being asked for, where inputs differ, or where no order is sure, nothing is stated', async () => {
  const fields: readonly Field[] = [
    { name: 'n', repetition: 0, type: 1, children: [] },
    { name: 'f', repetition: 0, type: 5, children: [] },
  ];
  const row = (n: number, f: number): Row => [bytesOf(Int32Array.of(n)), bytesOf(Float64Array.of(f))];
  const by = (leaf: number): SortingColumn => ({ leaf, isDescending: false, nullsFirst: false });
  const fileOf = async (rows: readonly Row[], sortedBy: readonly SortingColumn[]): Promise<Uint8Array> =>
    (await ownFile(fields, [rows], randomSource(1), [], sortedBy)).bytes;
  const keptOf = async (files: readonly Uint8Array[], sortCheck = true) => {
    const { bytes, result } = await mergeBytes(files, { sortCheck });
    const { footer } = await inputOf(bytes);
    assert.deepEqual(
      sortingColumnsOf(footer.rowGroups[0] ?? assert.fail()).map(({ leaf }) => (leaf === 0 ? 'n' : 'f')),
      result.sorting?.kept ?? [],
    );
    return result.sorting;
  };
  const rows = [row(1, 1), row(2, 2)];
  const sorted = await fileOf(rows, [by(0), by(1)]);
  assert.deepEqual(await keptOf([sorted]), { stated: ['n', 'f'], kept: ['n', 'f'] });
  assert.deepEqual(await keptOf([sorted, sorted]), { stated: ['n', 'f'], kept: [] });
  assert.equal(await keptOf([sorted], false), undefined);
  assert.deepEqual(await keptOf([sorted, await fileOf(rows, [by(0)])]), { stated: ['n'], kept: [] });
  assert.deepEqual(await keptOf([sorted, await fileOf(rows, [])]), { stated: [], kept: [] });
  assert.deepEqual(await keptOf([await fileOf(rows, [by(7)])]), { stated: [], kept: [] });
  for (const odd of [
    [Number.NaN, 1],
    [1, Number.NaN],
    [0, -0],
    [-0, 0],
  ]) {
    const file = await fileOf(
      odd.map((f) => row(1, f)),
      [by(0), by(1)],
    );
    assert.deepEqual(await keptOf([file]), { stated: ['n', 'f'], kept: ['n'] }, odd.join());
  }
  // Row groups that stay as they are stay as sorted as they were.
  const { footer } = await inputOf((await foldBytes([sorted, sorted])).bytes);
  for (const rowGroup of footer.rowGroups) assert.deepEqual(sortingColumnsOf(rowGroup), [by(0), by(1)]);
});
