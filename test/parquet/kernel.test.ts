import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareValues, isNan } from '../../src/parquet/compare-values.ts';
import { borrowKernel, giveBack } from '../../src/parquet/kernel/borrow-kernel.ts';
import type { Kernel } from '../../src/parquet/kernel/kernel.ts';
import { orderNames } from '../../src/parquet/kernel/orders.ts';
import { problem } from '../../src/parquet/kernel/problems.ts';
import { emptyRoom, type Rooms, release, reserve } from '../../src/parquet/kernel/rooms.ts';
import { bothKernels, bytesAt, freshRooms, madeRoom, placed, placedWords, wordsAt } from './kernels.ts';
import { randomSource } from './random-source.ts';

const kernels = bothKernels();

/** Runs the same on both kernels; what it returns must be equal. */
function onBoth<T>(work: (kernel: Kernel, rooms: Rooms) => T): T {
  const [one, other] = kernels.map((kernel) => ({ result: work(kernel, freshRooms(kernel)) }));
  assert.ok(one && other);
  assert.deepEqual(one.result, other.result);
  return one.result;
}

const byteArrays = fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 30 });

function plainBytes(values: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    values.flatMap((value) => [new Uint8Array(Uint32Array.of(value.length).buffer), value]),
  );
}

function offsetsOf(values: readonly Uint8Array[]): number[] {
  const offsets = [0];
  for (const value of values) offsets.push((offsets.at(-1) ?? 0) + 4 + value.length);
  return offsets;
}

test('both kernels have the same functions', () => {
  const [built, reference] = kernels;
  assert.ok(built && reference);
  assert.deepEqual([built.name, reference.name], ['WebAssembly', 'TypeScript']);
  assert.deepEqual(Object.keys(built).sort(), Object.keys(reference).sort());
});

test('the build runs, where it can, and not the reference', async () => {
  const rooms = await borrowKernel();
  assert.equal(rooms.kernel.name, 'WebAssembly');
  giveBack(rooms);
});

test('places of byte arrays are found', () => {
  fc.assert(
    fc.property(byteArrays, (values) => {
      const offsets = onBoth((kernel, rooms) => {
        const bytes = plainBytes(values);
        const from = placed(rooms, bytes).at;
        const to = madeRoom(rooms, (values.length + 1) * 4).at;
        assert.equal(kernel.readOffsets(from, from + bytes.length, values.length, to), 0);
        return wordsAt(kernel, to, values.length + 1);
      });
      assert.deepEqual(offsets, offsetsOf(values));
    }),
  );
});

test('byte arrays that are cut, or claim more than there is, are refused alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 12 }), (bytes, count) => {
      onBoth((kernel, rooms) => {
        const from = placed(rooms, bytes).at;
        const to = madeRoom(rooms, (count + 1) * 4).at;
        const code = kernel.readOffsets(from, from + bytes.length, count, to);
        return code < 0 ? problem(kernel, code).message : wordsAt(kernel, to, count + 1);
      });
    }),
    { numRuns: 2000 },
  );
});

test('values are gathered by indices', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 40 }),
      (width, seeds, raw) => {
        const values = seeds.map((seed) => new Uint8Array(width).map((_, i) => seed + i * 7));
        const indices = raw.map((number) => number % values.length);
        const gathered = onBoth((kernel, rooms) => {
          const to = madeRoom(rooms, indices.length * width).at;
          const source = placed(rooms, Buffer.concat(values)).at;
          kernel.gatherFixed(width, source, placedWords(rooms, indices).at, indices.length, to);
          return bytesAt(kernel, to, indices.length * width);
        });
        assert.deepEqual(
          gathered,
          new Uint8Array(Buffer.concat(indices.map((i) => values[i] ?? new Uint8Array(0)))),
        );
      },
    ),
  );
});

