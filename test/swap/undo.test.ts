import assert from 'node:assert/strict';
import {
  appendFileSync,
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
import { StoreError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { Store } from '../../src/store/store.ts';
import { cleanupRuns } from '../../src/swap/cleanup.ts';
import { clearHold, isOnHold } from '../../src/swap/hold.ts';
import { readReceipt } from '../../src/swap/journal.ts';
import { acquireLock } from '../../src/swap/partition-lock.ts';
import { undoRun } from '../../src/swap/undo.ts';
import {
  assertPartition,
  assertTidy,
  consolidate,
  date,
  type Fixture,
  makeFixture,
  neverStaged,
  nextRunId,
  originalsAreBack,
  quickStore,
  rowsOf,
} from '../support/swap-fixture.ts';

const store = quickStore();
const day = 24 * 3600 * 1000;

async function inFixture(work: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = makeFixture();
  try {
    await work(fixture);
  } finally {
    fixture.remove();
  }
}

function undo({ basePath }: Fixture, options: { runId?: string; dryRun?: boolean } = {}) {
  const newRunId = nextRunId();
  return undoRun({
    store,
    basePath,
    date,
    newRunId,
    toolVersion: '0',
    stage: neverStaged,
    log: silentLogger,
    ...options,
  });
}

function inodes(fixture: Fixture): Map<string, number> {
  return new Map(
    readdirSync(fixture.partition).map((name) => [name, statSync(join(fixture.partition, name)).ino]),
  );
}

describe('undo', () => {
  it('brings every original back as the very file it was, sidecars too, and puts the partition on hold', () =>
    inFixture(async (fixture) => {
      const before = inodes(fixture);
      const receipt = await consolidate(store, fixture);
      const foreseen = await undo(fixture, { dryRun: true });
      assert.ok(!originalsAreBack(fixture));
      const outcome = await undo(fixture);
      assert.deepEqual(inodes(fixture), before);
      assert.ok(originalsAreBack(fixture));
      assertPartition(fixture, 'after the undo');
      assertTidy(fixture, 'after the undo');
      assert.deepEqual(
        [outcome.undoneRunId, outcome.restoredFiles, outcome.restoredBytes, outcome.removedNames],
        [receipt?.runId, 5, 50, receipt?.added.map((file) => file.name)],
      );
      const { runId, sentence: _, ...facts } = outcome;
      const { sentence: __, ...foreseenFacts } = foreseen;
      assert.deepEqual(foreseenFacts, facts);
      const hold = await isOnHold(store, fixture.basePath, date);
      assert.deepEqual([hold?.undoneRunId, hold?.runId], [receipt?.runId, runId]);
      await clearHold(store, fixture.basePath, date);
      assert.equal(await isOnHold(store, fixture.basePath, date), undefined);
      const history = join(fixture.workspace, 'history', date, `${receipt?.runId}.json`);
      const { record } = JSON.parse(readFileSync(history, 'utf8'));
      assert.deepEqual([record.undoneBy, record.backup], [outcome.runId, 'removed']);
    }));

  it('leaves files alone that came after the run', () =>
    inFixture(async (fixture) => {
      await consolidate(store, fixture);
      writeFileSync(join(fixture.partition, 'later.parquet'), 'l1\n');
      const inode = statSync(join(fixture.partition, 'later.parquet')).ino;
      await undo(fixture);
      assert.equal(statSync(join(fixture.partition, 'later.parquet')).ino, inode);
      assert.deepEqual(rowsOf(fixture.partition), [...fixture.rows, 'l1'].sort());
      assert.ok(originalsAreBack(fixture));
    }));

  it('can be followed by another consolidation and another undo', () =>
    inFixture(async (fixture) => {
      for (let round = 0; round < 3; round++) {
        await consolidate(store, fixture);
        assertPartition(fixture, `round ${round}`);
        await undo(fixture);
        assertPartition(fixture, `round ${round}`);
        assert.ok(originalsAreBack(fixture));
        assertTidy(fixture, `round ${round}`);
      }
    }));

  it('goes newest first and names the later run', () =>
    inFixture(async (fixture) => {
      const first = await consolidate(store, fixture);
      // The second run merges an output of the first one with new files.
      renameSync(join(fixture.partition, first?.added[0]?.name ?? ''), join(fixture.partition, 'a-2.tmp'));
      const text = readFileSync(join(fixture.partition, 'a-2.tmp'), 'utf8');
      writeFileSync(join(fixture.partition, 'a-2.tmp'), text.replace('merged\n', ''));
      renameSync(join(fixture.partition, 'a-2.tmp'), join(fixture.partition, 'a-2.parquet'));
      writeFileSync(join(fixture.partition, 'a-7.parquet'), 's1\n');
      const second = await consolidate(store, fixture);
      await assert.rejects(undo(fixture, { runId: first?.runId ?? '' }), (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error && 'exitCode' in error);
        assert.deepEqual([error.code, error.exitCode], ['not-the-newest-run', 2]);
        assert.ok(error.message.includes(second?.runId ?? '-'), error.message);
        return true;
      });
      assert.equal((await undo(fixture)).undoneRunId, second?.runId);
      assert.deepEqual(rowsOf(fixture.partition), [...fixture.rows, 's1'].sort());
    }));

  it('refuses when there is nothing to undo, or the run is not there, or kept no backup', () =>
    inFixture(async (fixture) => {
      await assert.rejects(undo(fixture), { code: 'nothing-to-undo', exitCode: 2 });
      await assert.rejects(undo(fixture, { dryRun: true }), { code: 'nothing-to-undo' });
      const receipt = await consolidate(store, fixture, { keepBackup: false });
      await assert.rejects(undo(fixture), { code: 'nothing-to-undo' });
      await assert.rejects(undo(fixture, { runId: receipt?.runId ?? '' }), /kept no backup/);
      await assert.rejects(undo(fixture, { runId: nextRunId() }), /there is no run/);
      assertPartition(fixture, 'after the refusals');
      assertTidy(fixture, 'after the refusals');
    }));

  it('refuses when the merged file was changed or removed since', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      const merged = receipt?.added[1]?.name ?? '';
      appendFileSync(join(fixture.partition, merged), 'x\n');
      await assert.rejects(
        undo(fixture),
        /a-\d\.merged-\S+\.parquet is no longer the file it put there, and no later run/,
      );
      rmSync(join(fixture.partition, merged));
      await assert.rejects(undo(fixture), { code: 'not-the-newest-run' });
      assertTidy(fixture, 'after the refusals');
    }));

  it('refuses when the backup is not whole', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      const old = join(fixture.dateDirectory, receipt?.runId ?? '', 'old');
      appendFileSync(join(old, 'a-3.parquet.backup'), 'x');
      await assert.rejects(undo(fixture), { code: 'backup-damaged', exitCode: 2 });
      rmSync(join(old, 'a-3.parquet.backup'));
      await assert.rejects(undo(fixture), /a-3\.parquet\.backup is gone/);
      assertPartition(fixture, 'after the refusals');
    }));

  it('refuses when a file came that has an original’s name', () =>
    inFixture(async (fixture) => {
      await consolidate(store, fixture);
      writeFileSync(join(fixture.partition, 'a-1.parquet'), 'l1\n');
      await assert.rejects(undo(fixture), { code: 'name-taken', dataState: 'the originals are untouched' });
      assert.deepEqual(rowsOf(fixture.partition), [...fixture.rows, 'l1'].sort());
      assertTidy(fixture, 'after the refusal');
    }));

  it('does not come between a living run', () =>
    inFixture(async (fixture) => {
      await consolidate(store, fixture);
      const lock = await acquireLock({
        store,
        basePath: fixture.basePath,
        date,
        runId: nextRunId(),
        log: silentLogger,
      });
      await assert.rejects(undo(fixture), { code: 'lock-held', exitCode: 11 });
      await lock.release();
      await undo(fixture);
      assert.ok(originalsAreBack(fixture));
    }));
});

