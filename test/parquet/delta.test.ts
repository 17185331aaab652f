import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deltaRoom, type Kernel, lz4Room, lz4TableBytes } from '../../src/parquet/kernel/kernel.ts';
import { problem } from '../../src/parquet/kernel/problems.ts';
import type { Rooms } from '../../src/parquet/kernel/rooms.ts';
import { deltaByteArrayBytes, deltaBytes, deltaLengthBytes, splitBytes } from './foreign-encodings.ts';
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

/** What a function made, or the message of the error it returned. */
function outcome<T>(kernel: Kernel, code: number, made: () => T): T | string {
  return code < 0 ? problem(kernel, code).message : made();
}

const widths = fc.constantFrom<4 | 8>(4, 8);
const seeds = fc.integer();

// Numbers that lie together, far apart, or anywhere.
function numbersOf(seed: number, width: number, count: number): bigint[] {
  const random = randomSource(seed);
  const spread = random.pick([1n, 100n, 2n ** 31n, 2n ** 63n]);
  const start = BigInt(random.word());
  return Array.from({ length: count }, (_, i) => {
    const any = BigInt(random.word()) * 2n ** 32n + BigInt(random.word());
    return BigInt.asIntN(width * 8, start + BigInt(i) * 1000n + (any % spread));
  });
}

function bytesOfNumbers(numbers: readonly bigint[], width: number): Uint8Array {
  const bytes = new Uint8Array(numbers.length * width);
  const view = new DataView(bytes.buffer);
  for (const [i, number] of numbers.entries()) {
    if (width === 4) view.setInt32(i * 4, Number(number), true);
    else view.setBigInt64(i * 8, number, true);
  }
  return bytes;
}

function decodeDelta(stored: Uint8Array, width: number, count: number) {
  return onBoth((kernel, rooms) => {
    const from = placed(rooms, stored).at;
    const to = madeRoom(rooms, count * width).at;
    const code = kernel.deltaDecode(from, from + stored.length, width, count, to);
    return outcome(kernel, code, () => ({
      used: code,
      total: kernel.memory.words[0],
      bytes: bytesAt(kernel, to, count * width),
    }));
  });
}

test('delta-encoded numbers of other writers decode, whatever their blocks', () => {
  fc.assert(
    fc.property(seeds, widths, fc.integer({ min: 1, max: 400 }), (seed, width, count) => {
      const numbers = numbersOf(seed, width, count);
      const stored = deltaBytes(randomSource(seed), numbers, width * 8);
      const found = decodeDelta(Buffer.concat([stored, Buffer.alloc(9, 77)]), width, count);
      assert.deepEqual(found, { used: stored.length, total: count, bytes: bytesOfNumbers(numbers, width) });
    }),
    { numRuns: 300 },
  );
});

test('numbers that are delta-encoded here decode, fit their room, and need no more bits than their type has', () => {
  fc.assert(
    fc.property(seeds, widths, fc.integer({ min: 1, max: 400 }), (seed, width, count) => {
      const bytes = bytesOfNumbers(numbersOf(seed, width, count), width);
      const stored = onBoth((kernel, rooms) => {
        const from = placed(rooms, bytes).at;
        const to = madeRoom(rooms, deltaRoom(count, width)).at;
        return bytesAt(kernel, to, kernel.deltaEncode(from, width, count, to));
      });
      assert.ok(stored.length <= deltaRoom(count, width));
      assert.deepEqual(decodeDelta(stored, width, count), { used: stored.length, total: count, bytes });
      // The same layout as any other writer makes of them.
      const numbers = numbersOf(seed, width, count);
      assert.deepEqual(stored, new Uint8Array(deltaBytes(randomSource(seed), numbers, width * 8, true)));
    }),
    { numRuns: 300 },
  );
});

test('delta-encoded numbers that are cut, changed or made up decode alike or are refused alike', () => {
  fc.assert(
    fc.property(seeds, widths, fc.integer({ min: 1, max: 90 }), (seed, width, count) => {
      const random = randomSource(seed);
      const stored = random.chance(70)
        ? deltaBytes(random, numbersOf(seed, width, count), width * 8).slice()
        : random.bytes(random.below(60));
      for (let i = random.below(4); i > 0 && stored.length > 0; i--)
        stored[random.below(stored.length)] = random.pick([random.below(256), 255, 0, 65]);
      decodeDelta(
        stored.subarray(0, random.below(stored.length + 1)),
        width,
        random.pick([count, count + 1]),
      );
    }),
    { numRuns: 2000 },
  );
});

