import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunkRing, placeIn, takeBack } from '../../src/cli/threads/chunk-ring.ts';

test('pieces that wait never overlap, there is always room for one, and none is forgotten', () => {
  const steps = fc.array(fc.option(fc.integer({ min: 0, max: 64 }), { freq: 2 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (sizes) => {
      const ring = chunkRing(new Uint8Array(64));
      const waiting: { readonly at: number; readonly end: number }[] = [];
      for (const size of sizes) {
        if (size === null) {
          if (waiting.shift() !== undefined) takeBack(ring);
          continue;
        }
        const at = placeIn(ring, size);
        if (at === undefined) {
          assert.ok(waiting.length > 0, `no room for ${size} in an empty ring`);
          continue;
        }
        const piece = { at, end: at + size };
        assert.ok(at >= 0 && piece.end <= 64);
        for (const other of waiting) assert.ok(piece.end <= other.at || other.end <= at, 'overlaps');
        waiting.push(piece);
      }
      while (waiting.shift() !== undefined) takeBack(ring);
      assert.equal(ring.usedBytes, 0);
      assert.equal(placeIn(ring, 64), 0);
    }),
    { numRuns: 2000 },
  );
});
