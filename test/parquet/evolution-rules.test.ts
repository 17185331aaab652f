import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { adaptedMetadata } from '../../src/parquet/evolution/adapted-metadata.ts';
import { arrowMessage } from '../../src/parquet/evolution/arrow-message.ts';
import { sparkSchemaKey } from '../../src/parquet/evolution/spark-schema.ts';
import { unifySchemas } from '../../src/parquet/evolution/unify-schemas.ts';
import { repositoryRoot } from '../support/python-env.ts';
import {
  float,
  group,
  int,
  leaf,
  list,
  long,
  map,
  repeated,
  required,
  schemaOf,
  text,
} from './evolution-fields.ts';
import { foreignFile } from './foreign-file.ts';
import { inputOf } from './merging.ts';
import type { Field } from './model.ts';

type Fields = readonly Field[];

const double = (name: string): Field => leaf(name, 5);
const logical = (member: number, parameters: readonly number[] = []) => ({ logical: { member, parameters } });
/** INTEGER(bits, signed) without the deprecated annotation. */
const integer = (bits: number, isSigned: boolean) => logical(10, [0x13, bits, isSigned ? 0x11 : 0x12]);
/** TIMESTAMP(unit), unit 1 = MILLIS, 2 = MICROS, 3 = NANOS. */
const timestamp = (unit: number, isUtc = true) =>
  logical(8, [isUtc ? 0x11 : 0x12, 0x1c, unit === 1 ? 0x1c : unit === 2 ? 0x2c : 0x3c, 0, 0]);
const decimal = (precision: number, scale: number) => ({ convertedType: 5, precision, scale });
const bare = (field: Field): Field => {
  const { logical: _, ...rest } = field;
  return rest;
};

/** Schemas that go together, and what becomes of them. The names are the lines of the table in DESIGN.md. */
const merging: Readonly<
  Record<string, readonly (readonly [first: Fields, second: Fields, union: Fields])[]>
> = {
  'a column that some files do not have': [
    [[int('a')], [int('a'), text('b')], [int('a'), text('b')]],
    [[int('a'), required(text('b'))], [int('a')], [int('a'), text('b')]],
    [[int('a')], [int('b')], [int('a'), int('b')]],
  ],
  'a group, list or map that some files do not have': [
    [
      [int('a')],
      [
        int('a'),
        required(group('s', [required(int('x'))])),
        list('l', int('element')),
        map('m', text('key'), int('value')),
      ],
      [
        int('a'),
        group('s', [required(int('x'))]),
        list('l', int('element')),
        map('m', text('key'), int('value')),
      ],
    ],
  ],
  'a column of a group that some files do not have': [
    [
      [group('s', [int('x')])],
      [group('s', [required(int('y')), int('x')])],
      [group('s', [int('x'), int('y')])],
    ],
    [
      [repeated(group('r', [int('x')]))],
      [repeated(group('r', [int('y')]))],
      [repeated(group('r', [int('x'), int('y')]))],
    ],
  ],
  'columns in another order': [
    [
      [int('a'), int('b')],
      [int('b'), int('c'), int('a')],
      [int('a'), int('b'), int('c')],
    ],
    [
      [group('s', [int('a'), int('b')])],
      [group('s', [int('b'), int('a')])],
      [group('s', [int('a'), int('b')])],
    ],
  ],
  'required in some files and optional in others': [
    [[required(int('a'))], [int('a')], [int('a')]],
    [[group('s', [int('x')])], [required(group('s', [required(int('x'))]))], [group('s', [int('x')])]],
  ],
  'INT32 and INT64': [
    [[int('a')], [long('a')], [long('a')]],
    [[int('a', integer(32, true))], [long('a', integer(64, true))], [long('a', integer(64, true))]],
    [
      [long('a', { convertedType: 18 })],
      [int('a', { convertedType: 17 })],
      [long('a', { convertedType: 18 })],
    ],
    [[int('a')], [int('a', { convertedType: 17 })], [int('a', { convertedType: 17 })]],
  ],
  'unsigned INT32 and INT64': [
    [
      [int('a', { convertedType: 13 })],
      [long('a', { convertedType: 14 })],
      [long('a', { convertedType: 14 })],
    ],
  ],
  'FLOAT and DOUBLE': [[[float('a')], [double('a')], [double('a')]]],
  'DECIMAL of one precision and scale in INT32 and INT64': [
    [[int('a', decimal(9, 2))], [long('a', decimal(9, 2))], [long('a', decimal(9, 2))]],
  ],
  'one annotation, as logical type or as converted type': [
    [[bare(text('a'))], [text('a')], [text('a')]],
    [
      [int('a', logical(6))],
      [int('a', { convertedType: 6 })],
      [int('a', { convertedType: 6, ...logical(6) })],
    ],
    [[bare(list('l', int('element')))], [list('l', int('element'))], [list('l', int('element'))]],
  ],
  'a field id in some files only': [
    [[int('a'), int('b')], [int('a', { fieldId: 7 })], [int('a', { fieldId: 7 }), int('b')]],
    [[int('a')], [long('a', { fieldId: 7 })], [long('a', { fieldId: 7 })]],
    [[int('a', { fieldId: 7 })], [long('a')], [long('a', { fieldId: 7 })]],
  ],
  'the same inside lists and values of maps': [
    [[list('l', int('element'))], [list('l', required(long('element')))], [list('l', long('element'))]],
    [
      [list('l', group('element', [int('x')]))],
      [list('l', group('element', [int('y')]))],
      [list('l', group('element', [int('x'), int('y')]))],
    ],
    [
      [map('m', int('key'), group('value', [int('x')]))],
      [map('m', long('key'), group('value', [float('y')]))],
      [map('m', long('key'), group('value', [int('x'), float('y')]))],
    ],
  ],
};

