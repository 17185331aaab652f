import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFile, type FileDescription } from '../../src/cli/inspect/describe-file.ts';
import { firstPageOf } from '../../src/cli/inspect/describe-pages.ts';
import { renderFile } from '../../src/cli/inspect/render-file.ts';
import { plainStyle } from '../../src/cli/output/style.ts';
import { memorySource } from '../../src/core/byte-source.ts';
import { stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { codec, convertedType, pageType, physicalType } from '../../src/parquet/format.ts';
import { craftedFile, craftedPage, honestPage } from '../parquet/crafted-file.ts';
import { foldBytes } from '../parquet/folding.ts';
import { foreignFile } from '../parquet/foreign-file.ts';
import { mergeBytes } from '../parquet/merging.ts';
import type { Field } from '../parquet/model.ts';

async function described(bytes: Uint8Array): Promise<FileDescription> {
  const source = memorySource('file', bytes);
  const footer = await readFooter(source);
  return describeFile(footer, await firstPageOf(source, footer));
}

const codes = ({ notes }: FileDescription): readonly string[] => notes.map(({ code }) => code);
const textOf = ({ notes }: FileDescription, code: string): string =>
  notes.find((note) => note.code === code)?.text ?? '';

const number: Field = { name: 'n', repetition: 0, type: physicalType.INT32, children: [] };
const word: Field = {
  name: 'w',
  repetition: 1,
  type: physicalType.BYTE_ARRAY,
  convertedType: convertedType.UTF8,
  children: [],
};
const rows = Array.from({ length: 30 }, (_, i) => [
  new Uint8Array(Int32Array.of(i).buffer),
  i % 5 === 0 ? undefined : Buffer.from(`word ${i % 3}`),
]);
const chunkOf = (numbers: readonly number[]) => ({ pages: [honestPage(numbers)], values: numbers.length });

test('a small file of tiny row groups without statistics and compression', async () => {
  const groups = [
    { rows: 2, chunks: [chunkOf([1, 2])] },
    { rows: 1, chunks: [chunkOf([3])] },
  ];
  const file = await described(craftedFile([number], groups));
  assert.deepEqual(codes(file), ['tiny-row-groups', 'small-file', 'statistics-missing', 'uncompressed']);
  assert.match(textOf(file, 'tiny-row-groups'), /^Its 2 row groups have 2 rows and \d+ on average: /);
  assert.equal(
    textOf(file, 'statistics-missing'),
    'No minimum and maximum for n: readers cannot skip by it.',
  );
  assert.equal(textOf(file, 'uncompressed'), 'Nothing is compressed.');
  assert.equal(file.hasPageCrcs, true);
  const text = renderFile(file, plainStyle);
  assert.match(text, /\nNoteworthy\n {2}Its 2 row groups /);
  assert.match(text, /\nRow groups\n {2}number {2}rows .*\n {7}0 {5}2 .*\n {7}1 {5}1 /);
});

test('a file of ours is not called small, and one that was folded says so', async () => {
  const inputs = [1, 2, 3].map(
    (seed) => foreignFile([number, word], [rows], seed, { codec: codec.SNAPPY }).bytes,
  );
  const stamp = { inputSizeBytes: 5_000, inputFiles: 3, runId: 'r1', writers: ['a version 1', 'b'] };
  const merged = await described(
    (await mergeBytes(inputs, { keyValues: [{ key: stampKey, value: stampValue(stamp) }] })).bytes,
  );
  assert.deepEqual(codes(merged), []);
  assert.deepEqual(merged.consolidation, stamp);
  assert.deepEqual(
    merged.columnTotals.map(({ column, type, values, nulls, min, max }) => [
      column,
      type,
      values,
      nulls,
      min,
      max,
    ]),
    [
      ['n', 'int32', 90, 0, 0, 29],
      ['w', 'text', 90, 18, 'word 0', 'word 2'],
    ],
  );
  assert.match(renderFile(merged, plainStyle), /\n {2}Written before by +a version 1, b\n/);
  const folded = await described((await foldBytes(inputs)).bytes);
  assert.ok(codes(folded).includes('folded'));
  assert.match(textOf(folded, 'folded'), /^It was folded from 3 files: /);
  assert.equal(folded.folding?.inputFiles, 3);
  assert.match(renderFile(folded, plainStyle), /\n {2}Folded +from 3 files, /);
});

test('what cannot be merged is said before anything else', async () => {
  const file = await described(
    craftedFile([number], [{ rows: 1, chunks: [{ ...chunkOf([1]), codec: codec.LZO }] }]),
  );
  assert.equal(codes(file)[0], 'not-mergeable');
  assert.equal(
    textOf(file, 'not-mergeable'),
    'It cannot be merged: compression LZO is not supported (column n).',
  );
});

test('a damaged first page keeps nothing back that the footer says', async () => {
  const page = craftedPage({
    type: pageType.DATA_PAGE,
    body: new Uint8Array(4),
    values: 1,
    compressedSize: 9,
  });
  const file = await described(craftedFile([number], [{ rows: 1, chunks: [{ pages: [page], values: 1 }] }]));
  assert.equal(codes(file)[0], 'damaged');
  assert.match(
    textOf(file, 'damaged'),
    /^Its first page cannot be read: page of 9 bytes ends behind its column chunk \(column n\)\.$/,
  );
  assert.equal(file.hasPageCrcs, undefined);
  assert.match(renderFile(file, plainStyle), /\n {2}Page CRCs +unknown\n/);
});

test('a file without rows', async () => {
  const file = await described(craftedFile([number], []));
  assert.deepEqual(codes(file), ['no-rows']);
  assert.equal(file.ratio, 1);
});
