import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compressSync, uncompressSync } from 'snappy';
import { FormatError } from '../../src/core/errors.ts';
import { checkCodec, compress, compressionRooms, decompress } from '../../src/parquet/codec/compression.ts';
import { codecFor } from '../../src/parquet/codec/output-codec.ts';
import { prepareCodecs, zstdCompress } from '../../src/parquet/codec/zstd.ts';
import { codec } from '../../src/parquet/format.ts';
import { snappyRoom } from '../../src/parquet/kernel/kernel.ts';
import { emptyRoom } from '../../src/parquet/kernel/rooms.ts';
import { bothKernels, bytesAt, freshRooms, placed } from './kernels.ts';

const kernels = bothKernels();
await prepareCodecs([codec.ZSTD]);

/** Data with stretches that come again, near and far, which is what Snappy's copies are for. */
const data = fc
  .array(
    fc.oneof(
      fc.record({ bytes: fc.uint8Array({ maxLength: 90 }) }),
      fc.record({ back: fc.integer({ min: 1, max: 70_000 }), length: fc.nat({ max: 300 }) }),
      fc.record({ byte: fc.nat({ max: 255 }), times: fc.nat({ max: 70_000 }) }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => {
    const bytes: number[] = [];
    for (const part of parts) {
      if ('bytes' in part) bytes.push(...part.bytes);
      else if ('byte' in part) for (let i = 0; i < part.times; i++) bytes.push(part.byte);
      else
        for (let i = 0; i < part.length; i++) bytes.push(bytes[Math.max(0, bytes.length - part.back)] ?? 9);
    }
    return Uint8Array.from(bytes);
  });

/** Compresses with both kernels, which must make the same of it. */
function compressed(codecNumber: number, bytes: Uint8Array): Uint8Array {
  const [one, other] = kernels.map((kernel) => {
    const rooms = freshRooms(kernel);
    const from = placed(rooms, bytes).at;
    const { at, end } = compress(rooms, codecNumber, from, from + bytes.length, compressionRooms(), 7);
    return bytesAt(kernel, at, end - at);
  });
  assert.ok(one);
  assert.deepEqual(one, other);
  return one;
}

function snappyOf(bytes: Uint8Array): Uint8Array {
  const stored = compressed(codec.SNAPPY, bytes);
  assert.ok(stored.length <= snappyRoom(bytes.length));
  return stored;
}

/** One block of LZ4. */
function lz4Of(bytes: Uint8Array): Uint8Array {
  return compressed(codec.LZ4_RAW, bytes);
}

function bigEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function littleEndian(value: number): Uint8Array {
  return bigEndian(value).reverse();
}

/** The bytes cut at a place, each part with its sizes as Hadoop has them: in one block, or in two. */
function hadoopOf(bytes: Uint8Array, isOneBlock: boolean): Uint8Array {
  const half = Math.ceil(bytes.length / 3);
  const parts = [bytes.subarray(0, half), bytes.subarray(half)].filter(({ length }) => length > 0);
  const framed = parts.map((part) => {
    const stored = lz4Of(part);
    return [...(isOneBlock ? [] : [bigEndian(part.length)]), bigEndian(stored.length), stored];
  });
  return Buffer.concat([...(isOneBlock ? [bigEndian(bytes.length)] : []), ...framed.flat()]);
}

/** An LZ4 frame of two blocks, one of them not compressed, with or without sizes and checksums (which are not read). */
function frameOf(bytes: Uint8Array, hasExtras: boolean): Uint8Array {
  const half = Math.ceil(bytes.length / 2);
  const extra = hasExtras ? [littleEndian(77)] : [];
  const stored = lz4Of(bytes.subarray(half));
  return Buffer.concat([
    littleEndian(0x184d2204),
    Uint8Array.of(hasExtras ? 0x7c : 0x60, 0x70),
    ...(hasExtras ? [littleEndian(bytes.length), littleEndian(0)] : []),
    Uint8Array.of(1),
    littleEndian((half | 0x80000000) >>> 0),
    bytes.subarray(0, half),
    ...extra,
    littleEndian(stored.length),
    stored,
    ...extra,
    littleEndian(0),
    ...extra,
  ]);
}

/** Decompresses with both kernels, which must agree. */
function bytesOf(codecNumber: number, stored: Uint8Array, sizeBytes: number): Uint8Array {
  const results = kernels.map((kernel) => {
    const rooms = freshRooms(kernel);
    const from = placed(rooms, stored).at;
    try {
      const at = decompress(rooms, codecNumber, from, from + stored.length, sizeBytes, emptyRoom());
      return bytesAt(kernel, at, sizeBytes);
    } catch (error) {
      assert.ok(error instanceof FormatError, String(error));
      return error;
    }
  });
  const [result, other] = results;
  assert.deepEqual(result, other);
  if (result instanceof FormatError) throw result;
  assert.ok(result);
  return result;
}

test('every codec gives back what was compressed', () => {
  fc.assert(
    fc.property(data, (bytes) => {
      assert.deepEqual(bytesOf(codec.SNAPPY, snappyOf(bytes), bytes.length), bytes);
      assert.deepEqual(new Uint8Array(Buffer.from(uncompressSync(Buffer.from(snappyOf(bytes))))), bytes);
      const foreign = new Uint8Array(compressSync(Buffer.from(bytes)));
      assert.deepEqual(bytesOf(codec.SNAPPY, foreign, bytes.length), bytes);
      assert.deepEqual(bytesOf(codec.GZIP, gzipSync(bytes), bytes.length), bytes);
      const half = bytes.length >> 1;
      const members = Buffer.concat([gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))]);
      assert.deepEqual(bytesOf(codec.GZIP, members, bytes.length), bytes);
      assert.deepEqual(bytesOf(codec.UNCOMPRESSED, bytes, bytes.length), bytes);
      assert.deepEqual(bytesOf(codec.BROTLI, brotliCompressSync(bytes), bytes.length), bytes);
      const frames = Buffer.concat([zstdCompress(bytes.slice(0, half)), zstdCompress(bytes.slice(half))]);
      assert.deepEqual(bytesOf(codec.ZSTD, zstdCompress(bytes), bytes.length), bytes);
      assert.deepEqual(bytesOf(codec.ZSTD, frames, bytes.length), bytes);
      assert.deepEqual(bytesOf(codec.LZ4_RAW, lz4Of(bytes), bytes.length), bytes);
      assert.deepEqual(bytesOf(codec.LZ4, lz4Of(bytes), bytes.length), bytes);
      for (const number of [codec.UNCOMPRESSED, codec.GZIP, codec.BROTLI, codec.ZSTD]) {
        assert.deepEqual(bytesOf(number, compressed(number, bytes), bytes.length), bytes);
      }
      for (const way of [true, false]) {
        assert.deepEqual(bytesOf(codec.LZ4, hadoopOf(bytes, way), bytes.length), bytes);
        assert.deepEqual(bytesOf(codec.LZ4, frameOf(bytes, way), bytes.length), bytes);
      }
    }),
    { numRuns: 150 },
  );
});

