import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addDays } from '../../src/partition/partition-dates.ts';
import { dealOut } from '../../src/plan/shards.ts';

const weighed = fc
  .array(fc.nat({ max: 2 ** 40 }), { maxLength: 200 })
  .map((weights) =>
    weights.map((plannedBytes, index) => ({ date: addDays('2023-01-01', index), plannedBytes })),
  );

test('every date is in exactly one shard, whatever the weights', () => {
  fc.assert(
    fc.property(weighed, fc.integer({ min: 1, max: 40 }), (dates, count) => {
      const shards = dealOut(dates, count);
      assert.equal(shards.length, count);
      assert.deepEqual(
        shards.flat().toSorted(),
        dates.map(({ date }) => date),
      );
      for (const shard of shards) assert.deepEqual(shard, shard.toSorted());
    }),
  );
});

test('the order in which dates come does not matter', () => {
  fc.assert(
    fc.property(
      weighed.chain((dates) =>
        fc.tuple(fc.constant(dates), fc.shuffledSubarray(dates, { minLength: dates.length })),
      ),
      fc.integer({ min: 1, max: 12 }),
      ([dates, shuffled], count) => {
        assert.deepEqual(dealOut(shuffled, count), dealOut(dates, count));
      },
    ),
  );
});

test('no shard is heavier than the even share and one partition more', () => {
  fc.assert(
    fc.property(weighed, fc.integer({ min: 1, max: 12 }), (dates, count) => {
      const bytesOf = new Map(dates.map(({ date, plannedBytes }) => [date, plannedBytes]));
      const total = dates.reduce((sum, { plannedBytes }) => sum + plannedBytes, 0);
      const heaviest = Math.max(0, ...bytesOf.values());
      for (const shard of dealOut(dates, count)) {
        const bytes = shard.reduce((sum, date) => sum + (bytesOf.get(date) ?? Number.NaN), 0);
        assert.ok(bytes <= total / count + heaviest, `${bytes} of ${total} in ${count} shards`);
      }
    }),
  );
});

test('partitions without small files are spread by number', () => {
  const dates = Array.from({ length: 10 }, (_, index) => ({
    date: addDays('2023-01-01', index),
    plannedBytes: 0,
  }));
  assert.deepEqual(
    dealOut(dates, 4).map((shard) => shard.length),
    [3, 3, 2, 2],
  );
});
