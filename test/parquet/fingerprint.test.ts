import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DigestState, digestText, emptyDigests } from '../../src/parquet/fingerprint.ts';
import { emptyRoom, type Rooms } from '../../src/parquet/kernel/rooms.ts';
import { leafColumnsOf } from '../../src/parquet/metadata/leaf-column.ts';
import { bothKernels, bytesAt, freshRooms, placed, placedWords } from './kernels.ts';

const k = 0xd1342543de82ef93n;
const modulus = 2n ** 64n;
const kernels = bothKernels();
const leaves = leafColumnsOf([
  { name: 'root', childCount: 1 },
  { name: 'v', type: 1 },
]);

const hashes = fc.array(fc.bigInt({ min: 0n, max: modulus - 1n }), { maxLength: 40 });
const levels = fc.array(fc.record({ r: fc.nat({ max: 200 }), d: fc.nat({ max: 200 }) }), { maxLength: 40 });
type Levels = readonly { readonly r: number; readonly d: number }[];

/** One digest of both kernels, which must agree, as 16 hex digits. */
function digested(add: (rooms: Rooms, state: DigestState) => void, which: 'levels' | 'values'): string {
  const [text, other] = kernels.map((kernel) => {
    const rooms = freshRooms(kernel);
    const [one] = emptyDigests(rooms, emptyRoom(), leaves);
    assert.ok(one);
    add(rooms, one.digest);
    const { levelDigest, valueDigest } = digestText(rooms, one.digest);
    return which === 'levels' ? levelDigest : valueDigest;
  });
  assert.equal(text, other);
  assert.match(text ?? '', /^[0-9a-f]{16}$/);
  return text ?? '';
}

function addHashes(rooms: Rooms, state: DigestState, values: readonly bigint[]): void {
  const room = placed(rooms, new Uint8Array(BigUint64Array.from(values).buffer));
  rooms.kernel.digestHashes(state.valuesAt, room.at, values.length);
}

function addLevels(rooms: Rooms, state: DigestState, entries: Levels, isRepeated = true): void {
  const repetition = placed(
    rooms,
    Uint8Array.from(entries, ({ r }) => r),
  );
  const definition = placed(
    rooms,
    Uint8Array.from(entries, ({ d }) => d),
  );
  rooms.kernel.digestLevels(state.levelsAt, isRepeated ? repetition.at : 0, definition.at, entries.length);
}

function polynomial(items: readonly bigint[]): string {
  const sum = items.reduce((digest, item) => (digest * k + item) % modulus, 0n);
  return sum.toString(16).padStart(16, '0');
}

test('the digest is the polynomial that the documentation says', () => {
  fc.assert(
    fc.property(hashes, levels, (values, entries) => {
      assert.equal(
        digested((rooms, state) => addHashes(rooms, state, values), 'values'),
        polynomial(values),
      );
      assert.equal(
        digested((rooms, state) => addLevels(rooms, state, entries), 'levels'),
        polynomial(entries.map(({ r, d }) => BigInt(((r << 8) | d) + 1))),
      );
    }),
  );
});

test('a run of levels digests as so many single ones', () => {
  fc.assert(
    fc.property(
      levels,
      fc.nat({ max: 200 }),
      fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 3000 })),
      (before, d, count) => {
        const byRun = digested((rooms, state) => {
          addLevels(rooms, state, before);
          rooms.kernel.digestLevelRun(state.levelsAt, d, count);
        }, 'levels');
        const singly = digested((rooms, state) => {
          addLevels(rooms, state, before);
          addLevels(rooms, state, new Array(count).fill({ r: 0, d }), false);
        }, 'levels');
        assert.equal(byRun, singly);
      },
    ),
  );
});

test('a run may be longer than any array', () => {
  const runs = (counts: readonly number[]): string =>
    digested((rooms, state) => {
      for (const count of counts) rooms.kernel.digestLevelRun(state.levelsAt, 2, count);
    }, 'levels');
  assert.equal(runs([2 ** 39, 1, 2 ** 39, 2]), runs([2 ** 40 + 3]));
  assert.notEqual(runs([2 ** 40 + 2]), runs([2 ** 40 + 3]));
});

test('a column that is not repeated digests as one whose repetition levels are all 0', () => {
  fc.assert(
    fc.property(levels, (entries) => {
      const flat = entries.map(({ d }) => ({ r: 0, d }));
      assert.equal(
        digested((rooms, state) => addLevels(rooms, state, entries, false), 'levels'),
        digested((rooms, state) => addLevels(rooms, state, flat), 'levels'),
      );
    }),
  );
});