test('Snappy data of forms that the library never makes decodes: long literals, four-byte offsets', () => {
  // Length 8: a literal "ab" with a length byte of its own, then a copy of 6 from 2 back with a 4-byte offset.
  const stored = Uint8Array.of(8, 60 << 2, 1, 97, 98, (5 << 2) | 3, 2, 0, 0, 0);
  assert.equal(Buffer.from(bytesOf(codec.SNAPPY, stored, 8)).toString(), 'abababab');
  const wide = Uint8Array.of(3, 63 << 2, 2, 0, 0, 0, 97, 98, 99);
  assert.equal(Buffer.from(bytesOf(codec.SNAPPY, wide, 3)).toString(), 'abc');
});

/** How many bytes the same text takes at each level, after being read back. */
function sizesAt(codecNumber: number, levels: readonly (number | undefined)[]): readonly number[] {
  const words = Array.from({ length: 30_000 }, (_, i) => `${(i * i) % 7919} ${i % 13}`).join(',');
  const bytes = new Uint8Array(Buffer.from(words));
  const [kernel] = kernels;
  assert.ok(kernel);
  return levels.map((level) => {
    const rooms = freshRooms(kernel);
    const from = placed(rooms, bytes).at;
    const { at, end } = compress(rooms, codecNumber, from, from + bytes.length, compressionRooms(), 0, level);
    const stored = bytesAt(kernel, at, end - at);
    assert.deepEqual(bytesOf(codecNumber, stored, bytes.length), bytes, `level ${level}`);
    return stored.length;
  });
}

test('gzip and Zstandard take every level of theirs, and higher ones make the data smaller', () => {
  const upTo = (most: number): readonly number[] => Array.from({ length: most }, (_, i) => i + 1);
  const gzip = sizesAt(codec.GZIP, upTo(9));
  assert.ok(Number(gzip.at(-1)) < Number(gzip[0]) * 0.97, gzip.join(' '));
  const zstd = sizesAt(codec.ZSTD, upTo(22));
  assert.ok(Number(zstd.at(-1)) < Number(zstd[0]) * 0.97, zstd.join(' '));
  // Without one: the usual.
  assert.deepEqual(sizesAt(codec.GZIP, [undefined]), [gzip[4]]);
  assert.deepEqual(sizesAt(codec.ZSTD, [undefined]), [zstd[2]]);
});

