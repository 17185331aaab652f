import assert from 'node:assert/strict';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { StoreError, SwapError } from '../../src/core/errors.ts';
import { consolidateDates } from '../../src/pipeline/consolidate-dates.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import type { PartitionTask } from '../../src/pipeline/partition-task.ts';
import type { ProgressStep } from '../../src/pipeline/progress.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { date, demoDataset, parquetNames, settle, treeDigest } from '../cli/dataset.ts';
import { usualTask } from '../support/usual-task.ts';

async function taskFor(t: TestContext, changes: Partial<PartitionTask> = {}) {
  const { basePath, partition } = await demoDataset(t);
  const task: PartitionTask = {
    store: localStore(),
    basePath,
    settings: await loadSettings({ flags: { 'base-path': basePath }, env: {} }),
    ...usualTask(),
    date,
    ...changes,
  };
  return { task, partition, workspace: join(basePath, '_consolidation') };
}

/** The local store with one method replaced. */
function storeWith(change: (store: Store) => Partial<Store>): Store {
  const store = localStore();
  return { ...store, ...change(store) };
}

async function flipByte(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, offset);
    await file.write(Uint8Array.of((byte[0] ?? 0) ^ 0x10), 0, 1, offset);
  } finally {
    await file.close();
  }
}

test('a stop before the swap leaves the partition as it was; during the swap it changes nothing', async (t) => {
  const steps = async (stopAt: number) => {
    const controller = new AbortController();
    const seen: ProgressStep['doing'][] = [];
    const { task, partition, workspace } = await taskFor(t, {
      stop: controller.signal,
      showProgress: ({ doing }) => {
        seen.push(doing);
        if (seen.length === stopAt) {
          controller.abort(new SwapError('stopped by SIGTERM', { code: 'stopped', exitCode: 143 }));
        }
      },
    });
    const before = treeDigest(partition);
    const result = await consolidatePartition(task);
    return { seen, result, partition, workspace, before };
  };

  const whole = await steps(0);
  assert.equal(whole.result.result, 'consolidated');
  assert.deepEqual([...new Set(whole.seen)], ['planning', 'merging', 'verifying', 'swapping']);
  for (const [index, doing] of whole.seen.entries()) {
    const { result, partition, workspace, before } = await steps(index + 1);
    if (doing === 'swapping') {
      assert.equal(result.result, 'consolidated');
      assert.equal((await parquetNames(partition)).length, 1);
      continue;
    }
    assert.equal(result.result, 'failed', doing);
    assert.equal(result.error?.code, 'stopped');
    assert.equal(result.error?.exitCode, 143);
    assert.equal(result.error?.dataState, 'the partition is untouched');
    assert.equal(treeDigest(partition), before);
    const left = await readdir(workspace).catch(() => []);
    assert.deepEqual(left, []);
  }
});

test('a byte that changes between write and read ends with 13, the originals untouched', async (t) => {
  const { task, partition, workspace } = await taskFor(t, {
    store: storeWith((store) => ({
      create: async (path) => {
        const sink = await store.create(path);
        return {
          ...sink,
          close: async () => {
            await sink.close();
            if (path.endsWith('.staged') && path.includes('bin-')) await flipByte(path, 5_000);
          },
        };
      },
    })),
  });
  const before = treeDigest(partition);
  const result = await consolidatePartition(task);
  assert.equal(result.result, 'failed');
  assert.equal(result.error?.exitCode, 13);
  assert.match(result.error?.dataState ?? '', /originals are untouched/);
  assert.equal(treeDigest(partition), before);
  assert.deepEqual(await readdir(workspace), []);
});

