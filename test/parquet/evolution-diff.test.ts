import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaDiff, schemaDiffLines } from '../../src/parquet/evolution/schema-diff.ts';
import { physicalType } from '../../src/parquet/format.ts';
import { group, int, list, long, repeated, required, schemaOf, text } from './evolution-fields.ts';
import type { Field } from './model.ts';

const linesOf = (first: readonly Field[], second: readonly Field[]): readonly string[] =>
  schemaDiffLines(schemaDiff(schemaOf(first), schemaOf(second)));

test('equal schemas do not differ', () => {
  const fields = [int('a'), group('s', [text('t'), list('l', long('element'))])];
  assert.deepEqual(schemaDiff(schemaOf(fields), schemaOf(fields)), []);
});

test('what can be merged is told apart from what cannot, each with both sides', () => {
  assert.deepEqual(
    linesOf(
      [
        int('a'),
        required(int('r')),
        group('s', [int('x'), text('y')]),
        int('d', { convertedType: 6 }),
        int('z'),
      ],
      [long('a'), int('r'), group('s', [text('y')]), long('d'), text('new'), int('z')],
    ),
    [
      'merges: column a is optional INT32 in the first and optional INT64 in the second',
      'merges: column r is required INT32 in the first and optional INT32 in the second',
      'merges: column s.x (optional INT32) is only in the first',
      'merges: column new (optional BYTE_ARRAY (STRING)) is only in the second',
      'keeps apart: column d is optional INT32 (DATE) in the first and optional INT64 in the second',
    ],
  );
});

test('names in another case, field ids that contradict each other, and repeated columns are told with the reason', () => {
  assert.deepEqual(linesOf([int('Id')], [int('id')]), [
    'keeps apart: column Id (optional INT32) is only in the first; the other spells its name in another case',
    'keeps apart: column id (optional INT32) is only in the second; the other spells its name in another case',
  ]);
  assert.deepEqual(linesOf([int('a', { fieldId: 1 })], [int('b', { fieldId: 1 })]), [
    'keeps apart: column a (optional INT32) is only in the first; its field id 1 has another column in the other',
    'keeps apart: column b (optional INT32) is only in the second; its field id 1 has another column in the other',
  ]);
  assert.deepEqual(linesOf([int('a', { fieldId: 1 })], [int('a', { fieldId: 2 })]), [
    'keeps apart: column a is of field id 1 in the first and of field id 2 in the second',
  ]);
  assert.deepEqual(linesOf([int('a'), repeated(int('r'))], [int('a'), text('b')]), [
    'merges: column b (optional BYTE_ARRAY (STRING)) is only in the second',
    'keeps apart: column r (repeated INT32) is only in the first; a repeated column has no null for the rows of the other',
  ]);
});

test('another order is a difference; so are annotations written in another way, and field ids that one side lacks', () => {
  assert.deepEqual(linesOf([int('a'), int('b'), int('c')], [int('b'), int('a'), int('d')]), [
    'merges: column c (optional INT32) is only in the first',
    'merges: column d (optional INT32) is only in the second',
    'merges: the columns come in the order a, b, and in the order b, a',
  ]);
  const old = { name: 't', repetition: 1, type: physicalType.BYTE_ARRAY, convertedType: 0, children: [] };
  assert.deepEqual(linesOf([old], [text('t', { fieldId: 3 })]), [
    'merges: column t is without a field id in the first and of field id 3 in the second',
    'merges: column t is annotated BYTE_ARRAY (STRING) by a converted type in the first and by a logical type in the second',
  ]);
});

test('a difference that no column shows is told too', () => {
  const [line, ...more] = linesOf([int('a'), int('A')], [int('a'), int('A'), int('b')]);
  assert.match(line ?? '', /^merges: column b/);
  assert.match(more.join('\n'), /^keeps apart: the schema is the very schema .* stands there twice/);
});
