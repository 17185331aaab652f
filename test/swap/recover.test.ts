import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '../../src/core/log.ts';
import { cleanupRuns } from '../../src/swap/cleanup.ts';
import { acquireLock } from '../../src/swap/partition-lock.ts';
import { recoverDataset, recoverPartition } from '../../src/swap/recover.ts';
import { faultStore } from '../support/fault-store.ts';
import {
  assertPartition,
  assertTidy,
  consolidate,
  date,
  type Fixture,
  makeFixture,
  nextRunId,
  originalsAreBack,
  quickStore,
  rowsOf,
} from '../support/swap-fixture.ts';
import { dieAfter, points } from '../support/swap-scenarios.ts';

const store = quickStore();

async function inFixture(work: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = makeFixture();
  try {
    await work(fixture);
  } finally {
    fixture.remove();
  }
}

function recover({ basePath }: Fixture, dryRun = false) {
  return recoverPartition({ store, basePath, date, log: silentLogger, dryRun });
}

/** Every path below a directory, with what tells one state of it from another. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
}

describe('recover', () => {
  for (const [point, pattern, action, isBack] of [
    ['the run was staging', points.staged, 'removed', true],
    ['the journal was written', points.journalWritten, 'rolled-back', true],
    ['all was ready', points.lastUnveiled, 'rolled-back', true],
    ['the old directory was moved away', points.movedAway, 'rolled-forward', false],
    ['the new directory was in place', points.placed, 'rolled-forward', false],
  ] as const) {
    it(`${action} when the run died after ${point}`, () =>
      inFixture(async (fixture) => {
        await dieAfter(fixture, pattern);
        const before = snapshot(fixture.basePath);
        const foreseen = await recover(fixture, true);
        assert.deepEqual(snapshot(fixture.basePath), before, 'a dry run touches nothing');
        const outcomes = await recover(fixture);
        assert.deepEqual(
          outcomes.map((outcome) => outcome.action),
          [action],
        );
        assert.deepEqual(
          foreseen.map(({ runId, action, needsAttention }) => ({ runId, action, needsAttention })),
          outcomes.map(({ runId, action, needsAttention }) => ({ runId, action, needsAttention })),
        );
        assertPartition(fixture, point);
        assertTidy(fixture, point);
        assert.equal(originalsAreBack(fixture), isBack);
        const again = await recover(fixture);
        assert.deepEqual(
          again.map((outcome) => outcome.action),
          ['nothing'],
        );
        assert.equal(again[0]?.runId, undefined);
      }));
  }

  it('goes back when an input changed while the partition was away', () =>
    inFixture(async (fixture) => {
      await dieAfter(fixture, points.movedAway);
      const run = readdirSync(fixture.dateDirectory).find((name) => name !== 'lock') ?? '';
      appendFileSync(join(fixture.dateDirectory, run, 'old', 'a-1.parquet'), 'more\n');
      assert.deepEqual(
        (await recover(fixture)).map((outcome) => outcome.action),
        ['rolled-back'],
      );
      assert.deepEqual(rowsOf(fixture.partition), [...fixture.rows, 'more'].sort());
    }));

  it('goes back when the new directory is not complete', () =>
    inFixture(async (fixture) => {
      await dieAfter(fixture, points.movedAway);
      const run = readdirSync(fixture.dateDirectory).find((name) => name !== 'lock') ?? '';
      const fresh = join(fixture.dateDirectory, run, 'new');
      rmSync(join(fresh, readdirSync(fresh).find((name) => name.startsWith('a-3.merged')) ?? ''));
      assert.deepEqual(
        (await recover(fixture)).map((outcome) => outcome.action),
        ['rolled-back'],
      );
      assertPartition(fixture, 'after going back');
      assert.ok(originalsAreBack(fixture));
    }));

  it('replaces nothing when somebody made the partition anew meanwhile, until a person moves that aside', () =>
    inFixture(async (fixture) => {
      await dieAfter(fixture, points.movedAway);
      mkdirSync(fixture.partition);
      writeFileSync(join(fixture.partition, 'over.parquet'), 'o1\n');
      for (let round = 0; round < 2; round++) {
        assert.equal((await recover(fixture, true))[0]?.action, 'foreign');
        const [outcome] = await recover(fixture);
        assert.ok(outcome !== undefined);
        assert.deepEqual([outcome.action, outcome.needsAttention], ['foreign', true]);
        assert.ok(outcome.sentence.includes(fixture.partition) && outcome.sentence.includes('/old'));
        assert.match(outcome.hint ?? '', /move .* aside/);
        assert.deepEqual(rowsOf(fixture.partition), ['o1']);
        const lock = acquireLock({
          store,
          basePath: fixture.basePath,
          date,
          runId: nextRunId(),
          log: silentLogger,
        });
        await assert.rejects(lock, { code: 'foreign-state', exitCode: 14 });
      }
      renameSync(fixture.partition, join(fixture.basePath, 'aside'));
      assert.equal((await recover(fixture))[0]?.action, 'rolled-forward');
      assertPartition(fixture, 'after the person decided');
      assertTidy(fixture, 'after the person decided');
    }));

  it('leaves a partition alone that was dropped or overwritten after the swap, and keeps the backup', () =>
    inFixture(async (fixture) => {
      await dieAfter(fixture, points.placed);
      rmSync(fixture.partition, { recursive: true });
      const [dropped] = await recover(fixture);
      assert.deepEqual([dropped?.action, dropped?.needsAttention], ['foreign', true]);
      mkdirSync(fixture.partition);
      writeFileSync(join(fixture.partition, 'over.parquet'), 'o1\n');
      const [overwritten] = await recover(fixture);
      assert.deepEqual([overwritten?.action, overwritten?.needsAttention], ['foreign', true]);
      assert.deepEqual(rowsOf(fixture.partition), ['o1']);
      assert.deepEqual(
        (await recover(fixture)).map((outcome) => outcome.action),
        ['nothing'],
      );
      assertTidy(fixture, 'after it was told once');
      const run = readdirSync(fixture.dateDirectory)[0] ?? '';
      for (const [name, content] of fixture.inputs) {
        assert.equal(
          readFileSync(join(fixture.dateDirectory, run, 'old', `${name}.backup`), 'utf8'),
          content,
        );
      }
    }));

  it('rolls back when the partition was dropped or overwritten before anything was moved', () =>
    inFixture(async (fixture) => {
      await dieAfter(fixture, points.lastUnveiled);
      rmSync(fixture.partition, { recursive: true });
      assert.equal((await recover(fixture))[0]?.action, 'rolled-back');
      assert.ok(!existsSync(fixture.partition));
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('does not act on a journal that is damaged', () =>
    inFixture(async (fixture) => {
      await dieAfter(fixture, points.movedAway);
      const run = readdirSync(fixture.dateDirectory).find((name) => name !== 'lock') ?? '';
      const path = join(fixture.dateDirectory, run, 'journal.json');
      const text = readFileSync(path, 'utf8');
      for (const damaged of [
        text.slice(0, 100),
        // A byte that is no text.
        Buffer.from(text).fill(0xff, 200, 201),
        text.replace('"keepBackup":true', '"keepBackup":false'),
        text.replace('"format":1', '"format":2'),
        '',
        '[]',
      ]) {
        const name = readdirSync(fixture.dateDirectory).find((entry) => entry !== 'lock') ?? '';
        writeFileSync(join(fixture.dateDirectory, name, 'journal.json'), damaged);
        const before = snapshot(join(fixture.dateDirectory, name));
        // `recover` looks ahead over the whole dataset, and one journal must not keep it from the others.
        const [foreseen] = await recoverDataset({
          store,
          basePath: fixture.basePath,
          log: silentLogger,
          dryRun: true,
        });
        assert.deepEqual([foreseen?.action, foreseen?.needsAttention], ['foreign', true]);
        const [outcome] = await recover(fixture);
        assert.deepEqual([outcome?.action, outcome?.needsAttention], ['foreign', true]);
        assert.match(outcome?.sentence ?? '', /journal\.json/);
        const after = readdirSync(fixture.dateDirectory).find((entry) => entry !== 'lock') ?? '';
        assert.deepEqual(snapshot(join(fixture.dateDirectory, after)), before);
      }
      const name = readdirSync(fixture.dateDirectory)[0] ?? '';
      writeFileSync(join(fixture.dateDirectory, name, 'journal.json'), text);
      assert.equal((await recover(fixture))[0]?.action, 'rolled-forward');
      assertPartition(fixture, 'with the journal mended');
    }));

  it('and every other run go on beside a finished run whose receipt is damaged', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      const directory = join(fixture.dateDirectory, receipt?.runId ?? '');
      appendFileSync(join(directory, 'receipt.json'), Buffer.of(0xff));
      for (const name of ['a-6.parquet', 'a-7.parquet'])
        writeFileSync(join(fixture.partition, name), `${name}\n`);
      const warnings: string[] = [];
      const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
      assert.notEqual(await consolidate(store, fixture, { log }), undefined);
      assert.match(warnings.join('\n'), /receipt\.json: it is not JSON; its run is finished/);
      assert.equal((await recover(fixture))[0]?.action, 'nothing');
      const later = { ...store, nowMs: async () => (await store.nowMs()) + 30 * 86_400_000 };
      await cleanupRuns({ store: later, basePath: fixture.basePath, retentionMs: 0, log: silentLogger });
      assert.deepEqual(readdirSync(directory), ['old', 'receipt.json']);
      assert.deepEqual(rowsOf(fixture.partition), [...fixture.rows, 'a-6.parquet', 'a-7.parquet'].sort());
    }));

  it('never deletes old files that no journal explains', () =>
    inFixture(async (fixture) => {
      await dieAfter(fixture, points.movedAway);
      const run = readdirSync(fixture.dateDirectory).find((name) => name !== 'lock') ?? '';
      rmSync(join(fixture.dateDirectory, run, 'journal.json'));
      const [outcome] = await recover(fixture);
      assert.deepEqual([outcome?.action, outcome?.needsAttention], ['foreign', true]);
      const kept = readdirSync(fixture.dateDirectory)[0] ?? '';
      for (const [name, content] of fixture.inputs) {
        assert.equal(readFileSync(join(fixture.dateDirectory, kept, 'old', name), 'utf8'), content);
      }
    }));

  it('several at once do no harm', () =>
    inFixture(async (bystander) => {
      for (const pattern of Object.values(points)) {
        const fixture = makeFixture();
        try {
          await dieAfter(fixture, pattern);
          const outcomes = await Promise.all(Array.from({ length: 5 }, () => recover(fixture)));
          for (const outcome of outcomes.flat()) assert.ok(!outcome.needsAttention, outcome.sentence);
          await recover(fixture);
          assertPartition(fixture, String(pattern));
          assertTidy(fixture, String(pattern));
        } finally {
          fixture.remove();
        }
      }
      assertPartition(bystander, 'that nobody touched');
    }));

  it('leaves a living run alone', () =>
    inFixture(async (fixture) => {
      const runId = nextRunId();
      const lock = await acquireLock({ store, basePath: fixture.basePath, date, runId, log: silentLogger });
      const [outcome] = await recover(fixture);
      assert.deepEqual(
        [outcome?.action, outcome?.runId, outcome?.needsAttention],
        ['in-progress', runId, false],
      );
      await lock.assertHeld();
      await lock.release();
    }));

  it('goes through the whole dataset, and does nothing where there is nothing', () =>
    inFixture(async (fixture) => {
      const watched = faultStore(quickStore());
      const request = { store: watched, basePath: fixture.basePath, log: silentLogger };
      assert.deepEqual(await recoverDataset(request), []);
      assert.deepEqual(watched.trail, []);
      await dieAfter(fixture, points.placed);
      const outcomes = await recoverDataset({ store, basePath: fixture.basePath, log: silentLogger });
      assert.deepEqual(
        outcomes.map(({ date, action }) => [date, action]),
        [[date, 'rolled-forward']],
      );
      assert.ok(!originalsAreBack(fixture));
    }));

  it('is done by the next run by itself', () =>
    inFixture(async (bystander) => {
      for (const pattern of Object.values(points)) {
        const fixture = makeFixture();
        try {
          await dieAfter(fixture, pattern);
          await consolidate(store, fixture);
          assertPartition(fixture, String(pattern));
          assertTidy(fixture, String(pattern));
          assert.ok(!originalsAreBack(fixture));
        } finally {
          fixture.remove();
        }
      }
      assertPartition(bystander, 'that nobody touched');
    }));
});
