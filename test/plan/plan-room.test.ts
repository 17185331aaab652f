import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReadable } from '../../src/plan/data-file.ts';
import { planPartition } from '../../src/plan/plan-partition.ts';
import type { PlanPolicy } from '../../src/plan/policy.ts';
import { roomNeeded } from '../../src/plan/room.ts';
import { reservedBytes, storedBytes } from '../../src/plan/striping.ts';
import type { Placement } from '../../src/store/store.ts';
import type { Quota } from '../../src/store/survey.ts';
import { candidate, inputOf, partitionPath, policy, rulesOf } from './plan-fixtures.ts';

const copying: PlanPolicy = { ...policy, copiesInputs: true };
const folding: PlanPolicy = { ...policy, mode: 'fold' };
const onDisk: Placement = { blockSizeBytes: 1_000, replication: 3 };

const small = (placement: Placement) =>
  Array.from({ length: 6 }, (_, i) => candidate({ name: `f${i}`, sizeBytes: 100, placement }));

const bin = (placement: Placement) => small(placement).filter(isReadable);

function planWith(quota: Partial<Quota>, by: PlanPolicy, placement = onDisk) {
  const whole: Quota = { path: '/data', of: 'space', limit: 0, used: 0, ...quota };
  return planPartition(inputOf(small(placement), {}, { quotas: [whole] }), by);
}

test('needed are merged file and backup, times the copies, and a block for each file that is being written', () => {
  // 6 files of 100 bytes with footers of 300 each, 3 copies; blocks of 1,000.
  assert.equal(roomNeeded([bin(onDisk)], copying).spaceBytes, 3 * (2 * 600 + 6 * 300 + 2 * 1_000));
  assert.equal(roomNeeded([bin(onDisk)], policy).spaceBytes, 3 * (600 + 6 * 300 + 1_000));
  assert.equal(roomNeeded([bin(onDisk)], folding).spaceBytes, 3 * (6 * 300 + 1_000));
  // Bins are all staged before the first is swapped; but not all of their files are written at once.
  assert.equal(
    roomNeeded([bin(onDisk), bin(onDisk)], copying).spaceBytes,
    3 * (4 * 600 + 12 * 300 + 2 * 1_000),
  );
  const [one, two] = [roomNeeded([bin(onDisk)], copying), roomNeeded([bin(onDisk), bin(onDisk)], copying)];
  assert.equal(two.names - one.names, 4);
});

test('an erasure-coded file takes its data and the parity of its stripes, and a whole group of blocks while it is written', () => {
  const cell = 1024 * 1024;
  const coded = (erasureCoding: string): Placement => ({ ...onDisk, replication: 1, erasureCoding });
  const rs63 = coded('RS-6-3-1024k');
  // Each line as StripedBlockUtil.spaceConsumedByStripedBlock counts: three parity cells as long as the first of the stripe.
  assert.equal(storedBytes(0, rs63), 0);
  assert.equal(storedBytes(1, rs63), 4);
  assert.equal(storedBytes(cell, rs63), 4 * cell);
  assert.equal(storedBytes(cell + 1, rs63), cell + 1 + 3 * cell);
  assert.equal(storedBytes(6 * cell, rs63), 9 * cell);
  assert.equal(storedBytes(6 * cell + 5, rs63), 9 * cell + 20);
  assert.equal(storedBytes(15 * cell, rs63), 15 * cell + 9 * cell);
  assert.equal(storedBytes(2 * cell, coded('XOR-2-1-1024k')), 3 * cell);
  assert.equal(storedBytes(10, coded('RS-LEGACY-6-3-1024k')), 40);
  assert.equal(storedBytes(10, coded('not told')), 40, 'as the default policy');
  assert.equal(storedBytes(10, onDisk), 30);
  assert.equal(reservedBytes(rs63), 9 * 1_000);

  // 6 files of 100 bytes with footers of 300: each byte of a file of less than a cell four times, twice nine blocks.
  const { spaceBytes, byType } = roomNeeded([bin(rs63)], copying);
  assert.equal(spaceBytes, 4 * (2 * 600 + 6 * 300) + 2 * 9 * 1_000);
  assert.deepEqual([...byType], [['DISK', spaceBytes]]);
  assert.equal(roomNeeded([bin(rs63)], folding).spaceBytes, 4 * 6 * 300 + 9 * 1_000);
});

