import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySink } from '../../src/core/byte-sink.ts';
import { memorySource } from '../../src/core/byte-source.ts';
import { stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import { foldStampKey } from '../../src/parquet/fold/fold-stamp.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { defaultMemoryLimits } from '../../src/parquet/memory-limits.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { footerForMerge } from '../../src/parquet/metadata/merge-footer.ts';
import { verifyRowGroups } from '../../src/verify/verify-row-groups.ts';
import { atHand, columnThreads } from './columns-in-turn.ts';
import { assertHolds, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, inputOf, mergeBytes, mergeOptions } from './merging.ts';
import { emptyColumns, type Field, type LevelColumn, randomFields, randomRows } from './model.ts';
import { leavesOf, ownFile } from './own-file.ts';
import { type RandomSource, randomSource } from './random-source.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const stamp = {
  key: stampKey,
  value: stampValue({ inputSizeBytes: 1, inputFiles: 2, runId: '20250815T000000Z-0000', writers: [] }),
};

function optionsOf(random: RandomSource): Partial<MergeOptions> {
  return {
    rowGroupRows: random.pick([2, 5, 20]),
    useDictionary: random.chance(75),
    encodings: random.pick(['standard', 'compact']),
    compression: random.pick(['snappy', 'zstd', 'gzip', 'lz4_raw', 'uncompressed']),
    pages: { pageRows: random.pick([1, 3, 20_000]), pageSizeBytes: random.pick([1, 40, 1024 * 1024]) },
    keyValues: [stamp],
  };
}

interface MadeFile {
  readonly bytes: Uint8Array;
  readonly columns: readonly LevelColumn[];
}

function late(random: RandomSource, fields: readonly Field[]): Promise<MadeFile> {
  return ownFile(fields, [randomRows(random, fields, random.below(6))], random);
}

async function merged(
  random: RandomSource,
  fields: readonly Field[],
  options: Partial<MergeOptions>,
): Promise<MadeFile> {
  const rows = randomRows(random, fields, 1 + random.below(70));
  const { bytes, columns } = await ownFile(fields, [rows], random);
  return { bytes: (await mergeBytes([bytes], options)).bytes, columns };
}

/** Holds statistics, page index and pages of a file against its values, as after every merge. */
async function assertSound(bytes: Uint8Array): Promise<void> {
  const source = memorySource('merged', bytes);
  const next = new Int32Array(new SharedArrayBuffer(4));
  await verifyRowGroups(source, await readFooter(source), {
    memory: defaultMemoryLimits,
    stretches: 1,
    next,
  });
}

test('a copied file is the very file that encoding it anew would give: pages, statistics, page index', async () => {
  let copied = 0;
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const options = { ...optionsOf(random), encodings: 'standard' as const };
      const { bytes } = await merged(random, fields, options);
      const anew = await mergeBytes([bytes], options);
      const copy = await mergeBytes([bytes], { ...options, copyRowGroups: true });
      // A last one that is written anew may be tried with a dictionary when its turn comes otherwise.
      if (copy.result.rowGroupsCopied === anew.result.rowGroups) assert.deepEqual(copy.bytes, anew.bytes);
      assert.deepEqual(copy.result.columns, anew.result.columns);
      assert.equal(anew.result.rowGroupsCopied, undefined);
      copied += copy.result.rowGroupsCopied ?? 0;
    }),
    { numRuns: process.env.TEST_FULL === '1' ? 1000 : 60 },
  );
  assert.ok(copied > 100, `${copied} row groups were copied`);
});

test('merged with late files on either side it holds every row in order, and what readers skip by is true', async () => {
  let copied = 0;
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const options = optionsOf(random);
      const files = [
        await late(random, fields),
        await merged(random, fields, options),
        await late(random, fields),
        await merged(random, fields, random.chance(50) ? options : optionsOf(random)),
      ];
      const { bytes, result } = await mergeBytes(
        files.map((file) => file.bytes),
        { ...options, copyRowGroups: true },
      );
      const expected = emptyColumns(fields).map((column, i) => ({
        ...column,
        definition: files.flatMap((file) => file.columns[i]?.definition ?? []),
        repetition: files.flatMap((file) => file.columns[i]?.repetition ?? []),
        values: files.flatMap((file) => file.columns[i]?.values ?? []),
      }));
      const read = readWithHyparquet(bytes);
      assertHolds(read, expected);
      assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns);
      await assertSound(bytes);
      const most = BigInt(options.rowGroupRows ?? 0);
      for (const { num_rows } of read.metadata.row_groups) assert.ok(num_rows >= 1n && num_rows <= most);
      copied += result.rowGroupsCopied ?? 0;
    }),
    { numRuns: process.env.TEST_FULL === '1' ? 1000 : 50 },
  );
  assert.ok(copied > 50, `${copied} row groups were copied`);
});

