import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { largestFirst } from '../../src/plan/largest-first.ts';

test('the largest comes out first, of equal ones the first put in, however puts and takes alternate', () => {
  const step = fc.oneof(fc.nat({ max: 8 }), fc.constant('take' as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const heap = largestFirst<{ readonly size: number; readonly at: number }>((item) => item.size);
      let model: { readonly size: number; readonly at: number }[] = [];
      for (const [at, one] of steps.entries()) {
        if (one === 'take') {
          assert.deepEqual(heap.first(), model[0]);
          assert.deepEqual(heap.take(), model[0]);
          model = model.slice(1);
        } else {
          heap.put({ size: one, at });
          model = [...model, { size: one, at }].toSorted((a, b) => b.size - a.size || a.at - b.at);
        }
      }
      assert.deepEqual(heap.first(), model[0]);
    }),
    { numRuns: 2000 },
  );
});
