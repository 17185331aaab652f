import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConsolidatorError, StoreError, SwapError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { Store } from '../../src/store/store.ts';
import { cleanupRuns } from '../../src/swap/cleanup.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { finishedRuns } from '../../src/swap/retire-run.ts';
import { undoRun } from '../../src/swap/undo.ts';
import { type FaultMode, faultStore, tells } from '../support/fault-store.ts';
import {
  assertFoldRows,
  assertFoldTidy,
  consolidateByFold,
  endFoldProcess,
  type FoldFixture,
  fileText,
  makeFoldFixture,
  stageUndoText,
} from '../support/fold-fixture.ts';
import { date, nextRunId } from '../support/swap-fixture.ts';
import { modes, tolerate } from '../support/swap-scenarios.ts';

interface FoldScenario {
  readonly name: string;
  prepare(store: Store, fixture: FoldFixture): Promise<unknown>;
  act(store: Store, fixture: FoldFixture): Promise<unknown>;
  /** What the partition holds of merged and folded files at the very end. */
  readonly files: readonly string[];
}

/** The bytes of every original file lie in the partition again, or in the backup of a run that can be undone. */
async function assertOriginalsKept(fixture: FoldFixture, when: string): Promise<void> {
  const { store, memory, partition, basePath } = fixture;
  const runs = await finishedRuns(store, basePath, date, silentLogger);
  const kept = runs.filter(({ receipt }) => receipt.backup === 'kept').map(({ directory }) => directory);
  const texts: string[] = [];
  for (const directory of [partition, ...kept]) {
    const entries = (await store.list(directory)) ?? [];
    texts.push(...entries.map(({ path }) => memory.textOf(path) ?? ''));
  }
  const rows = fixture.inputNames.map((_, index) => fileText([`r${index}-0`, `r${index}-1`]));
  for (const [index, text] of rows.entries()) {
    const times = texts.filter((one) => one.includes(text)).length;
    assert.equal(times, 1, `copies of ${fixture.inputNames[index]} ${when}`);
  }
}

async function undoFolded(store: Store, fixture: FoldFixture): Promise<void> {
  const { basePath } = fixture;
  const request = { store, basePath, date, newRunId: nextRunId(), toolVersion: '0', log: silentLogger };
  await undoRun({ ...request, stage: stageUndoText(fixture) });
}

const merged = ['a-1.merged-RUN-0.parquet', 'a-3.merged-RUN-1.parquet'];
const day = 24 * 3600 * 1000;

const scenarios: readonly FoldScenario[] = [
  {
    name: 'consolidate with a backup',
    prepare: async () => {},
    act: (store, fixture) => consolidateByFold(store, fixture),
    files: merged,
  },
  {
    name: 'consolidate without a backup, one CONCAT a bin',
    prepare: async () => {},
    act: (store, fixture) => consolidateByFold(store, fixture, { keepBackup: false, inputsPerStep: 9 }),
    files: merged,
  },
  {
    name: 'undo',
    prepare: (store, fixture) => consolidateByFold(store, fixture),
    act: async (store, fixture) => {
      try {
        await undoFolded(store, fixture);
      } catch (error) {
        // The fault came after the last step that matters, and recover went forward.
        if (!(error instanceof ConsolidatorError) || error.code !== 'nothing-to-undo') throw error;
      }
    },
    files: ['a-1.merged-RUN-0-undone.parquet', 'a-3.merged-RUN-1-undone.parquet'],
  },
  {
    name: 'cleanup',
    prepare: (store, fixture) => consolidateByFold(store, fixture),
    act: async (store, { basePath }) => {
      const later: Store = { ...store, nowMs: async () => (await store.nowMs()) + 8 * day };
      await cleanupRuns({ store: later, basePath, retentionMs: 7 * day, log: silentLogger });
    },
    files: merged,
  },
];

async function rehearse(scenario: FoldScenario): Promise<readonly string[]> {
  const fixture = await makeFoldFixture();
  await scenario.prepare(fixture.store, fixture);
  const store = faultStore(fixture.store);
  await scenario.act(store, fixture);
  return store.trail;
}

async function actUnderFault(
  scenario: FoldScenario,
  fixture: FoldFixture,
  at: number,
  mode: FaultMode,
): Promise<ReturnType<typeof faultStore>> {
  const store = faultStore(fixture.store, { at, mode });
  const checked = checkedAfterEach(store, fixture, `${scenario.name}, ${mode} at ${at}`);
  await tolerate(mode, () => scenario.act(checked, fixture));
  endFoldProcess(fixture);
  return store;
}

/** The same store, that looks after every mutation of the partition whether every row is there once. */
function checkedAfterEach(store: Store, fixture: FoldFixture, when: string): Store {
  const seen = new Map<string, string>();
  const check = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      await assertNamesKept(fixture, seen, `after ${what} (${when})`);
      await assertFoldRows(fixture, `after ${what} (${when})`);
    }
  };
  return {
    ...store,
    rename: (from, to) => check(`rename ${from} ${to}`, store.rename(from, to)),
    concat: (target, sources) => check(`concat ${target}`, store.concat(target, sources)),
    replaceFile: (from, to, replacedId) =>
      check(`replaceFile ${from} ${to}`, store.replaceFile(from, to, replacedId)),
    deleteFile: (path) => check(`deleteFile ${path}`, store.deleteFile(path)),
    deleteDirectory: (path) => check(`deleteDirectory ${path}`, store.deleteDirectory(path)),
  };
}

