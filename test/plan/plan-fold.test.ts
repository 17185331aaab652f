import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPartition } from '../../src/plan/plan-partition.ts';
import type { PlanPolicy } from '../../src/plan/policy.ts';
import {
  afterFold,
  afterMerge,
  binsOf,
  candidate,
  files,
  inputOf,
  partitionPath,
  policy,
  reasonOf,
  rulesOf,
} from './plan-fixtures.ts';

const foldPolicy: PlanPolicy = { ...policy, mode: 'fold' };
const making = (inputFiles: number, inputSizeBytes: number) => ({
  inputFiles,
  inputSizeBytes,
  runId: 'run-2',
});
const folded = (name: string, sizeBytes: number, inputFiles = 21) =>
  candidate({ name, sizeBytes, folded: making(inputFiles, sizeBytes) });

test('a folded file is encoded anew at any length, alone if need be, and then left alone', () => {
  for (const sizeBytes of [20, 900, 5000]) {
    const start = [folded('x', sizeBytes)];
    const plan = planPartition(inputOf(start), policy);
    assert.deepEqual(binsOf(plan), [['x']]);
    assert.deepEqual([plan.decision, plan.rule], ['consolidate', 'folded-files']);
    assert.match(plan.reason, /^1 folded file \([^)]+\) is encoded anew as 1 file$/);
    assert.deepEqual(rulesOf(plan), { x: 'merge folded-file' });
    assert.match(
      reasonOf(plan, 'x'),
      /^It was folded from 21 files \([^)]+\) by run run-2 and not yet encoded anew, .*: merged alone, as bin 0$/,
    );
    for (const shrink of [0.1, 1.05]) {
      const second = planPartition(inputOf(afterMerge(plan, start, shrink)), policy);
      assert.equal(second.decision, 'nothing');
    }
  }
});

test('a folded file takes its neighbours along, however few', () => {
  const start = [
    candidate({ name: 'a', sizeBytes: 20 }),
    folded('b', 300),
    candidate({ name: 'c', sizeBytes: 20 }),
  ];
  const plan = planPartition(inputOf(start), policy);
  assert.deepEqual(binsOf(plan), [['a', 'b', 'c']]);
  assert.equal(plan.rule, 'small-files');
  assert.equal(plan.reason, '3 small or folded files (340) become 1 file');
  assert.deepEqual(rulesOf(plan), { a: 'merge small-file', b: 'merge folded-file', c: 'merge small-file' });
  assert.match(reasonOf(plan, 'b'), /: merged with 2 other files into bin 0$/);
});

test('a folded file stands for the files it was made of where a merged one asks for new files', () => {
  const merged = candidate({ name: 'a', sizeBytes: 240, ours: making(21, 400) });
  const many = planPartition(inputOf([merged, folded('b', 100, 5)]), policy);
  assert.deepEqual(binsOf(many), [['a', 'b']]);
  const few = planPartition(inputOf([merged, folded('b', 100, 4)]), policy);
  assert.deepEqual(binsOf(few), [['b']]);
  assert.equal(rulesOf(few).a, 'keep own-file');
  const short = planPartition(inputOf([merged, folded('b', 99, 50)]), policy);
  assert.deepEqual(binsOf(short), [['b']]);
});

test('with --mode fold small files become one, and the sentences say so', () => {
  const start = files('f', 21, 40);
  const plan = planPartition(inputOf(start), foldPolicy);
  assert.equal(plan.bins.length, 1);
  assert.deepEqual([plan.decision, plan.rule], ['consolidate', 'small-files']);
  assert.equal(plan.reason, '21 small files (840) are folded into 1 file; no data is read or moved');
  assert.match(reasonOf(plan, 'f07'), /: folded with 20 other files into bin 0$/);
});

test('with --mode fold a bin is filled by the length of its files', () => {
  const start = files('m', 10, 100, { ours: making(3, 300) }).concat(files('n', 6, 150));
  const fold = planPartition(inputOf(start), { ...foldPolicy, late: { ...foldPolicy.late, minRowShare: 0 } });
  assert.deepEqual(
    fold.bins.map(({ sizeBytes }) => sizeBytes),
    [950],
  );
  assert.equal(planPartition(inputOf(files('a', 12, 200)), foldPolicy).bins.length, 3);
});

test('what is folded is not folded again, and the reason names the ordinary run', () => {
  const start = files('f', 21, 40);
  const done = afterFold(planPartition(inputOf(start), foldPolicy), start);
  const again = planPartition(inputOf(done), foldPolicy);
  assert.deepEqual([again.decision, again.rule], ['nothing', 'nothing-to-merge']);
  assert.equal(
    again.reason,
    'Nothing to fold among 1 data file: 1 already folded, which an ordinary run encodes anew',
  );
  assert.deepEqual(rulesOf(again), { f00: 'keep already-folded' });
  assert.match(
    reasonOf(again, 'f00'),
    /^Already folded: .* An ordinary run, without --mode fold, encodes it anew$/,
  );
  // The length does not matter: 860 are not small.
  assert.equal(rulesOf(planPartition(inputOf([folded('x', 20)]), foldPolicy)).x, 'keep already-folded');
  assert.deepEqual(binsOf(planPartition(inputOf(done), policy)), [['f00']]);
});

