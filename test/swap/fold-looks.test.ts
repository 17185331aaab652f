import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../../src/partition/names.ts';
import type { NameRange, Store } from '../../src/store/store.ts';
import {
  assertFoldRows,
  consolidateByFold,
  fileText,
  makeFoldFixture,
  write,
} from '../support/fold-fixture.ts';

/** A store that notes what is looked at in the partition, and every mutation of it. */
function watched(store: Store, partition: string, trail: (string | NameRange)[]): Store {
  return {
    ...store,
    list: (directory, range) => {
      if (directory === partition) trail.push(range ?? 'list');
      return store.list(directory, range);
    },
    concat: (target, sources) => {
      trail.push('concat');
      return store.concat(target, sources);
    },
    replaceFile: (from, to, replacedId) => {
      trail.push('replace');
      return store.replaceFile(from, to, replacedId);
    },
  };
}

test('a swap of several bins looks, before each CONCAT, at the names of that bin, and in the end at all', async () => {
  const fixture = await makeFoldFixture();
  const trail: (string | NameRange)[] = [];
  const store = watched(fixture.store, fixture.partition, trail);
  const beforeSwap = (): void => {
    trail.length = 0;
  };
  await consolidateByFold(store, fixture, { runId: '20260102T000000Z-00000a', inputsPerStep: 2, beforeSwap });
  await assertFoldRows(fixture, 'in the end');
  const first = { after: 'a-1.merged-20260102T000000Z-00000a-0.parque', upTo: 'a-2.parquet' };
  const second = { after: 'a-3.merged-20260102T000000Z-00000a-1.parque', upTo: 'a-6.parquet' };
  assert.deepEqual(trail, [
    // For the journal, and for the first look.
    ...['list', 'list'],
    ...[first, 'concat', first, 'replace', first],
    ...[second, second, 'concat', second, 'concat', second, 'replace', second],
    'list',
  ]);
});

test('an input of a later bin that changes while an earlier one is swapped is left as it is', async () => {
  const fixture = await makeFoldFixture();
  const { store, partition } = fixture;
  const changing: Store = {
    ...store,
    async replaceFile(from, to, replacedId) {
      await store.replaceFile(from, to, replacedId);
      if (!to.includes('a-1.')) return;
      await store.deleteFile(join(partition, 'a-5.parquet'));
      await write(store, join(partition, 'a-5.parquet'), fileText(['r4-0', 'r4-1']));
    },
  };
  const receipt = await consolidateByFold(changing, fixture, { inputsPerStep: 2 });
  assert.equal(receipt?.outcome, 'done');
  assert.match(receipt?.warnings.join() ?? '', /a-5.parquet was changed/);
  const names = ((await store.list(partition)) ?? [])
    .map(({ name }) => name)
    .filter((name) => /^a-/.test(name));
  assert.deepEqual(
    names.map((name) => name.replace(/merged-[^.]*/, 'merged')),
    ['a-1.merged.parquet', 'a-3.parquet', 'a-4.parquet', 'a-5.parquet', 'a-6.parquet'],
  );
  await assertFoldRows(fixture, 'in the end');
});
