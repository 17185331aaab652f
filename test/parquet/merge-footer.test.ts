import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySink } from '../../src/core/byte-sink.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeInput, MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import type { ColumnChunk } from '../../src/parquet/metadata/column-chunk.ts';
import { footerForMerge } from '../../src/parquet/metadata/merge-footer.ts';
import { foreignFile } from './foreign-file.ts';
import { inputOf, mergeOptions } from './merging.ts';
import { randomFields, randomRows } from './model.ts';
import { ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

async function merged(inputs: readonly MergeInput[], options: Partial<MergeOptions>) {
  const sink = memorySink('merged');
  const result = await mergeFiles(inputs, sink, { ...mergeOptions, ...options });
  return { result, bytes: new Uint8Array(sink.bytes()) };
}

const lighter = ({ source, footer }: MergeInput): MergeInput => ({ source, footer: footerForMerge(footer) });

test('what a merge keeps of footers is enough for it, and is not the bytes', async () => {
  let light = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, count) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 4);
      const inputs: MergeInput[] = [];
      for (let i = 0; i < count; i++) {
        const rowGroups = [0, 1].map(() => randomRows(random, fields, random.below(40)));
        const file = random.chance(50)
          ? await ownFile(fields, rowGroups, random)
          : foreignFile(fields, rowGroups, random.word());
        inputs.push(await inputOf(file.bytes, `input-${i}`));
      }
      const options: Partial<MergeOptions> = {
        rowGroupRows: random.pick([7, 50_000]),
        compression: random.pick(['snappy', 'keep']),
        sortCheck: random.chance(50),
      };
      const kept = inputs.map(lighter);
      assert.deepEqual(await merged(kept, options), await merged(inputs, options));
      for (const { footer } of kept) {
        for (const rowGroup of footer.rowGroups) {
          if (rowGroup.isSorted || rowGroup.hasChunkKeyValues || rowGroup.hasMistakes) continue;
          light++;
          assert.throws(() => rowGroup.bytes, /has no bytes/);
        }
      }
    }),
    { numRuns: 40 },
  );
  assert.ok(light > 40, `${light} row groups without bytes`);
});

test('columns of the common kinds say the same of where their chunks lie', async () => {
  const random = randomSource(7);
  const fields = randomFields(random, 5);
  const { bytes } = await ownFile(fields, [randomRows(random, fields, 30)], random);
  const { footer } = await inputOf(bytes, 'input');
  const [before, after] = [footer.rowGroups[0], footerForMerge(footer).rowGroups[0]];
  assert.ok(before && after);
  assert.equal(after.chunks.length, footer.leaves.length);
  for (const [i, chunk] of after.chunks.entries()) {
    const full: ColumnChunk | undefined = before.chunks[i];
    assert.ok(full);
    for (const name of [
      'type',
      'codec',
      'valueCount',
      'compressedSizeBytes',
      'uncompressedSizeBytes',
      'startOffsetBytes',
    ] as const) {
      assert.equal(chunk[name], full[name], name);
    }
  }
});
