import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/core/errors.ts';
import { byteBuffer } from '../../src/parquet/encodings/byte-buffer.ts';
import {
  decodeBitPackedLevels,
  decodeHybrid,
  hybridConstant,
  unpackBits,
} from '../../src/parquet/encodings/hybrid-decoder.ts';
import { bitWidthOf, encodeHybrid, packBits } from '../../src/parquet/encodings/hybrid-encoder.ts';
import { bitPackedLevelBytes, hybridBytes, packedBytes } from './foreign-encodings.ts';
import { randomSource } from './random-source.ts';

const widths = fc.integer({ min: 1, max: 32 });

/** Runs of any length and stretches without two equal neighbours, at one bit width. */
const sequences = widths.chain((width) => {
  const value = fc.oneof(
    fc.nat({ max: 2 ** width - 1 }),
    fc.constantFrom(0, 2 ** width - 1, 2 ** (width - 1)),
  );
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

function decoded(bytes: Uint8Array, width: number, count: number): number[] {
  const out = new Int32Array(count);
  decodeHybrid(bytes, 0, bytes.length, width, count, out);
  return [...out].map((value) => value >>> 0);
}

test('what is encoded decodes to the same values, whatever slice of an array it is', () => {
  fc.assert(
    fc.property(sequences, ({ width, values, seed }) => {
      const random = randomSource(seed);
      const from = random.below(values.length + 1);
      const to = from + random.below(values.length - from + 1);
      const out = byteBuffer(1);
      out.bytes.fill(255);
      encodeHybrid(Int32Array.from(values), from, to, width, out);
      assert.deepEqual(decoded(out.bytes.subarray(0, out.length), width, to - from), values.slice(from, to));
    }),
    { numRuns: 2000 },
  );
});

test('every cut into runs and groups that another writer may choose decodes', () => {
  fc.assert(
    fc.property(sequences, ({ width, values, seed }) => {
      const bytes = hybridBytes(randomSource(seed), values, width);
      assert.deepEqual(decoded(bytes, width, values.length), values);
    }),
    { numRuns: 2000 },
  );
});

test('a run that covers all values is known without decoding, and only such a run', () => {
  fc.assert(
    fc.property(sequences, fc.nat({ max: 2 ** 30 }), ({ width, values, seed }, length) => {
      fc.pre(width < 32);
      const bytes = hybridBytes(randomSource(seed), values, width);
      const constant = hybridConstant(bytes, 0, bytes.length, width, values.length);
      if (constant >= 0) {
        for (const value of values) assert.equal(value, constant);
      }
      const one = byteBuffer();
      encodeHybrid(new Int32Array(1000).fill(values[0] ?? 0), 0, 1000, width, one);
      assert.equal(hybridConstant(one.bytes, 0, one.length, width, 1000), values[0] ?? 0);
      assert.equal(hybridConstant(one.bytes, 0, one.length, width, 1001), -1);
      // Bytes that are no encoding at all are an answer, too.
      hybridConstant(bytes, 0, bytes.length, width, length);
    }),
  );
});

test('bits are packed and unpacked from the lowest', () => {
  fc.assert(
    fc.property(sequences, ({ width, values }) => {
      const groups = Math.ceil(values.length / 8);
      const out = byteBuffer(1);
      packBits(Int32Array.from(values), 0, values.length, width, groups * width, out);
      const expected = new Uint8Array(groups * width);
      expected.set(packedBytes(values, width));
      assert.deepEqual(out.bytes.slice(0, out.length), expected);
      const unpacked = new Int32Array(values.length + 2).fill(7);
      unpackBits(expected, 0, width, values.length, unpacked, 1);
      assert.deepEqual(
        [...unpacked].map((v) => v >>> 0),
        [7, ...values, 7],
      );
    }),
    { numRuns: 1000 },
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
        const bytes = Buffer.concat([new Uint8Array(gap).fill(255), packed, Uint8Array.of(255)]);
        const out = new Int32Array(levels.length);
        const end = decodeBitPackedLevels(bytes, gap, bytes.length, width, levels.length, out);
        assert.equal(end, gap + packed.length);
        assert.deepEqual([...out], levels);
        if (packed.length > 0) {
          assert.throws(
            () => decodeBitPackedLevels(bytes, gap, gap + packed.length - 1, width, levels.length, out),
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
      // As a slice of a larger array: what lies behind its end must not be read.
      const end = cut % bytes.length;
      const out = new Int32Array(values.length);
      try {
        decodeHybrid(bytes, 0, end, width, values.length, out);
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error));
        return;
      }
      assert.ok(bytes.length - end < width, `${bytes.length - end} bytes are missing`);
      assert.deepEqual(
        [...out].map((value) => value >>> 0),
        values,
      );
    }),
  );
});

test('bytes that no encoder made decode to something of the right length, or are refused', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.integer({ min: 0, max: 255 }),
      fc.nat({ max: 3000 }),
      (bytes, width, count) => {
        const out = new Int32Array(count);
        try {
          decodeHybrid(bytes, 0, bytes.length, width, count, out);
          assert.ok(width <= 32);
        } catch (error) {
          assert.ok(error instanceof FormatError, String(error));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('the bit width is that of the greatest value', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 255, 256, 2 ** 31 - 1].map(bitWidthOf), [1, 1, 2, 2, 3, 8, 9, 31]);
});
