import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '../../src/core/log.ts';
import { stagedBinPath } from '../../src/partition/names.ts';
import { notePendingCopy } from '../../src/pipeline/replica/pending-copies.ts';
import { replicaKeeper } from '../../src/pipeline/replica/replica-keeper.ts';
import type { Store } from '../../src/store/store.ts';
import { acquireLock, withLock } from '../../src/swap/partition-lock.ts';
import { swapPartition } from '../../src/swap/swap-partition.ts';
import { type FaultMode, faultStore, tells } from '../support/fault-store.ts';
import {
  assertTidy,
  consolidate,
  date,
  endProcess,
  type Fixture,
  fakeVerified,
  fixtureAt,
  makeBin,
  makeFixture,
  memoryDirectory,
  nextRunId,
  quickStore,
  rowsOf,
} from '../support/swap-fixture.ts';
import { modes } from '../support/swap-scenarios.ts';

const uri = 'file:/replica';

/** The partition, and the place of its replica beside it. */
interface Sides {
  readonly primary: Fixture;
  readonly replica: Fixture;
}

function makeSides(): Sides {
  const primary = makeFixture(memoryDirectory());
  const basePath = join(dirname(primary.basePath), 'replica');
  mkdirSync(basePath);
  return { primary, replica: fixtureAt(basePath) };
}

/** Copies what is outstanding, as the end of a run does; resolves to whether all of it went over. */
async function copy({ primary, replica }: Sides, from: Store, to: Store): Promise<boolean> {
  const keeper = replicaKeeper({
    primary: { store: from, basePath: primary.basePath },
    uri,
    reach: async () => ({ store: to, basePath: replica.basePath }),
    toolVersion: '0',
    allowAttributeChange: false,
    stop: new AbortController().signal,
    log: silentLogger,
  });
  const done = await keeper.catchUp();
  return done.every(({ replica: { result } }) => result === 'copied' || result === 'current');
}

/** Merges and notes the copy, as a run does. */
async function mergeFirst(sides: Sides): Promise<void> {
  const store = quickStore();
  const { primary } = sides;
  const runId = nextRunId();
  const runDirectory = join(primary.dateDirectory, runId);
  const beforeSwap = () =>
    notePendingCopy(store, primary.basePath, runDirectory, { runId, date, replica: uri });
  await consolidate(store, primary, { runId, beforeSwap });
}

/** Merges what was merged once more, into one file. */
async function mergeAgain({ primary }: Sides): Promise<void> {
  const store = quickStore();
  const { basePath, partition } = primary;
  const runId = nextRunId();
  const lock = await acquireLock({ store, basePath, date, runId, log: silentLogger });
  await withLock(lock, silentLogger, async () => {
    const merged = ((await store.list(partition)) ?? []).filter(({ name }) => name.includes('.merged-'));
    assert.equal(merged.length, 2);
    const path = stagedBinPath(lock.runDirectory, 0);
    const sink = await store.create(path);
    for (const file of merged) await sink.write(readFileSync(file.path));
    await sink.close();
    await notePendingCopy(store, basePath, lock.runDirectory, { runId, date, replica: uri });
    await swapPartition({
      store,
      lock,
      basePath,
      partitionPath: partition,
      plan: {
        date,
        partitionPath: partition,
        decision: 'consolidate',
        rule: 'test',
        reason: 'a test',
        bins: [makeBin(merged, 0)],
        files: [],
      },
      outputs: [{ binIndex: 0, file: await fakeVerified(store, path) }],
      keepBackup: true,
      toolVersion: '0',
      log: silentLogger,
    });
  });
}

/** The replica has exactly the files that were merged, byte for byte, and nothing is left over or outstanding. */
function assertCopied({ primary, replica }: Sides, when: string): void {
  const wanted = readdirSync(primary.partition).filter((name) => name.includes('.merged-'));
  assert.deepEqual(readdirSync(replica.partition).sort(), wanted.sort(), when);
  for (const name of wanted) {
    assert.deepEqual(
      readFileSync(join(replica.partition, name)),
      readFileSync(join(primary.partition, name)),
      when,
    );
  }
  assertTidy(primary, when);
  assertTidy(replica, when);
}

const scenarios: readonly {
  readonly name: string;
  readonly prepare: (sides: Sides) => Promise<void>;
}[] = [
  { name: 'a first copy', prepare: mergeFirst },
  {
    name: 'a copy that takes the place of two',
    prepare: async (sides) => {
      await mergeFirst(sides);
      assert.ok(await copy(sides, quickStore(), quickStore()));
      assertCopied(sides, 'before');
      await mergeAgain(sides);
    },
  },
];

describe('every fault at every mutation of a copy', () => {
  for (const { name, prepare } of scenarios) {
    for (const mode of modes) {
      it(`${name}: ${mode}, at the replica`, () => everyFault(prepare, mode, 'replica'));
      it(`${name}: ${mode}, at the partition`, () => everyFault(prepare, mode, 'primary'));
    }
  }
});