const twoLevels = (name: string, element: Field): Field =>
  group(name, [repeated(element)], { convertedType: 3, logical: { member: 3, parameters: [] } });
const variant = (children: Fields): Field => group('v', children, logical(16));

/** Schemas that do not go together, and what the message says. */
const apart: Readonly<
  Record<string, readonly (readonly [first: Fields, second: Fields, message: RegExp])[]>
> = {
  'any other two types': [
    [
      [int('a')],
      [text('a')],
      /column a is optional INT32 in the first and optional BYTE_ARRAY \(STRING\) in the second/,
    ],
    [[long('a')], [double('a')], /INT64 .* DOUBLE/],
    [[int('a')], [float('a')], /INT32 .* FLOAT/],
    [[leaf('a', 6)], [text('a')], /optional BYTE_ARRAY in the first/],
    [[leaf('a', 3)], [long('a', timestamp(2))], /INT96/],
    [[leaf('a', 7, { typeLength: 4 })], [leaf('a', 7, { typeLength: 5 })], /\(4\) .*\(5\)/],
  ],
  'DATE, TIME, and numbers of 8 or 16 bits, with anything wider': [
    [[int('a', { convertedType: 6 })], [long('a')], /INT32 \(DATE\)/],
    [[int('a', { convertedType: 7 })], [long('a', { convertedType: 8 })], /TIME\(MILLIS, UTC\)/],
    [[int('a', { convertedType: 15 })], [long('a')], /INTEGER\(8, signed\)/],
    [[int('a', integer(16, true))], [int('a')], /INTEGER\(16, signed\)/],
    [[int('a', { convertedType: 11 })], [int('a', { convertedType: 13 })], /INTEGER\(8, unsigned\)/],
  ],
  'a signed and an unsigned number': [
    [[int('a', { convertedType: 13 })], [long('a')], /INTEGER\(32, unsigned\)/],
    [[int('a')], [long('a', integer(64, false))], /INTEGER\(64, unsigned\)/],
  ],
  'TIMESTAMP or TIME of another unit, or not both in UTC': [
    [[long('a', timestamp(1))], [long('a', timestamp(2))], /MILLIS, UTC.*MICROS, UTC/],
    [[long('a', timestamp(2))], [long('a', timestamp(3))], /NANOS/],
    [[long('a', timestamp(2))], [long('a', timestamp(2, false))], /UTC.*local/],
    [[long('a')], [long('a', timestamp(2))], /INT64 in the first/],
  ],
  'DECIMAL of another precision or scale': [
    [[int('a', decimal(9, 2))], [long('a', decimal(18, 2))], /DECIMAL\(9, 2\).*DECIMAL\(18, 2\)/],
    [[int('a', decimal(9, 2))], [int('a', decimal(9, 3))], /DECIMAL\(9, 3\)/],
  ],
  'a column that is a group elsewhere, or a list': [
    [[int('a')], [group('a', [int('x')])], /optional INT32 in the first and optional group in the second/],
    [
      [group('a', [int('x')])],
      [list('a', int('element'))],
      /optional group in the first and optional group \(LIST\)/,
    ],
    [[int('a')], [repeated(int('a'))], /optional INT32 in the first and repeated INT32/],
  ],
  'a repeated column outside of a LIST or MAP that some files do not have': [
    [
      [int('a')],
      [int('a'), repeated(int('r'))],
      /column r \(repeated INT32\) is only in the second; a repeated column has no null/,
    ],
    [[group('s', [int('a')])], [group('s', [int('a'), repeated(int('r'))])], /column s.r/],
  ],
  'lists whose inner groups are named otherwise or have another depth': [
    [[list('l', int('element'))], [list('l', int('item'))], /l.list.element/],
    [[list('l', int('element'))], [twoLevels('l', int('array'))], /column l/],
    [[twoLevels('l', int('array'))], [twoLevels('l', int('element'))], /column l/],
  ],
  'a further column beside the element of a list, or the key and value of a map': [
    [
      [list('l', int('element'))],
      [group('l', [repeated(group('list', [int('element'), int('more')]))], { convertedType: 3 })],
      /l.list.more .*the group around it takes no further column/,
    ],
    [
      [map('m', text('key'), int('value'))],
      [group('m', [repeated(group('key_value', [required(text('key'))]))], { convertedType: 1 })],
      /m.key_value.value/,
    ],
  ],
  'other columns in the key of a map': [
    [
      [map('m', group('key', [int('x')]), int('value'))],
      [map('m', group('key', [int('x'), int('y')]), int('value'))],
      /m.key_value.key.y/,
    ],
  ],
  'VARIANT, and groups of annotations this version does not know, unless equal': [
    [[variant([leaf('value', 6)])], [variant([leaf('value', 6), int('typed_value')])], /v.typed_value/],
    [[group('g', [int('x')], logical(30))], [group('g', [long('x')], logical(30))], /g/],
  ],
  'one field id for two names (a column renamed), or two field ids for one name': [
    [
      [int('a', { fieldId: 1 })],
      [int('b', { fieldId: 1 })],
      /its field id 1 has another column in the other/,
    ],
    [
      [int('a', { fieldId: 1 })],
      [int('a', { fieldId: 2 })],
      /field id 1 in the first and of field id 2 in the second/,
    ],
  ],
  'names that differ in case only': [
    [[int('Speed')], [int('speed')], /the other spells its name in another case/],
    [[group('s', [int('X')])], [group('S', [int('X')])], /case/],
  ],
  'schemas with two columns of one name, but for case': [
    [[int('a'), int('A')], [int('a'), int('A'), int('b')], /stands there twice, but for case/],
    [[int('a'), int('a')], [int('a')], /stands there twice/],
  ],
  'what this version does not know in a schema element, unless equal': [
    [[int('a', { unknownField: 1 })], [int('a')], /field 40/],
    [[leaf('a', 6, logical(40))], [leaf('a', 6)], /field 40/],
  ],
  'a group without columns that has some elsewhere': [
    [[int('a'), group('g', [])], [int('a'), group('g', [int('x')])], /g.x/],
  ],
};

