import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { memoryBudget, type Reservation } from '../../src/core/memory-budget.ts';

describe('a memory budget', () => {
  it('never gives more than there is, serves everybody, and ends with nothing reserved', async () => {
    const pieces = fc.array(
      fc.record({ bytes: fc.integer({ min: 0, max: 150 }), turns: fc.integer({ min: 0, max: 5 }) }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (work) => {
        const budget = memoryBudget(100);
        let held = 0;
        let most = 0;
        await Promise.all(
          work.map(async ({ bytes, turns }) => {
            const reservation = await budget.reserve(bytes);
            assert.equal(reservation.bytes(), Math.min(100, bytes));
            held += reservation.bytes();
            most = Math.max(most, held);
            // Those that were served in this moment have not heard of it yet.
            assert.ok(budget.reservedBytes() >= held && budget.reservedBytes() <= 100);
            for (let turn = 0; turn < turns; turn++) await setImmediate();
            held -= reservation.bytes();
            reservation.release();
            reservation.release();
          }),
        );
        assert.ok(most <= 100, `${most} were reserved at once`);
        assert.equal(budget.reservedBytes(), 0);
      }),
      { numRuns: process.env.TEST_FULL === '1' ? 2000 : 100 },
    );
  });

  it('serves in the order of asking: a large piece is not put off by small ones', async () => {
    const budget = memoryBudget(100);
    const first = await budget.reserve(60);
    const begun: string[] = [];
    const begin = async (name: string, bytes: number): Promise<Reservation> => {
      const reservation = await budget.reserve(bytes);
      begun.push(name);
      return reservation;
    };
    const large = begin('large', 1000);
    const small = begin('small', 10);
    await setImmediate();
    assert.deepEqual(begun, [], 'the small one would fit, but came later');
    first.shrinkTo(40);
    await setImmediate();
    assert.deepEqual(begun, []);
    first.release();
    (await large).release();
    (await small).release();
    assert.deepEqual(begun, ['large', 'small']);
  });

  it('lets go of whoever is stopped while it waits, and serves those behind', async () => {
    const budget = memoryBudget(100);
    const held = await budget.reserve(60);
    const stop = new AbortController();
    const stopped = budget.reserve(100, stop.signal);
    const behind = budget.reserve(40);
    stop.abort(new Error('stopped'));
    await assert.rejects(stopped, /^Error: stopped$/);
    assert.equal((await behind).bytes(), 40);
    await assert.rejects(budget.reserve(1, stop.signal), /^Error: stopped$/);
    held.release();
    assert.equal(budget.reservedBytes(), 40);
  });
});
