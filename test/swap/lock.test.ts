import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ConfigError, SwapError } from '../../src/core/errors.ts';
import { type Logger, silentLogger } from '../../src/core/log.ts';
import type { Store } from '../../src/store/store.ts';
import { acquireLock, type PartitionLock } from '../../src/swap/partition-lock.ts';
import { hasEnded, thisProcess } from '../../src/swap/process-identity.ts';
import { recoverPartition } from '../../src/swap/recover.ts';
import { faultStore } from '../support/fault-store.ts';
import {
  assertPartition,
  assertTidy,
  consolidate,
  date,
  endProcess,
  type Fixture,
  makeFixture,
  nextRunId,
  quickStore,
} from '../support/swap-fixture.ts';

const store = quickStore();

async function inFixture(work: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = makeFixture();
  try {
    await work(fixture);
  } finally {
    fixture.remove();
  }
}

function lockOf(fixture: Fixture, runId = nextRunId(), log: Logger = silentLogger) {
  return acquireLock({ store, basePath: fixture.basePath, date, runId, log });
}

describe('partition lock', () => {
  it('leaves nothing behind, and the partition’s own times alone', () =>
    inFixture(async (fixture) => {
      const before = await store.stat(fixture.partition);
      const lock = await lockOf(fixture);
      await lock.assertHeld();
      assert.deepEqual(readdirSync(fixture.dateDirectory).sort(), [lock.runId, 'lock']);
      await lock.release();
      assert.deepEqual(readdirSync(fixture.workspace), []);
      assert.deepEqual(await store.stat(fixture.partition), before);
    }));

  it('held by a living run: exit code 11, who holds it, and nothing of the other run stays', () =>
    inFixture(async (fixture) => {
      const lock = await lockOf(fixture);
      await assert.rejects(lockOf(fixture), (error: unknown) => {
        assert.ok(error instanceof SwapError);
        assert.deepEqual([error.code, error.exitCode], ['lock-held', 11]);
        assert.match(error.message, new RegExp(`run ${lock.runId} .*process ${process.pid}, since .*s ago`));
        assert.ok(error.message.includes(fixture.partition));
        assert.ok(error.hint !== undefined);
        return true;
      });
      assert.deepEqual(readdirSync(fixture.dateDirectory).sort(), [lock.runId, 'lock']);
      await lock.assertHeld();
      await lock.release();
      await (await lockOf(fixture)).release();
    }));

  it('of many that ask at once, exactly one gets', () =>
    inFixture(async (fixture) => {
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockOf(fixture)));
      const got = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      assert.equal(got.length, 1);
      for (const result of results) {
        if (result.status === 'rejected')
          assert.equal(result.reason.code, 'lock-held', String(result.reason));
      }
      await got[0]?.assertHeld();
      await got[0]?.release();
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('of many that ask at once for a dead lock, exactly one gets', () =>
    inFixture(async (fixture) => {
      for (let round = 0; round < 5; round++) {
        const dead = await lockOf(fixture);
        endProcess(fixture);
        const results = await Promise.allSettled(Array.from({ length: 6 }, () => lockOf(fixture)));
        const got = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        assert.equal(got.length, 1, results.map((result) => JSON.stringify(result)).join('\n'));
        await got[0]?.assertHeld();
        await assert.rejects(dead.assertHeld(), { code: 'lock-lost' });
        await dead.release();
        await got[0]?.assertHeld();
        await got[0]?.release();
      }
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('that changed hands in the very moment it was taken for dead is put back', () =>
    inFixture(async (fixture) => {
      await lockOf(fixture);
      endProcess(fixture);
      const got: PartitionLock[] = [];
      const slow: Store = {
        ...store,
        rename: async (from, to) => {
          // Between the last look at the dead lock and its removal another run takes it over, completely.
          if (got.length === 0 && to.endsWith('lock-taken')) got.push(await lockOf(fixture));
          await store.rename(from, to);
        },
      };
      const late = acquireLock({
        store: slow,
        basePath: fixture.basePath,
        date,
        runId: nextRunId(),
        log: silentLogger,
      });
      await assert.rejects(late, { code: 'lock-held', exitCode: 11 });
      assert.equal(got.length, 1);
      await got[0]?.assertHeld();
      await got[0]?.release();
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('gets a sign of life every minute, until it is released or lost', async (context) => {
    context.mock.timers.enable({ apis: ['setInterval'] });
    await inFixture(async (fixture) => {
      const lock = await lockOf(fixture);
      const owner = join(fixture.dateDirectory, 'lock', 'owner.json');
      const longAgoMs = 1_600_000_000_000;
      /** Lets a minute pass, and waits up to `ms` for the sign of life: none takes all of it. */
      const beat = async (ms: number): Promise<number> => {
        utimesSync(owner, longAgoMs / 1000, longAgoMs / 1000);
        context.mock.timers.tick(60_000);
        for (const endMs = performance.now() + ms; performance.now() < endMs; ) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (existsSync(owner) && statSync(owner).mtimeMs !== longAgoMs) break;
        }
        return existsSync(owner) ? statSync(owner).mtimeMs : 0;
      };
      assert.ok(Date.now() - (await beat(30_000)) < 60_000);
      assert.ok(Date.now() - (await beat(30_000)) < 60_000);
      // Somebody else's lock is not kept alive.
      writeFileSync(`${owner}.other`, '{}');
      renameSync(`${owner}.other`, owner);
      assert.equal(await beat(100), longAgoMs);
      await assert.rejects(lock.assertHeld(), { code: 'lock-lost' });
      await lock.release();
      assert.ok(existsSync(owner));
    });
  });

  it('is dead after ten minutes without a sign of life, not before', () =>
    inFixture(async (fixture) => {
      const lock = await lockOf(fixture);
      const owner = join(fixture.dateDirectory, 'lock', 'owner.json');
      const secondsAgo = (seconds: number): void => {
        const time = Date.now() / 1000 - seconds;
        utimesSync(owner, time, time);
      };
      secondsAgo(590);
      await assert.rejects(lockOf(fixture), { code: 'lock-held' });
      secondsAgo(610);
      const next = await lockOf(fixture);
      await assert.rejects(lock.assertHeld(), { code: 'lock-lost', exitCode: 11 });
      await lock.release();
      await next.assertHeld();
      await next.release();
    }));

  it('of a process of this machine that has ended is dead at once', () =>
    inFixture(async (fixture) => {
      await lockOf(fixture);
      const path = join(fixture.dateDirectory, 'lock', 'owner.json');
      const owner = JSON.parse(readFileSync(path, 'utf8'));
      assert.equal(owner.pid, process.pid);
      if (owner.startTicks === undefined) return;
      // The same number, given to another process since.
      writeFileSync(path, JSON.stringify({ ...owner, startTicks: '1' }));
      await (await lockOf(fixture)).release();
    }));

  it('with an owner that cannot be read counts by its age alone', () =>
    inFixture(async (fixture) => {
      const directory = join(fixture.dateDirectory, 'lock');
      mkdirSync(directory, { recursive: true });
      for (const text of ['', 'not json', 'null', '{"runId":1}']) {
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, 'owner.json'), text);
        await assert.rejects(lockOf(fixture), { code: 'lock-held' });
        endProcess(fixture);
        await (await lockOf(fixture)).release();
        assert.ok(!existsSync(directory));
      }
    }));

  it('directory without an owner is a remnant', () =>
    inFixture(async (fixture) => {
      mkdirSync(join(fixture.dateDirectory, 'lock'), { recursive: true });
      await (await lockOf(fixture)).release();
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('that was taken over stops its old holder at every single mutation', () =>
    inFixture(async (fixture) => {
      // The old holder sleeps at mutation `at`; meanwhile another run takes over and consolidates.
      for (let at = 12; ; at++) {
        const other = makeFixture();
        try {
          const sleeper = faultStore(quickStore());
          let begun = 0;
          let reached = false;
          const asleep = new Proxy(sleeper, {
            get(target, property, receiver) {
              const value = Reflect.get(target, property, receiver);
              const mutations = [
                'makeDirectory',
                'create',
                'rename',
                'hardLink',
                'deleteFile',
                'setAttributes',
              ];
              if (typeof property !== 'string' || !mutations.includes(property)) return value;
              return async (...args: unknown[]) => {
                begun++;
                if (begun === at) {
                  reached = true;
                  endProcess(other);
                  await consolidate(quickStore(), other);
                  assertPartition(other, 'after the takeover');
                }
                return Reflect.apply(value, target, args);
              };
            },
          });
          let failed: unknown;
          try {
            await consolidate(asleep, other);
          } catch (error) {
            failed = error;
          }
          if (!reached) break;
          assertPartition(other, `after the old holder woke up at mutation ${at}`);
          if (failed !== undefined)
            assert.ok(failed instanceof Error && 'exitCode' in failed, String(failed));
          await consolidate(quickStore(), other);
          assertPartition(other, `after another run, ${at}`);
          assertTidy(other, `after the old holder woke up at mutation ${at}`);
        } finally {
          other.remove();
        }
      }
      assertPartition(fixture, 'of the bystander');
    }));

  it('cannot be had where there is no dataset', () =>
    inFixture(async (fixture) => {
      const missing = acquireLock({
        store,
        basePath: join(fixture.basePath, 'no'),
        date,
        runId: nextRunId(),
        log: silentLogger,
      });
      await assert.rejects(missing, (error: unknown) => error instanceof ConfigError && error.exitCode === 2);
      assert.ok(!existsSync(join(fixture.basePath, 'no')));
    }));

  it('cannot be had while a file is in its place, or in that of the workspace, and nothing is touched', () =>
    inFixture(async (fixture) => {
      writeFileSync(fixture.workspace, 'somebody’s');
      const recover = () => recoverPartition({ store, basePath: fixture.basePath, date, log: silentLogger });
      for (const attempt of [recover, () => lockOf(fixture)]) {
        await assert.rejects(attempt(), (error) => {
          assert.ok(error instanceof SwapError);
          return error.code === 'workspace-not-private' && error.message.includes('no directory');
        });
      }
      assert.equal(readFileSync(fixture.workspace, 'utf8'), 'somebody’s');
      rmSync(fixture.workspace);

      mkdirSync(fixture.dateDirectory, { recursive: true, mode: 0o700 });
      const lock = join(fixture.dateDirectory, 'lock');
      writeFileSync(lock, 'a file');
      for (const attempt of [recover, () => lockOf(fixture)]) {
        await assert.rejects(attempt(), { name: 'SwapError', code: 'lock-in-the-way', exitCode: 2 });
      }
      assert.deepEqual(readdirSync(fixture.dateDirectory), ['lock']);
      assert.equal(readFileSync(lock, 'utf8'), 'a file');
    }));

  it('makes the workspace private again, and says so', () =>
    inFixture(async (fixture) => {
      mkdirSync(fixture.workspace, { mode: 0o755 });
      const warnings: string[] = [];
      const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
      await (await lockOf(fixture, nextRunId(), log)).release();
      assert.equal((await store.stat(fixture.workspace))?.mode, 0o700);
      assert.match(warnings.join('\n'), /mode 755/);
    }));
});

describe('process identity', () => {
  it('of this process has not ended, of one with another start has', () => {
    const own = thisProcess();
    assert.equal(hasEnded(own), false);
    if (own.startTicks === undefined) return;
    assert.equal(hasEnded({ ...own, startTicks: '1' }), true);
    assert.equal(hasEnded({ ...own, pid: 2 ** 22 + 1 }), true);
    // Another kernel or another container: nobody here can know.
    assert.equal(hasEnded({ ...own, bootId: 'other', startTicks: '1' }), false);
    assert.equal(hasEnded({ ...own, pidNamespace: 'pid:[1]', startTicks: '1' }), false);
    assert.equal(hasEnded({ host: own.host, pid: 2 ** 22 + 1 }), false);
  });
});
