import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPartition } from '../../src/plan/plan-partition.ts';
import { binsOf, candidate, files, inputOf, keyOf, policy, reasonOf } from './plan-fixtures.ts';

const of = (traits: Record<string, string>) => ({ traits, schemaKey: keyOf(traits) });
const base = of({ 'column a': 'integer' });
const wider = of({ 'column a': 'integer', 'column b': 'text' });
const other = of({ 'column a': 'integer', 'column b': 'integer' });

test('files whose schemas go together come into one bin, and the plan says in what they differ', () => {
  const candidates = [...files('a', 3, 10, base), ...files('b', 3, 10, wider)];
  const plan = planPartition(inputOf(candidates), policy);
  assert.deepEqual(binsOf(plan), [['a00', 'a01', 'a02', 'b00', 'b01', 'b02']]);
  assert.deepEqual(plan.bins[0]?.evolution, { schemas: 2, columnsAdded: ['b'] });
  assert.match(
    reasonOf(plan, 'a00'),
    /merged with 5 other files \(2 schemas that one can hold\) into bin 0$/,
  );
});

test('with schema exact they do not', () => {
  const candidates = [...files('a', 3, 10, base), ...files('b', 5, 10, wider)];
  const plan = planPartition(inputOf(candidates), { ...policy, schema: 'exact' });
  assert.deepEqual(binsOf(plan), [['b00', 'b01', 'b02', 'b03', 'b04']]);
  assert.equal(plan.bins[0]?.evolution, undefined);
  assert.match(reasonOf(plan, 'a00'), /merged apart: 5 small files \(another schema\)/);
});

test('folding joins row groups under one schema, so it is always exact', () => {
  const candidates = [...files('a', 3, 10, base), ...files('b', 3, 10, wider)];
  assert.equal(planPartition(inputOf(candidates), { ...policy, mode: 'fold' }).decision, 'nothing');
});

test('of three schemas of which two contradict each other, the third goes with neither', () => {
  const candidates = [...files('a', 5, 10, base), ...files('b', 5, 10, wider), ...files('c', 2, 10, other)];
  const plan = planPartition(inputOf(candidates), policy);
  assert.deepEqual(
    binsOf(plan).map(([first]) => first),
    ['a00', 'b00'],
  );
  assert.match(
    reasonOf(plan, 'c00'),
    /merged apart: 5 small files \(another schema: column b absent instead of integer\), 5 small files \(another schema: column b text instead of integer\)$/,
  );
});

test('a large file that nobody merges keeps two kinds of files apart too, as it would in every later run', () => {
  const large = candidate({ name: 'z', sizeBytes: 5000, ...other });
  const candidates = [...files('a', 3, 10, base), ...files('b', 3, 10, wider), large];
  assert.equal(planPartition(inputOf(candidates), policy).decision, 'nothing');
});

test('metadata that contradicts that of files of the same schema is named', () => {
  const spark = (kind: string) => ({
    schemaKey: 's',
    traits: { 'column a': 'integer', 'type in Spark of a': kind },
  });
  const candidates = [...files('a', 3, 10, spark('timestamp')), ...files('b', 5, 10, spark('timestamp_ntz'))];
  const plan = planPartition(inputOf(candidates), policy);
  assert.match(
    reasonOf(plan, 'a00'),
    /merged apart: 5 small files \(type in Spark of a timestamp_ntz instead of timestamp\)$/,
  );
});

test('where every file brings columns of its own, files are merged with their like only', () => {
  const wide = (n: number) =>
    of(Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`column ${n}-${i}`, 'text'])));
  const some = Array.from({ length: 40 }, (_, n) => candidate({ name: `f${n}`, sizeBytes: 10, ...wide(n) }));
  // 40 schemas of 150 columns each: 6,000 columns for each of 40.
  const plan = planPartition(inputOf(some), policy);
  assert.equal(plan.decision, 'nothing');
  const fewer = planPartition(inputOf(some.slice(0, 30)), policy);
  assert.equal(fewer.bins[0]?.evolution?.schemas, 30);
});

test('metadata that a merge can adapt does not keep files apart; other metadata does', () => {
  const arrow = { reading: { 'ARROW:schema': '1' }, adaptable: ['ARROW:schema'] };
  const together = [...files('a', 3, 10, base), ...files('b', 3, 10, { ...wider, ...arrow })];
  assert.equal(planPartition(inputOf(together), policy).bins.length, 1);
  const strict = { reading: { 'ARROW:schema': '1' } };
  const apart = [...files('a', 3, 10, base), ...files('b', 5, 10, { ...wider, ...strict })];
  const plan = planPartition(inputOf(apart), policy);
  assert.deepEqual(
    binsOf(plan).map(([first]) => first),
    ['b00'],
  );
  assert.match(reasonOf(plan, 'a00'), /5 small files \(another ARROW:schema in the footer\)/);
});
