import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findOrAdd, mergedDictionary, resetDictionary } from '../../src/parquet/merge/merged-dictionary.ts';
import type { LeafColumn } from '../../src/parquet/metadata/leaf-column.ts';
import { leafColumnsOf } from '../../src/parquet/metadata/leaf-column.ts';
import { layoutOf } from '../../src/parquet/value-block.ts';
import { hashValues } from '../../src/parquet/value-hash.ts';
import { blockOf, valuesOf } from './blocks.ts';

const leaves = leafColumnsOf([
  { name: 'root', childCount: 5 },
  { name: 'word', type: 1 },
  { name: 'long', type: 2 },
  { name: 'fixed', type: 7, typeLength: 5 },
  { name: 'odd', type: 3 },
  { name: 'variable', type: 6 },
]);

/** Blocks of values from a small or a large range, so that some come again and some do not. */
function blocks(leaf: LeafColumn): fc.Arbitrary<readonly (readonly Uint8Array[])[]> {
  const width = leaf.widthBytes;
  const value = fc.record({ n: fc.oneof(fc.nat({ max: 20 }), fc.integer()), length: fc.nat({ max: 9 }) });
  const bytes = value.map(({ n, length }) => {
    const result = new Uint8Array(width > 0 ? width : length);
    for (let i = 0; i < result.length; i++) result[i] = (n >> ((i % 4) * 8)) & 255;
    return result;
  });
  return fc.array(fc.array(bytes, { maxLength: 60 }), { maxLength: 5 });
}

function hashesOf(leaf: LeafColumn, values: readonly Uint8Array[]): Int32Array {
  const first = new Int32Array(values.length);
  hashValues(layoutOf(leaf), leaf.widthBytes, blockOf(leaf, values), values.length, first, first.slice());
  return first;
}

for (const leaf of leaves) {
  test(`the merged dictionary numbers values as a Map does: ${leaf.path}`, () => {
    const dictionary = mergedDictionary();
    fc.assert(
      fc.property(blocks(leaf), fc.boolean(), (parts, collide) => {
        // One dictionary for all cases: a reset must leave nothing behind.
        resetDictionary(dictionary, layoutOf(leaf), leaf.widthBytes);
        const model = new Map<string, number>();
        for (const values of parts) {
          const block = blockOf(leaf, values);
          const hashes = hashesOf(leaf, values);
          for (const [i, value] of values.entries()) {
            const key = Buffer.from(value).toString('hex');
            const expected = model.get(key) ?? model.size;
            model.set(key, expected);
            // Hashes that are all the same make it slow and not wrong.
            assert.equal(findOrAdd(dictionary, collide ? -7 : (hashes[i] ?? 0), block, i), expected);
          }
        }
        assert.equal(dictionary.block.count, model.size);
        const held = valuesOf(leaf, dictionary.block).map((value) => Buffer.from(value).toString('hex'));
        assert.deepEqual(held, [...model.keys()]);
        const lengths = [...model.keys()].map((key) => key.length / 2 + (leaf.widthBytes === 0 ? 4 : 0));
        assert.equal(
          dictionary.sizeBytes,
          lengths.reduce((sum, length) => sum + length, 0),
        );
      }),
      { numRuns: 200 },
    );
  });

  test(`a dictionary grows past its first room: ${leaf.path}`, () => {
    const dictionary = mergedDictionary();
    resetDictionary(dictionary, layoutOf(leaf), leaf.widthBytes);
    const values = Array.from({ length: 20_000 }, (_, i) => {
      const bytes = new Uint8Array(leaf.widthBytes || 4 + (i % 3));
      new DataView(bytes.buffer).setUint32(0, i, true);
      return bytes;
    });
    const block = blockOf(leaf, values);
    const hashes = hashesOf(leaf, values);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < values.length; i++)
        assert.equal(findOrAdd(dictionary, hashes[i] ?? 0, block, i), i);
    }
    assert.deepEqual(valuesOf(leaf, dictionary.block), values);
  });
}

test('values chosen so that their hashes collide end the search', () => {
  const [leaf] = leaves;
  assert.ok(leaf);
  const dictionary = mergedDictionary();
  resetDictionary(dictionary, layoutOf(leaf), leaf.widthBytes);
  const block = blockOf(
    leaf,
    Array.from({ length: 5000 }, (_, i) => new Uint8Array(Int32Array.of(i).buffer)),
  );
  const numbers = Array.from({ length: 5000 }, (_, i) => findOrAdd(dictionary, 12345, block, i));
  assert.deepEqual(
    numbers.slice(0, 1000),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.deepEqual([...new Set(numbers.slice(1000))], [-1]);
  assert.equal(dictionary.block.count, 1000);
  // What is in it is still found, and what collides with nothing still added.
  assert.equal(findOrAdd(dictionary, 12345, block, 999), 999);
  assert.equal(findOrAdd(dictionary, 99, block, 4999), 1000);
});

test('hashes depend on every byte and on the length', () => {
  for (const leaf of leaves) {
    const seen = new Map<string, string>();
    const values = Array.from({ length: 3000 }, (_, i) => {
      const bytes = new Uint8Array(leaf.widthBytes || i % 12);
      if (bytes.length > 0) bytes[i % bytes.length] = 1 + (i % 255);
      return bytes;
    });
    const first = new Int32Array(values.length);
    const second = new Int32Array(values.length);
    hashValues(layoutOf(leaf), leaf.widthBytes, blockOf(leaf, values), values.length, first, second);
    for (const [i, value] of values.entries()) {
      const key = Buffer.from(value).toString('hex');
      const hash = `${first[i]} ${second[i]}`;
      assert.equal(seen.get(hash) ?? key, key, `two values of ${leaf.path} have one hash`);
      seen.set(hash, key);
    }
  }
});