test('a page that has another size than its header says is refused, for every codec', () => {
  fc.assert(
    fc.property(data, fc.integer({ min: -5, max: 5 }), fc.nat(), (bytes, difference, cut) => {
      const stored = [
        [codec.UNCOMPRESSED, bytes],
        [codec.SNAPPY, snappyOf(bytes)],
        [codec.GZIP, gzipSync(bytes)],
        [codec.BROTLI, brotliCompressSync(bytes)],
        [codec.ZSTD, zstdCompress(bytes)],
        [codec.LZ4_RAW, lz4Of(bytes)],
        [codec.LZ4, hadoopOf(bytes, true)],
        [codec.LZ4, frameOf(bytes, true)],
      ] as const;
      for (const [number, compressed] of stored) {
        const stated = bytes.length + difference;
        if (difference !== 0 && stated >= 0) {
          assert.throws(() => bytesOf(number, compressed, stated), FormatError);
        }
        if (compressed.length === 0) continue;
        const short = compressed.subarray(0, cut % compressed.length);
        // Nothing at all, for nothing at all, is what some writers store.
        // A zero is one block of LZ4 that holds nothing.
        if (bytes.length === 0 && (short.length === 0 || number === codec.LZ4)) continue;
        assert.throws(() => bytesOf(number, short, bytes.length), FormatError);
      }
    }),
    { numRuns: 150 },
  );
});

test('Snappy data that no encoder made gives as many bytes as stated or is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat({ max: 200 }), (tail, size) => {
      const stored = Uint8Array.of(...(size > 127 ? [(size & 127) | 128, size >> 7] : [size]), ...tail);
      try {
        assert.equal(bytesOf(codec.SNAPPY, stored, size).length, size);
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});

test('data of any codec that is damaged gives as many bytes as stated or is refused', () => {
  fc.assert(
    fc.property(
      data,
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
      (bytes, way, changes) => {
        const ways = [
          [codec.GZIP, gzipSync(bytes)],
          [codec.BROTLI, brotliCompressSync(bytes)],
          [codec.ZSTD, zstdCompress(bytes)],
          [codec.LZ4_RAW, lz4Of(bytes)],
          [codec.LZ4, hadoopOf(bytes, true)],
          [codec.LZ4, frameOf(bytes, false)],
        ] as const;
        const [number, compressed] = ways[way % ways.length] ?? ways[0];
        const stored = compressed.slice();
        for (const [at, value] of changes) if (stored.length > 0) stored[at % stored.length] = value;
        try {
          assert.equal(bytesOf(number, stored, bytes.length).length, bytes.length);
        } catch (error) {
          assert.ok(error instanceof FormatError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('a few bytes do not claim much room: Snappy, LZ4 and Zstandard by their ratio, others by what comes out', () => {
  const preamble = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x01, 0);
  const before = kernels.map(({ memory }) => memory.bytes.length);
  assert.throws(() => bytesOf(codec.SNAPPY, preamble, 256 * 1024 * 1024), {
    name: 'FormatError',
    problem: /6 bytes of Snappy data cannot hold 268435456/,
  });
  const many = 256 * 1024 * 1024;
  assert.throws(() => bytesOf(codec.LZ4_RAW, preamble, many), { problem: /6 bytes of LZ4 data cannot hold/ });
  assert.throws(() => bytesOf(codec.LZ4, preamble, many), { problem: /6 bytes of LZ4 data cannot hold/ });
  // A frame that says it holds so much, of one block.
  const claim = Buffer.from('28b52ffda00000001003001041', 'hex');
  assert.throws(() => bytesOf(codec.ZSTD, claim, many), {
    problem: /13 bytes of Zstandard data cannot hold/,
  });
  const brotli = brotliCompressSync(new Uint8Array(64 * 1024 * 1024));
  assert.throws(() => bytesOf(codec.BROTLI, brotli, 1000), { problem: /holds more than 1000 bytes/ });
  const zstd = zstdCompress(new Uint8Array(64 * 1024 * 1024));
  assert.throws(() => bytesOf(codec.ZSTD, zstd, 1000), {
    problem: /says it holds 67108864 bytes, not 1000$/,
  });
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024), { level: 9 });
  assert.throws(() => bytesOf(codec.GZIP, bomb, 1000), {
    name: 'FormatError',
    problem: /holds more than 1000 bytes/,
  });
  assert.deepEqual(
    kernels.map(({ memory }) => memory.bytes.length),
    before,
    'no room was made',
  );
});

test('codecs that are not supported are named before anything is read', () => {
  for (const [name, number] of Object.entries(codec)) {
    if (name !== 'LZO') {
      checkCodec(number);
    } else {
      assert.throws(() => checkCodec(number), {
        name: 'FormatError',
        message: new RegExp(`compression ${name} `),
      });
    }
  }
  assert.throws(() => checkCodec(42), { name: 'FormatError', message: /compression 42 is not supported/ });
});

test('columns keep the codec of their first chunk, but for LZ4, which says too little', () => {
  assert.equal(codecFor('keep', [codec.BROTLI, codec.ZSTD]), codec.BROTLI);
  assert.equal(codecFor('keep', [codec.LZ4, codec.ZSTD]), codec.LZ4_RAW);
  assert.equal(codecFor('keep', []), codec.SNAPPY);
  assert.equal(codecFor('zstd', [codec.GZIP]), codec.ZSTD);
});
