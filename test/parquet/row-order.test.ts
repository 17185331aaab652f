import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Keys } from '../../src/parquet/sort/column-keys.ts';
import { orderOf } from '../../src/parquet/sort/row-order.ts';

/** Keys as columns make them: none is the begin of another. */
function keysOf(texts: readonly Uint8Array[]): Keys {
  const whole = texts.map((text) =>
    [...text].flatMap((byte) => (byte === 0 ? [0, 255] : [byte])).concat(0, 0),
  );
  const offsets = new Uint32Array(whole.length + 1);
  for (const [i, { length }] of whole.entries()) offsets[i + 1] = (offsets[i] ?? 0) + length;
  return { rows: texts.length, bytes: Uint8Array.from(whole.flat()), offsets };
}

const text = fc.oneof(
  fc.uint8Array({ maxLength: 3 }),
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
  fc.nat({ max: 30 }).map((n) => new Uint8Array(Buffer.from(`vehicle-of-a-long-name-${n}`))),
);

test('rows come in the order of their keys, those of equal keys in theirs', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 300, size: 'max' }), (texts) => {
      const expected = [...texts.keys()].sort(
        (a, b) => Buffer.compare(texts[a] ?? text0, texts[b] ?? text0) || a - b,
      );
      assert.deepEqual([...orderOf(keysOf(texts))], expected);
    }),
    { numRuns: 60 },
  );
});

const text0 = new Uint8Array(0);

test('long keys that are all the same stay in their order, and take no depth', () => {
  const long = new Uint8Array(5000).fill(7);
  const texts = [
    ...Array.from({ length: 200 }, () => long),
    new Uint8Array(5001).fill(7),
    new Uint8Array(4999).fill(7),
  ];
  const order = [...orderOf(keysOf(texts))];
  assert.deepEqual(order, [201, ...Array.from({ length: 200 }, (_, i) => i), 200]);
});
