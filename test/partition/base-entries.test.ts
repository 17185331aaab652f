import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import { rememberedBase } from '../../src/partition/base-entries.ts';
import { memoryHdfs } from '../support/memory-hdfs.ts';

/** What lies in a base of two partitions, by a clock that is moved by hand. */
async function lake(listingMs: number) {
  const { store } = memoryHdfs();
  for (const name of [
    'date=2025-08-14',
    'date=2025-08-15',
    '_consolidation',
    '.hive-staging_x=1',
    '_delta_log',
  ]) {
    await store.makeDirectory(`/lake/${name}`, 0o755);
  }
  const clock = { nowMs: 0, listings: 0, fails: false };
  const counted = {
    ...store,
    list: async (path: string) => {
      clock.listings++;
      clock.nowMs += listingMs;
      if (clock.fails) throw new StoreError('cannot list', { code: 'no-answer', op: 'list', path });
      return store.list(path);
    },
  };
  const base = rememberedBase(counted, '/lake', () => clock.nowMs);
  return { clock, names: async () => (await base()).map(({ name }) => name) };
}

test('what lies beside the partitions is listed once for all who ask within a while', async () => {
  for (const [listingMs, goodForMs] of [
    [1, 1_000],
    [100, 2_000],
    [5_000, 10_000],
  ] as const) {
    const { clock, names } = await lake(listingMs);
    assert.deepEqual(await Promise.all([names(), names()]), [
      ['.hive-staging_x=1', '_consolidation', '_delta_log'],
      ['.hive-staging_x=1', '_consolidation', '_delta_log'],
    ]);
    assert.equal(clock.listings, 1);
    clock.nowMs += goodForMs - 1;
    await names();
    assert.equal(clock.listings, 1, `${listingMs} ms`);
    clock.nowMs += 1;
    await names();
    assert.equal(clock.listings, 2, `${listingMs} ms`);
  }
});

test('a listing that failed is told to whoever waits for it, and not remembered', async () => {
  const { clock, names } = await lake(1);
  clock.fails = true;
  await assert.rejects(names(), { code: 'no-answer' });
  clock.fails = false;
  assert.equal((await names()).length, 3);
});