test('byte arrays are gathered by indices, behind what is there', () => {
  fc.assert(
    fc.property(
      byteArrays.filter((values) => values.length > 0),
      fc.array(fc.nat(), { maxLength: 40 }),
      fc.nat({ max: 100 }),
      (values, raw, before) => {
        const indices = raw.map((number) => number % values.length);
        const expected = indices.map((i) => values[i] ?? new Uint8Array(0));
        const sizeBytes = plainBytes(expected).length;
        const found = onBoth((kernel, rooms) => {
          const offsets = placedWords(rooms, offsetsOf(values)).at;
          const at = placedWords(rooms, indices).at;
          const size = kernel.gatheredBytes(offsets, at, indices.length);
          const toBytes = madeRoom(rooms, before + size).at;
          const toOffsets = placedWords(rooms, [before, ...indices]).at;
          const source = placed(rooms, plainBytes(values)).at;
          kernel.gatherVariable(source, offsets, at, indices.length, toBytes, toOffsets);
          return {
            size,
            bytes: bytesAt(kernel, toBytes + before, size),
            offsets: wordsAt(kernel, toOffsets, indices.length + 1),
          };
        });
        assert.equal(found.size, sizeBytes);
        assert.deepEqual(found.bytes, new Uint8Array(plainBytes(expected)));
        assert.deepEqual(
          found.offsets,
          offsetsOf(expected).map((offset) => offset + before),
        );
      },
    ),
  );
});

test('offsets are shifted, also downwards', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 2 ** 30 })),
      fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
      (raw, delta) => {
        const offsets = raw.map((number) => Math.max(number, -delta));
        const shifted = onBoth((kernel, rooms) => {
          const to = madeRoom(rooms, offsets.length * 4).at;
          kernel.shiftOffsets(placedWords(rooms, offsets).at, offsets.length, delta, to);
          return wordsAt(kernel, to, offsets.length);
        });
        assert.deepEqual(
          shifted,
          offsets.map((offset) => offset + delta),
        );
      },
    ),
  );
});

test('entries that indices name are marked', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 99 })), (indices) => {
      const marks = onBoth((kernel, rooms) => {
        const used = placed(rooms, new Uint8Array(100)).at;
        kernel.markUsed(placedWords(rooms, indices).at, indices.length, used);
        return [...bytesAt(kernel, used, 100)];
      });
      assert.deepEqual(
        marks,
        marks.map((_, i) => (indices.includes(i) ? 1 : 0)),
      );
    }),
  );
});