const sparkRow = (...fields: readonly (readonly [name: string, type: unknown, comment?: string])[]) => ({
  key: sparkSchemaKey,
  value: JSON.stringify({
    type: 'struct',
    fields: fields.map(([name, type, comment]) => ({
      name,
      type,
      nullable: false,
      metadata: comment === undefined ? {} : { comment },
    })),
  }),
});

/** An Arrow schema of one column: a number of so many bits, or a time of day in seconds. */
const arrow = ([name, type]: readonly [name: string, type: 32 | 64 | 'seconds']) => ({
  key: 'ARROW:schema',
  value: arrowMessage([
    type === 'seconds' ? [name, 1, 9, [0, 32], null, [], []] : [name, 1, 2, [type, 1], null, [], []],
  ]),
});

async function footersOf(...files: readonly (readonly { key: string; value?: string }[])[]) {
  return Promise.all(
    files.map(async (keyValues, i) => {
      const { bytes } = foreignFile([i === 0 ? int('a') : long('a')], [], 1, { keyValues });
      return (await inputOf(bytes, `file-${i}`)).footer;
    }),
  );
}

/** Metadata that says how values are read: what merges, and what does not. */
const metadata: Readonly<Record<string, () => Promise<void>>> = {
  "Arrow's own schemas of which one can hold all": async () => {
    const footers = await footersOf([arrow(['a', 32])], [arrow(['a', 64])]);
    const { dropped, replaced } = adaptedMetadata(footers, true);
    assert.deepEqual([...dropped], []);
    assert.deepEqual(replaced, [arrow(['a', 64])]);
    assert.deepEqual(adaptedMetadata([...footers].reverse(), true).replaced, [arrow(['a', 64])]);
    // More of it, judged by pyarrow, in test/witness/evolution.test.ts.
  },
  "Arrow's own schema in some files only": async () => {
    const { dropped, replaced } = adaptedMetadata(await footersOf([arrow(['a', 32])], []), true);
    assert.deepEqual([[...dropped], replaced], [['ARROW:schema'], []]);
    // A column of 32 bits that is a time of day says more than INT32 does.
    const footers = await footersOf([arrow(['a', 'seconds'])], []);
    assert.throws(() => adaptedMetadata(footers, true), {
      code: 'metadata-differs',
      message: /metadata ARROW:schema: absent instead of present/,
    });
  },
  "Arrow's own schemas that contradict each other, or that this version does not know": async () => {
    for (const [one, other] of [
      [arrow(['a', 'seconds']), arrow(['a', 64])],
      [arrow(['a', 32]), { key: 'ARROW:schema', value: 'AAAA' }],
      [
        { key: 'ARROW:schema', value: 'AAAA' },
        { key: 'ARROW:schema', value: 'AAAA' },
      ],
      // The columns it describes are not those of the file.
      [arrow(['b', 32]), arrow(['a', 64])],
    ] as const) {
      const footers = await footersOf([one], [other]);
      assert.throws(() => adaptedMetadata(footers, true), {
        code: 'metadata-differs',
        message: /ARROW:schema/,
      });
    }
  },
  "Spark's row schemas of which one can hold all": async () => {
    const footers = await footersOf(
      [sparkRow(['a', 'integer', 'first'], ['f', 'float'])],
      [sparkRow(['a', 'long', 'first'], ['b', { type: 'array', elementType: 'date', containsNull: false }])],
    );
    const [pair, ...more] = adaptedMetadata(footers, true).replaced;
    assert.deepEqual(more, []);
    assert.equal(pair?.key, sparkSchemaKey);
    assert.deepEqual(JSON.parse(pair.value), {
      type: 'struct',
      fields: [
        { name: 'a', type: 'long', nullable: false, metadata: { comment: 'first' } },
        { name: 'f', type: 'float', nullable: true, metadata: {} },
        {
          name: 'b',
          type: { type: 'array', elementType: 'date', containsNull: false },
          nullable: true,
          metadata: {},
        },
      ],
    });
  },
  "Spark's row schemas that contradict each other, or that some files do not have": async () => {
    const conflicts = [
      [[sparkRow(['a', 'integer'])], [sparkRow(['a', 'string'])]],
      [[sparkRow(['a', 'integer', 'speed'])], [sparkRow(['a', 'integer', 'height'])]],
      [[sparkRow(['a', 'integer'])], []],
      [
        [sparkRow(['a', 'integer'])],
        [{ key: sparkSchemaKey, value: '{"type":"struct","fields":[],"new":1}' }],
      ],
    ];
    for (const files of conflicts) {
      const footers = await footersOf(...files);
      assert.throws(() => adaptedMetadata(footers, true), {
        code: 'metadata-differs',
        message: /row\.metadata/,
      });
    }
  },
  "Iceberg's own schemas, where every column has a field id": async () => {
    const fields = [int('a', { fieldId: 1 })];
    const files = async (...values: readonly string[]) =>
      Promise.all(
        values.map(async (value, i) => {
          const keyValues = [{ key: 'iceberg.schema', value }];
          const schema = i === 0 ? fields : [...fields, int('b', { fieldId: 2 })];
          return (await inputOf(foreignFile(schema, [], 1, { keyValues }).bytes, `file-${i}`)).footer;
        }),
      );
    assert.deepEqual(
      [...adaptedMetadata(await files('{"old":1}', '{"new":1}'), true).dropped],
      ['iceberg.schema'],
    );
    assert.deepEqual([...adaptedMetadata(await files('{}', '{}'), true).dropped], []);
    // Rows without the column would not have null there.
    const defaults = await files('{"old":1}', '{"initial-default":1}');
    assert.throws(() => adaptedMetadata(defaults, true), { code: 'metadata-differs', message: /iceberg/ });
  },
  'other metadata that says how values are read (Avro, Iceberg, GeoParquet, Hive, Spark), unless equal':
    async () => {
      for (const key of [
        'parquet.avro.schema',
        'iceberg.schema',
        'geo',
        'writer.time.zone',
        'org.apache.spark.legacyDateTime',
      ]) {
        const footers = await footersOf([{ key, value: '1' }], []);
        assert.throws(() => adaptedMetadata(footers, true), {
          code: 'metadata-differs',
          message: new RegExp(key),
        });
        const equal = await footersOf([{ key, value: '1' }], [{ key, value: '1' }]);
        assert.deepEqual(adaptedMetadata(equal, true).replaced, []);
      }
    },
};

