import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { FormatError, VerifyError } from '../../src/core/errors.ts';
import { memoryScratch } from '../../src/core/scratch-space.ts';
import type { SortTerm } from '../../src/core/sort-order-text.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { memoryLimitsFor } from '../../src/parquet/memory-limits.ts';
import type { MergeInput, MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { checkSorted } from '../../src/verify/sorted-rows.ts';
import { verifyRowGroups } from '../../src/verify/verify-row-groups.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { int, list, long, required, text } from '../parquet/evolution-fields.ts';
import { foreignFile } from '../parquet/foreign-file.ts';
import { inputOf } from '../parquet/merging.ts';
import {
  asWritten,
  type MadeRow,
  madeFile,
  madeMerge,
  madeRows,
  verificationOf,
} from '../support/made-files.ts';

const rows = madeRows(0, 3_000);
const filesOf = async (of: readonly MadeRow[]): Promise<readonly MergeInput[]> => [
  await madeFile('/data/a', of.slice(0, 300)),
  await madeFile('/data/b', of.slice(300)),
];
const inputs = await filesOf(rows);
const by: readonly SortTerm[] = [
  { path: 'weather', isDescending: false, nullsFirst: true },
  { path: 'lat', isDescending: true, nullsFirst: false },
];
const sortedMerge = (of: readonly MergeInput[], sortedBy = by) =>
  madeMerge(of, 2_000, {
    sort: { by: sortedBy, scratch: memoryScratch(), seed: 'a' },
    // Several runs.
    memory: { ...memoryLimitsFor(0), chunkBytes: 128 * 1024 },
  });
const made = await sortedMerge(inputs);

/** Asserts that the bytes of a sorted merge of other rows, or by other columns, do not pass as that of the inputs. */
async function rejected(bytes: Uint8Array, codes: readonly string[]): Promise<void> {
  const verification = await verificationOf(inputs, { ...made, bytes, written: await asWritten(bytes) });
  await assert.rejects(verifyStagedFile(verification), (error) => {
    assert.ok(error instanceof VerifyError || error instanceof FormatError, String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return true;
  });
}

const sortOf = async (changed: readonly MadeRow[]): Promise<Uint8Array> =>
  (await sortedMerge(await filesOf(changed))).bytes;

function swapped<Name extends keyof MadeRow>(i: number, j: number, name: Name): readonly MadeRow[] {
  const [a, b] = [rows[i], rows[j]];
  assert.ok(a && b);
  assert.notDeepEqual(a[name], b[name]);
  return rows.with(i, { ...a, [name]: b[name] }).with(j, { ...b, [name]: a[name] });
}

test('what was sorted is found right, and the receipt says how', async () => {
  assert.ok((made.merged.sorted?.runs ?? 0) > 3);
  const { receipt } = await verifyStagedFile(await verificationOf(inputs, made));
  assert.deepEqual(receipt.sorted, { by, rowSum: made.merged.sorted?.rowSum });
  assert.equal(receipt.sample?.rows, 10);
  assert.deepEqual(receipt.sample?.notRead, []);
});

test('files of several schemas are sorted as one, and found right', async () => {
  const fields = [required(long('id')), text('word')] as const;
  const others = [list('list', int('element')), int('id')] as const;
  const idOf = (n: number, bytes: number): Uint8Array => {
    const id = Buffer.alloc(bytes);
    id.writeInt32LE(n);
    return new Uint8Array(id);
  };
  const first = Array.from({ length: 40 }, (_, n) => [
    idOf((n * 7) % 40, 8),
    n % 3 === 0 ? undefined : Buffer.from(`w${n}`),
  ]);
  const second = Array.from({ length: 30 }, (_, n) => [
    [Array.from({ length: n % 3 }, (__, k) => [idOf(k, 4)])],
    n % 7 === 0 ? undefined : idOf((n * 11) % 50, 4),
  ]);
  const parts = [
    { fields, rows: first },
    { fields: others, rows: second },
  ];
  const several = await Promise.all(
    parts.map(({ fields: of, rows: has }, i) =>
      inputOf(foreignFile(of, [has], i, { isModern: true, codec: 1 }).bytes, `/data/${i}`),
    ),
  );
  const more: Partial<MergeOptions> = {
    schema: 'compatible',
    sort: {
      by: [{ path: 'id', isDescending: false, nullsFirst: true }],
      scratch: memoryScratch(),
      seed: 'a',
    },
    memory: { chunkBytes: 1024 },
  };
  const both = await madeMerge(several, 16, more);
  assert.equal(both.merged.rows, 70);
  const verification = await verificationOf(several, both);
  const { receipt } = await verifyStagedFile({ ...verification, schema: 'compatible' });
  assert.equal(receipt.sample?.rows, 10);
  assert.deepEqual(receipt.sample?.notRead, []);
});
test('stretches of row groups come to the same together, and one in the wrong place or left out is found', async () => {
  const staged = memorySource('/data/staged', made.bytes);
  const next = new Int32Array(new SharedArrayBuffer(4));
  const work = { memory: undefined, stretches: 2, next, sortedBy: by };
  const found = await verifyRowGroups(staged, await readFooter(staged), work);
  const [first, second] = found.map(({ sorted }) => sorted ?? assert.fail());
  const { sorted } = made.merged;
  assert.ok(first && second && sorted);
  checkSorted('/data/staged', sorted, [first, second]);
  assert.throws(() => checkSorted('/data/staged', sorted, [second, first]), { code: 'rows-order' });
  assert.throws(() => checkSorted('/data/staged', sorted, [first]), { code: 'rows-sum' });
  assert.throws(() => checkSorted('/data/staged', sorted, [second]), { code: 'rows-sum' });
});

test('a lost row', () => sortOf(rows.toSpliced(7, 1)).then((bytes) => rejected(bytes, ['rows-staged'])));
test('a doubled row', () =>
  sortOf(rows.toSpliced(7, 0, ...rows.slice(7, 8))).then((bytes) => rejected(bytes, ['rows-staged'])));
test('a lost row and a doubled one, the count being right', () => {
  // Both without nulls, with as many list elements, so that nothing but the rows themselves tells.
  const isAlike = (row: MadeRow, n: number): boolean =>
    n > 500 &&
    row.speed !== undefined &&
    row.weather !== undefined &&
    row.device?.year !== undefined &&
    row.tags.length === 2;
  const first = rows.findIndex(isAlike);
  const second = rows.findIndex((row, n) => n > first && isAlike(row, n));
  return sortOf(rows.with(second, rows[first] ?? assert.fail())).then((bytes) =>
    rejected(bytes, ['rows-sum']),
  );
});
test('cells of two rows that changed places, in each kind of column', async () => {
  for (const name of ['id', 'lon', 'at', 'braking', 'tags'] as const) {
    // Of the same number of elements.
    await rejected(await sortOf(swapped(5, name === 'tags' ? 9 : 700, name)), ['rows-sum']);
  }
});
test('a cell of a sorting column that changed places, the rows being in order again', async () => {
  await rejected(await sortOf(swapped(5, 701, 'lat')), ['rows-sum']);
});
test('a null that moved to another row', () => {
  const i = rows.findIndex((row, n) => n > 1000 && row.speed === undefined);
  const [at, next] = [rows[i], rows[i + 1]];
  assert.ok(at && next?.speed !== undefined);
  const { speed, ...without } = next;
  return sortOf(rows.with(i, { ...at, speed }).with(i + 1, without)).then((bytes) =>
    rejected(bytes, ['rows-sum']),
  );
});
test('elements of a list in another order, and one that moved to the list of another row', async () => {
  const i = rows.findIndex((row, n) => n > 100 && row.tags.length === 3);
  const row = rows[i] ?? assert.fail();
  await rejected(await sortOf(rows.with(i, { ...row, tags: row.tags.toReversed() })), ['rows-sum']);
  const j = rows.findIndex((other, n) => n > i && other.tags.length === 2);
  const other = rows[j] ?? assert.fail();
  const moved = rows
    .with(i, { ...row, tags: row.tags.slice(0, 2) })
    .with(j, { ...other, tags: [...other.tags, row.tags[2] ?? assert.fail()] });
  await rejected(await sortOf(moved), ['rows-sum']);
});
test('rows that are all there in another order', async () => {
  const other = await sortedMerge(inputs, [{ path: 'lat', isDescending: true, nullsFirst: false }]);
  await rejected(other.bytes, ['rows-order']);
  const [weather, lat] = by;
  assert.ok(weather && lat);
  const ascending = await sortedMerge(inputs, [weather, { ...lat, isDescending: false }]);
  await rejected(ascending.bytes, ['rows-order']);
  await rejected((await madeMerge(inputs, 2_000)).bytes, ['rows-order']);
});
test('rows that the merge did not tell the second readers right', async () => {
  const verification = await verificationOf(inputs, made);
  const { sorted } = made.merged;
  assert.ok(sorted);
  const sample = sorted.sample.map(({ row, origin }) => ({ row, origin: (origin + 1) % rows.length }));
  const merged = { ...verification.merged, sorted: { ...sorted, sample } };
  await assert.rejects(verifyStagedFile({ ...verification, merged }), { code: 'second-reader-differs' });
});
