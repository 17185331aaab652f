import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { memorySink } from '../../src/core/byte-sink.ts';
import { memorySource } from '../../src/core/byte-source.ts';
import { stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import { type ParquetFooter, readFooter } from '../../src/parquet/footer.ts';
import { encoding, nameOf } from '../../src/parquet/format.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import type { MergeInput, MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { mergeBytes } from '../parquet/merging.ts';
import { runPython, skipWithoutSpark } from '../support/python-env.ts';
import { type Spark, startSpark } from '../support/spark.ts';
import { inputsIn, workloadDirectory } from '../support/workloads.ts';

const skip = skipWithoutSpark();
const scratch = mkdtempSync(join(tmpdir(), 'spark-'));
/** The cases of test/witness/spark_inputs.py. */
const cases = [
  ...['flat', 'flat_pages', 'flat_plain', 'flat_v2'],
  ...['nested', 'nested_pages', 'nested_legacy', 'nested_v2'],
  ...['int96', 'decimals_legacy', 'bloom'],
];
const rowMetadataKey = 'org.apache.spark.sql.parquet.row.metadata';

let spark: Spark;

before(async () => {
  if (skip !== false) return;
  spark = await startSpark();
  assert.deepEqual((await spark.ask({ do: 'write', directory: scratch })).cases, cases);
});

after(async () => {
  await spark?.stop();
  rmSync(scratch, { recursive: true });
});

async function mergeTo(
  out: string,
  inputs: readonly MergeInput[],
  rowGroupRows: number,
  options: Partial<MergeOptions> = {},
): Promise<ParquetFooter> {
  const sink = memorySink(out);
  const stamp = { inputSizeBytes: 1, inputFiles: inputs.length, runId: '20250815T020000Z-abcdef' };
  const merged = await mergeFiles(inputs, sink, {
    rowGroupRows,
    rowGroupBytes: 128 * 1024 * 1024,
    useDictionary: true,
    keyValues: [{ key: stampKey, value: stampValue(stamp) }],
    createdBy: 'parquet-consolidator version 0.0.0-test',
    ...options,
  });
  assert.deepEqual(merged.warnings, []);
  writeFileSync(out, sink.bytes());
  return readFooter(memorySource(out, sink.bytes()));
}

const pathsOf = (inputs: readonly MergeInput[]): readonly string[] => inputs.map(({ source }) => source.name);

for (const name of cases) {
  test(`Spark reads out what it wrote, merged: ${name}`, { skip }, async (t) => {
    t.diagnostic(`Spark ${spark.versions.spark}, parquet-java ${spark.versions.parquetJava}`);
    const inputs = await inputsIn(join(scratch, name));
    assert.equal(inputs.length, 3);
    const out = join(scratch, `${name}.parquet`);
    const footer = await mergeTo(out, inputs, 50_000);
    assert.equal(footer.rowGroups.length, 1);

    // Its own row metadata, and everything else it says of the file, to the letter.
    const own = inputs[0]?.footer.keyValues.map(({ key, value }) => [key, value]) ?? [];
    assert.ok(own.some(([key]) => key === rowMetadataKey));
    const kept = footer.keyValues.filter(({ key }) => key !== stampKey);
    assert.deepEqual(
      kept.map(({ key, value }) => [key, value]),
      own,
    );
    const compared = await spark.ask({ do: 'compare', inputs: pathsOf(inputs), out });
    const columns = Number(compared.columns);
    assert.deepEqual(compared, { rows: 301, columns, comments: columns - 1 });

    // In small row groups, which its filters may skip.
    const small = join(scratch, `${name}-small.parquet`);
    assert.equal((await mergeTo(small, inputs, 40)).rowGroups.length, 8);
    assert.equal((await spark.ask({ do: 'compare', inputs: pathsOf(inputs), out: small })).rows, 301);
  });
}

test('pyarrow, DuckDB and polars read them as they read the files of Spark', { skip }, async () => {
  const pairs = cases.flatMap((name) => [join(scratch, name), join(scratch, `${name}-small.parquet`)]);
  const { stdout } = await runPython('test/witness/witness.py', pairs);
  const facts = stdout.trim().split('\n');
  assert.deepEqual(
    facts.map((line) => JSON.parse(line).rows),
    cases.map(() => 301),
  );
});

for (const name of ['flat', 'nested', 'int96', 'seed21']) {
  test(`no condition that Spark pushes down loses a row: ${name}`, { skip }, async (t) => {
    const isOwn = name !== 'seed21';
    const inputs = await inputsIn(isOwn ? join(scratch, name) : await workloadDirectory(name));
    const out = join(scratch, `${name}-pages.parquet`);
    // Row groups of several pages: the column index skips pages, statistics and dictionaries skip row groups.
    const footer = await mergeTo(out, inputs, isOwn ? 100 : 2_500, {
      pages: { pageRows: isOwn ? 15 : 97 },
    });
    assert.ok(footer.rowGroups.length > 2);
    assert.ok(footer.rowGroups.every(({ chunks }) => chunks.every(({ hasPageIndex }) => hasPageIndex)));
    const asked = await spark.ask({ do: 'ask', inputs: pathsOf(inputs), out });
    assert.ok(Number(asked.conditions) >= 10, `${asked.conditions} conditions`);
    t.diagnostic(`${asked.conditions} conditions, vectorised and not`);
  });
}

const isFull = process.env.TEST_FULL === '1';
const copiedCases = [
  'flat',
  'int96',
  ...(isFull ? ['flat_plain', 'nested', 'decimals_legacy', 'bloom'] : []),
];

for (const name of copiedCases) {
  test(`Spark reads its own column chunks, copied, and loses no row of them: ${name}`, {
    skip,
  }, async (t) => {
    const inputs = await inputsIn(join(scratch, name));
    const files = pathsOf(inputs).map((path) => new Uint8Array(readFileSync(path)));
    const { bytes, result } = await mergeBytes(files, {
      rowGroupRows: 110,
      compression: 'keep',
      // Else what Spark wrote without is encoded anew, to see whether one would pay.
      useDictionary: name !== 'flat_plain',
      copyRowGroups: true,
      copiedFromBytes: 0,
    });
    t.diagnostic(`${result.chunksCopied} of ${result.rowGroups * result.columns.length} chunks copied`);
    assert.ok((result.chunksCopied ?? 0) > 0);
    const out = join(scratch, `${name}-copied.parquet`);
    writeFileSync(out, bytes);
    assert.equal((await spark.ask({ do: 'compare', inputs: pathsOf(inputs), out })).rows, 301);
    if (!isFull) return;
    const asked = await spark.ask({ do: 'ask', inputs: pathsOf(inputs), out });
    assert.ok(Number(asked.conditions) >= 10, `${asked.conditions} conditions`);
  });
}

for (const [name, rows] of [
  ['nested12', 1390],
  ['seed21', 7824],
] as const) {
  test(`Spark reads what was merged of pyarrow's files as it reads those: ${name}`, { skip }, async () => {
    const inputs = await inputsIn(await workloadDirectory(name));
    const out = join(scratch, `${name}.parquet`);
    const options = { compression: 'zstd', compressionLevel: 22, encodings: 'compact' } as const;
    const { rowGroups } = await mergeTo(out, inputs, 1_000, options);
    if (name === 'seed21') {
      const used = new Set(rowGroups.flatMap(({ chunks }) => chunks.flatMap((chunk) => chunk.encodings)));
      assert.ok(used.has(encoding.DELTA_BYTE_ARRAY) && used.has(encoding.BYTE_STREAM_SPLIT));
    }
    assert.equal((await spark.ask({ do: 'compare', inputs: pathsOf(inputs), out })).rows, rows);
  });
}

const compactNames: readonly string[] = ['DELTA_BINARY_PACKED', 'DELTA_BYTE_ARRAY', 'BYTE_STREAM_SPLIT'];

for (const [compression, expected] of [
  ['snappy', compactNames],
  ['zstd', ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT']],
  ['gzip', ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT']],
  ['lz4_raw', ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT']],
  ['uncompressed', ['DELTA_BINARY_PACKED']],
] as const) {
  test(`Spark reads ${compression}, with compact encodings too, vectorised and not`, { skip }, async () => {
    const used = new Set<string>();
    for (const [name, encodings] of [
      ['flat', 'standard'],
      ['flat', 'compact'],
      ['nested', 'compact'],
    ] as const) {
      const inputs = await inputsIn(join(scratch, name));
      const out = join(scratch, `${name}-${encodings}-${compression}.parquet`);
      const { rowGroups } = await mergeTo(out, inputs, 50_000, { encodings, compression });
      for (const { chunks } of rowGroups) {
        for (const chunk of chunks) for (const one of chunk.encodings) used.add(nameOf(encoding, one));
      }
      assert.equal((await spark.ask({ do: 'compare', inputs: pathsOf(inputs), out })).rows, 301);
    }
    assert.deepEqual(
      expected.filter((name) => !used.has(name)),
      [],
    );
  });
}
