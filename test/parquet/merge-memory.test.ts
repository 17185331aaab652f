import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySink } from '../../src/core/byte-sink.ts';
import { type ByteSource, memorySource } from '../../src/core/byte-source.ts';
import { StoreError } from '../../src/core/errors.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import type { MemoryLimits } from '../../src/parquet/memory-limits.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { foreignFile, type Rows } from './foreign-file.ts';
import { mergeBytes, mergeOptions } from './merging.ts';
import { type Field, randomFields, randomRows } from './model.ts';
import { randomSource } from './random-source.ts';

/** Limits so small that everything they stand for happens in files of a few kilobytes, together or one at a time. */
const tight: Partial<MemoryLimits> = {
  wholeRowGroupBytes: 0,
  aheadBytes: 1,
  windowBytes: 1,
  keptPageBytes: 0,
};
const limits = fc.record({
  wholeRowGroupBytes: fc.constantFrom(0, 300, 1_000_000),
  aheadBytes: fc.constantFrom(0, 1, 500, 1_000_000),
  windowBytes: fc.constantFrom(0, 1_000_000),
  keptPageBytes: fc.constantFrom(0, 40_000, 1_000_000),
});

test('how much memory there is changes nothing in what is written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), limits, fc.integer({ min: 1, max: 25 }), async (seed, memory, rows) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const files = Array.from({ length: 1 + random.below(3) }, () => {
        const rowGroups = Array.from({ length: 1 + random.below(3) }, () =>
          randomRows(random, fields, random.below(60)),
        );
        return foreignFile(fields, rowGroups, random.word()).bytes;
      });
      const roomy = await mergeBytes(files, { rowGroupRows: rows });
      for (const few of [tight, memory]) {
        const { bytes, result } = await mergeBytes(files, { rowGroupRows: rows, memory: few });
        assert.deepEqual(result, roomy.result);
        assert.ok(Buffer.from(bytes).equals(roomy.bytes));
      }
    }),
    { numRuns: 150 },
  );
});

const column: Field = { name: 'v', repetition: 0, type: 2, children: [] };

/** A column of numbers that no dictionary and no compression makes small, as one large row group. */
function largeFile(rows: number, columns: number): Uint8Array {
  const random = randomSource(rows);
  const fields = Array.from({ length: columns }, (_, i) => ({ ...column, name: `v${i}` }));
  const values: Rows = Array.from({ length: rows }, () => fields.map(() => random.bytes(8)));
  return foreignFile(fields, [values], 1).bytes;
}

interface Watched {
  readonly source: ByteSource;
  readonly reads: { readonly offset: number; readonly length: number }[];
  mostAtOnce: number;
}

/** A source that takes its time, as a remote one does, and remembers what it was asked. */
function watched(name: string, bytes: Uint8Array): Watched {
  const inner = memorySource(name, bytes);
  let open = 0;
  const result: Watched = {
    source: {
      ...inner,
      read: async (offset, length) => {
        result.reads.push({ offset, length });
        open += length;
        result.mostAtOnce = Math.max(result.mostAtOnce, open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open -= length;
        return inner.read(offset, length);
      },
    },
    reads: [],
    mostAtOnce: 0,
  };
  return result;
}

async function merged(
  sources: readonly Watched[],
  options: Partial<MergeOptions>,
  afterFooters = () => {},
): Promise<number> {
  const inputs = await Promise.all(
    sources.map(async ({ source }) => ({ source, footer: await readFooter(source) })),
  );
  for (const one of sources) {
    one.reads.length = 0;
    one.mostAtOnce = 0;
  }
  afterFooters();
  const sink = memorySink('merged');
  return (await mergeFiles(inputs, sink, { ...mergeOptions, ...options })).rows;
}

test('a small row group is read in one piece, once, however many row groups it goes into', async () => {
  const files = [1, 2, 3].map((i) => watched(`${i}`, largeFile(100 * i, 3)));
  assert.equal(await merged(files, { rowGroupRows: 7 }), 600);
  assert.deepEqual(
    files.map(({ reads }) => reads.length),
    [1, 1, 1],
  );
});

test('a large row group is read through windows, every byte once, a few at a time', async () => {
  const bytes = largeFile(20_000, 4);
  const file = watched('large', bytes);
  const memory = { wholeRowGroupBytes: 100_000, windowBytes: 4 * 70_000 };
  assert.equal(await merged([file], { rowGroupRows: 3000, memory }), 20_000);
  const total = file.reads.reduce((sum, { length }) => sum + length, 0);
  assert.ok(total <= bytes.length, `${total} of ${bytes.length} bytes`);
  assert.ok(total >= 20_000 * 4 * 8);
  assert.ok(file.mostAtOnce <= 3 * 70_000, `${file.mostAtOnce} bytes at once`);
  assert.ok(file.reads.length > 4 * 2);
});

test('what is read ahead is bounded', async () => {
  const files = Array.from({ length: 30 }, (_, i) => watched(`${i}`, largeFile(500, 2)));
  let open = 0;
  let most = 0;
  const together = files.map((file) => ({
    ...file,
    source: {
      ...file.source,
      read: async (offset: number, length: number) => {
        open += length;
        most = Math.max(most, open);
        const bytes = await file.source.read(offset, length);
        open -= length;
        return bytes;
      },
    },
  }));
  const memory = { aheadBytes: 40_000 };
  assert.equal(
    await merged(together, { rowGroupRows: 700, memory }, () => {
      most = 0;
    }),
    15_000,
  );
  assert.ok(most > 20_000 && most < 60_000, `${most} bytes under way`);
});

test('a source that fails, near or far ahead, fails the merge, and nothing is read afterwards', async () => {
  for (const memory of [{}, tight]) {
    for (const failing of [0, 1, 5]) {
      const files = Array.from({ length: 6 }, (_, i) => watched(`${i}`, largeFile(200, 2)));
      let reading = 0;
      const inputs = await Promise.all(
        files.map(async ({ source }, i) => ({
          footer: await readFooter(source),
          source: {
            ...source,
            read: async (offset: number, length: number) => {
              reading++;
              const bytes = await source.read(offset, length);
              reading--;
              if (i === failing) {
                throw new StoreError('gone', { code: 'not-found', op: 'read', path: source.name });
              }
              return bytes;
            },
          },
        })),
      );
      const options = { ...mergeOptions, rowGroupRows: 150, memory };
      await assert.rejects(mergeFiles(inputs, memorySink('m'), options), { name: 'StoreError' });
      if (memory !== tight) assert.equal(reading, 0, 'nothing is being read any more');
    }
  }
});
