import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/core/errors.ts';
import { decodeBitPackedLevels } from '../../src/parquet/encodings/bit-packed-levels.ts';
import { bitWidthOf } from '../../src/parquet/encodings/bit-width.ts';
import { hybridRoom, type Kernel } from '../../src/parquet/kernel/kernel.ts';
import { problem } from '../../src/parquet/kernel/problems.ts';
import { bitPackedLevelBytes, hybridBytes, packedBytes } from './foreign-encodings.ts';
import { bothKernels, bytesAt, freshRooms, madeRoom, placed, placedWords, wordsAt } from './kernels.ts';
import { randomSource } from './random-source.ts';

const kernels = bothKernels();
/** More entries than a dictionary can have. */
const mostEntries = 2 ** 31 - 1;
const widths = fc.integer({ min: 1, max: 32 });

/** Runs of any length and stretches without two equal neighbours, at one bit width. */
const sequences = widths.chain((width) => {
  const most = Math.min(2 ** width - 1, mostEntries - 1);
  const value = fc.oneof(fc.nat({ max: most }), fc.constantFrom(0, most, most >> 1));
  const run = fc
    .tuple(value, fc.nat({ max: 40 }))
    .map(([v, length]): number[] => new Array<number>(length).fill(v));
  const literal = fc.array(value, { maxLength: 30 });
  return fc.record({
    width: fc.constant(width),
    values: fc.array(fc.oneof(run, literal), { maxLength: 8 }).map((parts) => parts.flat()),
    seed: fc.integer(),
  });
});

interface Decoding {
  /** 0 or more, or a code. */
  readonly code: number;
  readonly message: string;
  readonly values: readonly number[];
}

/** Decodes with both kernels, which must agree about values as well as about errors. */
function decodedBy(work: (kernel: Kernel) => Decoding): Decoding {
  const [one, other] = kernels.map(work);
  assert.ok(one);
  assert.deepEqual(one, other);
  return one;
}

function decodedIndices(
  bytes: Uint8Array,
  end: number,
  width: number,
  count: number,
  entries: number,
): Decoding {
  return decodedBy((kernel) => {
    const rooms = freshRooms(kernel);
    const from = placed(rooms, bytes).at;
    const to = madeRoom(rooms, count * 4).at;
    const code = kernel.decodeIndices(from, from + end, width, count, entries, to);
    return code < 0
      ? { code, message: problem(kernel, code, 'dictionary index').message, values: [] }
      : { code, message: '', values: wordsAt(kernel, to, count) };
  });
}

function decodedLevels(bytes: Uint8Array, end: number, width: number, count: number, max: number): Decoding {
  return decodedBy((kernel) => {
    const rooms = freshRooms(kernel);
    const from = placed(rooms, bytes).at;
    const to = madeRoom(rooms, count).at;
    const code = kernel.decodeLevels(from, from + end, width, count, max, to);
    return code < 0
      ? { code, message: problem(kernel, code, 'level').message, values: [] }
      : { code, message: '', values: [...bytesAt(kernel, to, count)] };
  });
}

function decoded(bytes: Uint8Array, width: number, values: readonly number[], end = bytes.length): Decoding {
  const count = values.length;
  const levels = width > 8 ? undefined : decodedLevels(bytes, end, width, count, 255);
  const indices = decodedIndices(bytes, end, width, count, mostEntries);
  if (levels !== undefined && levels.code >= 0) assert.deepEqual(levels.values, indices.values);
  return indices;
}

function encoded(values: readonly number[], width: number): Uint8Array {
  const [one, other] = kernels.map((kernel) => {
    const rooms = freshRooms(kernel);
    const room = hybridRoom(values.length, width);
    const to = madeRoom(rooms, room).at;
    const length = kernel.encodeIndices(placedWords(rooms, values).at, values.length, width, to);
    assert.ok(length <= room, `${length} bytes where there is room for ${room}`);
    const bytes = bytesAt(kernel, to, length);
    if (width <= 8) {
      const levels = placed(rooms, Uint8Array.from(values)).at;
      assert.equal(kernel.encodeLevels(levels, values.length, width, to), length);
      assert.deepEqual(bytesAt(kernel, to, length), bytes);
    }
    return bytes;
  });
  assert.ok(one);
  assert.deepEqual(one, other);
  return one;
}

test('what is encoded decodes to the same values', () => {
  fc.assert(
    fc.property(sequences, ({ width, values }) => {
      assert.deepEqual(decoded(encoded(values, width), width, values).values, values);
    }),
    { numRuns: 1000 },
  );
});

test('every cut into runs and groups that another writer may choose decodes', () => {
  fc.assert(
    fc.property(sequences, ({ width, values, seed }) => {
      const bytes = hybridBytes(randomSource(seed), values, width);
      assert.deepEqual(decoded(bytes, width, values).values, values);
    }),
    { numRuns: 1000 },
  );
});

test('levels are counted that are the greatest, and one above it is an error', () => {
  fc.assert(
    fc.property(sequences, fc.nat({ max: 255 }), ({ width, values, seed }, max) => {
      fc.pre(width <= 8);
      const bytes = hybridBytes(randomSource(seed), values, width);
      const { code, message } = decodedLevels(bytes, bytes.length, width, values.length, max);
      const greatest = values.reduce((a, b) => Math.max(a, b), 0);
      // What fills up the last group is no level; one of it may be decoded, but never counts.
      if (greatest > max) assert.equal(message, `level ${greatest} above ${max}`);
      else assert.equal(code, values.filter((value) => value === max).length);
    }),
  );
});

