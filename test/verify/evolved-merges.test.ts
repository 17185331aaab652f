import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySource } from '../../src/core/byte-source.ts';
import { VerifyError } from '../../src/core/errors.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import type { MergeInput } from '../../src/parquet/merge/merge-request.ts';
import { fingerprintFile } from '../../src/parquet/read/fingerprint-file.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { float, group, int, list, long, required, text } from '../parquet/evolution-fields.ts';
import { convertedRow, evolvedFields, unionOf } from '../parquet/evolution-model.ts';
import { foreignFile, type Rows } from '../parquet/foreign-file.ts';
import { mergeBytes } from '../parquet/merging.ts';
import { type Field, type FieldValue, randomFields, randomRows } from '../parquet/model.ts';
import { randomSource } from '../parquet/random-source.ts';
import { asWritten, verificationOf } from '../support/made-files.ts';

interface Part {
  readonly fields: readonly Field[];
  readonly rows: Rows;
}

const modern = { isModern: true, codec: 1, pageVersion: 1 } as const;

async function inputsOf(parts: readonly Part[]): Promise<readonly (MergeInput & { bytes: Uint8Array })[]> {
  return Promise.all(
    parts.map(async ({ fields, rows }, i) => {
      const { bytes } = foreignFile(fields, [rows], i, modern);
      const source = memorySource(`/data/input-${i}`, bytes);
      return { bytes, source, footer: await readFooter(source) };
    }),
  );
}

/**
 * Verifies bytes as the merge of the parts. What the merge says it has read is what is in the bytes: so a merge that went
 * wrong before it digested is not seen by the digests.
 */
async function verified(parts: readonly Part[], bytes: Uint8Array, sampleSeed = 'seed') {
  const source = memorySource('/data/staged', bytes);
  const footer = await readFooter(source);
  const { columns } = await fingerprintFile(source, footer);
  const merged = { rows: footer.rows, rowGroups: 1, sizeBytes: bytes.length, columns, warnings: [] };
  const verification = await verificationOf(await inputsOf(parts), {
    bytes,
    merged,
    written: await asWritten(bytes),
  });
  return verifyStagedFile({ ...verification, schema: 'compatible', sampleSeed });
}

async function merged(parts: readonly Part[]): Promise<Uint8Array> {
  const files = await inputsOf(parts);
  return (
    await mergeBytes(
      files.map(({ bytes }) => bytes),
      { schema: 'compatible' },
    )
  ).bytes;
}

/** The merged file of wrong rows: those of `parts`, as one file of the schema of all, with one of them changed. */
async function wrongMerge(
  parts: readonly Part[],
  change: (rows: readonly (readonly FieldValue[])[]) => Rows,
  changeFields: (fields: readonly Field[]) => readonly Field[] = (fields) => fields,
): Promise<Uint8Array> {
  const union = unionOf(parts.map(({ fields }) => fields));
  const rows = parts.flatMap(({ fields, rows: own }) => own.map((row) => convertedRow(row, fields, union)));
  const { bytes } = foreignFile(changeFields(union), [change(rows)], 7, modern);
  // Through a merge of its own, so that it has our pages and statistics.
  return (await mergeBytes([bytes])).bytes;
}

async function rejected(parts: readonly Part[], bytes: Uint8Array, code: string): Promise<void> {
  await assert.rejects(verified(parts, bytes), (error) => {
    assert.ok(error instanceof VerifyError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

test('merges of files of several schemas are verified, every column by a second reader', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomSource(seed);
      const plain = ({ fieldId: _, unknownField: __, ...field }: Field): Field => ({
        ...field,
        children: field.children.map(plain),
      });
      let added = 0;
      const first = randomFields(random, 3).map(plain);
      const schemas = [first, evolvedFields(random, first, () => added++)];
      schemas.push(evolvedFields(random, schemas[1] ?? first, () => added++));
      const parts = schemas.map((fields) => ({
        fields,
        rows: randomRows(random, fields, 1 + random.below(20)),
      }));
      const { receipt } = await verified(parts, await merged(parts), String(seed));
      assert.equal(receipt.level, 'full');
      const notRead = receipt.sample?.notRead.filter((one) => !one.includes('too many'));
      assert.deepEqual(notRead, []);
    }),
    { numRuns: 60, includeErrorInReport: true },
  );
});

const bytesOf = (...numbers: number[]): Uint8Array => new Uint8Array(Int32Array.from(numbers).buffer);

const structs: readonly Part[] = [
  {
    fields: [int('id'), group('s', [int('a')])],
    rows: [
      [bytesOf(1), undefined],
      [bytesOf(2), [undefined]],
      [bytesOf(3), [bytesOf(30)]],
    ],
  },
  {
    fields: [int('id'), group('s', [int('a'), list('l', text('element'))])],
    rows: [[bytesOf(4), [bytesOf(40), [[[Uint8Array.of(65)]]]]]],
  },
];

// The merged rows: id, s (a, l).
const withRow = (rows: readonly (readonly FieldValue[])[], i: number, row: readonly FieldValue[]): Rows =>
  rows.with(i, row);

test('a right merge passes the way in which wrong ones are made here', async () => {
  await verified(structs, await wrongMerge(structs, (rows) => [...rows]));
});

test('a missing column under a null group that says the group is there', async () => {
  const wrong = await wrongMerge(structs, (rows) => withRow(rows, 0, [bytesOf(1), [undefined, undefined]]));
  await rejected(structs, wrong, 'second-reader-differs');
});