test('the least and the greatest of many values are where both kernels say', () => {
  const widths = [1, 4, 4, 8, 8, 4, 8, 2, 5, 5];
  fc.assert(
    fc.property(
      fc.nat({ max: 9 }),
      fc.integer(),
      fc.integer({ min: 60, max: 200 }),
      fc.nat({ max: 3 }),
      (order, seed, count, kind) => {
        const random = randomSource(seed);
        const width = widths[order] ?? 0;
        const bytes = random.bytes(count * width);
        // Small numbers, so that some come again; with a NaN, an infinity, zeros of both signs.
        if (kind > 0) for (let i = 0; i < bytes.length; i++) if (i % width !== 0) bytes[i] = 0;
        const odd = [0, 0x80, 0xff, 0x7f];
        if (kind > 1) bytes.fill(odd[random.below(4)] ?? 0, width * random.below(count)).fill(0, width * 50);
        const found = onBoth((kernel, rooms) => {
          kernel.findExtremes(order, width, placed(rooms, bytes).at, 0, count, 0);
          return [...kernel.memory.words.subarray(0, 3)];
        });
        const [min = -1, max = -1] = found;
        const name = orderNames[order] ?? 'none';
        const value = (i: number): Uint8Array => bytes.subarray(i * width, (i + 1) * width);
        for (let i = 0; i < count; i++) {
          if (isNan(name, value(i))) continue;
          assert.ok(compareValues(name, value(min), value(i)) <= 0);
          assert.ok(compareValues(name, value(max), value(i)) >= 0);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

const levels = fc.array(fc.nat({ max: 3 }), { maxLength: 60 });

test('levels are counted, and the ends of rows found', () => {
  fc.assert(
    fc.property(levels, fc.nat({ max: 4 }), fc.nat(), fc.nat({ max: 9 }), (list, level, raw, rows) => {
      const from = raw % (list.length + 1);
      const found = onBoth((kernel, rooms) => {
        const at = placed(rooms, Uint8Array.from(list)).at;
        const end = kernel.rowEnd(at, from, list.length, rows);
        return { count: kernel.countLevels(at, list.length, level), end, left: kernel.memory.words[0] };
      });
      assert.equal(found.count, list.filter((item) => item === level).length);
      const begins = list.map((_, i) => i).filter((i) => i >= from && list[i] === 0);
      assert.equal(found.end, begins[rows] ?? list.length);
      assert.equal(found.left, Math.max(0, rows - begins.length));
    }),
  );
});

test('a page ends at the begin of a row, once it is long or large enough', () => {
  fc.assert(
    fc.property(
      levels,
      levels,
      fc.record({
        isRepeated: fc.boolean(),
        max: fc.nat({ max: 3 }),
        isVariable: fc.boolean(),
        valueBits: fc.integer({ min: 1, max: 200 }),
        pageRows: fc.integer({ min: 1, max: 12 }),
        pageSizeBytes: fc.integer({ min: 1, max: 200 }),
      }),
      (raw, definition, how) => {
        const { isRepeated, max, isVariable, valueBits, pageRows, pageSizeBytes } = how;
        const count = Math.min(raw.length, definition.length);
        fc.pre(count > 0);
        const repetition = raw.with(0, 0);
        const lengths = Array.from({ length: count }, (_, i) => new Uint8Array((i * 31) % 50));
        const offsets = offsetsOf(lengths);
        const found = onBoth((kernel, rooms) => {
          const end = kernel.pageEnd(
            isRepeated ? placed(rooms, Uint8Array.from(repetition)).at : 0,
            max > 0 ? placed(rooms, Uint8Array.from(definition)).at : 0,
            max,
            0,
            count,
            0,
            isVariable ? placedWords(rooms, offsets).at : 0,
            valueBits,
            pageRows,
            pageSizeBytes,
          );
          return { entry: end, value: kernel.memory.words[0] ?? -1 };
        });
        const hasValue = (i: number): boolean => max === 0 || definition[i] === max;
        const valuesBefore = (entry: number): number =>
          Array.from({ length: entry }, (_, i) => i).filter(hasValue).length;
        const begins = Array.from({ length: count }, (_, i) => i).filter(
          (i) => !isRepeated || repetition[i] === 0,
        );
        const expected =
          begins.find((i, row) => {
            const values = valuesBefore(i);
            const size = isVariable ? (offsets[values] ?? 0) : Math.floor((values * valueBits) / 8);
            return row > 0 && (row >= pageRows || size >= pageSizeBytes);
          }) ?? count;
        assert.deepEqual(found, { entry: expected, value: valuesBefore(expected) });
      },
    ),
  );
});

test('rooms keep what they are told to keep, do not overlap, and are used again', () => {
  const slabBytes = 1024 * 1024;
  const size = fc.oneof(fc.nat({ max: 40_000 }), fc.nat({ max: 3_000_000 }));
  fc.assert(
    fc.property(
      fc.array(fc.record({ which: fc.nat({ max: 4 }), size, free: fc.boolean() }), { maxLength: 40 }),
      (steps) => {
        for (const kernel of kernels) {
          const rooms = freshRooms(kernel);
          const all = Array.from({ length: 5 }, () => ({ room: emptyRoom(), filled: 0, mark: 0 }));
          let sum = 0;
          for (const [i, { which, size, free }] of steps.entries()) {
            const one = all[which];
            assert.ok(one);
            sum += size + 65_536;
            if (free) {
              release(rooms, one.room);
              one.filled = 0;
            } else {
              const at = reserve(rooms, one.room, size, Math.min(one.filled, size));
              assert.equal(at % 16, 0);
              assert.ok(one.room.sizeBytes >= size);
              assert.ok(at + one.room.sizeBytes + 16 <= kernel.memory.bytes.length);
              const kept = Math.min(one.filled, size);
              assert.deepEqual(bytesAt(kernel, at, kept), new Uint8Array(kept).fill(one.mark));
              one.mark = i;
              one.filled = size;
              // The slack is written, too.
              kernel.memory.bytes.fill(i, at, at + one.room.sizeBytes + 16);
            }
          }
          assert.ok(rooms.large.end <= 64 + slabBytes + sum * 2, `${rooms.large.end} of ${sum}`);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('more memory than there may be is refused and not a crash', () => {
  for (const kernel of kernels) {
    assert.throws(() => reserve(freshRooms(kernel), emptyRoom(), 2 ** 31), {
      name: 'FormatError',
      message: /work on \d+ bytes at once is not supported/,
    });
  }
});