/**
 * What had the name of a data file never gets other bytes, but those that are folded into it or replace what was: a reader that listed
 * it before must find it gone.
 */
async function assertNamesKept(
  { store, partition, memory }: FoldFixture,
  seen: Map<string, string>,
  when: string,
): Promise<void> {
  for (const { name, fileId, path } of (await store.list(partition)) ?? []) {
    const text = memory.textOf(path) ?? '';
    if (!text.startsWith('merged\n')) continue;
    seen.set(name, fileId);
  }
  for (const { name, fileId } of (await store.list(partition)) ?? []) {
    assert.equal(fileId, seen.get(name) ?? fileId, `${name} is another file ${when}`);
  }
}

describe('every fault at every mutation of a fold', () => {
  for (const scenario of scenarios) {
    for (const mode of modes) {
      it(`${scenario.name}: ${mode}`, async () => {
        const rehearsed = await rehearse(scenario);
        let reached = 0;
        for (let at = 1; at <= rehearsed.length + 1; at++) {
          if (!tells(mode, rehearsed[at - 1] ?? '')) continue;
          const fixture = await makeFoldFixture();
          await scenario.prepare(fixture.store, fixture);
          const store = await actUnderFault(scenario, fixture, at, mode);
          const step = `${scenario.name}, ${mode} at mutation ${at}: ${store.trail[at - 1]}`;
          assert.equal(store.reached(), at <= rehearsed.length, step);
          if (store.reached()) reached++;
          await recover(fixture.store, fixture, step);
          await assertFoldRows(fixture, `recovered, ${step}`);
          await assertFoldTidy(fixture, `recovered, ${step}`);
          if (scenario.name === 'undo') await assertOriginalsKept(fixture, `recovered, ${step}`);
          await scenario.act(fixture.store, fixture);
          await assertFoldRows(fixture, `done again, ${step}`);
          await assertFoldTidy(fixture, `done again, ${step}`);
          assert.deepEqual(await mergedNames(fixture), scenario.files, step);
          const again = faultStore(fixture.store);
          await recover(again, fixture, step);
          if (scenario.name !== 'undo') await scenario.act(again, fixture);
          assert.deepEqual(again.trail, [], `mutations of a run that has nothing to do, ${step}`);
        }
        assert.ok(reached > 5, `only ${reached} faults`);
      });
    }
  }
});

describe('a CONCAT that is never answered', () => {
  const unanswered = (path: string): StoreError =>
    new StoreError('cannot concat: no complete answer', {
      code: 'no-answer',
      op: 'concat',
      path,
      outcomeUnknown: true,
    });

  it('is sent a few times with longer and longer pauses, then all is taken back and the store is named', async () => {
    const fixture = await makeFoldFixture();
    const sentAtMs: number[] = [];
    const store: Store = {
      ...fixture.store,
      concat: async (target) => {
        sentAtMs.push(performance.now());
        throw unanswered(target);
      },
    };
    const error = await consolidateByFold(store, fixture).then(
      () => undefined,
      (met: unknown) => met,
    );
    endFoldProcess(fixture);
    assert.ok(error instanceof StoreError);
    assert.deepEqual([error.code, error.dataState], ['no-answer', 'the originals are untouched']);
    const pauses = sentAtMs.slice(1).map((ms, i) => ms - (sentAtMs[i] ?? 0));
    assert.equal(pauses.length, 4);
    const shortest = [50, 150, 450, 1350];
    assert.ok(
      pauses.every((ms, i) => ms > (shortest[i] ?? 0) - 5),
      `pauses of ${pauses.join(', ')} ms`,
    );
    await recover(fixture.store, fixture, 'after a CONCAT without an answer');
    await assertFoldRows(fixture, 'after a CONCAT without an answer');
    await assertFoldTidy(fixture, 'after a CONCAT without an answer');
  });

  it('says, once another was answered, that the swap is interrupted and every row there', async () => {
    const fixture = await makeFoldFixture();
    let sent = 0;
    const store: Store = {
      ...fixture.store,
      concat: async (target, sources) => {
        sent++;
        if (sent > 1) throw unanswered(target);
        await fixture.store.concat(target, sources);
      },
    };
    const error = await consolidateByFold(store, fixture).then(
      () => undefined,
      (met: unknown) => met,
    );
    endFoldProcess(fixture);
    assert.ok(error instanceof SwapError);
    assert.equal(error.code, 'swap-interrupted');
    assert.match(error.message, /no complete answer/);
    assert.match(error.dataState ?? '', /every row is in the partition once/);
    assert.equal(sent, 1 + 5 + 5);
    await assertFoldRows(fixture, 'interrupted');
    await recover(fixture.store, fixture, 'after the second CONCAT had no answer');
    await assertFoldRows(fixture, 'recovered');
    await assertFoldTidy(fixture, 'recovered');
  });
});

async function recover(store: Store, { basePath }: FoldFixture, when: string): Promise<void> {
  const outcomes = await recoverDataset({ store, basePath, log: silentLogger });
  for (const outcome of outcomes) assert.ok(!outcome.needsAttention, `${outcome.sentence} ${when}`);
}

async function mergedNames({ store, partition }: FoldFixture): Promise<readonly string[]> {
  const names = ((await store.list(partition)) ?? []).map(({ name }) => name);
  return names
    .filter((name) => name.startsWith('a-'))
    .map((name) => name.replace(/merged-\d{8}T\d{6}Z-[0-9a-f]{6}/, 'merged-RUN'));
}