async function everyFault(
  prepare: (sides: Sides) => Promise<void>,
  mode: FaultMode,
  where: keyof Sides,
): Promise<void> {
  let reached = 0;
  for (let at = 1, isOver = false; !isOver; at++) {
    const sides = makeSides();
    const when = `${mode} at mutation ${at} of the ${where}`;
    try {
      await prepare(sides);
      const before = rowsOf(sides.replica.partition) ?? [];
      const after = mergedRows(sides);
      const states = [undefined, [], before, after].map((rows) => JSON.stringify(rows));
      const faulty = faultStore(quickStore(), {
        at,
        mode,
        // I1: a listing of the replica never shows a row twice, nor only some of them.
        afterMutation: (what) => {
          const found = JSON.stringify(rowsOf(sides.replica.partition));
          assert.ok(states.includes(found), `${when}: ${what}: ${found}`);
        },
      });
      const healthy = quickStore();
      await copy(sides, where === 'primary' ? faulty : healthy, where === 'replica' ? faulty : healthy).catch(
        () => false,
      );
      isOver = !faulty.reached();
      if (faulty.reached() && tells(mode, faulty.trail[at - 1] ?? '')) reached++;
      endProcess(sides.replica);
      assert.deepEqual(rowsOf(sides.primary.partition), sides.primary.rows, when);
      await copy(sides, quickStore(), quickStore());
      // A lock that went with the process is only free once nothing more is heard of it.
      assert.ok(await copy(sides, quickStore(), quickStore()), when);
      assertCopied(sides, when);
    } finally {
      sides.primary.remove();
    }
  }
  // Of the partition only the note is deleted, and a full disk or half of it makes no difference to that.
  const least = where === 'replica' ? 5 : mode === 'no-space' || mode === 'crash-half' ? 0 : 1;
  assert.ok(reached >= least, `only ${reached} faults`);
}

function mergedRows({ primary }: Sides): readonly string[] {
  return readdirSync(primary.partition)
    .filter((name) => name.includes('.merged-'))
    .flatMap((name) => readFileSync(join(primary.partition, name), 'utf8').split('\n'))
    .filter((line) => line !== '' && line !== 'merged')
    .sort();
}

it('leaves no replica where there is none to copy to', async () => {
  const sides = makeSides();
  try {
    await mergeFirst(sides);
    const keeper = replicaKeeper({
      primary: { store: quickStore(), basePath: sides.primary.basePath },
      uri,
      reach: () => Promise.reject(new Error('nobody is there')),
      toolVersion: '0',
      allowAttributeChange: false,
      stop: new AbortController().signal,
      log: silentLogger,
    });
    const [only] = await keeper.catchUp();
    assert.equal(only?.replica.result, 'failed');
    assert.match(only?.replica.sentence ?? '', /nobody is there/);
    assert.ok(!existsSync(sides.replica.partition));
    assert.ok(await copy(sides, quickStore(), quickStore()), 'later');
    assertCopied(sides, 'later');
  } finally {
    sides.primary.remove();
  }
});

it('takes out a merged file that somebody else had brought, once what it became is there', async () => {
  const sides = makeSides();
  try {
    await mergeFirst(sides);
    // As distcp does, before there was a replica.
    cpSync(sides.primary.partition, sides.replica.partition, { recursive: true });
    for (const name of readdirSync(sides.replica.partition))
      if (!name.includes('.merged-')) rmSync(join(sides.replica.partition, name));
    await mergeAgain(sides);
    const changed = readdirSync(sides.replica.partition)[0] ?? '';
    const path = join(sides.replica.partition, changed);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.from(bytes).fill('x', 0, 1));
    assert.equal(await copy(sides, quickStore(), quickStore()), false, 'its bytes are others');
    writeFileSync(path, bytes);
    assert.ok(await copy(sides, quickStore(), quickStore()));
    assertCopied(sides, 'in the end');
  } finally {
    sides.primary.remove();
  }
});

it('puts nothing beside the small files that were merged', async () => {
  const sides = makeSides();
  try {
    mkdirSync(sides.replica.partition);
    writeFileSync(
      join(sides.replica.partition, 'a-1.parquet'),
      sides.primary.inputs.get('a-1.parquet') ?? '',
    );
    await mergeFirst(sides);
    assert.equal(await copy(sides, quickStore(), quickStore()), false);
    assert.deepEqual(readdirSync(sides.replica.partition), ['a-1.parquet']);
    rmSync(join(sides.replica.partition, 'a-1.parquet'));
    assert.ok(await copy(sides, quickStore(), quickStore()));
    assertCopied(sides, 'in the end');
  } finally {
    sides.primary.remove();
  }
});

it('changes nothing where the replica is the dataset itself by another name', async () => {
  const { primary, replica: unused } = makeSides();
  const sides: Sides = { primary, replica: primary };
  try {
    rmSync(unused.basePath, { recursive: true });
    for (const merge of [mergeFirst, mergeAgain]) {
      await merge(sides);
      const before = readdirSync(primary.partition);
      assert.ok(await copy(sides, quickStore(), quickStore()));
      assert.deepEqual(readdirSync(primary.partition), before);
      assert.deepEqual(rowsOf(primary.partition), primary.rows);
      assertTidy(primary, 'after the copy');
    }
  } finally {
    primary.remove();
  }
});