test('the blocks of the own files of a run count where they are larger than those of the data', () => {
  const own: Placement = { blockSizeBytes: 5_000, replication: 2 };
  const data = 3 * (2 * 600 + 6 * 300);
  assert.equal(roomNeeded([bin(onDisk)], copying, own).spaceBytes, data + 2 * 5_000);
  assert.equal(
    roomNeeded([bin(onDisk)], copying, { ...own, replication: 1 }).spaceBytes,
    data + 3 * 2 * 1_000,
  );
  const coded = { ...onDisk, replication: 1, erasureCoding: 'RS-3-2-1024k' };
  assert.equal(
    roomNeeded([bin(coded)], copying, own).spaceBytes,
    3 * (2 * 600 + 6 * 300) + 5 * 5_000,
    'five units',
  );
});

test('storage types take what the storage policy gives them', () => {
  const typesOf = (storagePolicy?: string) => {
    const placement = storagePolicy === undefined ? onDisk : { ...onDisk, storagePolicy };
    const { byType, spaceBytes } = roomNeeded([bin(placement)], copying);
    return Object.fromEntries([...byType].map(([type, bytes]) => [type, (3 * bytes) / spaceBytes]));
  };
  assert.deepEqual(typesOf(), { DISK: 3 });
  assert.deepEqual(typesOf('COLD'), { ARCHIVE: 3 });
  assert.deepEqual(typesOf('WARM'), { DISK: 1, ARCHIVE: 2 });
  assert.deepEqual(typesOf('ALL_SSD'), { SSD: 3 });
  assert.deepEqual(typesOf('ONE_SSD'), { SSD: 1, DISK: 2 });
});

test('a byte or a name too few refuses the partition with what to do, and one more does not', () => {
  const { spaceBytes, names } = roomNeeded([bin(onDisk)], copying);
  const used = 5_000;
  const tight = planWith({ limit: spaceBytes + used - 1, used }, copying);
  assert.deepEqual([tight.decision, tight.rule, tight.bins], ['refuse', 'quota-too-small', []]);
  assert.match(
    tight.reason,
    /^the space quota of \/data leaves .* -setSpaceQuota\), .* --mode fold, .*\(safety\.backup_before_delete\)$/,
  );
  assert.deepEqual(new Set(Object.values(rulesOf(tight))), new Set(['keep partition-refused']));
  assert.equal(planWith({ limit: spaceBytes + used, used }, copying).decision, 'consolidate');

  const few = planWith({ of: 'names', limit: names + 7, used: 8 }, copying);
  assert.equal(few.rule, 'quota-too-small');
  assert.match(few.reason, new RegExp(`leaves ${names - 1} of ${names + 7} names, and ${names} are needed`));
  assert.equal(planWith({ of: 'names', limit: names + 8, used: 8 }, copying).decision, 'consolidate');

  assert.match(
    planWith({ of: 'SSD', limit: 1 }, copying, { ...onDisk, storagePolicy: 'ONE_SSD' }).reason,
    /-storageType SSD/,
  );
  assert.equal(planWith({ of: 'SSD', limit: 1 }, copying).decision, 'consolidate', 'nothing goes to SSD');
  assert.doesNotMatch(planWith({ limit: 1 }, folding).reason, /--mode fold/);
});

test("the partition's own quota is held against what comes to lie in it", () => {
  const own = (rest: Partial<Quota>) => planWith({ path: partitionPath, ...rest }, copying).decision;
  assert.equal(own({ of: 'names', limit: 8, used: 7 }), 'refuse');
  assert.equal(own({ of: 'names', limit: 9, used: 7 }), 'consolidate');
  assert.equal(own({ of: 'space', limit: 600, used: 600 }), 'consolidate');
});

test('where nothing is to be done, no quota refuses', () => {
  const quotas = [{ path: '/data', of: 'space', limit: 1, used: 1 }];
  const plan = planPartition(inputOf(small(onDisk).slice(0, 2), {}, { quotas }), copying);
  assert.equal(plan.decision, 'nothing');
});