test('parts digest as the whole, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(hashes, { maxLength: 5 }), (parts) => {
      assert.equal(
        digested((rooms, state) => {
          for (const part of parts) addHashes(rooms, state, part);
        }, 'values'),
        digested((rooms, state) => addHashes(rooms, state, parts.flat()), 'values'),
      );
    }),
  );
});

test('values told by dictionary indices digest as the values themselves', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: modulus - 1n }), { minLength: 1, maxLength: 9 }),
      fc.array(fc.nat()),
      (entries, raw) => {
        const indices = raw.map((number) => number % entries.length);
        const indexed = digested((rooms, state) => {
          const room = placed(rooms, new Uint8Array(BigUint64Array.from(entries).buffer));
          const at = placedWords(rooms, indices).at;
          rooms.kernel.digestIndexed(state.valuesAt, at, room.at, indices.length);
        }, 'values');
        const plain = indices.map((index) => entries[index] ?? 0n);
        assert.equal(
          indexed,
          digested((rooms, state) => addHashes(rooms, state, plain), 'values'),
        );
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
        const swapped = [...list];
        [swapped[i], swapped[j]] = [list[j] ?? 0, list[i] ?? 0];
        assert.notEqual(textOf(swapped), textOf(list));
        assert.notEqual(textOf(list.toSpliced(i, 1)), textOf(list));
      },
    ),
  );
});

test('values that change places at any power of two, and at any distance, change the digest', () => {
  const list = Array.from({ length: 2 ** 17 + 1 }, (_, i) => i);
  const whole = textOf(list);
  for (const distance of [1, 2, 3, 2 ** 8, 2 ** 15, 2 ** 16, 2 ** 17]) {
    for (const i of [0, 1, 77].filter((place) => place + distance < list.length)) {
      const swapped = [...list];
      [swapped[i], swapped[i + distance]] = [list[i + distance] ?? 0, list[i] ?? 0];
      assert.notEqual(textOf(swapped), whole, `${i} and ${i + distance}`);
    }
  }
});

function textOf(numbers: readonly number[]): string {
  return digested((rooms, state) => {
    const { kernel } = rooms;
    const values = placedWords(rooms, numbers);
    const room = placed(rooms, new Uint8Array(numbers.length * 8));
    kernel.hashFixed(4, values.at, numbers.length, room.at);
    kernel.digestHashes(state.valuesAt, room.at, numbers.length);
  }, 'values');
}

test('hashes depend on every byte and on the length', () => {
  for (const width of [4, 8, 1, 5, 12, 16]) {
    const values = Array.from({ length: 3000 }, (_, i) => {
      const bytes = new Uint8Array(width);
      bytes[i % width] = 1 + (i % 255);
      return bytes;
    });
    distinct(values, (rooms) => {
      const room = placed(rooms, new Uint8Array(values.length * 8));
      rooms.kernel.hashFixed(width, placed(rooms, Buffer.concat(values)).at, values.length, room.at);
      return room.at;
    });
  }
  const values = Array.from({ length: 3000 }, (_, i) => {
    const bytes = new Uint8Array(i % 30);
    if (bytes.length > 0) bytes[(i >> 3) % bytes.length] = i % 255;
    return bytes;
  });
  distinct(values, (rooms) => {
    const offsets = [0];
    for (const value of values) offsets.push((offsets.at(-1) ?? 0) + 4 + value.length);
    const bytes = Buffer.concat(values.flatMap((value) => [new Uint8Array(4), value]));
    const room = placed(rooms, new Uint8Array(values.length * 8));
    const at = placed(rooms, bytes).at;
    rooms.kernel.hashVariable(at, placedWords(rooms, offsets).at, values.length, room.at);
    return room.at;
  });
});

/** Different values must have different hashes, the same ones from both kernels. */
function distinct(values: readonly Uint8Array[], hash: (rooms: Rooms) => number): void {
  const [found, other] = kernels.map((kernel) => {
    const rooms = freshRooms(kernel);
    return [...new BigUint64Array(bytesAt(kernel, hash(rooms), values.length * 8).buffer)];
  });
  assert.deepEqual(found, other);
  const seen = new Map<bigint, string>();
  for (const [i, value] of values.entries()) {
    const key = Buffer.from(value).toString('hex');
    const number = found?.[i] ?? 0n;
    assert.equal(seen.get(number) ?? key, key, 'two values have one hash');
    seen.set(number, key);
  }
}
