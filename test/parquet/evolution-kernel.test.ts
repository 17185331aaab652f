import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Kernel } from '../../src/parquet/kernel/kernel.ts';
import type { Rooms } from '../../src/parquet/kernel/rooms.ts';
import { bothKernels, bytesAt, freshRooms, madeRoom, placed } from './kernels.ts';

const kernels = bothKernels();

function onBoth<T>(work: (kernel: Kernel, rooms: Rooms) => T): T {
  const [one, other] = kernels.map((kernel) => ({ result: work(kernel, freshRooms(kernel)) }));
  assert.ok(one && other);
  assert.deepEqual(one.result, other.result);
  return one.result;
}

const words = (bytes: Uint8Array): number[] => [...new Uint32Array(bytes.slice().buffer)];

function widened(numbers: readonly number[], widen: (kernel: Kernel, from: number, to: number) => void) {
  return onBoth((kernel, rooms) => {
    const from = placed(rooms, new Uint8Array(Uint32Array.from(numbers).buffer)).at;
    const to = madeRoom(rooms, numbers.length * 8).at;
    widen(kernel, from, to);
    return bytesAt(kernel, to, numbers.length * 8);
  });
}

const anyWord = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
);

test('whole numbers keep their value, signed and unsigned', () => {
  fc.assert(
    fc.property(fc.array(anyWord, { maxLength: 50 }), (numbers) => {
      const signed = widened(numbers, (kernel, from, to) =>
        kernel.widenIntegers(1, from, numbers.length, to),
      );
      assert.deepEqual(
        [...new BigInt64Array(signed.slice().buffer)],
        numbers.map((number) => BigInt.asIntN(32, BigInt(number))),
      );
      const unsigned = widened(numbers, (kernel, from, to) =>
        kernel.widenIntegers(0, from, numbers.length, to),
      );
      assert.deepEqual([...new BigUint64Array(unsigned.slice().buffer)], numbers.map(BigInt));
    }),
  );
});

test('floats keep their value: zeros of either sign, infinities, the smallest ones', () => {
  const float = fc.oneof(
    fc.float({ noNaN: true }),
    fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** -149, -(2 ** -127)),
  );
  fc.assert(
    fc.property(fc.array(float, { maxLength: 50 }), (floats) => {
      const bits = words(new Uint8Array(Float32Array.from(floats).buffer));
      const doubles = widened(bits, (kernel, from, to) => kernel.widenFloats(from, bits.length, to));
      assert.deepEqual([...new Float64Array(doubles.slice().buffer)], floats);
    }),
    { numRuns: 500 },
  );
});

test('a NaN keeps its sign, its payload, and whether it is quiet', () => {
  const nan = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 0x7fffff })).map(([negative, payload]) => ({
    bits: ((negative ? 0xff800000 : 0x7f800000) | payload) >>> 0,
    payload,
  }));
  fc.assert(
    fc.property(nan, ({ bits, payload }) => {
      const [low, high] = words(widened([bits], (kernel, from, to) => kernel.widenFloats(from, 1, to)));
      const found = (BigInt(high ?? 0) << 32n) | BigInt(low ?? 0);
      assert.equal(found >> 63n, BigInt(bits >>> 31));
      assert.equal((found >> 52n) & 0x7ffn, 0x7ffn);
      assert.equal(found & 0xfffffffffffffn, BigInt(payload) << 29n);
    }),
  );
});

test('levels are translated by a table, in place too', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 200, maxLength: 200 }),
      fc.array(fc.nat({ max: 199 }), { maxLength: 100 }),
      (table, levels) => {
        const expected = levels.map((level) => table[level]);
        const found = onBoth((kernel, rooms) => {
          const tableAt = placed(rooms, table).at;
          const from = placed(rooms, Uint8Array.from(levels)).at;
          const to = madeRoom(rooms, levels.length).at;
          kernel.mapLevels(from, levels.length, tableAt, to);
          const apart = bytesAt(kernel, to, levels.length);
          kernel.mapLevels(from, levels.length, tableAt, from);
          assert.deepEqual(bytesAt(kernel, from, levels.length), apart);
          return [...apart];
        });
        assert.deepEqual(found, expected);
      },
    ),
  );
});

test('the entries of an inner list are left out', () => {
  const entry = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 9 }));
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 60 }),
      fc.nat({ max: 4 }),
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      (entries, keptRepetition, table) => {
        const kept = entries.filter(([repetition]) => repetition <= keptRepetition);
        const found = onBoth((kernel, rooms) => {
          const levels = (i: 0 | 1): number =>
            placed(
              rooms,
              Uint8Array.from(entries, (one) => one[i]),
            ).at;
          const toRepetition = madeRoom(rooms, entries.length).at;
          const toDefinition = madeRoom(rooms, entries.length).at;
          const count = kernel.projectLevels(
            levels(0),
            levels(1),
            entries.length,
            keptRepetition,
            placed(rooms, table).at,
            toRepetition,
            toDefinition,
          );
          return [[...bytesAt(kernel, toRepetition, count)], [...bytesAt(kernel, toDefinition, count)]];
        });
        assert.deepEqual(found, [kept.map(([r]) => r), kept.map(([, d]) => table[d])]);
      },
    ),
  );
});
