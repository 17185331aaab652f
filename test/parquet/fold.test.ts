import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySource } from '../../src/core/byte-source.ts';
import { FormatError } from '../../src/core/errors.ts';
import { compareValues } from '../../src/parquet/compare-values.ts';
import { readStamp, stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import type { ColumnFingerprint } from '../../src/parquet/fingerprint.ts';
import { emptyParquetFile } from '../../src/parquet/fold/empty-parquet-file.ts';
import { foldKeyValues } from '../../src/parquet/fold/fold-key-values.ts';
import { foldStampKey, readFoldStamp } from '../../src/parquet/fold/fold-stamp.ts';
import { foldTail } from '../../src/parquet/fold/fold-tail.ts';
import type { FoldPiece } from '../../src/parquet/fold/fold-tail-maker.ts';
import { decodeFooter, type ParquetFooter, readFooter } from '../../src/parquet/footer.ts';
import { limits } from '../../src/parquet/limits.ts';
import { mergeKeyValues } from '../../src/parquet/merge/merge-key-values.ts';
import { type StatedStatistics, statisticsOf } from '../../src/parquet/metadata/column-chunk.ts';
import { fingerprintFile } from '../../src/parquet/read/fingerprint-file.ts';
import { checkSupported } from '../../src/parquet/supported-features.ts';
import { madeFile, madeRows } from '../support/made-files.ts';
import { foldBytes, runId } from './folding.ts';
import { type ForeignOptions, foreignFile, type Rows } from './foreign-file.ts';
import { assertHolds, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, inputOf, mergeBytes } from './merging.ts';
import { emptyColumns, type Field, type LevelColumn, randomFields, randomRows } from './model.ts';
import { ownFile } from './own-file.ts';
import { type RandomSource, randomSource } from './random-source.ts';

interface Case {
  readonly files: readonly Uint8Array[];
  /** What all files hold, one behind the other. */
  readonly columns: readonly LevelColumn[];
  /** Whether the test's hyparquet reader can read all pages: those of version 1 with a CRC. */
  readonly isPlain: boolean;
  readonly random: RandomSource;
}

/** Files of one schema: some written by the engine's writer, some as others write them, some without rows. */
async function caseOf(seed: number, count: number): Promise<Case> {
  const random = randomSource(seed);
  const isPlain = random.chance(60);
  const options: ForeignOptions = isPlain ? { isModern: true, hasCrc: true, pageVersion: 1 } : {};
  const fields: readonly Field[] = randomFields(random, 3);
  const made: { readonly bytes: Uint8Array; readonly columns: readonly LevelColumn[] }[] = [];
  for (let i = 0; i < count; i++) {
    const rowGroups = Array.from({ length: random.below(4) }, (): Rows => {
      return randomRows(random, fields, random.below(random.pick([2, 10, 40])));
    });
    const isOwn = random.chance(50);
    made.push(
      isOwn
        ? await ownFile(fields, rowGroups, random)
        : foreignFile(fields, rowGroups, random.word(), options),
    );
  }
  const columns = emptyColumns(fields).map((column, i) => ({
    ...column,
    definition: made.flatMap((file) => file.columns[i]?.definition ?? []),
    repetition: made.flatMap((file) => file.columns[i]?.repetition ?? []),
    values: made.flatMap((file) => file.columns[i]?.values ?? []),
  }));
  return { files: made.map((file) => file.bytes), columns, isPlain, random };
}

function law(check: (made: Case) => Promise<void>, numRuns = 150): Promise<void> {
  return fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 6 }), async (seed, count) => {
      await check(await caseOf(seed, count));
    }),
    { numRuns },
  );
}

/** `count` cut into steps by chance. */
function stepsOf(random: RandomSource, count: number): readonly number[] {
  const steps: number[] = [];
  for (let left = count; left > 0; left -= steps.at(-1) ?? 0) steps.push(1 + random.below(left));
  return steps;
}

/** Holds a file against what the inputs hold, and against what a merge of them reads. */
async function assertRows(bytes: Uint8Array, { files, columns, isPlain }: Case): Promise<void> {
  if (isPlain) assertHolds(readWithHyparquet(bytes), columns);
  await assertReadsAlike(bytes, files);
}

