import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../../src/core/log.ts';
import { undoneName } from '../../src/partition/names.ts';
import { receiptsOf } from '../../src/pipeline/replica/receipts-of.ts';
import { planReplica } from '../../src/pipeline/replica/replica-plan.ts';
import type { FileStatus, Store } from '../../src/store/store.ts';
import { cleanupRuns } from '../../src/swap/cleanup.ts';
import type { DirectorySwapJournal, SwapReceipt } from '../../src/swap/journal.ts';
import { consolidate, date, makeFixture, quickStore } from '../support/swap-fixture.ts';

const attributes = { owner: 'o', group: 'g', mode: 0o644, acl: [] };

/** A file as both places list it: of one name there is only one in these tests. */
function file(name: string, sizeBytes = 100): FileStatus {
  return {
    ...attributes,
    name,
    path: `/p/${name}`,
    kind: 'file',
    fileId: `id of ${name}`,
    sizeBytes,
    modifiedAtMs: 1,
  };
}

/** A merged file of a run, by its letter. */
const m = (letter: string): FileStatus => file(`${letter}.merged-20260101T000000Z-00000${letter}-0.parquet`);

const base = {
  way: 'directories',
  date: '2025-08-15',
  toolVersion: '0',
  sidecars: [],
  keepBackup: true,
  partition: { ...attributes, fileId: 'p' },
  newDirectory: { fileId: 'n' },
  carried: [],
  outcome: 'done',
  backup: 'kept',
  broughtAlong: [],
  warnings: [],
} as const;

const proofOf = ({ name }: FileStatus) => ({
  rows: 1,
  rowGroups: 1,
  level: 'full' as const,
  sha256: `sha of ${name}`,
  columns: [],
});

let runs = 0;

interface Making {
  readonly of: readonly FileStatus[];
  readonly to: FileStatus;
}

/** The receipt of a run of these bins, later than all before it. */
function merged(
  bins: readonly Making[],
  more: Partial<DirectorySwapJournal & SwapReceipt> = {},
): SwapReceipt {
  runs++;
  return {
    ...base,
    kind: 'consolidate',
    runId: `run-${runs}`,
    startedAtMs: runs * 1000,
    finishedAtMs: runs * 1000 + 1,
    removed: bins.flatMap(({ of }) => of),
    added: bins.map(({ to }, binIndex) => ({ ...to, binIndex })),
    verification: bins.map(({ to }) => proofOf(to)),
    plan: {
      date: base.date,
      partitionPath: '/p',
      decision: 'consolidate',
      rule: 'test',
      reason: 'a test',
      files: [],
      bins: bins.map(({ of }, index) => ({
        index,
        inputs: of,
        schemaKey: '',
        attributes,
        rows: 1,
        sizeBytes: 1,
        inputSizeBytes: 1,
      })),
    },
    ...more,
  };
}

/** The receipt of an earlier copy. */
function copied(...files: readonly FileStatus[]): SwapReceipt {
  return merged([], { kind: 'replicate', added: files, verification: files.map(proofOf) });
}

const namesOf = (files: readonly { readonly name: string }[]): readonly string[] =>
  files.map(({ name }) => name).sort();

const [x, y, late] = [file('x.parquet'), file('y.parquet'), file('late.parquet')];
const first = merged([
  { of: [x], to: m('a') },
  { of: [y], to: m('b') },
]);

test('a copy leaves with the file that has its rows, whatever became of other files of the same run', () => {
  const second = merged([
    { of: [m('a'), late], to: m('c') },
    { of: [m('b')], to: m('d') },
  ]);
  // Somebody has deleted c since.
  const plan = planReplica({
    primary: [m('d')],
    receipts: [first, second],
    replica: [m('a'), m('b')],
    copies: [copied(m('a'), m('b'))],
  });
  assert.deepEqual(
    plan.copy.map(({ file }) => file.name),
    [m('d').name],
  );
  assert.ok(namesOf(plan.remove).includes(m('b').name), 'the rows of b are in d');
});

test('of a run that replaced some files and only folded others, the verified ones are copied', () => {
  const bin = { inputs: [], base: x, steps: [], backup: x };
  const both = merged([
    { of: [x], to: m('a') },
    { of: [y], to: m('b') },
  ]);
  const receipt: SwapReceipt = {
    ...both,
    way: 'fold',
    outcome: 'folded',
    restored: [],
    bins: [
      { ...bin, binIndex: 0, name: m('a').name, inputs: [x], staged: x },
      { binIndex: 1, name: m('b').name, inputs: [y], base: x, steps: [] },
    ],
  };
  const partly = planReplica({ primary: [m('a'), m('b')], receipts: [receipt], replica: [], copies: [] });
  assert.deepEqual(
    partly.copy.map(({ file, proof }) => [file.name, proof.sha256]),
    [[m('a').name, `sha of ${m('a').name}`]],
  );
  // The first bin was left as it was; the second is in place.
  const { added, removed } = receipt;
  const left = { ...receipt, outcome: 'done' as const, added: added.slice(1), removed: removed.slice(1) };
  const one = planReplica({
    primary: [x, m('b')],
    receipts: [{ ...left, bins: [{ ...bin, binIndex: 1, name: m('b').name, inputs: [y], staged: y }] }],
    replica: [],
    copies: [],
  });
  assert.deepEqual(
    one.copy.map(({ file, proof }) => [file.name, proof.sha256]),
    [[m('b').name, `sha of ${m('b').name}`]],
  );
});

