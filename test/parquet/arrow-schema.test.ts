import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrowColumns } from '../../src/parquet/metadata/arrow-schema.ts';
import { written } from './arrow-schemas.ts';

test('columns that readers make something else of differ', () => {
  const { list, fixedListOf2, text, category, berlin, utc } = written;
  const columns = [list, fixedListOf2, text, category, berlin, utc].map(arrowColumns);
  assert.ok(!columns.includes(undefined));
  assert.equal(new Set(columns).size, 6);
});

test('metadata of the schema as a whole and the width of dictionary indices make no difference', () => {
  assert.notEqual(written.listWithPandas, written.list);
  assert.equal(arrowColumns(written.listWithPandas), arrowColumns(written.list));
  assert.notEqual(written.categoryOfMany, written.category);
  assert.equal(arrowColumns(written.categoryOfMany), arrowColumns(written.category));
});

test('the form without a continuation marker, as writers before Arrow 0.15 had it, says the same', () => {
  const bytes = Buffer.from(written.list, 'base64');
  assert.equal(bytes.readInt32LE(0), -1);
  assert.equal(arrowColumns(bytes.subarray(4).toString('base64')), arrowColumns(written.list));
});

test('what is no schema has no columns, wherever it is cut or changed', () => {
  assert.equal(arrowColumns(''), undefined);
  assert.equal(arrowColumns('nonsense'), undefined);
  const bytes = Buffer.from(written.listWithPandas, 'base64');
  for (let length = 0; length < 24; length++) {
    assert.equal(arrowColumns(bytes.subarray(0, length).toString('base64')), undefined);
  }
  // Must neither throw nor take long; a change in what does not count may go unseen.
  for (let position = 0; position < bytes.length; position++) {
    const damaged = Buffer.from(bytes);
    damaged[position] = (damaged[position] ?? 0) ^ 0xff;
    const columns = arrowColumns(damaged.toString('base64'));
    assert.ok(columns === undefined || columns.length < 10_000);
  }
});
