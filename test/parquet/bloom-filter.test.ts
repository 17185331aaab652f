import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBloomFilter, sbbfContains } from 'hyparquet/src/bloom.js';
import { xxhash64 } from 'hyparquet/src/xxhash.js';
import { isNan } from '../../src/parquet/compare-values.ts';
import { foldBytes } from './folding.ts';
import { readWithHyparquet } from './hyparquet-columns.ts';
import { bothKernels, bytesAt, freshRooms, madeRoom, placed, placedWords } from './kernels.ts';
import { fingerprintBytes, mergeBytes } from './merging.ts';
import { type Field, randomFields, randomRows } from './model.ts';
import { leavesOf, ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

const hashOf = (bytes: Uint8Array): bigint => xxhash64(bytes);

test('values are hashed by XXH64, as another program hashes them', () => {
  // From the specification's sanity checks, and what everybody prints for them.
  assert.equal(hashOf(Buffer.from('')).toString(16), 'ef46db3751d8e999');
  assert.equal(hashOf(Buffer.from('abc')).toString(16), '44bc2cf5ad770999');
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 8 }), (values) => {
      for (const kernel of bothKernels()) {
        const rooms = freshRooms(kernel);
        const offsets = [0];
        for (const value of values) offsets.push((offsets.at(-1) ?? 0) + 4 + value.length);
        const plain = Buffer.concat(values.flatMap((value) => [Buffer.alloc(4), value]));
        const to = madeRoom(rooms, values.length * 8).at;
        kernel.hashForBloom(0, placed(rooms, plain).at, placedWords(rooms, offsets).at, values.length, to);
        const found = new BigUint64Array(bytesAt(kernel, to, values.length * 8).buffer);
        assert.deepEqual([...found], values.map(hashOf));
        const width = values[0]?.length ?? 0;
        if (width === 0) continue;
        const fixed = values.map((value) => Buffer.concat([value, Buffer.alloc(width)]).subarray(0, width));
        kernel.hashForBloom(width, placed(rooms, Buffer.concat(fixed)).at, 0, fixed.length, to);
        assert.deepEqual(
          [...new BigUint64Array(bytesAt(kernel, to, fixed.length * 8).buffer)],
          fixed.map(hashOf),
        );
      }
    }),
    { numRuns: 200 },
  );
});

interface Filter {
  readonly contains: (value: Uint8Array) => boolean;
  readonly sizeBytes: number;
}

/** The Bloom filters of each row group, by leaf, as hyparquet reads them. */
function filtersOf(bytes: Uint8Array): readonly (readonly (Filter | undefined)[])[] {
  return readWithHyparquet(bytes).metadata.row_groups.map(({ columns }) =>
    columns.map(({ meta_data: facts }) => {
      if (facts?.bloom_filter_offset === undefined) return undefined;
      const at = Number(facts.bloom_filter_offset);
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + at), offset: 0 };
      const filter = readBloomFilter(reader);
      assert.ok(filter);
      assert.equal(facts.bloom_filter_length, reader.offset);
      return {
        contains: (value: Uint8Array) => sbbfContains(filter.blocks, hashOf(value)),
        sizeBytes: filter.blocks.byteLength,
      };
    }),
  );
}

test('a Bloom filter knows every value of its chunk, and there is none where equal values have different bytes', async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const files = await Promise.all(
        [1, 2].map(() => ownFile(fields, [randomRows(random, fields, 1 + random.below(80))], random)),
      );
      const paths = leavesOf(fields).map(({ path }) => path);
      const { bytes, result } = await mergeBytes(
        files.map((file) => file.bytes),
        { rowGroupRows: 50, useDictionary: random.chance(50), bloomFilterColumns: paths },
      );
      assert.deepEqual(result.warnings, []);
      assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns);
      const filters = filtersOf(bytes);
      for (const [number, chunks] of readWithHyparquet(bytes).rowGroups.entries()) {
        for (const [i, chunk] of chunks.entries()) {
          const filter = filters[number]?.[i];
          const leaf = leavesOf(fields)[i] ?? assert.fail();
          const values = chunk.values.map((value) => Buffer.from(value, 'hex'));
          if (filter === undefined) {
            const isAmbiguous = values.some((value) => isNan(leaf.sortOrder, value));
            const hasEquality =
              leaf.sortOrder !== 'none' && leaf.sortOrder !== 'boolean' && leaf.sortOrder !== 'signed-bytes';
            assert.ok(values.length === 0 || isAmbiguous || !hasEquality, leaf.sortOrder);
            continue;
          }
          made++;
          for (const value of values) assert.ok(filter.contains(value));
          if (!leaf.sortOrder.startsWith('float')) continue;
          const zero = Buffer.alloc(leaf.widthBytes);
          const negative = Buffer.alloc(leaf.widthBytes);
          negative[leaf.widthBytes - 1] = 128;
          assert.equal(filter.contains(zero), filter.contains(negative));
        }
      }
    }),
    { numRuns: 80 },
  );
  assert.ok(made > 100, `${made} filters`);
});

test('a filter is as large as its distinct values ask, and seldom says perhaps of others', async () => {
  const fields: readonly Field[] = [
    { name: 'many', repetition: 0, type: 2, children: [] },
    { name: 'few', repetition: 1, type: 2, children: [] },
    { name: 'none', repetition: 1, type: 2, children: [] },
  ];
  const int64 = (n: number): Uint8Array => new Uint8Array(BigInt64Array.of(BigInt(n)).buffer);
  const rows = Array.from({ length: 3000 }, (_, i) => [int64(i * 7919), int64(i % 5), undefined]);
  const own = await ownFile(fields, [rows], randomSource(3));
  for (const useDictionary of [true, false]) {
    const { bytes, result } = await mergeBytes([own.bytes], {
      useDictionary,
      bloomFilterColumns: ['many', 'few', 'none', 'other'],
    });
    assert.deepEqual(result.warnings, ['there is no column other to make Bloom filters of']);
    const [many, few, none] = filtersOf(bytes)[0] ?? [];
    assert.ok(many && few);
    assert.equal(none, undefined);
    assert.deepEqual([many.sizeBytes, few.sizeBytes], [4096, 32]);
    const perhaps = Array.from({ length: 10_000 }, (_, i) => int64(-1 - i)).filter(many.contains).length;
    assert.ok(perhaps < 300, `${perhaps} of 10,000 strangers`);
  }
});

test('a folded file keeps the Bloom filters of its inputs, where they then lie', async () => {
  const fields: readonly Field[] = [{ name: 'v', repetition: 0, type: 6, children: [] }];
  const files = await Promise.all(
    ['a', 'b'].map(async (word) => {
      const own = await ownFile(fields, [[[Buffer.from(word)], [Buffer.from(`${word}2`)]]], randomSource(1));
      return (await mergeBytes([own.bytes], { bloomFilterColumns: ['v'] })).bytes;
    }),
  );
  const folded = await foldBytes(files);
  const filters = filtersOf(folded.bytes);
  assert.equal(filters.length, 2);
  for (const [i, word] of ['a', 'b'].entries()) {
    const filter = filters[i]?.[0];
    assert.ok(filter);
    assert.ok(filter.contains(Buffer.from(word)) && filter.contains(Buffer.from(`${word}2`)));
    assert.ok(!filter.contains(Buffer.from('stranger')));
  }
});
