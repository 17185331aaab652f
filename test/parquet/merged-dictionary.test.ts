import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dictionaryBytes, dictionaryWord } from '../../src/parquet/kernel/kernel.ts';
import { emptyRoom, type Room, reserve } from '../../src/parquet/kernel/rooms.ts';
import {
  appendIndexed,
  appendValues,
  blockOf as entriesOf,
  type MergedDictionary,
  mergedDictionary,
  resetDictionary,
  sizeOf,
} from '../../src/parquet/merge/merged-dictionary.ts';
import type { LeafColumn } from '../../src/parquet/metadata/leaf-column.ts';
import { leafColumnsOf } from '../../src/parquet/metadata/leaf-column.ts';
import { pageReader } from '../../src/parquet/read/page-reader.ts';
import type { ValueBlock } from '../../src/parquet/value-block.ts';
import { blockOf, hashesOf, valuesOf } from './blocks.ts';
import { bothKernels, freshRooms, placed, placedWords, wordsAt } from './kernels.ts';

const leaves = leafColumnsOf([
  { name: 'root', childCount: 5 },
  { name: 'word', type: 1 },
  { name: 'long', type: 2 },
  { name: 'fixed', type: 7, typeLength: 5 },
  { name: 'odd', type: 3 },
  { name: 'variable', type: 6 },
]);
const kernels = bothKernels();

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

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** The entry numbers of all values of a block. */
function numbersOf(dictionary: MergedDictionary, block: ValueBlock, hashes: Room): number[] {
  const out = emptyRoom();
  reserve(dictionary.rooms, out, block.count * 4);
  const done = appendValues(dictionary, block, hashes, 0, block.count, out, 0);
  return wordsAt(dictionary.rooms.kernel, out.at, done);
}

for (const leaf of leaves) {
  test(`the merged dictionary numbers values as a Map does: ${leaf.path}`, () => {
    fc.assert(
      fc.property(blocks(leaf), fc.boolean(), (parts, collide) => {
        for (const kernel of kernels) {
          const rooms = freshRooms(kernel);
          const dictionary = mergedDictionary(rooms);
          // Twice: a reset must leave nothing behind.
          for (let round = 0; round < 2; round++) {
            resetDictionary(dictionary, leaf.widthBytes);
            const model = new Map<string, number>();
            for (const values of parts) {
              const block = blockOf(rooms, leaf, values);
              // Hashes that are all the same make it slow and not wrong.
              const hashes = collide
                ? placed(rooms, new Uint8Array(values.length * 8).fill(7))
                : hashesOf(rooms, block);
              const expected = values.map((value) => {
                const number = model.get(hex(value)) ?? model.size;
                model.set(hex(value), number);
                return number;
              });
              assert.deepEqual(numbersOf(dictionary, block, hashes), expected);
            }
            assert.deepEqual(valuesOf(rooms, entriesOf(dictionary)).map(hex), [...model.keys()]);
            const lengths = [...model.keys()].map((key) => key.length / 2 + (leaf.widthBytes === 0 ? 4 : 0));
            assert.equal(
              sizeOf(dictionary),
              lengths.reduce((sum, length) => sum + length, 0),
            );
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test(`values told by indices into a source dictionary get the same numbers: ${leaf.path}`, () => {
    fc.assert(
      fc.property(blocks(leaf), fc.array(fc.nat(), { maxLength: 50 }), (parts, raw) => {
        for (const kernel of kernels) {
          const rooms = freshRooms(kernel);
          const one = mergedDictionary(rooms);
          const other = mergedDictionary(rooms);
          resetDictionary(one, leaf.widthBytes);
          resetDictionary(other, leaf.widthBytes);
          const reader = pageReader(rooms, leaf);
          for (const source of parts.filter((values) => values.length > 0)) {
            const indices = raw.map((number) => number % source.length);
            const entries = blockOf(rooms, leaf, source);
            Object.assign(reader.dictionary.block, entries);
            Object.assign(reader.dictionary.hashes, hashesOf(rooms, entries));
            reader.dictionary.generation++;
            Object.assign(reader.indices, placedWords(rooms, indices));
            const out = emptyRoom();
            reserve(rooms, out, indices.length * 4);
            // In two pieces, since a page may be divided between two row groups.
            const half = indices.length >> 1;
            assert.equal(appendIndexed(one, reader, 0, half, out, 0), half);
            assert.equal(appendIndexed(one, reader, half, indices.length, out, half), indices.length);
            const values = blockOf(
              rooms,
              leaf,
              indices.map((index) => source[index] ?? new Uint8Array(0)),
            );
            assert.deepEqual(
              wordsAt(kernel, out.at, indices.length),
              numbersOf(other, values, hashesOf(rooms, values)),
            );
          }
          // Only values that are used are entries.
          assert.deepEqual(valuesOf(rooms, entriesOf(one)), valuesOf(rooms, entriesOf(other)));
        }
      }),
      { numRuns: 60 },
    );
  });

  test(`a dictionary grows past its first room: ${leaf.path}`, () => {
    const values = Array.from({ length: 20_000 }, (_, i) => {
      const bytes = new Uint8Array(leaf.widthBytes || 4 + (i % 30));
      new DataView(bytes.buffer).setUint32(0, i, true);
      return bytes;
    });
    for (const kernel of kernels) {
      const rooms = freshRooms(kernel);
      const dictionary = mergedDictionary(rooms);
      resetDictionary(dictionary, leaf.widthBytes);
      const block = blockOf(rooms, leaf, values);
      const hashes = hashesOf(rooms, block);
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(numbersOf(dictionary, block, hashes), [...values.keys()]);
      }
      assert.deepEqual(valuesOf(rooms, entriesOf(dictionary)), values);
      const slots = () => wordsAt(kernel, dictionary.words.at, dictionaryBytes / 4)[dictionaryWord.slotCount];
      const grownTo = slots();
      // Another column begins with few slots, the next chunk of this one with as many as it needed.
      resetDictionary(dictionary, leaf.widthBytes, 1);
      assert.equal(slots(), 4096);
      resetDictionary(dictionary, leaf.widthBytes);
      assert.equal(slots(), grownTo);
      assert.deepEqual(numbersOf(dictionary, block, hashes), [...values.keys()]);
      assert.equal(slots(), grownTo);
    }
  });
}

test('values chosen so that their hashes collide end the search', () => {
  const [leaf] = leaves;
  assert.ok(leaf);
  for (const kernel of kernels) {
    const rooms = freshRooms(kernel);
    const dictionary = mergedDictionary(rooms);
    resetDictionary(dictionary, leaf.widthBytes);
    const count = 5000;
    const values = Array.from({ length: count }, (_, i) => new Uint8Array(Int32Array.of(i).buffer));
    const block = blockOf(rooms, leaf, values);
    const same = placed(rooms, new Uint8Array(count * 8).fill(57));
    assert.deepEqual(numbersOf(dictionary, block, same), [...new Array(1000).keys()]);
    assert.equal(entriesOf(dictionary).count, 1000);
    // What is in it is still found, and what collides with nothing still added.
    const known = blockOf(rooms, leaf, values.slice(999, 1000));
    assert.deepEqual(numbersOf(dictionary, known, same), [999]);
    const another = placed(rooms, new Uint8Array(8).fill(3));
    const unknown = blockOf(rooms, leaf, values.slice(4999));
    assert.deepEqual(numbersOf(dictionary, unknown, another), [1000]);
  }
});