for (const [name, cases] of Object.entries(merging)) {
  test(`merges: ${name}`, () => {
    for (const [first, second, union] of cases) {
      const unified = unifySchemas([schemaOf(first), schemaOf(second)]);
      assert.deepEqual(unified.elementBytes, schemaOf(union).elementBytes);
      // In the other order it is the same but for the order of columns.
      const turned = unifySchemas([schemaOf(second), schemaOf(first)]);
      assert.deepEqual(hexSorted(turned.elementBytes), hexSorted(unified.elementBytes));
    }
  });
}

function hexSorted(elements: readonly Uint8Array[]): readonly string[] {
  return elements.map((bytes) => Buffer.from(bytes).toString('hex')).sort();
}

for (const [name, cases] of Object.entries(apart)) {
  test(`keeps apart: ${name}`, () => {
    for (const [first, second, message] of cases) {
      const schemas = [schemaOf(first, 'one.parquet'), schemaOf(second, 'other.parquet')];
      assert.throws(() => unifySchemas(schemas), { name: 'FormatError', code: 'schemas-differ', message });
      assert.throws(() => unifySchemas([...schemas].reverse()), { code: 'schemas-differ' });
    }
  });
}

for (const [name, check] of Object.entries(metadata)) test(`metadata: ${name}`, check);

test('the table in DESIGN.md has these lines', () => {
  const design = readFileSync(`${repositoryRoot}/DESIGN.md`, 'utf8');
  const [, table] = /<!-- evolution -->\n([\s\S]*?)\n<!-- end -->/.exec(design) ?? [];
  const lines = (table ?? '').split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| -'));
  const names = lines.slice(1).map((line) => line.split(' | ')[0]?.slice(2));
  assert.deepEqual(names, [...Object.keys(merging), ...Object.keys(apart), ...Object.keys(metadata)]);
});