test('a file that goes while its footer is to be read, as in another run’s swap, makes it look again', async (t) => {
  for (const [failures, expected] of [
    [2, 'consolidated'],
    [Number.POSITIVE_INFINITY, 'failed'],
  ] as const) {
    let lists = 0;
    const { task, partition } = await taskFor(t, {
      store: storeWith((store) => ({
        list: (path) => {
          if (path.endsWith(`date=${date}`)) lists++;
          return store.list(path);
        },
        open: (path, expectedRef) => {
          if (lists > failures || !path.includes('date=')) return store.open(path, expectedRef);
          throw new StoreError(`cannot open ${path}: gone`, { code: 'not-found', op: 'open', path });
        },
      })),
    });
    const result = await consolidatePartition(task);
    assert.equal(result.result, expected, result.reason);
    if (expected === 'consolidated') {
      assert.equal((await parquetNames(partition)).length, 1);
    } else {
      assert.equal(result.error?.code, 'not-found');
      assert.equal(lists, 3);
    }
  }
});

test('a store that fails in the middle ends with 10 and leaves nothing behind', async (t) => {
  for (const op of ['list', 'open', 'create'] as const) {
    const { task, partition, workspace } = await taskFor(t, {
      store: storeWith((store) => ({
        [op]: async (path: string, ...rest: never[]) => {
          const isOurs = path.includes('date=') || path.includes('bin-');
          if (isOurs)
            throw new StoreError(`cannot ${op} ${path}: input/output error`, { code: 'io', op, path });
          return (store[op] as (path: string, ...more: never[]) => unknown)(path, ...rest);
        },
      })),
    });
    const before = treeDigest(partition);
    const result = await consolidatePartition(task);
    assert.equal(result.error?.exitCode, 10, op);
    assert.equal(result.error?.dataState, 'the partition is untouched');
    assert.equal(treeDigest(partition), before);
    assert.deepEqual(await readdir(workspace).catch(() => []), []);
  }
});

test('an error that is a bug becomes a result too, with code 1', async (t) => {
  const { task, partition } = await taskFor(t, {
    showProgress: ({ doing }) => {
      if (doing === 'verifying') throw new TypeError('oops');
    },
  });
  const before = treeDigest(partition);
  const result = await consolidatePartition(task);
  assert.equal(result.error?.code, 'bug');
  assert.equal(result.error?.exitCode, 1);
  assert.equal(treeDigest(partition), before);
});

test('what changes before the lock is planned again under it', async (t) => {
  let plans = 0;
  const { task, partition } = await taskFor(t, {
    showProgress: ({ doing, amount }) => {
      if (doing === 'planning' && amount === undefined) plans++;
    },
  });
  const names = await parquetNames(partition);
  const locked = storeWith((store) => ({
    rename: async (from, to) => {
      await store.rename(from, to);
      // The lock comes into being by its rename: right then a writer moves files away.
      if (to.endsWith('/lock')) {
        for (const name of names.slice(4)) await store.deleteFile(join(partition, name));
        await settle(partition);
      }
    },
  }));
  const result = await consolidatePartition({ ...task, store: locked });
  assert.equal(plans, 2);
  assert.equal(result.result, 'nothing');
  assert.equal(result.filesKept, 4);
  assert.deepEqual(await parquetNames(partition), names.slice(0, 4));
});

test('later runs delete backups whose retention is over', async (t) => {
  const { task, workspace } = await taskFor(t);
  const [first] = await consolidateDates(task, [date]);
  assert.equal(first?.result, 'consolidated');
  const backup = first?.backup?.path ?? '';
  assert.equal((await readdir(backup)).length, 21);

  const inDays = (days: number) =>
    storeWith((store) => ({ nowMs: async () => (await store.nowMs()) + days * 86_400_000 }));
  await consolidateDates({ ...task, store: inDays(6) }, [date]);
  assert.equal((await readdir(backup)).length, 21);
  const [dry] = await consolidateDates({ ...task, store: inDays(8), dryRun: true }, [date]);
  assert.equal(dry?.result, 'nothing');
  assert.equal((await readdir(backup)).length, 21);
  await consolidateDates({ ...task, store: inDays(8) }, [date]);
  assert.deepEqual(await readdir(workspace), ['history']);
});

test('the results are plain JSON', async (t) => {
  const { task } = await taskFor(t);
  const result = await consolidatePartition(task);
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
});