test('a missing list that became an empty one', async () => {
  const wrong = await wrongMerge(structs, (rows) => withRow(rows, 2, [bytesOf(3), [bytesOf(30), [[]]]]));
  await rejected(structs, wrong, 'second-reader-differs');
});

test('a missing column that got a value', async () => {
  const value = [[[Uint8Array.of(66)]]];
  const wrong = await wrongMerge(structs, (rows) =>
    withRow(rows, 2, [bytesOf(3), [bytesOf(30), [value[0] ?? []]]]),
  );
  await rejected(structs, wrong, 'second-reader-differs');
});

test('numbers of 32 bits that lost their sign, or got one, on their way to 64', async () => {
  const signed: readonly Part[] = [
    { fields: [int('n')], rows: [[bytesOf(-1)]] },
    { fields: [long('n')], rows: [[bytesOf(5, 0)]] },
  ];
  await verified(signed, await wrongMerge(signed, (rows) => [...rows]));
  await rejected(
    signed,
    await wrongMerge(signed, (rows) => withRow(rows, 0, [bytesOf(-1, 0)])),
    'second-reader-differs',
  );
  const unsigned: readonly Part[] = [
    { fields: [int('n', { convertedType: 13 })], rows: [[bytesOf(-1)]] },
    { fields: [long('n', { convertedType: 14 })], rows: [[bytesOf(5, 0)]] },
  ];
  await verified(unsigned, await merged(unsigned));
  await rejected(
    unsigned,
    await wrongMerge(unsigned, (rows) => withRow(rows, 0, [bytesOf(-1, -1)])),
    'second-reader-differs',
  );
});

test('a float that was rounded on its way to a double', async () => {
  const parts: readonly Part[] = [
    { fields: [float('f')], rows: [[new Uint8Array(Float32Array.of(0.1).buffer)]] },
    { fields: [{ ...float('f'), type: 5 }], rows: [[new Uint8Array(Float64Array.of(1).buffer)]] },
  ];
  await verified(parts, await merged(parts));
  const wrong = await wrongMerge(parts, (rows) =>
    withRow(rows, 0, [new Uint8Array(Float64Array.of(0.1).buffer)]),
  );
  await rejected(parts, wrong, 'second-reader-differs');
});

test('two columns of one type whose values changed places', async () => {
  const parts: readonly Part[] = [
    { fields: [int('a'), int('b')], rows: [[bytesOf(1), bytesOf(2)]] },
    { fields: [int('b'), int('a')], rows: [[bytesOf(2), bytesOf(1)]] },
  ];
  await verified(parts, await merged(parts));
  const wrong = await wrongMerge(parts, (rows) => withRow(rows, 1, [bytesOf(2), bytesOf(1)]));
  await rejected(parts, wrong, 'second-reader-differs');
});

test('a schema that lost a column, has one too many, narrowed one, or changed what may be null or the order', async () => {
  const parts: readonly Part[] = [
    { fields: [required(int('a')), long('b')], rows: [[bytesOf(1), bytesOf(2, 0)]] },
    { fields: [required(int('a')), int('b'), int('c')], rows: [[bytesOf(1), bytesOf(2), bytesOf(3)]] },
  ];
  const same = (rows: readonly (readonly FieldValue[])[]): Rows => [...rows];
  await verified(parts, await wrongMerge(parts, same));
  for (const wrong of [
    await wrongMerge(
      parts,
      (rows) => rows.map((row) => row.slice(0, 2)),
      (fields) => fields.slice(0, 2),
    ),
    await wrongMerge(
      parts,
      (rows) => rows.map((row) => [...row, undefined]),
      (fields) => [...fields, int('d')],
    ),
    await wrongMerge(
      parts,
      (rows) => rows.map((row) => row.with(1, bytesOf(2))),
      (fields) => fields.with(1, int('b')),
    ),
    await wrongMerge(parts, same, (fields) => fields.with(0, int('a'))),
    await wrongMerge(parts, same, (fields) => fields.with(2, int('c', { convertedType: 6 }))),
    await wrongMerge(
      parts,
      (rows) => rows.map(([a, b, c]) => [b, a, c]),
      ([a, b, c]) => [b, a, c].filter((field) => field !== undefined),
    ),
  ]) {
    await rejected(parts, wrong, 'schema');
  }
});

test('a wrong column in one file of a schema of its own, among many that the sample does not reach', async () => {
  const fields = [int('a'), int('b')];
  const parts: readonly Part[] = Array.from({ length: 60 }, (_, i) => ({
    fields: i === 30 ? [int('b'), int('a')] : fields,
    rows: Array.from({ length: 40 }, (__, row) => [bytesOf(i * 100 + row), bytesOf(i * 100 + row)]),
  }));
  await verified(parts, await wrongMerge(parts, (rows) => [...rows]));
  const place = 30 * 40 + 5;
  const wrong = await wrongMerge(parts, (rows) => withRow(rows, place, [bytesOf(3005), bytesOf(0)]));
  await rejected(parts, wrong, 'second-reader-differs');
});

test('without schema compatible, files of several schemas are no merge', async () => {
  const bytes = await merged(structs);
  const verification = await verificationOf(await inputsOf(structs), {
    bytes,
    merged: { rows: 4, rowGroups: 1, sizeBytes: bytes.length, columns: [], warnings: [] },
    written: await asWritten(bytes),
  });
  await assert.rejects(verifyStagedFile(verification), { name: 'VerifyError', code: 'schema' });
});
