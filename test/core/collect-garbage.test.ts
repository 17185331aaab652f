import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { collectGarbage } from '../../src/core/collect-garbage.ts';

const megabyte = 1024 * 1024;

async function leaveGarbage(): Promise<void> {
  const garbage = Array.from({ length: 80 }, () => new Array(megabyte / 8).fill(0.5));
  await setImmediate();
  assert.equal(garbage.length, 80);
}

test('garbage is collected once much has come in a process that has grown', async () => {
  const held = Buffer.alloc(400 * megabyte, 1);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await leaveGarbage();
  await setImmediate();
  collectGarbage();
  const after = process.memoryUsage().heapUsed;
  assert.ok(after < before + 10 * megabyte, `${before} bytes before, ${after} after`);
  assert.equal(held.length, 400 * megabyte);
});
