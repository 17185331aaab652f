import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CandidateFile } from '../../src/plan/partition-plan.ts';
import { planPartition } from '../../src/plan/plan-partition.ts';
import type { PlanPolicy } from '../../src/plan/policy.ts';
import {
  afterMerge,
  binsOf,
  candidate,
  files,
  hourMs,
  inputOf,
  nowMs,
  policy,
  reasonOf,
  rulesOf,
} from './plan-fixtures.ts';

const dayMs = 24 * hourMs;
const daysAgo = (days: number) => ({ modifiedAtMs: nowMs - days * dayMs });
const ours = (inputSizeBytes: number) => ({ inputSizeBytes, inputFiles: 21, runId: 'run-1' });
const merged = (name: string, inputSizeBytes: number) =>
  candidate({ name, sizeBytes: Math.ceil(inputSizeBytes * 0.6), ours: ours(inputSizeBytes) });

function plan(candidates: readonly CandidateFile[], late: Partial<PlanPolicy['late']> = {}) {
  return planPartition(inputOf(candidates), { ...policy, late: { ...policy.late, ...late } });
}

test('the number of late files can be asked to be larger than the minimum, and never smaller', () => {
  const five = [merged('m', 100), ...files('n', 5, 20)];
  assert.equal(binsOf(plan(five))[0]?.[0], 'm');
  const asked = plan(five, { minFiles: 6 });
  assert.deepEqual(binsOf(asked), [['n00', 'n01', 'n02', 'n03', 'n04']]);
  assert.match(
    reasonOf(asked, 'm'),
    /at least 6 new small files .* 25 rows \(late_data\.min_share of 0\.25\)/,
  );
  const four = [merged('m', 100), ...files('n', 4, 40)];
  assert.equal(plan(four, { minFiles: 2 }).decision, 'nothing');
});

test('their share is one of rows, not of bytes', () => {
  const of = (rows: number) => [merged('m', 400), ...files('n', 5, 2, { rows })];
  assert.equal(rulesOf(plan(of(20))).m, 'merge own-file-with-new-data');
  assert.equal(rulesOf(plan(of(19))).m, 'keep own-file');
  assert.equal(rulesOf(plan(of(19), { minRowShare: 0.1 })).m, 'merge own-file-with-new-data');
});

test('one late file that is old enough is merged into the file beside it, and both reasons say how long it waited', () => {
  const late = candidate({ name: 'n', sizeBytes: 10, ...daysAgo(30) });
  const done = plan([merged('m', 400), late]);
  assert.deepEqual(binsOf(done), [['m', 'n']]);
  assert.equal(done.rule, 'small-files');
  assert.equal(
    reasonOf(done, 'm'),
    'It was made of 21 files (400) by run run-1; 1 new file (10) that waited for others for 30 days, longer than 30 days ' +
      '(late_data.max_age_days) makes it worth merging again, with 1 other file into bin 0',
  );
  assert.match(reasonOf(done, 'n'), /among 1 new file that waited for others for 30 days/);

  const young = plan([merged('m', 400), candidate({ name: 'n', sizeBytes: 10, ...daysAgo(29.9) })]);
  assert.equal(young.decision, 'nothing');
  assert.match(reasonOf(young, 'n'), /beside merged files one is enough once it is older than 30 days/);
  assert.equal(plan([merged('m', 400), late], { maxAgeMs: 0 }).decision, 'nothing');
});

test('younger ones come along with an old one, and old ones without room go together', () => {
  const young = candidate({ name: 'p', sizeBytes: 10, ...daysAgo(2) });
  const old = (name: string) => candidate({ name, sizeBytes: 200, ...daysAgo(40) });
  assert.deepEqual(binsOf(plan([merged('m', 400), old('n'), young])), [['m', 'n', 'p']]);
  // 1,000 at most: the second finds no room beside the first, and the young one is not enough of a reason.
  const full = plan([merged('m', 700), old('n'), old('o'), young]);
  assert.deepEqual(binsOf(full), [['m', 'n', 'p']]);
  assert.equal(rulesOf(full).o, 'keep left-over');
  // Large enough as it is: what is late is put together by itself.
  const beside = plan([merged('m', 900), old('n'), old('o')]);
  assert.deepEqual(binsOf(beside), [['n', 'o']]);
});

test('age makes nothing of a partition that was never consolidated, nor a fold', () => {
  const few = files('n', 3, 10, daysAgo(100));
  assert.equal(plan(few).decision, 'nothing');
  assert.doesNotMatch(reasonOf(plan(few), 'n00'), /late_data/);
  const fold = planPartition(inputOf([merged('m', 100), ...few]), { ...policy, mode: 'fold' });
  assert.equal(fold.decision, 'nothing');
});

