import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError } from '../../src/core/errors.ts';
import { statisticsOf } from '../../src/parquet/metadata/column-chunk.ts';
import type { SortOrder } from '../../src/parquet/metadata/sort-order.ts';
import { checkSupported } from '../../src/parquet/supported-features.ts';
import { foldBytes } from './folding.ts';
import { foreignFile } from './foreign-file.ts';
import { assertHolds, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, inputOf, mergeBytes } from './merging.ts';
import { emptyColumns, type Field, type FieldValue, type LevelColumn, randomRows } from './model.ts';
import { leavesOf, ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

const [BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED] = [0, 1, 2, 3, 4, 5, 6, 7];
/** Members of the union `LogicalType`, with parameters as thrift bytes. */
const logical = (member: number, ...parameters: number[]): Pick<Field, 'logical'> => ({
  logical: { member, parameters },
});
const inUtc = [0x11];
const local = [0x12];
const unit = (member: number): readonly number[] => [0x1c, (member << 4) | 12, 0, 0];
const text = (id: number, value: string): readonly number[] => [
  (id << 4) | 8,
  value.length,
  ...Buffer.from(value),
];
const decimal = { ...logical(5, 0x15, 4, 0x15, 36), convertedType: 5, scale: 2, precision: 18 };

/** Leaves of every physical type with every logical type it may have, and what order their statistics are in. */
const annotated: readonly (readonly [string, Partial<Field>, SortOrder])[] = [
  ['boolean', { type: BOOLEAN }, 'boolean'],
  ['int32', { type: INT32 }, 'signed32'],
  ['int64', { type: INT64 }, 'signed64'],
  ['int96', { type: INT96 }, 'none'],
  ['float', { type: FLOAT }, 'float32'],
  ['double', { type: DOUBLE }, 'float64'],
  ['bytes', { type: BYTE_ARRAY }, 'unsigned-bytes'],
  ['fixed', { type: FIXED, typeLength: 5 }, 'unsigned-bytes'],
  ['STRING', { type: BYTE_ARRAY, ...logical(1), convertedType: 0 }, 'unsigned-bytes'],
  ['UTF8 alone', { type: BYTE_ARRAY, convertedType: 0 }, 'unsigned-bytes'],
  ['ENUM', { type: BYTE_ARRAY, ...logical(4), convertedType: 4 }, 'unsigned-bytes'],
  ['DECIMAL int32', { type: INT32, ...decimal }, 'signed32'],
  ['DECIMAL int64', { type: INT64, ...decimal }, 'signed64'],
  ['DECIMAL bytes', { type: BYTE_ARRAY, ...decimal }, 'signed-bytes'],
  ['DECIMAL fixed', { type: FIXED, typeLength: 8, ...decimal }, 'signed-bytes'],
  ['DATE', { type: INT32, ...logical(6), convertedType: 6 }, 'signed32'],
  ['TIME ms', { type: INT32, ...logical(7, ...inUtc, ...unit(1)), convertedType: 7 }, 'signed32'],
  ['TIME us local', { type: INT64, ...logical(7, ...local, ...unit(2)), convertedType: 8 }, 'signed64'],
  ['TIME ns', { type: INT64, ...logical(7, ...inUtc, ...unit(3)) }, 'signed64'],
  ['TIMESTAMP ms', { type: INT64, ...logical(8, ...inUtc, ...unit(1)), convertedType: 9 }, 'signed64'],
  ['TIMESTAMP us local', { type: INT64, ...logical(8, ...local, ...unit(2)) }, 'signed64'],
  ['TIMESTAMP ns', { type: INT64, ...logical(8, ...inUtc, ...unit(3)) }, 'signed64'],
  ['INTERVAL', { type: FIXED, typeLength: 12, convertedType: 21 }, 'none'],
  ['INT 8', { type: INT32, ...logical(10, 0x13, 8, 0x11), convertedType: 15 }, 'signed32'],
  ['INT 64', { type: INT64, ...logical(10, 0x13, 64, 0x11), convertedType: 18 }, 'signed64'],
  ['UINT 16', { type: INT32, ...logical(10, 0x13, 16, 0x12), convertedType: 12 }, 'unsigned32'],
  ['UINT_32 alone', { type: INT32, convertedType: 13 }, 'unsigned32'],
  ['UINT 64', { type: INT64, ...logical(10, 0x13, 64, 0x12) }, 'unsigned64'],
  ['UNKNOWN int32', { type: INT32, ...logical(11) }, 'none'],
  ['UNKNOWN boolean', { type: BOOLEAN, ...logical(11) }, 'none'],
  ['UNKNOWN bytes', { type: BYTE_ARRAY, ...logical(11) }, 'none'],
  ['JSON', { type: BYTE_ARRAY, ...logical(12), convertedType: 19 }, 'unsigned-bytes'],
  ['BSON', { type: BYTE_ARRAY, ...logical(13), convertedType: 20 }, 'unsigned-bytes'],
  ['UUID', { type: FIXED, typeLength: 16, ...logical(14) }, 'unsigned-bytes'],
  ['FLOAT16', { type: FIXED, typeLength: 2, ...logical(15) }, 'float16'],
  ['GEOMETRY', { type: BYTE_ARRAY, ...logical(17) }, 'none'],
  ['GEOMETRY of a CRS', { type: BYTE_ARRAY, ...logical(17, ...text(1, 'EPSG:25832')) }, 'none'],
  ['GEOGRAPHY', { type: BYTE_ARRAY, ...logical(18, ...text(1, 'OGC:CRS84'), 0x15, 4) }, 'none'],
  // Not defined yet.
  ['member 29 bytes', { type: BYTE_ARRAY, ...logical(29, 0x15, 7) }, 'none'],
  ['member 29 int64', { type: INT64, ...logical(29) }, 'none'],
  ['member 29 double', { type: DOUBLE, ...logical(29) }, 'none'],
  ['member 29 fixed', { type: FIXED, typeLength: 3, ...logical(29) }, 'none'],
  ['converted 22 bytes', { type: BYTE_ARRAY, convertedType: 22 }, 'none'],
  ['converted 22 int32', { type: INT32, convertedType: 22 }, 'none'],
];

const leafField = (name: string, of: Partial<Field>, repetition: number): Field => ({
  name,
  repetition,
  children: [],
  ...of,
});
const group = (name: string, repetition: number, of: Partial<Field>, children: readonly Field[]): Field => ({
  name,
  repetition,
  children,
  ...of,
});

/** A leaf in each place where it can stand. */
const nestings: readonly (readonly [string, (of: Partial<Field>) => Field])[] = [
  ['required', (of) => leafField('v', of, 0)],
  ['optional', (of) => leafField('v', of, 1)],
  ['repeated', (of) => leafField('v', of, 2)],
  [
    'in a list',
    (of) =>
      group('l', 1, { ...logical(3), convertedType: 3 }, [
        group('list', 2, {}, [leafField('element', of, 1)]),
      ]),
  ],
  [
    'in a list of groups in a map',
    (of) =>
      group('m', 1, { ...logical(2), convertedType: 1 }, [
        group('key_value', 2, {}, [
          leafField('key', { type: INT32 }, 0),
          group('value', 1, { ...logical(3), convertedType: 3 }, [
            group('list', 2, {}, [group('element', 1, { unknownField: 7 }, [leafField('v', of, 1)])]),
          ]),
        ]),
      ]),
  ],
];

async function assertCarried(fields: readonly Field[], seed: number): Promise<Uint8Array> {
  const random = randomSource(seed);
  const files = await Promise.all(
    [0, 1, 2].map((i) => {
      const rows = [randomRows(random, fields, 40), randomRows(random, fields, 7)];
      return i < 2 ? foreignFile(fields, rows, seed + i) : ownFile(fields, rows, random);
    }),
  );
  const columns = joined(fields, files);
  const bytes = files.map((file) => file.bytes);
  const merged = await mergeBytes(bytes, { rowGroupRows: 60 });
  const [first] = await Promise.all(bytes.map((one) => inputOf(one)));
  const { bytes: folded } = await foldBytes(bytes);
  for (const out of [merged.bytes, folded]) {
    const { footer } = await inputOf(out);
    assert.deepEqual(
      footer.elementBytes.map((element) => Buffer.from(element).toString('hex')),
      first?.footer.elementBytes.map((element) => Buffer.from(element).toString('hex')),
    );
  }
  assertHolds(readWithHyparquet(merged.bytes), columns);
  assert.deepEqual((await fingerprintBytes(folded)).columns, merged.result.columns);
  return merged.bytes;
}

function joined(
  fields: readonly Field[],
  files: readonly { readonly columns: readonly LevelColumn[] }[],
): readonly LevelColumn[] {
  const all = emptyColumns(fields);
  for (const { columns } of files) {
    for (const [i, column] of columns.entries()) {
      all[i]?.definition.push(...column.definition);
      all[i]?.repetition.push(...column.repetition);
      all[i]?.values.push(...column.values);
    }
  }
  return all;
}

for (const [name, of, order] of annotated) {
  test(`${name}: carried exactly, wherever it stands, with statistics of its order or none`, async () => {
    for (const [i, [, nested]] of nestings.entries()) {
      const fields = [nested(of)];
      const leaf = leavesOf(fields).at(-1);
      assert.equal(leaf?.sortOrder, order);
      const bytes = await assertCarried(fields, 1000 * i + name.length);
      const { footer } = await inputOf(bytes);
      for (const { chunks } of footer.rowGroups) {
        const chunk = chunks.at(-1) ?? assert.fail();
        const statistics = statisticsOf(chunk);
        assert.equal(typeof statistics?.nullCount, 'number');
        if (order === 'none') assert.deepEqual([statistics?.min, statistics?.max], [undefined, undefined]);
        assert.equal(statistics?.distinctCount, undefined);
      }
    }
  });
}

test('VARIANT, shredded and not, and groups annotated with what nobody knows yet', async () => {
  const binary = (name: string, repetition: number): Field =>
    leafField(name, { type: BYTE_ARRAY }, repetition);
  const shredded = (name: string, of: Partial<Field>): Field =>
    group(name, 0, {}, [binary('value', 1), leafField('typed_value', of, 1)]);
  await assertCarried(
    [
      group('plain', 1, logical(16, 0x13, 1), [binary('metadata', 0), binary('value', 0)]),
      group('shredded', 1, logical(16, 0x13, 1), [
        binary('metadata', 0),
        binary('value', 1),
        group('typed_value', 1, {}, [
          shredded('at', { type: INT64, ...logical(8, ...inUtc, ...unit(2)) }),
          shredded('tag', { type: BYTE_ARRAY, ...logical(1), convertedType: 0 }),
        ]),
      ]),
      group('array', 1, logical(16), [
        binary('metadata', 0),
        binary('value', 1),
        group('typed_value', 1, { ...logical(3), convertedType: 3 }, [
          group('list', 2, {}, [shredded('element', { type: DOUBLE })]),
        ]),
      ]),
      group('coming', 2, logical(30, 0x15, 2), [binary('a', 1), leafField('b', { type: INT64 }, 2)]),
    ],
    77,
  );
});

test('FILE: carried where it can be, refused where an offset may lead into the file itself', async () => {
  const string = { type: BYTE_ARRAY, ...logical(1), convertedType: 0 };
  const fileField = (children: readonly Field[]): readonly Field[] => [
    group('g', 1, {}, [group('doc', 1, logical(19), children)]),
  ];
  const uri = leafField('uri', string, 1);
  await assertCarried(fileField([uri, leafField('inline', { type: BYTE_ARRAY }, 1)]), 5);

  const withOffset = fileField([
    uri,
    leafField('offset', { type: INT64 }, 1),
    leafField('size', { type: INT64 }, 1),
  ]);
  const row = (offset: Uint8Array | undefined): readonly FieldValue[] => [
    [[Buffer.from('x'), offset, offset]],
  ];
  const set = await ownFile(withOffset, [[row(undefined), row(new Uint8Array(8))]], randomSource(1));
  const unset = await ownFile(withOffset, [[row(undefined), row(undefined)]], randomSource(1));
  const isRefusal = (error: unknown): boolean => {
    assert.ok(error instanceof FormatError, String(error));
    assert.match(error.message, /column g\.doc\.offset.*FILE with offsets/);
    return true;
  };
  await assert.rejects(mergeBytes([unset.bytes, set.bytes]), isRefusal);
  await assert.rejects(foldBytes([unset.bytes, set.bytes]), isRefusal);
  const { footer } = await inputOf(set.bytes);
  assert.throws(() => checkSupported(footer), isRefusal);
  assert.equal((await mergeBytes([unset.bytes, unset.bytes])).result.rows, 4);
  // The same names without the annotation are columns like others.
  const alike = [group('doc', 1, {}, [uri, leafField('offset', { type: INT64 }, 1)])];
  const plain = await ownFile(alike, [[[[Buffer.from('x'), new Uint8Array(8)]]]], randomSource(1));
  assert.equal((await mergeBytes([plain.bytes, plain.bytes])).result.rows, 2);
});