test('a merged file that somebody else brought to the replica is replaced like a copy, once its bytes were compared', () => {
  const second = merged([{ of: [m('a'), late], to: m('c') }]);
  const plan = planReplica({
    primary: [m('c'), m('b')],
    receipts: [first, second],
    replica: [m('a'), m('b')],
    copies: [],
  });
  assert.deepEqual(
    plan.superseded.map(({ found, proof }) => [found.name, proof.sha256]),
    [[m('a').name, `sha of ${m('a').name}`]],
  );
  assert.deepEqual(plan.doubts, []);
});

test('an undone bin whose rows were merged anew leaves, the other one stays', () => {
  const undone = file(undoneName(m('a').name));
  const undo = merged([], { kind: 'undo', removed: [m('a')], added: [undone], verification: [] });
  const again = merged([{ of: [undone, late], to: m('c') }]);
  const plan = planReplica({
    primary: [m('b'), m('c')],
    receipts: [first, undo, again],
    replica: [m('a'), m('b')],
    copies: [copied(m('a'), m('b'))],
  });
  assert.deepEqual(namesOf(plan.remove), [m('a').name]);
  assert.deepEqual(plan.doubts, []);
});

test('an undone file stays at the replica as long as only other files were merged', () => {
  const undo = merged([], { kind: 'undo', removed: [m('a'), m('b')], added: [x, y], verification: [] });
  const again = merged([{ of: [x, late], to: m('c') }]);
  const plan = planReplica({
    primary: [y, m('c')],
    receipts: [{ ...first, undoneBy: undo.runId }, undo, again],
    replica: [m('a'), m('b')],
    copies: [copied(m('a'), m('b'))],
  });
  assert.deepEqual(namesOf(plan.remove), [m('a').name], 'the rows of b are in y, which nobody merged');
  assert.deepEqual(plan.doubts, []);
});

test('originals that somebody put back by hand, and a run merged again, are not at the replica twice', () => {
  const again = merged([{ of: [x, late], to: m('c') }]);
  const plan = planReplica({
    primary: [m('b'), m('c')],
    receipts: [first, again],
    replica: [m('a'), m('b')],
    copies: [copied(m('a'), m('b'))],
  });
  assert.deepEqual(namesOf(plan.remove), [m('a').name]);
});

test('where it is not known what became of the rows of a copy, nothing new is put beside it', () => {
  const anew = merged([{ of: [file('z.parquet'), late], to: m('c') }]);
  const facts = {
    primary: [m('b'), m('c')],
    receipts: [first, anew],
    replica: [m('a'), m('b')],
    copies: [copied(m('a'), m('b'))],
  };
  assert.match(planReplica(facts).doubts.join(), /a\.merged-.* was copied/);
  // Its rows are in a file that was only folded, and that is there.
  const folded = file('f.parquet');
  const fold = merged([{ of: [m('a')], to: folded }], { outcome: 'folded', verification: [] });
  const known = planReplica({
    ...facts,
    primary: [m('b'), m('c'), folded],
    receipts: [first, fold, anew],
  });
  assert.deepEqual([known.doubts, known.remove], [[], []]);
});

test('no receipt is missed that goes to the history while they are looked for', async () => {
  const fixture = makeFixture();
  const { basePath, workspace } = fixture;
  const store = quickStore();
  try {
    const receipt = await consolidate(store, fixture);
    const later = { ...store, nowMs: async () => (await store.nowMs()) + 30 * 86_400_000 };
    const isHistory = (path: string): boolean => path.startsWith(join(workspace, 'history'));
    let cleanups = 0;
    const raced: Store = {
      ...store,
      list: async (path, range) => {
        const entries = await store.list(path, range);
        if (isHistory(path) && cleanups++ === 0) {
          await cleanupRuns({ store: later, basePath, retentionMs: 0, log: silentLogger });
        }
        return entries;
      },
    };
    const found = await receiptsOf(raced, basePath, date, silentLogger);
    assert.deepEqual(
      found.map(({ runId }) => runId),
      [receipt?.runId],
    );
    assert.equal(cleanups, 1);
  } finally {
    fixture.remove();
  }
});

test('a replica with the small files of a merged one, or one that was consolidated itself, is not filled further', () => {
  const small = planReplica({ primary: [m('a')], receipts: [first], replica: [x], copies: [] });
  assert.match(small.doubts.join(), /x\.parquet/);
  const other = planReplica({
    primary: [m('a')],
    receipts: [first],
    replica: [file('x.parquet', 7)],
    copies: [],
  });
  assert.deepEqual(other.doubts, [], 'another length, another file');

  const own = file('r.parquet');
  const there = merged([{ of: [m('a'), file('foreign.parquet')], to: own }]);
  const mixed = planReplica({
    primary: [m('a'), m('b')],
    receipts: [first],
    replica: [own],
    copies: [copied(m('a')), there],
  });
  assert.match(mixed.doubts.join(), /r\.parquet/);
});