const partition = fc
  .uniqueArray(
    fc.record({
      name: fc.nat({ max: 999 }).map((n) => `part-${n}`),
      sizeBytes: fc.oneof(
        fc.integer({ min: 12, max: 60 }),
        fc.integer({ min: 12, max: 1200 }),
        fc.constantFrom(250, 300, 500, 700, 720),
      ),
      rows: fc.nat({ max: 100 }),
      rowGroups: fc.integer({ min: 1, max: 4 }),
      group: fc.constantFrom('g1', 'g1', 'g2'),
      modifiedAtMs: fc.integer({ min: 1, max: 60 }).map((days) => nowMs - days * dayMs),
      made: fc.option(fc.integer({ min: 12, max: 1500 }), { nil: undefined, freq: 2 }),
    }),
    { selector: ({ name }) => name, maxLength: 40 },
  )
  .map((sketches) =>
    sketches.map(({ made, ...rest }) =>
      candidate({ ...rest, ...(made === undefined ? {} : { ours: ours(made) }) }),
    ),
  );

const policies: fc.Arbitrary<PlanPolicy> = fc
  .record({
    minFiles: fc.integer({ min: 1, max: 8 }),
    lateFiles: fc.integer({ min: 0, max: 10 }),
    minRowShare: fc.constantFrom(0, 0.1, 0.25, 2),
    maxAgeDays: fc.constantFrom(0, 1, 30, 59),
  })
  .map(({ minFiles, lateFiles, minRowShare, maxAgeDays }) => ({
    ...policy,
    minFiles,
    late: { minFiles: lateFiles, minRowShare, maxAgeMs: maxAgeDays * dayMs },
  }));

test('a second run plans nothing, whatever the policy for late files', () => {
  fc.assert(
    fc.property(
      partition,
      policies,
      fc.double({ min: 0.05, max: 1.1, noNaN: true }),
      (all, drawn, shrink) => {
        const done = afterMerge(planPartition(inputOf(all), drawn), all, shrink);
        const second = planPartition(inputOf(done), drawn);
        assert.equal(second.decision, 'nothing', JSON.stringify(second.bins));
      },
    ),
    { numRuns: process.env.TEST_FULL === '1' ? 20_000 : 1500 },
  );
});

test('also where limits on row groups and files kept late ones out, runs come to an end, each with fewer files than before', () => {
  const limits = fc.record({
    maxFilesPerBin: fc.constantFrom(3, 7),
    maxRowGroupsPerBin: fc.constantFrom(5, 9),
  });
  fc.assert(
    fc.property(partition, policies, limits, (start, drawn, tight) => {
      const limited = { ...drawn, ...tight };
      let all = start;
      for (let runs = 0; ; runs++) {
        const next = planPartition(inputOf(all), limited);
        if (next.decision === 'nothing') break;
        // One to merge, and one more for each late file that the merged ones, with fewer row groups, then had room for.
        assert.ok(runs <= start.length, `${runs} runs`);
        const done = afterMerge(next, all);
        assert.ok(done.length < all.length);
        all = done;
      }
    }),
    { numRuns: process.env.TEST_FULL === '1' ? 10_000 : 500 },
  );
});

test('every bin has a reason: enough new files, or one that is overdue', () => {
  fc.assert(
    fc.property(partition, policies, (all, drawn) => {
      const byName = new Map(all.map((file) => [file.name, file]));
      for (const bin of planPartition(inputOf(all), drawn).bins) {
        const inputs = bin.inputs.map(({ name }) => byName.get(name) ?? assert.fail(name));
        const own = inputs.filter(({ footer }) => 'ours' in footer);
        const fresh = inputs.filter((file) => !own.includes(file));
        const rows = (of: readonly CandidateFile[]) =>
          of.reduce((sum, { footer }) => sum + ('rows' in footer ? footer.rows : 0), 0);
        const isOverdue = fresh.some(
          ({ modifiedAtMs }) => drawn.late.maxAgeMs > 0 && nowMs - modifiedAtMs >= drawn.late.maxAgeMs,
        );
        const areEnough =
          fresh.length >= Math.max(2, drawn.minFiles, drawn.late.minFiles) &&
          rows(fresh) >= drawn.late.minRowShare * rows(own);
        assert.ok(fresh.length > 0);
        assert.ok(own.length === 0 || areEnough || isOverdue, JSON.stringify(bin));
        assert.ok(bin.inputSizeBytes <= drawn.targetSizeBytes);
        const names = bin.inputs.map(({ name }) => name);
        assert.deepEqual(names, names.toSorted());
      }
    }),
    { numRuns: process.env.TEST_FULL === '1' ? 10_000 : 500 },
  );
});

test('no late file stays for ever, and each is the reason for one rewrite at most', () => {
  // A file every ten days: never five that are not yet 30 days old.
  let all: CandidateFile[] = [merged('m', 500)];
  let writes = 0;
  for (let day = 0; day < 300; day += 10) {
    const at = nowMs + day * dayMs;
    all = [...all, candidate({ name: `n${String(day).padStart(3, '0')}`, sizeBytes: 2, modifiedAtMs: at })];
    const next = planPartition(inputOf(all, { storeNowMs: at + dayMs / 2 }), policy);
    if (next.decision === 'consolidate') {
      writes++;
      all = afterMerge(next, all);
    }
    assert.ok(all.length <= 5, `${all.length} files on day ${day}`);
  }
  assert.equal(writes, 7);
});
