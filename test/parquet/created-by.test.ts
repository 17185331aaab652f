import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import { createdByOf, int96Writer, isOwnWriter, writersOf } from '../../src/parquet/created-by.ts';
import type { ParquetFooter } from '../../src/parquet/footer.ts';
import { readingMetadata } from '../../src/parquet/metadata/reading-metadata.ts';
import { isBefore, writerVersion } from '../../src/parquet/writer-version.ts';
import { written } from './arrow-schemas.ts';
import { foldBytes } from './folding.ts';
import { foreignFile } from './foreign-file.ts';
import { inputOf, mergeBytes } from './merging.ts';
import type { Field } from './model.ts';

const own = 'parquet-consolidator version 1.2.3';
const int96: readonly Field[] = [{ name: 't', repetition: 0, type: 3, children: [] }];
const int64: readonly Field[] = [{ name: 't', repetition: 0, type: 2, children: [] }];

function fileOf(fields: readonly Field[], createdBy: string, rows = 1): Uint8Array {
  const width = fields === int96 ? 12 : 8;
  return foreignFile(fields, [Array.from({ length: rows }, () => [new Uint8Array(width)])], 1, { createdBy })
    .bytes;
}

async function footerOf(fields: readonly Field[], createdBy: string, rows = 1): Promise<ParquetFooter> {
  return (await inputOf(fileOf(fields, createdBy, rows))).footer;
}

/** The form of parquet-java's `VersionParser`, which must match all of it, or statistics of bytes are not believed. */
const javaForm = /^(.*?)\s+version\s*(?:([^(]*?)\s*(?:\(\s*build\s*([^)]*?)\s*\))?)?$/;

test('our name is one that parquet-java and Arrow can read, and believe statistics of', async () => {
  const plain = createdByOf([await footerOf(int64, 'parquet-mr version 1.6.0')], own);
  assert.equal(plain, own);
  assert.deepEqual(javaForm.exec(plain)?.slice(1), ['parquet-consolidator', '1.2.3', undefined]);
  assert.equal(writerVersion(plain, 'parquet-mr'), undefined);
  assert.equal(writerVersion(plain, 'parquet-cpp'), undefined);

  const java = createdByOf(
    [await footerOf(int96, 'parquet-mr version 1.6.0 (build 6aa21f8776625b5fa6b18059cfebe7549f2e00cb)')],
    own,
  );
  assert.deepEqual(javaForm.exec(java)?.slice(1), ['parquet-mr', '1.10.0', 'parquet-consolidator 1.2.3']);
  assert.equal(isBefore(writerVersion(java, 'parquet-mr') ?? [], [1, 10, 0]), false);
});

test('where INT96 timestamps are those of parquet-mr the name begins with it, as Hive, Impala and Spark ask', async () => {
  const java = await footerOf(
    int96,
    'parquet-mr version 1.13.1 (build db4183109d5b734ec5930d870cdae161e408ddba)',
  );
  const newer = await footerOf(int96, 'parquet-mr version 1.15.2');
  const nameless = await footerOf(int96, 'parquet-mr');
  const impala = await footerOf(int96, 'impala version 4.3.0');
  const emptyImpala = await footerOf(int96, 'impala version 4.3.0', 0);
  const cpp = await footerOf(int96, 'parquet-cpp-arrow version 21.0.0');
  const both = 'parquet-mr version 1.15.2 (build parquet-consolidator 1.2.3)';
  assert.equal(createdByOf([java, newer], own), both);
  assert.equal(createdByOf([newer, java, nameless], own), both);
  assert.equal(createdByOf([newer, emptyImpala], own), both);
  assert.equal(createdByOf([java, impala], own), own);
  assert.equal(createdByOf([cpp, impala], own), own);
  assert.equal(int96Writer([java, cpp]), 'parquet-mr and others');
  assert.equal(int96Writer([await footerOf(int64, 'parquet-mr version 1.15.2')]), undefined);

  const again = await footerOf(int96, both);
  assert.equal(createdByOf([again, newer], own), both);
  assert.ok(isOwnWriter(both) && isOwnWriter(own) && isOwnWriter(createdByOf([again], own)));
  for (const other of [
    undefined,
    'parquet-mr version 1.15.2 (build x)',
    'parquet-consolidated',
    'parquet-mr',
  ]) {
    assert.ok(!isOwnWriter(other));
  }
});

test('files whose INT96 timestamps readers treat differently are not planned together, and merging them warns', async () => {
  const files = ['parquet-mr version 1.13.1', 'impala version 4.3.0'].map((createdBy) =>
    fileOf(int96, createdBy),
  );
  const [java, impala] = await Promise.all(
    files.map(async (bytes) => readingMetadata((await inputOf(bytes)).footer)),
  );
  assert.notDeepEqual(java, impala);
  assert.equal(readingMetadata(await footerOf(int64, 'impala version 4.3.0')), undefined);
  const { bytes, result } = await mergeBytes(files);
  assert.match(
    result.warnings.join(),
    /^INT96 timestamps of parquet-mr and of other writers go into one file/,
  );
  assert.ok((await inputOf(bytes)).footer.createdBy?.startsWith('parquet-consolidator '));
});

test('merged and folded files say so', async () => {
  const files = [1, 2].map((seed) => ({
    ...foreignFile(int96, [[[new Uint8Array(12)]]], seed, { createdBy: 'parquet-mr version 1.13.1' }),
  }));
  const merged = await mergeBytes(files.map((file) => file.bytes));
  const folded = await foldBytes(files.map((file) => file.bytes));
  for (const bytes of [merged.bytes, folded.bytes]) {
    const { footer } = await inputOf(bytes);
    assert.match(footer.createdBy ?? '', /^parquet-mr version 1\.13\.1 \(build /);
  }
});

test('writers are recorded, each once, those of an own file instead of it, and not without end', async () => {
  const a = await footerOf(int64, 'a version 1');
  const b = await footerOf(int64, 'b version 1');
  assert.deepEqual(writersOf([a, b, a]), ['a version 1', 'b version 1']);
  const stamp = { inputSizeBytes: 1, inputFiles: 2, runId: 'x', writers: ['c version 1', 'a version 1'] };
  const made = foreignFile(int64, [[[new Uint8Array(8)]]], 1, {
    createdBy: own,
    keyValues: [{ key: stampKey, value: stampValue(stamp) }],
  });
  const { footer } = await inputOf(made.bytes);
  assert.deepEqual(writersOf([a, footer, b]), ['a version 1', 'c version 1', 'b version 1']);
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, i) => footerOf(int64, `w${i} ${'x'.repeat(1000)}`)),
  );
  const writers = writersOf(many);
  assert.equal(writers.length, 16);
  assert.equal(writers.at(-1), 'and 25 others');
  assert.ok(writers.every(({ length }) => length <= 200));
});

test('Arrow schemas that make the same columns are no difference worth a warning; others are named with their files', async () => {
  const { list, listWithPandas: withPandas, text } = written;
  const warningsOf = async (values: readonly string[]): Promise<readonly string[]> => {
    const files = values.map(
      (value) =>
        foreignFile(int64, [[[new Uint8Array(8)]]], 1, { keyValues: [{ key: 'ARROW:schema', value }] }).bytes,
    );
    return (await mergeBytes(files)).result.warnings;
  };
  assert.deepEqual(await warningsOf([list, withPandas, list]), []);
  assert.deepEqual(await warningsOf([list, withPandas, text, 'nonsense']), [
    'key-value metadata ARROW:schema of input-2 and 1 more is not that of input-0, which is kept',
  ]);
});
