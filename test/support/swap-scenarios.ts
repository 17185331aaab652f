import assert from 'node:assert/strict';
import { ConsolidatorError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { Store } from '../../src/store/store.ts';
import { cleanupRuns } from '../../src/swap/cleanup.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { undoRun } from '../../src/swap/undo.ts';
import { type FaultMode, type FaultStore, faultStore, SimulatedCrash } from './fault-store.ts';
import {
  assertPartition,
  assertRows,
  assertTidy,
  consolidate,
  date,
  endProcess,
  type Fixture,
  makeFixture,
  neverStaged,
  nextRunId,
  originalsAreBack,
  quickStore,
} from './swap-fixture.ts';

/** Every fault that can be simulated within a process. */
export const modes: readonly FaultMode[] = [
  'fail',
  'crash',
  'crash-half',
  'lost',
  'unknown',
  'no-space',
  'read-only',
  'down',
];
const day = 24 * 3600 * 1000;

/** What is done under the fault, on a partition that `prepare` made ready for it. */
export interface Scenario {
  readonly name: string;
  prepare(store: Store, fixture: Fixture): Promise<void>;
  act(store: Store, fixture: Fixture): Promise<unknown>;
  /** What holds at the very end, when the action was repeated until it was through. */
  finally(fixture: Fixture, when: string): void;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'consolidate with a backup',
    prepare: async () => {},
    act: (store, fixture) => consolidate(store, fixture),
    finally: (fixture, when) => assert.ok(!originalsAreBack(fixture), when),
  },
  {
    name: 'consolidate without a backup',
    prepare: async () => {},
    act: (store, fixture) => consolidate(store, fixture, { keepBackup: false }),
    finally: (fixture, when) => assert.ok(!originalsAreBack(fixture), when),
  },
  {
    name: 'undo',
    prepare: async (store, fixture) => {
      await consolidate(store, fixture);
    },
    act: async (store, { basePath }) => {
      try {
        const newRunId = nextRunId();
        await undoRun({
          store,
          basePath,
          date,
          newRunId,
          toolVersion: '0',
          stage: neverStaged,
          log: silentLogger,
        });
      } catch (error) {
        // The fault came after the last step that matters, and recover went forward.
        if (!(error instanceof ConsolidatorError) || error.code !== 'nothing-to-undo') throw error;
      }
    },
    finally: (fixture, when) => assert.ok(originalsAreBack(fixture), when),
  },
  {
    name: 'cleanup',
    prepare: async (store, fixture) => {
      await consolidate(store, fixture);
    },
    act: async (store, { basePath }) => {
      const later: Store = { ...store, nowMs: async () => (await store.nowMs()) + 8 * day };
      await cleanupRuns({ store: later, basePath, retentionMs: 7 * day, log: silentLogger });
    },
    finally: (fixture, when) => assert.ok(!originalsAreBack(fixture), when),
  },
];

/** Runs a scenario with a fault at one mutation; resolves to the store, which knows whether it was reached. */
export async function actUnderFault(
  scenario: Scenario,
  fixture: Fixture,
  at: number,
  mode: FaultMode,
  plain: () => Store = quickStore,
): Promise<FaultStore> {
  const store = faultStore(plain(), {
    at,
    mode,
    afterMutation: (what) => assertRows(fixture, `after ${what} (${scenario.name}, ${mode} at ${at})`),
  });
  await tolerate(mode, () => scenario.act(store, fixture));
  endProcess(fixture);
  return store;
}

/** Does `work` and accepts the errors a fault of this mode may lead to; any other is a bug. */
export async function tolerate(mode: FaultMode, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const expected = mode.startsWith('crash') ? SimulatedCrash : ConsolidatorError;
    if (!(error instanceof expected)) throw error;
  }
}

/** Recovers and expects that no person is needed. */
export async function recover(store: Store, fixture: Fixture, when: string): Promise<void> {
  const outcomes = await recoverDataset({ store, basePath: fixture.basePath, log: silentLogger });
  for (const outcome of outcomes) assert.ok(!outcome.needsAttention, `${outcome.sentence} ${when}`);
}

/** After a recovery: all is well, and doing it again gets through; after that there is nothing left to do. */
export async function assertSettled(
  scenario: Scenario,
  fixture: Fixture,
  when: string,
  plain: () => Store = quickStore,
): Promise<void> {
  assertPartition(fixture, `recovered, ${when}`);
  assertTidy(fixture, `recovered, ${when}`);
  await scenario.act(plain(), fixture);
  scenario.finally(fixture, when);
  assertPartition(fixture, `done again, ${when}`);
  assertTidy(fixture, `done again, ${when}`);
  const again = faultStore(plain());
  await recover(again, fixture, when);
  if (!scenario.name.startsWith('undo')) await scenario.act(again, fixture);
  assert.deepEqual(again.trail, [], `mutations of a run that has nothing to do, ${when}`);
}

/** Lets a consolidation of the fixture die right after the first mutation that matches. */
export async function dieAfter(fixture: Fixture, pattern: RegExp): Promise<void> {
  const twin = makeFixture();
  let at = 0;
  try {
    const rehearsal = faultStore(quickStore());
    await consolidate(rehearsal, twin);
    at = rehearsal.trail.findIndex((what) => pattern.test(what)) + 1;
  } finally {
    twin.remove();
  }
  assert.ok(at > 0, `no mutation matches ${pattern}`);
  const store = faultStore(quickStore(), { at: at + 1, mode: 'crash' });
  await assert.rejects(consolidate(store, fixture), SimulatedCrash);
  endProcess(fixture);
}

/** Points of a consolidation, by the mutation that leads there. */
export const points = {
  staged: /^close .*bin-1\.staged$/,
  journalWritten: /^rename .*journal\.json\.staged .*journal\.json$/,
  lastUnveiled: /^setAttributes .*\/new$/,
  movedAway: /^rename .*date=2025-08-15 .*\/old$/,
  placed: /^rename .*\/new .*date=2025-08-15$/,
  receiptWritten: /^rename .*receipt\.json$/,
} as const;