test('several folded files are no reason to fold; with enough new ones they go along', () => {
  const two = [folded('a', 100), folded('b', 100)];
  assert.equal(planPartition(inputOf(two), foldPolicy).decision, 'nothing');
  const few = planPartition(inputOf([...two, ...files('c', 4, 10)]), foldPolicy);
  assert.equal(few.decision, 'nothing');
  assert.match(
    few.reason,
    /2 already folded, which an ordinary run encodes anew, 4 small, too few or too large to fold/,
  );
  const enough = planPartition(inputOf([...two, ...files('c', 5, 10)]), foldPolicy);
  assert.deepEqual(
    enough.bins.map(({ inputs }) => inputs.length),
    [7],
  );
  assert.match(reasonOf(enough, 'a'), /5 new files \(50\) make it worth folding again, with 6 other files/);
});

test('with --mode fold a merged file goes along only as with an ordinary run: it will have to be written again', () => {
  const merged = candidate({ name: 'a', sizeBytes: 240, ours: making(21, 400) });
  const enough = planPartition(inputOf([merged, ...files('b', 5, 20)]), foldPolicy);
  assert.deepEqual(
    enough.bins.map(({ inputs }) => inputs.length),
    [6],
  );
  const small = planPartition(inputOf([merged, ...files('b', 5, 19)]), foldPolicy);
  assert.deepEqual(
    small.bins.map(({ inputs }) => inputs.length),
    [5],
  );
  assert.equal(rulesOf(small).a, 'keep own-file');
});

test('files that are kept differently are merged apart, and the reason says what differs', () => {
  const kept = (replication: number, storagePolicy?: string) => ({
    placement: {
      blockSizeBytes: 128,
      replication,
      ...(storagePolicy === undefined ? {} : { storagePolicy }),
    },
  });
  const start = [
    ...files('a', 4, 20, kept(3)),
    ...files('b', 1, 20, kept(2)),
    ...files('c', 1, 20, kept(3, 'COLD')),
    ...files('d', 1, 20),
  ];
  const plan = planPartition(inputOf(start), policy);
  assert.equal(plan.decision, 'nothing');
  const reason = reasonOf(plan, 'a00');
  assert.match(reason, /1 small file \(replication 2 instead of replication 3\)/);
  assert.match(reason, /1 small file \(storage policy COLD instead of default\)/);
  assert.match(reason, /1 small file \(no stated replication instead of replication 3\)/);
});

test('a bin is kept as its files are, with the largest of their block sizes', () => {
  const sizes = [64, 128, 32, 64, 64];
  const start = sizes.map((blockSizeBytes, i) =>
    candidate({
      name: `f${i}`,
      sizeBytes: 20,
      placement: { blockSizeBytes, replication: 2, storagePolicy: 'HOT' },
    }),
  );
  const [bin] = planPartition(inputOf(start), policy).bins;
  assert.deepEqual(bin?.placement, { blockSizeBytes: 128, replication: 2, storagePolicy: 'HOT' });
  const [plain] = planPartition(inputOf(files('a', 5, 20)), policy).bins;
  assert.ok(plain !== undefined && !('placement' in plain));
});

test('what the store says of a file is in the way only when that file goes into a bin', () => {
  const start = [...files('a', 5, 20), candidate({ name: 'large', sizeBytes: 900 })];
  const obstacle = (name: string) => ({
    path: `${partitionPath}/${name}`,
    rule: 'comma-in-name',
    reason: 'CONCAT cannot name it',
    onlyAsInput: true,
  });
  const free = planPartition(inputOf(start, { obstacles: [obstacle('large')] }), policy);
  assert.equal(free.decision, 'consolidate');
  const refused = planPartition(
    inputOf(start, { obstacles: [obstacle('a03'), obstacle('a04'), obstacle('large')] }),
    policy,
  );
  assert.deepEqual([refused.decision, refused.rule, refused.bins], ['refuse', 'comma-in-name', []]);
  assert.equal(refused.reason, `${partitionPath}/a03 is in the way (and 1 more): CONCAT cannot name it`);
  assert.equal(rulesOf(refused).a00, 'keep partition-refused');
  const directory = { path: partitionPath, rule: 'encryption-zone', reason: 'it is one' };
  assert.equal(planPartition(inputOf(start, { obstacles: [directory] }), policy).rule, 'encryption-zone');
});

test('bins close where the footer of all row groups would get too long, with --mode fold too', () => {
  const start = files('f', 12, 10, { rowGroupBytes: 700, columnChunks: 10 });
  for (const mode of ['rewrite', 'fold'] as const) {
    const plan = planPartition(inputOf(start), { ...policy, mode, maxFooterTailBytes: 4 * 800 });
    assert.deepEqual(
      plan.bins.map(({ inputs }) => inputs.length),
      [4, 4, 4],
    );
  }
});