/** Holds a file against what a merge of the inputs reads, by digests of all levels and values. */
async function assertReadsAlike(bytes: Uint8Array, files: readonly Uint8Array[]): Promise<void> {
  // Not the extremes: decimals of one value may be written in several lengths, and any of them is the least.
  const digests = (columns: readonly ColumnFingerprint[]): readonly unknown[] =>
    columns.map(({ min: _, max: __, ...rest }) => rest);
  const { result } = await mergeBytes(files);
  assert.deepEqual(digests((await fingerprintBytes(bytes)).columns), digests(result.columns));
}

/** Statistics that hold less than their chunk's values: readers would skip rows by them. */
async function falseStatistics(bytes: Uint8Array): Promise<readonly string[]> {
  const { source, footer } = await inputOf(bytes);
  const held = await fingerprintFile(source, footer);
  return footer.rowGroups.flatMap(({ chunks }, rowGroup) =>
    footer.leaves.flatMap((leaf) => {
      const { min, max, nulls } = held.chunks[rowGroup]?.[leaf.index] ?? { nulls: -1 };
      const chunk = chunks[leaf.index];
      const stated: StatedStatistics = (chunk === undefined ? undefined : statisticsOf(chunk)) ?? {};
      const isFalse =
        (stated.nullCount !== undefined && stated.nullCount !== nulls) ||
        [stated.min, stated.deprecatedMin].some(
          (one) => one && min && compareValues(leaf.sortOrder, one, min) > 0,
        ) ||
        [stated.max, stated.deprecatedMax].some(
          (one) => one && max && compareValues(leaf.sortOrder, one, max) < 0,
        );
      return isFalse ? [`row group ${rowGroup}, ${leaf.path}`] : [];
    }),
  );
}

test('a folded file holds the rows of its inputs, in order, and is what the merge reads, in any number of steps', async () => {
  await law(async (made) => {
    const { files, random } = made;
    const steps = stepsOf(random, files.length);
    const folded = await foldBytes(files, { steps, padBytes: random.below(20) });
    await assertRows(folded.bytes, made);
    const { footer } = await inputOf(folded.bytes);
    checkSupported(footer);
    assert.equal(footer.schemaKey, (await inputOf(files[0] ?? new Uint8Array(0))).footer.schemaKey);
  });
});

test('after each step the file holds the rows of the inputs so far', async () => {
  await law(async ({ files, random }) => {
    const steps = stepsOf(random, files.length);
    const { afterSteps } = await foldBytes(files, { steps });
    let count = 0;
    for (const [i, bytes] of afterSteps.entries()) {
      count += steps[i] ?? 0;
      await assertReadsAlike(bytes, files.slice(0, count));
    }
    assert.equal(count, files.length);
  }, 60);
});

test('folding folded files, in whatever groups, is folding their inputs', async () => {
  await law(async (made) => {
    const { files, random } = made;
    const cut = random.below(files.length + 1);
    const parts = [files.slice(0, cut), files.slice(cut)].filter((part) => part.length > 0);
    const folded = await Promise.all(parts.map((part) => foldBytes(part)));
    const again = await foldBytes(folded.map(({ bytes }) => bytes));
    await assertRows(again.bytes, made);
    const { footer } = await inputOf(again.bytes);
    assert.equal(readFoldStamp(footer)?.inputFiles, files.length);
    assert.equal(footer.keyValues.filter(({ key }) => key === foldStampKey).length, 1);
  }, 60);
});

test('a folded file merged is the merge of its inputs, byte for byte', async () => {
  await law(async ({ files, random }) => {
    const options = { rowGroupRows: random.pick([3, 50_000]), useDictionary: random.chance(50) };
    const folded = await foldBytes(files, { steps: stepsOf(random, files.length) });
    const merged = await mergeBytes([folded.bytes], options);
    assert.ok(Buffer.from(merged.bytes).equals((await mergeBytes(files, options)).bytes));
  }, 60);
});

test('the bytes of all inputs from the very start, with a footer behind them, are a Parquet file', async () => {
  await law(async (made) => {
    const { files } = made;
    const { bytes } = await foldBytes(files, { hasBase: false });
    await assertRows(bytes, made);
    const length = files.reduce((sum, file) => sum + file.length, 0);
    assert.ok(Buffer.from(bytes.subarray(0, length)).equals(Buffer.concat(files)));
  }, 60);
});

