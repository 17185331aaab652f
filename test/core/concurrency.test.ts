import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mapConcurrently } from '../../src/core/concurrency.ts';

test('results come in the order of the items, and never more than the limit are at work', async () => {
  let working = 0;
  let most = 0;
  const results = await mapConcurrently([5, 1, 4, 2, 3], 2, async (item) => {
    most = Math.max(most, ++working);
    await sleep(item);
    working--;
    return item * 10;
  });
  assert.deepEqual(results, [50, 10, 40, 20, 30]);
  assert.equal(most, 2);
});

test('after a failure nothing new begins, and it rejects only when all that began has ended', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const failing = mapConcurrently([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    await sleep(item === 0 ? 1 : 20);
    ended.push(item);
    if (item === 0) throw new Error('the first');
  });
  await assert.rejects(failing, /the first/);
  assert.deepEqual(begun, [0, 1]);
  assert.deepEqual(ended, [0, 1]);
});
