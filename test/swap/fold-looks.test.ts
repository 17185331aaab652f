import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { join, mergedName } from '../../src/partition/names.ts';
import type { NameRange, Store } from '../../src/store/store.ts';
import { rangeOf } from '../../src/swap/fold/observe-fold.ts';
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

test('the names that are looked at are those of the inputs and of what they become, whatever they are called', () => {
  const stem = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  const mark = fc.constantFrom('', '.merged-20200101T000000Z-000000-0', '.merged-20990101T000000Z-000000-3');
  const extension = fc.constantFrom('', '.parquet', '.PARQUET', '.avro', '.parq', '.😀', '.parquet😀');
  const name = fc.tuple(stem, mark, extension).map((parts) => parts.join(''));
  const bytes = (text: string): Buffer => Buffer.from(text);
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
      const inputs = names
        .toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)))
        .map((one, index) => ({ name: one, fileId: String(index), sizeBytes: 1, modifiedAtMs: 0 }));
      const bin = { name: mergedName(inputs[0]?.name ?? '', '20260102T000000Z-00000a', 0), inputs };
      const { after, upTo } = rangeOf(bin);
      assert.doesNotThrow(() => encodeURIComponent(after));
      for (const one of [bin.name, ...names]) {
        assert.ok(Buffer.compare(bytes(one), bytes(after)) > 0, `${one} after ${after}`);
        assert.ok(Buffer.compare(bytes(one), bytes(upTo)) <= 0, `${one} up to ${upTo}`);
      }
    }),
  );
});