describe('cleanup', () => {
  const clean = (
    fixture: Fixture,
    afterMs: number,
    options: { retentionMs?: number; dryRun?: boolean } = {},
  ) =>
    cleanupRuns({
      store: { ...store, nowMs: async () => (await store.nowMs()) + afterMs },
      basePath: fixture.basePath,
      retentionMs: 7 * day,
      log: silentLogger,
      ...options,
    });

  it('removes a backup once its retention is over, and keeps the receipt', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      assert.deepEqual(await clean(fixture, 6.9 * day), []);
      const foreseen = await clean(fixture, 7.1 * day, { dryRun: true });
      assert.deepEqual(
        foreseen.map(({ runId, action, backupFiles, backupBytes }) => [
          runId,
          action,
          backupFiles,
          backupBytes,
        ]),
        [[receipt?.runId, 'would-remove', 5, 50]],
      );
      assert.deepEqual(readdirSync(fixture.dateDirectory), [receipt?.runId]);
      const outcomes = await clean(fixture, 7.1 * day);
      assert.deepEqual(
        outcomes.map(({ runId, action }) => [runId, action]),
        [[receipt?.runId, 'removed']],
      );
      assert.deepEqual(readdirSync(fixture.workspace), ['history']);
      assert.deepEqual(readdirSync(join(fixture.workspace, 'history', date)), [`${receipt?.runId}.json`]);
      assertPartition(fixture, 'after the cleanup');
      assert.deepEqual(await clean(fixture, 9 * day), []);
      await assert.rejects(undo(fixture), { code: 'nothing-to-undo' });
    }));

  it('never removes a backup within 24 hours of its swap', () =>
    inFixture(async (fixture) => {
      await consolidate(store, fixture);
      assert.deepEqual(await clean(fixture, 0.99 * day, { retentionMs: 0 }), []);
      assert.equal((await clean(fixture, 1.01 * day, { retentionMs: 0 })).length, 1);
    }));

  it('never removes anything under a living lock', () =>
    inFixture(async (fixture) => {
      await consolidate(store, fixture);
      const runId = nextRunId();
      const lock = await acquireLock({ store, basePath: fixture.basePath, date, runId, log: silentLogger });
      // By a clock eight days on the lock would be dead: touch it into that future, as its holder would.
      const owner = join(fixture.dateDirectory, 'lock', 'owner.json');
      utimesSync(owner, Date.now() / 1000 + 8 * 86_400, Date.now() / 1000 + 8 * 86_400);
      const outcomes = await clean(fixture, 8 * day);
      assert.deepEqual(
        outcomes.map(({ action }) => action),
        ['skipped'],
      );
      assert.match(outcomes[0]?.sentence ?? '', new RegExp(runId));
      await lock.release();
      assert.equal((await clean(fixture, 8 * day))[0]?.action, 'removed');
    }));

  it('says in the history what an undo did, also where a cleanup had died in between', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      const runId = receipt?.runId ?? '';
      const history = join(fixture.workspace, 'history', date, `${runId}.json`);
      const isCrash = { code: 'no-answer' };
      // It had written the receipt there, and had not yet taken the run's directory away.
      const dying: Store = {
        ...store,
        rename: (from, to) =>
          from === join(fixture.dateDirectory, runId)
            ? Promise.reject(new StoreError('dead', { ...isCrash, op: 'rename', path: from }))
            : store.rename(from, to),
        nowMs: async () => (await store.nowMs()) + 8 * day,
      };
      const { basePath } = fixture;
      await assert.rejects(
        cleanupRuns({ store: dying, basePath, retentionMs: 7 * day, log: silentLogger }),
        isCrash,
      );
      assert.equal((await readReceipt(store, history))?.undoneBy, undefined);
      const undone = await undo(fixture);
      assert.equal((await readReceipt(store, history))?.undoneBy, undone.runId);
      assertTidy(fixture, 'after the undo');
    }));

  it('leaves a backup that holds what is no backup', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      const path = join(fixture.dateDirectory, receipt?.runId ?? '', 'old', 'stray.parquet');
      writeFileSync(path, 's1\n');
      await clean(fixture, 8 * day);
      assert.equal(readFileSync(path, 'utf8'), 's1\n');
    }));

  it('keeps the receipts of runs without a backup and of undos as well', () =>
    inFixture(async (fixture) => {
      const first = await consolidate(store, fixture);
      const { runId } = await undo(fixture);
      const second = await consolidate(store, fixture, { keepBackup: false });
      await clean(fixture, 8 * day);
      const kept = readdirSync(join(fixture.workspace, 'history', date));
      assert.deepEqual(kept, [first?.runId, runId, second?.runId].map((id) => `${id}.json`).sort());
      assert.deepEqual(readdirSync(fixture.dateDirectory), ['hold.json']);
    }));
});
