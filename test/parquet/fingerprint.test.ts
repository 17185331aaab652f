import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type DigestState,
  digestHashes,
  digestIndexed,
  digestLevelRun,
  digestLevels,
  digestText,
  emptyDigest,
} from '../../src/parquet/fingerprint.ts';
import { emptyBlock, layout } from '../../src/parquet/value-block.ts';
import { hashValues } from '../../src/parquet/value-hash.ts';

const words = fc.array(fc.integer(), { maxLength: 40 }).map((list) => Int32Array.from(list));
const levels = fc.array(fc.record({ r: fc.nat({ max: 200 }), d: fc.nat({ max: 200 }) }), { maxLength: 40 });

function levelsOf(entries: readonly { readonly r: number; readonly d: number }[]): DigestState {
  const state = emptyDigest();
  addLevels(state, entries);
  return state;
}

function addLevels(state: DigestState, entries: readonly { readonly r: number; readonly d: number }[]): void {
  const repetition = Int32Array.from(entries, ({ r }) => r);
  const definition = Int32Array.from(entries, ({ d }) => d);
  digestLevels(state, repetition, definition, entries.length);
}

test('a run of levels digests as so many single ones', () => {
  fc.assert(
    fc.property(
      levels,
      fc.nat({ max: 200 }),
      fc.nat({ max: 200 }),
      fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 3000 })),
      (before, r, d, count) => {
        const byRun = levelsOf(before);
        digestLevelRun(byRun, r, d, count);
        const singly = levelsOf(before);
        addLevels(singly, new Array(count).fill({ r, d }));
        assert.deepEqual(byRun, singly);
      },
    ),
  );
});

test('a run may be longer than any array', () => {
  const whole = emptyDigest();
  digestLevelRun(whole, 1, 2, 2 ** 40 + 3);
  const parts = emptyDigest();
  for (const count of [2 ** 39, 1, 2 ** 39, 2]) digestLevelRun(parts, 1, 2, count);
  assert.deepEqual(parts, whole);
  assert.equal(whole.entries, 2 ** 40 + 3);
});

test('a column that is not repeated digests as one whose repetition levels are all 0', () => {
  fc.assert(
    fc.property(levels, (entries) => {
      const state = emptyDigest();
      const definition = Int32Array.from(entries, ({ d }) => d);
      digestLevels(state, undefined, definition, entries.length);
      assert.deepEqual(state, levelsOf(entries.map(({ d }) => ({ r: 0, d }))));
    }),
  );
});

test('parts digest as the whole, however they are cut', () => {
  fc.assert(
    fc.property(
      fc.array(levels, { maxLength: 5 }),
      fc.array(words, { maxLength: 5 }),
      (levelParts, valueParts) => {
        const parts = emptyDigest();
        for (const part of levelParts) addLevels(parts, part);
        for (const part of valueParts) digestHashes(parts, part, part, part.length);
        const whole = levelsOf(levelParts.flat());
        const all = Int32Array.from(valueParts.flatMap((part) => [...part]));
        digestHashes(whole, all, all, all.length);
        assert.deepEqual(parts, whole);
      },
    ),
  );
});

test('values told by dictionary indices digest as the values themselves', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1, maxLength: 9 }),
      fc.array(fc.nat()),
      (entries, raw) => {
        const dictionary = Int32Array.from(entries);
        const other = dictionary.map((word) => Math.imul(word, 31));
        const indices = Int32Array.from(raw, (number) => number % entries.length);
        const indexed = emptyDigest();
        digestIndexed(indexed, indices, indices.length, dictionary, other);
        const plain = emptyDigest();
        const first = indices.map((index) => dictionary[index] ?? 0);
        const second = indices.map((index) => other[index] ?? 0);
        digestHashes(plain, first, second, indices.length);
        assert.deepEqual(indexed, plain);
      },
    ),
  );
});

test('two values that change places, and one that goes missing, change the digest', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 50 }),
      fc.nat(),
      fc.nat(),
      (list, a, b) => {
        const i = a % list.length;
        const j = b % list.length;
        fc.pre(i !== j);
        const textOf = (values: readonly number[]): string => {
          const state = emptyDigest();
          const block = { ...emptyBlock(), words: Int32Array.from(values) };
          const first = new Int32Array(values.length);
          const second = new Int32Array(values.length);
          hashValues(layout.WORD, 4, block, values.length, first, second);
          digestHashes(state, first, second, values.length);
          return digestText(state).valueDigest;
        };
        const swapped = [...list];
        [swapped[i], swapped[j]] = [list[j] ?? 0, list[i] ?? 0];
        assert.notEqual(textOf(swapped), textOf(list));
        assert.notEqual(textOf(list.toSpliced(i, 1)), textOf(list));
        assert.match(textOf(list), /^[0-9a-f]{16}$/);
      },
    ),
  );
});
