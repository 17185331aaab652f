import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseColumns, chooseSites, chooseSmallSite, defaultBudget } from '../../src/verify/sample-sites.ts';

const inputRows = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 })), { maxLength: 40 });

/** The rows cut into row groups of at most `most`. */
function grouped(total: number, most: number): readonly number[] {
  return Array.from({ length: Math.ceil(total / most) }, (_, i) => Math.min(most, total - i * most));
}

test('every site is a stretch of staged rows, and its parts are the very same rows of the inputs', () => {
  fc.assert(
    fc.property(inputRows, fc.integer({ min: 1, max: 5000 }), fc.string(), (counts, groupRows, seed) => {
      const total = counts.reduce((sum, rows) => sum + rows, 0);
      const starts = counts.map((_, i) => counts.slice(0, i).reduce((sum, rows) => sum + rows, 0));
      let before = 0;
      for (const { staged, parts } of chooseSites(counts, grouped(total, groupRows), seed)) {
        assert.ok(staged.firstRow >= before && staged.rows > 0 && staged.rows <= defaultBudget.siteRows);
        assert.ok(parts.length >= 1 && parts.length <= defaultBudget.siteInputs);
        let row = staged.firstRow;
        for (const { inputIndex, range } of parts) {
          assert.equal((starts[inputIndex] ?? Number.NaN) + range.firstRow, row);
          assert.ok(range.firstRow + range.rows <= (counts[inputIndex] ?? 0));
          row += range.rows;
        }
        assert.equal(row, staged.firstRow + staged.rows);
        assert.ok(row <= total);
        before = row;
      }
    }),
  );
});

test('the first row and the last row are always in the sample', () => {
  fc.assert(
    fc.property(inputRows, fc.string(), (counts, seed) => {
      const total = counts.reduce((sum, rows) => sum + rows, 0);
      const sites = chooseSites(counts, [total], seed);
      if (total === 0) return assert.deepEqual(sites, []);
      assert.equal(sites[0]?.staged.firstRow, 0);
      const last = sites.at(-1)?.staged ?? assert.fail();
      assert.equal(last.firstRow + last.rows, total);
    }),
  );
});

test('both sides of a border between row groups are in the sample', () => {
  fc.assert(
    fc.property(fc.string(), (seed) => {
      const counts = new Array<number>(200).fill(640);
      const sites = chooseSites(counts, grouped(128_000, 50_000), seed);
      const touches = (row: number) =>
        sites.some(({ staged }) => staged.firstRow <= row && row < staged.firstRow + staged.rows);
      assert.ok([50_000, 100_000].some((border) => touches(border - 1) && touches(border)));
    }),
  );
});

test('the same seed looks at the same places, another one elsewhere', () => {
  const counts = new Array<number>(100).fill(500);
  assert.deepEqual(chooseSites(counts, [50_000], 'a'), chooseSites(counts, [50_000], 'a'));
  assert.notDeepEqual(chooseSites(counts, [50_000], 'a'), chooseSites(counts, [50_000], 'b'));
  const rows = new Set(
    Array.from({ length: 50 }, (_, i) => chooseSmallSite(counts, [50_000], `${i}`)[0]?.staged.firstRow),
  );
  assert.ok(rows.size > 10, `${rows.size} different places`);
  assert.deepEqual(chooseSmallSite([], [], 'a'), []);
});

test('columns are drawn without repetition, all of them when they are few', () => {
  const keys = ['a', 'b', 'c', 'd', 'e'];
  assert.deepEqual([...chooseColumns(keys, 9, 's')].sort(), keys);
  const drawn = new Set(Array.from({ length: 40 }, (_, i) => [...chooseColumns(keys, 2, `${i}`)]).flat());
  assert.equal(chooseColumns(keys, 2, 's').size, 2);
  assert.equal(drawn.size, 5);
});