/** A merged file of 5 row groups of 20 rows and one of 4. */
async function sixRowGroups(more: Partial<MergeOptions> = {}) {
  let random = randomSource(7);
  let fields = randomFields(random, 5);
  // Enough for three threads.
  for (let seed = 8; leavesOf(fields).length < 4; seed++) {
    random = randomSource(seed);
    fields = randomFields(random, 5);
  }
  const options = { rowGroupRows: 20, keyValues: [stamp], ...more };
  const { bytes } = await ownFile(fields, [randomRows(random, fields, 104)], random);
  return { bytes: (await mergeBytes([bytes], options)).bytes, options };
}

test('what is small, of others, only folded, or in another codec is encoded anew', async () => {
  const { bytes, options } = await sixRowGroups();
  const copies = async (file: Uint8Array, more: Partial<MergeOptions> = {}) =>
    (await mergeBytes([file], { ...options, copyRowGroups: true, ...more })).result.rowGroupsCopied ?? 0;
  assert.equal(await copies(bytes), 5);
  assert.equal(await copies(bytes, { compression: 'zstd' }), 0);
  assert.equal(await copies(bytes, { compression: 'keep' }), 5);
  // Below half of what it may be, and above it.
  assert.equal(await copies(bytes, { rowGroupRows: 40 }), 5);
  assert.equal(await copies(bytes, { rowGroupRows: 41 }), 0);
  assert.equal(await copies(bytes, { rowGroupRows: 19 }), 0);
  const path = (await inputOf(bytes)).footer.leaves[0]?.path ?? assert.fail();
  assert.equal(await copies(bytes, { bloomFilterColumns: [path] }), 0);
  assert.equal(await copies(bytes, { memory: { chunkBytes: 1 } }), 0);

  const plain = await mergeBytes([bytes], { ...options, createdBy: 'someone else version 1.0' });
  assert.equal(await copies(plain.bytes), 0);
  const folded = { key: foldStampKey, value: stamp.value };
  assert.equal(await copies((await mergeBytes([bytes], { ...options, keyValues: [folded] })).bytes), 0);
});

test('the bytes are the same however they come: at hand or over a network, whole or chunk by chunk, in one thread or three', async () => {
  const { bytes, options } = await sixRowGroups();
  const waitedFor = await inputOf(bytes);
  const outcomes: Uint8Array[] = [];
  for (const input of [atHand(waitedFor), waitedFor]) {
    // What other threads, and merges elsewhere, keep of a footer.
    const inThreads = { ...input, footer: footerForMerge(input.footer) };
    for (const wholeRowGroupBytes of [8 * 1024 * 1024, 0]) {
      for (const threads of [undefined, columnThreads(3, [inThreads])]) {
        const sink = memorySink('out');
        const { rowGroupsCopied } = await mergeFiles([threads === undefined ? input : inThreads], sink, {
          ...mergeOptions,
          ...options,
          copyRowGroups: true,
          memory: { wholeRowGroupBytes },
          ...(threads === undefined ? {} : { threads }),
        });
        assert.equal(rowGroupsCopied, 5);
        assert.ok(threads === undefined || threads.begun > 0);
        outcomes.push(new Uint8Array(sink.bytes()));
      }
    }
  }
  assert.equal(outcomes.length, 8);
  for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0]);
});

test('a flipped bit in a page that would be copied is found by its checksum', async () => {
  const { bytes, options } = await sixRowGroups();
  const { footer } = await inputOf(bytes);
  const chunk = footer.rowGroups[1]?.chunks[0] ?? assert.fail();
  const damaged = bytes.slice();
  const at = chunk.startOffsetBytes + chunk.compressedSizeBytes - 1;
  damaged[at] = (damaged[at] ?? 0) ^ 1;
  await assert.rejects(mergeBytes([damaged], { ...options, copyRowGroups: true }), { name: 'FormatError' });
});
