import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySink } from '../../src/core/byte-sink.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { leafRanges } from '../../src/parquet/merge/leaf-ranges.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeInput, MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { atHand, columnThreads } from './columns-in-turn.ts';
import { foreignFile } from './foreign-file.ts';
import { inputOf, mergeOptions } from './merging.ts';
import { randomFields, randomRows } from './model.ts';
import { ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

async function inputsOf(seed: number, count: number): Promise<readonly MergeInput[]> {
  const random = randomSource(seed);
  const fields = randomFields(random, 4);
  const inputs: MergeInput[] = [];
  for (let i = 0; i < count; i++) {
    const rowGroups = [0, 1, 2].map(() => randomRows(random, fields, random.below(40)));
    const file = random.chance(50)
      ? await ownFile(fields, rowGroups, random)
      : foreignFile(fields, rowGroups, random.word());
    inputs.push(await inputOf(file.bytes, `input-${i}`));
  }
  return inputs;
}

async function merged(inputs: readonly MergeInput[], options: Partial<MergeOptions>) {
  const sink = memorySink('merged');
  const result = await mergeFiles(inputs, sink, { ...mergeOptions, ...options });
  return { result, bytes: new Uint8Array(sink.bytes()) };
}

test('the same file comes of any number of threads, of files that are read with waiting or without', async () => {
  let divided = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 2, max: 5 }),
      async (seed, files, count) => {
        const random = randomSource(seed);
        const inputs = await inputsOf(seed, files);
        const options: Partial<MergeOptions> = {
          rowGroupRows: random.pick([1, 7, 50, 50_000]),
          useDictionary: random.chance(75),
          encodings: random.pick(['standard', 'compact']),
          compression: random.pick(['snappy', 'zstd', 'keep']),
        };
        const alone = await merged(inputs, options);
        const near = inputs.map(atHand);
        assert.deepEqual(await merged(near, options), alone);
        for (const these of [inputs, near]) {
          const threads = columnThreads(count, these);
          assert.deepEqual(await merged(these, { ...options, threads }), alone);
          divided += threads.begun;
        }
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(divided > 60, `${divided} threads were begun`);
});

test('the leaves are divided without gap, and what one thread has much of another has less of', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 6 }), async (seed, count) => {
      const footers = (await inputsOf(seed, 2)).map(({ footer }) => footer);
      const ranges = leafRanges(footers, count);
      assert.ok(ranges.length >= 1 && ranges.length <= count);
      let next = 0;
      for (const { from, to } of ranges) {
        assert.equal(from, next);
        assert.ok(to > from);
        next = to;
      }
      assert.equal(next, footers[0]?.leaves.length);
    }),
    { numRuns: 100 },
  );
});

test('what goes wrong in another thread goes wrong in the merge', async () => {
  const [input] = await inputsOf(5, 1);
  assert.ok(input);
  const { source, footer } = input;
  const last = footer.rowGroups.find(({ rows }) => rows > 0)?.chunks.at(-1);
  assert.ok(last && footer.leaves.length > 1);
  const bytes = new Uint8Array(await source.read(0, source.sizeBytes));
  bytes.fill(255, last.startOffsetBytes, last.startOffsetBytes + last.compressedSizeBytes);
  const damaged = { ...input, source: { ...source, read: (await inputOf(bytes)).source.read } };
  assert.deepEqual(await readFooter(damaged.source), footer);
  const alone = await merged([damaged], {}).catch((error: unknown) => error);
  const threads = columnThreads(footer.leaves.length, [damaged]);
  const divided = await merged([damaged], { threads }).catch((error: unknown) => error);
  assert.ok(alone instanceof Error && divided instanceof Error);
  assert.equal(divided.message, alone.message);
});