test('byte streams are put together and split again', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.constantFrom(1, 2, 3, 4, 8, 12, 16),
      fc.integer({ min: 1, max: 100 }),
      (seed, width, count) => {
        const random = randomSource(seed);
        const values = Array.from({ length: count }, () => random.bytes(width));
        const streams = splitBytes(values);
        const joined = onBoth((kernel, rooms) => {
          const to = madeRoom(rooms, streams.length).at;
          kernel.splitDecode(placed(rooms, streams).at, width, count, to);
          return bytesAt(kernel, to, streams.length);
        });
        assert.deepEqual(joined, new Uint8Array(Buffer.concat(values)));
        const split = onBoth((kernel, rooms) => {
          const to = madeRoom(rooms, streams.length).at;
          kernel.splitEncode(placed(rooms, joined).at, width, count, to);
          return bytesAt(kernel, to, streams.length);
        });
        assert.deepEqual(split, streams);
      },
    ),
    { numRuns: 500 },
  );
});

// Words that have beginnings in common.
function wordsOf(seed: number, count: number): Uint8Array[] {
  const random = randomSource(seed);
  const long = random.bytes(random.pick([3, 12, 200]));
  return Array.from({ length: count }, () =>
    Buffer.concat([long.subarray(0, random.below(long.length + 1)), random.bytes(random.below(20))]),
  );
}

function lengthsAndBytes(words: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(words.flatMap((word) => [new Uint8Array(Uint32Array.of(word.length).buffer), word]));
}

function join(
  prefixes: readonly number[] | undefined,
  suffixes: readonly number[],
  stored: Uint8Array,
  width: number,
) {
  return onBoth((kernel, rooms) => {
    const prefixesAt = prefixes === undefined ? 0 : placedWords(rooms, prefixes).at;
    const suffixesAt = placedWords(rooms, suffixes).at;
    const count = suffixes.length;
    const sum = kernel.joinedBytes(prefixesAt, suffixesAt, count, stored.length, width);
    return outcome(kernel, sum, () => {
      const sizeBytes = sum + (width === 0 ? count * 4 : 0);
      const to = madeRoom(rooms, sizeBytes).at;
      const offsets = madeRoom(rooms, (count + 1) * 4).at;
      kernel.joinValues(prefixesAt, suffixesAt, count, placed(rooms, stored).at, width, to, offsets);
      return {
        bytes: bytesAt(kernel, to, sizeBytes),
        offsets: width === 0 ? wordsAt(kernel, offsets, count + 1) : [],
      };
    });
  });
}

test('prefixes are cut off, and values put together from them', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 60 }), fc.nat({ max: 20 }), (seed, count, before) => {
      const words = wordsOf(seed, count + before);
      const offsets = [0];
      for (const { length } of words) offsets.push((offsets.at(-1) ?? 0) + 4 + length);
      const cut = onBoth((kernel, rooms) => {
        const prefixes = madeRoom(rooms, count * 4).at;
        const suffixes = madeRoom(rooms, count * 4).at;
        const bytes = lengthsAndBytes(words);
        const to = madeRoom(rooms, bytes.length).at;
        const from = placed(rooms, bytes).at;
        const offsetsAt = placedWords(rooms, offsets).at;
        const size = kernel.cutPrefixes(from, offsetsAt, before, count, prefixes, suffixes, to);
        return {
          prefixes: wordsAt(kernel, prefixes, count),
          suffixes: wordsAt(kernel, suffixes, count),
          bytes: bytesAt(kernel, to, size),
        };
      });
      const own = words.slice(before);
      const joined = join(cut.prefixes, cut.suffixes, cut.bytes, 0);
      const start = offsets[before] ?? 0;
      assert.deepEqual(joined, {
        bytes: new Uint8Array(lengthsAndBytes(own)),
        offsets: offsets.slice(before).map((offset) => offset - start),
      });
      // What was cut off is the longest common beginning: the layout that every writer makes.
      const random = randomSource(seed);
      const stored = Buffer.concat([
        deltaBytes(random, cut.prefixes.map(BigInt), 32, true),
        deltaBytes(random, cut.suffixes.map(BigInt), 32, true),
        cut.bytes,
      ]);
      assert.deepEqual(stored, deltaByteArrayBytes(random, own, true));
    }),
    { numRuns: 300 },
  );
});