test('an index that the dictionary has no entry for is an error', () => {
  fc.assert(
    fc.property(sequences, fc.nat({ max: 300 }), ({ width, values, seed }, entries) => {
      const bytes = hybridBytes(randomSource(seed), values, width);
      const { code, message } = decodedIndices(bytes, bytes.length, width, values.length, entries);
      const greatest = values.reduce((a, b) => Math.max(a, b), 0);
      if (values.length > 0 && greatest >= entries)
        assert.equal(message, `dictionary index ${greatest} of ${entries} entries`);
      else assert.equal(code, 0);
    }),
  );
});

test('a width of 0 bits has zeros only and needs no bytes', () => {
  assert.deepEqual(decodedIndices(new Uint8Array(0), 0, 0, 5, 1).values, [0, 0, 0, 0, 0]);
  assert.deepEqual(decodedLevels(new Uint8Array(0), 0, 0, 5, 0), {
    code: 5,
    message: '',
    values: [0, 0, 0, 0, 0],
  });
  assert.equal(decodedIndices(new Uint8Array(0), 0, 0, 5, 0).message, 'dictionary index 0 of 0 entries');
});

function levelRun(bytes: Uint8Array, count: number): number {
  const [one = -2, other] = kernels.map((kernel) => {
    const from = placed(freshRooms(kernel), bytes).at;
    return kernel.levelRun(from, from + bytes.length, count);
  });
  assert.equal(one, other);
  return one;
}

test('a run that covers all levels is known without decoding, and only such a run', () => {
  fc.assert(
    fc.property(sequences, fc.nat({ max: 2 ** 30 }), ({ width, values, seed }, length) => {
      fc.pre(width <= 8);
      const bytes = hybridBytes(randomSource(seed), values, width);
      const constant = levelRun(bytes, values.length);
      if (constant >= 0) {
        for (const value of values) assert.equal(value, constant);
      }
      const one = encoded(new Array<number>(1000).fill(values[0] ?? 0), width);
      assert.equal(levelRun(one, 1000), values[0] ?? 0);
      assert.equal(levelRun(one, 1001), -1);
      // Bytes that are no encoding at all are an answer, too.
      levelRun(bytes, length);
    }),
  );
});

test('bits are packed and unpacked from the lowest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1 }), { maxLength: 100 }), (values) => {
      for (const kernel of kernels) {
        const rooms = freshRooms(kernel);
        const length = Math.ceil(values.length / 8);
        const to = madeRoom(rooms, length).at;
        kernel.packBooleans(placed(rooms, Uint8Array.from(values)).at, values.length, to);
        assert.deepEqual(bytesAt(kernel, to, length), packedBytes(values, 1));
        const out = madeRoom(rooms, values.length).at;
        kernel.unpackBooleans(to, values.length, out);
        assert.deepEqual([...bytesAt(kernel, out, values.length)], values);
      }
    }),
  );
});

test('levels of the deprecated encoding are packed from the highest bit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat({ max: 255 })),
      fc.nat({ max: 5 }),
      (width, raw, gap) => {
        const levels = raw.map((value) => value % 2 ** width);
        const packed = bitPackedLevelBytes(levels, width);
        const end = gap + packed.length;
        const bytes = Buffer.concat([
          new Uint8Array(gap).fill(255),
          packed,
          new Uint8Array(levels.length + 1),
        ]);
        const to = end + 1;
        assert.equal(decodeBitPackedLevels(bytes, gap, end, width, levels.length, to), end);
        assert.deepEqual([...bytes.subarray(to)], levels);
        if (packed.length > 0) {
          assert.throws(
            () => decodeBitPackedLevels(bytes, gap, end - 1, width, levels.length, to),
            FormatError,
          );
        }
      },
    ),
  );
});

test('bytes that end too early are refused, unless only filling bits are missing', () => {
  fc.assert(
    fc.property(sequences, fc.nat(), ({ width, values, seed }, cut) => {
      fc.pre(values.length > 0);
      const bytes = hybridBytes(randomSource(seed), values, width);
      // As a part of more bytes: what lies behind its end must not count.
      const end = cut % bytes.length;
      const result = decoded(bytes, width, values, end);
      if (result.code < 0) return;
      assert.ok(bytes.length - end < width, `${bytes.length - end} bytes are missing`);
      assert.deepEqual(result.values, values);
    }),
  );
});

test('bytes that no encoder made decode to something of the right length, or are refused', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 0, max: 32 }),
      fc.nat({ max: 3000 }),
      fc.nat({ max: 300 }),
      (bytes, width, count, max) => {
        const { code, message } = decodedIndices(bytes, bytes.length, width, count, max);
        assert.equal(code < 0, message !== '');
        if (width <= 8) decodedLevels(bytes, bytes.length, width, count, max % 256);
      },
    ),
    { numRuns: 3000 },
  );
});

test('the bit width is that of the greatest value', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 255, 256, 2 ** 31 - 1].map(bitWidthOf), [0, 1, 2, 2, 3, 8, 9, 31]);
});