test('a merged file behind other bytes reads as itself', async () => {
  await law(async (made) => {
    const { files, random } = made;
    const merged = await mergeBytes(files);
    const { footer } = await inputOf(merged.bytes);
    const prefix = Buffer.concat([...files, Buffer.alloc(random.below(100))]);
    const tail = foldTail({
      pieces: [{ footer, offsetBytes: prefix.length }],
      keyValues: footer.keyValues.map((pair) => pair.bytes),
      createdBy: 'somebody',
      padBytes: 0,
    });
    const bytes = new Uint8Array(Buffer.concat([prefix, merged.bytes, tail]));
    await assertRows(bytes, made);
  }, 60);
});

test('statistics that were true are true for the folded file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 4 }), async (seed, count) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const files: Uint8Array[] = [];
      for (let i = 0; i < count; i++) {
        const rows = randomRows(random, fields, random.below(40));
        files.push((await ownFile(fields, [rows], random)).bytes);
      }
      const { bytes } = await foldBytes(files);
      assert.deepEqual(await falseStatistics(bytes), []);
      const stated = (footer: ParquetFooter): readonly unknown[] =>
        footer.rowGroups.flatMap(({ chunks }) => chunks.map(statisticsOf));
      const inputs = await Promise.all(files.map((file) => inputOf(file)));
      assert.deepEqual(
        stated((await inputOf(bytes)).footer),
        inputs.flatMap(({ footer }) => stated(footer)),
      );
    }),
    { numRuns: 60 },
  );
});

test('files of @dsnp/parquetjs fold, with statistics that are true', async () => {
  const made = await Promise.all([0, 60, 75].map((first) => madeFile('made', madeRows(first, 40))));
  const files = await Promise.all(made.map(({ source }) => source.read(0, source.sizeBytes)));
  const { bytes } = await foldBytes(files, { steps: [2, 1] });
  assert.deepEqual(await falseStatistics(bytes), []);
  await assertReadsAlike(bytes, files);
});

test('the file that is folded into has the schema of the inputs, their column orders, and no rows', async () => {
  const { files } = await caseOf(7, 1);
  const { footer: like } = await inputOf(files[0] ?? new Uint8Array(0));
  const keyValues = foldKeyValues([like], { runId, inputSizeBytes: 1 }, []);
  const bytes = emptyParquetFile({ like, keyValues, createdBy: 'somebody' });
  assert.equal(Buffer.from(bytes.subarray(0, 4)).toString(), 'PAR1');
  const { footer } = await inputOf(bytes);
  assert.deepEqual(
    footer.elementBytes.map((element) => Buffer.from(element)),
    like.elementBytes.map((element) => Buffer.from(element)),
  );
  assert.deepEqual(footer.columnOrderBytes, like.columnOrderBytes);
  assert.deepEqual([footer.rows, footer.rowGroups.length, footer.createdBy], [0, 0, 'somebody']);
  assert.deepEqual([footer.version, footer.keyValues.length], [like.version, 1]);
  assert.equal(readWithHyparquet(bytes).metadata.num_rows, 0n);
});

test('key-value metadata is that of a merge, and one stamp says what was folded', async () => {
  const random = randomSource(3);
  const fields = randomFields(random, 2);
  const rows = [randomRows(random, fields, 5)];
  const merged = { inputSizeBytes: 9, inputFiles: 21, runId: 'earlier' };
  const files = [
    await ownFile(fields, rows, random, [
      { key: 'who', value: 'first' },
      { key: stampKey, value: stampValue(merged) },
    ]),
    await ownFile(fields, rows, random, [
      { key: 'who', value: 'second' },
      { key: 'only', value: 'here' },
      { key: foldStampKey, value: stampValue(merged) },
    ]),
    await ownFile(fields, rows, random, [{ key: foldStampKey, value: 'no stamp of ours' }]),
  ];
  const { bytes, warnings } = await foldBytes(files.map((file) => file.bytes));
  const { footer } = await inputOf(bytes);
  assert.deepEqual(
    footer.keyValues.map(({ key }) => key),
    ['who', 'only', foldStampKey],
  );
  assert.deepEqual(
    footer.keyValues.slice(0, 2).map(({ value }) => value),
    ['first', 'here'],
  );
  const inputSizeBytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  const { writers, ...making } = readFoldStamp(footer) ?? assert.fail();
  assert.deepEqual(making, { inputFiles: 23, runId, inputSizeBytes });
  assert.ok((writers?.length ?? 0) > 0);
  assert.equal(readStamp(footer), undefined);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? '',
    /^key-value metadata who of input-1 is not that of input-0, which is kept$/,
  );
});

