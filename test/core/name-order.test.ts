import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareNames, inNameOrder } from '../../src/core/name-order.ts';

const character = fc.constantFrom(
  'a',
  'b',
  '~',
  'ß',
  '\u07ff',
  '\ud7ff',
  '\ue000',
  '\uffee',
  '\u{10000}',
  '\u{1f600}',
);
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.array(character, { maxLength: 5 }).map((characters) => characters.join('')),
);

test('names are ordered by the bytes of their UTF-8', () => {
  fc.assert(
    fc.property(name, name, (a, b) => {
      assert.equal(Math.sign(compareNames(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 20_000 },
  );
});

test('putting in order leaves the given list as it is', () => {
  const given = [{ name: 'b' }, { name: '\u{1f600}' }, { name: '\uffee' }, { name: 'a' }];
  assert.deepEqual(
    inNameOrder(given).map((item) => item.name),
    ['a', 'b', '\uffee', '\u{1f600}'],
  );
  assert.equal(given[0]?.name, 'b');
});