test('lengths and prefixes that are made up give the same values or the same refusal', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 12 }), fc.boolean(), (seed, count, hasPrefixes) => {
      const random = randomSource(seed);
      const length = () => random.pick([0, 1, 2, 3, 40, random.below(9), 2 ** 31 - 1, -1, -(2 ** 31)]);
      const few = () => (random.chance(97) ? random.below(6) : length());
      const prefixes = hasPrefixes
        ? Array.from({ length: count }, (_, i) => (i === 0 ? 0 : few()))
        : undefined;
      join(
        prefixes,
        Array.from({ length: count }, few),
        random.bytes(random.below(60)),
        random.pick([0, 0, 3]),
      );
    }),
    { numRuns: 3000 },
  );
});

test('the lengths of byte arrays say where their bytes begin', () => {
  const words = wordsOf(7, 50);
  const stored = deltaLengthBytes(randomSource(7), words);
  const lengths = decodeDelta(stored, 4, words.length);
  assert.ok(typeof lengths !== 'string');
  assert.deepEqual(stored.subarray(lengths.used), Buffer.concat(words));
});

const data = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat({ max: 40_000 })).map(([unit, length]) => {
    return new Uint8Array(length).map((_, i) => (unit[i % unit.length] ?? 0) + (i % 977 === 0 ? i : 0));
  }),
);

function lz4Of(bytes: Uint8Array): Uint8Array {
  return onBoth((kernel, rooms) => {
    const to = madeRoom(rooms, lz4Room(bytes.length)).at;
    const table = madeRoom(rooms, lz4TableBytes).at;
    return bytesAt(kernel, to, kernel.lz4Encode(placed(rooms, bytes).at, bytes.length, to, table));
  });
}

function decodeLz4(stored: Uint8Array, roomBytes: number, before: Uint8Array = new Uint8Array(0)) {
  return onBoth((kernel, rooms) => {
    const from = placed(rooms, stored).at;
    const window = madeRoom(rooms, before.length + roomBytes).at;
    kernel.memory.bytes.set(before, window);
    const to = window + before.length;
    const size = kernel.lz4Decode(window, from, from + stored.length, to, roomBytes);
    return outcome(kernel, size, () => bytesAt(kernel, to, size));
  });
}

test('what is compressed with LZ4 comes back, in no more room than stated', () => {
  fc.assert(
    fc.property(data, (bytes) => {
      const stored = lz4Of(bytes);
      assert.ok(stored.length <= lz4Room(bytes.length));
      assert.deepEqual(decodeLz4(stored, bytes.length), bytes);
      if (bytes.length > 0) assert.equal(typeof decodeLz4(stored, bytes.length - 1), 'string');
    }),
    { numRuns: 300 },
  );
});

test('LZ4 data keeps to what every decoder relies on: five literals at the end, no match in the last twelve', () => {
  fc.assert(
    fc.property(data, (bytes) => {
      const stored = lz4Of(bytes);
      let position = 0;
      let out = 0;
      const lengthFrom = (nibble: number): number => {
        let length = nibble;
        for (let byte = 255; nibble === 15 && byte === 255; length += byte) byte = stored[position++] ?? 0;
        return length;
      };
      for (;;) {
        const token = stored[position++] ?? 0;
        const literals = lengthFrom(token >> 4);
        position += literals;
        out += literals;
        if (position === stored.length) {
          assert.ok(literals >= 5 || out === literals);
          break;
        }
        position += 2;
        assert.ok(out + 12 <= bytes.length, 'begin of a match');
        out += lengthFrom(token & 15) + 4;
      }
      assert.equal(out, bytes.length);
    }),
    { numRuns: 300 },
  );
});

test('LZ4 copies reach back into what was decoded before, and not further', () => {
  const before = Buffer.from('0123456789');
  // Two literals, then 4 bytes from 12 back, then five literals.
  const stored = Buffer.from([0x20, 97, 98, 12, 0, 0x50, 1, 2, 3, 4, 5]);
  assert.deepEqual(decodeLz4(stored, 11, before), Uint8Array.from([97, 98, 48, 49, 50, 51, 1, 2, 3, 4, 5]));
  assert.match(String(decodeLz4(stored, 11, before.subarray(1))), /copy from 12 bytes back at 11$/);
});

test('LZ4 data that is cut, changed or made up gives the same or the same refusal', () => {
  fc.assert(
    fc.property(seeds, fc.uint8Array({ maxLength: 60 }), (seed, bytes) => {
      const random = randomSource(seed);
      const stored = random.chance(60) ? lz4Of(Buffer.concat([bytes, bytes, bytes])).slice() : bytes.slice();
      for (let i = random.below(4); i > 0 && stored.length > 0; i--)
        stored[random.below(stored.length)] = random.pick([random.below(256), 255, 0]);
      decodeLz4(stored.subarray(0, random.below(stored.length + 1)), random.below(300));
    }),
    { numRuns: 3000 },
  );
});