test('a merge takes over no stamp, neither of a merged file nor of a folded one', async () => {
  const { files } = await caseOf(5, 2);
  const folded = await inputOf((await foldBytes(files)).bytes);
  const warnings: string[] = [];
  const added = [{ key: stampKey, value: stampValue({ inputSizeBytes: 1, inputFiles: 2, runId }) }];
  const again = await inputOf(
    (await mergeBytes([(await foldBytes(files)).bytes], { keyValues: added })).bytes,
  );
  assert.deepEqual(mergeKeyValues([folded.footer, again.footer], [], warnings), []);
  assert.equal(readFoldStamp(again.footer), undefined);
  assert.equal(readStamp(again.footer)?.inputFiles, 2);
  assert.deepEqual(warnings, []);
});

test('files of different schemas are not folded, and nothing is folded of nothing', async () => {
  const pieces: FoldPiece[] = [];
  for (const seed of [1, 2]) {
    const { files } = await caseOf(seed, 1);
    pieces.push({
      footer: (await inputOf(files[0] ?? new Uint8Array(0), `file-${seed}`)).footer,
      offsetBytes: 4,
    });
  }
  const rest = { keyValues: [], createdBy: 'somebody', padBytes: 0 };
  assert.throws(
    () => foldTail({ pieces, ...rest }),
    (error: unknown) => error instanceof FormatError && error.place.file === 'file-2',
  );
  assert.throws(() => foldTail({ pieces: [], ...rest }), /nothing to fold/);
});

/** A footer with as many row groups as asked for, all alike. */
async function telemetryFooter(): Promise<ParquetFooter> {
  const { source } = await madeFile('made', madeRows(0, 200));
  return readFooter(source);
}

test('10,000 files of three row groups fold in bounded time and room, and what comes out is within the limits of reading', async () => {
  const footer = await telemetryFooter();
  const rowGroup = footer.rowGroups[0] ?? assert.fail('no row group');
  // As many column chunks as 17 columns in each row group would have.
  const rowGroups = Math.round((30_000 * 17) / footer.leaves.length);
  const each = { ...footer, rows: 3 * footer.rows, rowGroups: [rowGroup, rowGroup, rowGroup] };
  const pieces = Array.from({ length: Math.ceil(rowGroups / 3) }, (_, i) => ({
    footer: each,
    offsetBytes: i * 40_000,
  }));
  const startedAt = performance.now();
  const tail = foldTail({ pieces, keyValues: [], createdBy: 'somebody', padBytes: 1000 });
  const durationMs = performance.now() - startedAt;
  assert.ok(tail.buffer.byteLength < 100 * 1024 * 1024, `${tail.buffer.byteLength} bytes`);
  assert.ok(durationMs < 10_000, `${durationMs} ms`);
  assert.ok(tail.subarray(0, 1000).every((byte) => byte === 0));
  const read = decodeFooter(tail.subarray(1000, -8), 'folded', 2 ** 40);
  assert.equal(read.rows, pieces.length * 3 * footer.rows);
  assert.equal(read.rowGroups.length, pieces.length * 3);
  checkSupported(read);
  const [first, last] = [read.rowGroups[0]?.chunks[0], read.rowGroups.at(-1)?.chunks[0]];
  assert.equal((last?.startOffsetBytes ?? 0) - (first?.startOffsetBytes ?? 0), (pieces.length - 1) * 40_000);
});

test('a footer longer than readers accept is refused', async () => {
  const pieces = [{ footer: await telemetryFooter(), offsetBytes: 4 }];
  const keyValues = [new Uint8Array(limits.footerBytes)];
  assert.throws(
    () => foldTail({ pieces, keyValues, createdBy: 'somebody', padBytes: 0 }),
    (error: unknown) => error instanceof FormatError && error.code === 'format-unsupported',
  );
});

test('a folded file that is cut or damaged is refused like any other', async () => {
  const { files } = await caseOf(11, 3);
  const { bytes } = await foldBytes(files);
  for (const end of [bytes.length - 1, bytes.length - 9, 11]) {
    await assert.rejects(readFooter(memorySource('cut', bytes.subarray(0, end))), FormatError);
  }
});
