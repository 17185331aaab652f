import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { physicalType, repetition } from '../../src/parquet/format.ts';
import { lookedIntoShare } from '../../src/partition/row-group-bounds.ts';
import type { Field } from '../parquet/model.ts';
import { ownFile } from '../parquet/own-file.ts';
import { randomSource } from '../parquet/random-source.ts';

const fields: readonly Field[] = [
  { name: 'n', repetition: repetition.OPTIONAL, type: physicalType.INT32, children: [] },
];

/** A file with a row group for each list of numbers. */
async function footerOf(rowGroups: readonly (readonly (number | undefined)[])[]) {
  const rows = rowGroups.map((numbers) =>
    numbers.map((n) => [n === undefined ? undefined : new Uint8Array(Int32Array.of(n).buffer)]),
  );
  const { bytes } = await ownFile(fields, rows, randomSource(1));
  return readFooter(memorySource('file', bytes));
}

test('sorted row groups are looked into one at a time, mixed ones all', async () => {
  const sorted = await footerOf([
    [1, 9],
    [10, 19],
    [20, 29],
    [30, 39],
  ]);
  assert.equal(lookedIntoShare(sorted, 'n'), 1 / 4);
  const mixed = await footerOf([
    [1, 99],
    [1, 98],
    [1, 97],
    [1, 96],
  ]);
  assert.equal(lookedIntoShare(mixed, 'n'), 1);
  // The least values 1, 5, 10 and 50: in 1, 2, 2 and 1 of four.
  const some = await footerOf([
    [1, 10],
    [5, 9],
    [10, 20],
    [50, 60],
  ]);
  assert.equal(lookedIntoShare(some, 'n'), 6 / 16);
});

test('what has no bounds is always looked into, and a column that is not there says nothing', async () => {
  const some = await footerOf([[1, 2], [undefined], [3, 4], [5, 6]]);
  assert.equal(lookedIntoShare(some, 'n'), 6 / 12);
  assert.equal(lookedIntoShare(await footerOf([[undefined], [undefined]]), 'n'), 1);
  assert.equal(lookedIntoShare(some, 'other'), undefined);
  assert.equal(lookedIntoShare(await footerOf([]), 'n'), undefined);
});

test('of very many row groups a part is compared', async () => {
  const many = await footerOf(Array.from({ length: 1000 }, (_, i) => [i]));
  assert.equal(lookedIntoShare(many, 'n'), 1 / 200);
});
