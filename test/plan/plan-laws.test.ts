import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CandidateFile, FooterFacts, PartitionPlan } from '../../src/plan/partition-plan.ts';
import { planPartition } from '../../src/plan/plan-partition.ts';
import type { PlanPolicy } from '../../src/plan/policy.ts';
import { afterFold, afterMerge, candidate, inputOf, keyOf, policy as roundPolicy } from './plan-fixtures.ts';

const name = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
  fc.nat({ max: 9999 }).map((n) => `part-${n}`),
);

const sketch = fc.record({
  name,
  sizeBytes: fc.oneof(
    fc.integer({ min: 12, max: 60 }),
    fc.integer({ min: 12, max: 1200 }),
    // Next to each other these fit together or do not, by a little.
    { arbitrary: fc.constantFrom(250, 300, 500, 700, 720), weight: 2 },
  ),
  schemaKey: fc.constantFrom('s1', 's1', 's1', 's2'),
  columns: fc.option(
    fc.record(
      {
        'column a': fc.constantFrom('integer', 'integer', 'text'),
        'column b': fc.constantFrom('integer', 'text'),
        'column c': fc.constant('integer'),
      },
      { requiredKeys: [] },
    ),
    { nil: undefined },
  ),
  group: fc.constantFrom('g1', 'g1', 'g1', 'g2'),
  rows: fc.nat({ max: 100 }),
  rowGroups: fc.integer({ min: 1, max: 4 }),
  ours: made(4),
  folded: made(8),
});

function made(freq: number): fc.Arbitrary<FooterFacts['ours']> {
  const making = fc.record({
    inputSizeBytes: fc.integer({ min: 12, max: 1500 }),
    inputFiles: fc.integer({ min: 2, max: 50 }),
    runId: fc.constant('run-0'),
  });
  return fc.option(making, { nil: undefined, freq });
}

const partition = fc.uniqueArray(sketch, { selector: (file) => file.name, maxLength: 60 }).map((sketches) =>
  sketches.map(({ ours, folded, columns, ...rest }) =>
    candidate({
      ...rest,
      ...(columns ? { traits: columns, schemaKey: keyOf(columns) } : {}),
      ...(folded ? { folded } : ours ? { ours } : {}),
    }),
  ),
);

const policies: fc.Arbitrary<PlanPolicy> = fc
  .record({
    mode: fc.constantFrom('rewrite', 'fold'),
    schema: fc.constantFrom('compatible', 'compatible', 'exact'),
    minFiles: fc.integer({ min: 1, max: 8 }),
    maxFilesPerBin: fc.constantFrom(10_000, 7),
    maxRowGroupsPerBin: fc.constantFrom(30_000, 9),
    maxFooterTailBytes: fc.constantFrom(16 * 2 ** 20, 30 * 110),
  })
  .map((drawn) => ({ ...roundPolicy, ...drawn }));

function law(check: (candidates: CandidateFile[], policy: PlanPolicy) => void, numRuns = 500): void {
  fc.assert(fc.property(partition, policies, check), { numRuns });
}

const plan = (candidates: readonly CandidateFile[], policy: PlanPolicy): PartitionPlan =>
  planPartition(inputOf(candidates), policy);

test('every entry has exactly one verdict with a reason, and is in exactly one bin if merged', () => {
  law((candidates, policy) => {
    const { files, bins } = plan(candidates, policy);
    assert.deepEqual(
      files.map((file) => file.name),
      candidates.map((file) => file.name).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    for (const file of files) {
      assert.ok(file.reason.length > 10 && file.rule !== '');
      const holding = bins.filter((bin) => bin.inputs.some((input) => input.name === file.name));
      assert.deepEqual(
        holding.map((bin) => bin.index),
        file.verdict === 'merge' ? [file.binIndex] : [],
      );
    }
  });
});

test('bins keep to every limit, hold one cohort in name order, and reduce the number of files', () => {
  law((candidates, policy) => {
    const byName = new Map(candidates.map((file) => [file.name, file]));
    for (const [index, bin] of plan(candidates, policy).bins.entries()) {
      assert.equal(bin.index, index);
      const inputs = bin.inputs.map((input) => byName.get(input.name) ?? assert.fail(input.name));
      const footers = inputs.map(({ footer }) => ('unreadable' in footer ? assert.fail() : footer));
      const sum = (of: (typeof footers)[number][], pick: (footer: (typeof footers)[number]) => number) =>
        of.reduce((total, footer) => total + pick(footer), 0);
      const isRewrite = policy.mode === 'rewrite';
      const isFoldedAlone = isRewrite && inputs.length === 1 && footers[0]?.folded !== undefined;
      assert.ok((inputs.length >= 2 || isFoldedAlone) && inputs.length <= policy.maxFilesPerBin);
      if (!isFoldedAlone) {
        assert.ok((isRewrite ? bin.inputSizeBytes : bin.sizeBytes) <= policy.targetSizeBytes);
        assert.ok(sum(footers, (footer) => footer.rowGroups) <= policy.maxRowGroupsPerBin);
        assert.ok(sum(footers, (footer) => footer.columnChunks) * 110 <= policy.maxFooterTailBytes);
      }
      const isExact = policy.schema === 'exact' || policy.mode === 'fold';
      const schemas = new Set(footers.map((footer) => footer.schemaKey));
      assert.ok(schemas.size === 1 || !isExact);
      assert.equal(bin.evolution?.schemas ?? 1, schemas.size);
      for (const column of ['column a', 'column b', 'column c']) {
        const said = footers.flatMap(({ traits }) => traits?.[column] ?? []);
        assert.ok(new Set(said).size <= 1, column);
      }
      assert.equal(new Set(inputs.map((input) => input.group)).size, 1);
      const names = inputs.map((input) => Buffer.from(input.name));
      assert.deepEqual(names, names.toSorted(Buffer.compare));
      assert.equal(
        bin.rows,
        sum(footers, (footer) => footer.rows),
      );
      assert.equal(
        bin.sizeBytes,
        inputs.reduce((total, input) => total + input.sizeBytes, 0),
      );
      const fresh = footers.filter((footer) => !footer.ours && (isRewrite || !footer.folded));
      const newFiles = sum(fresh, (footer) => footer.folded?.inputFiles ?? 1);
      if (fresh.length < footers.length) assert.ok(newFiles >= Math.max(2, policy.minFiles));
    }
  });
});

test('the plan does not depend on the order of the listing', () => {
  fc.assert(
    fc.property(
      partition.chain((files) =>
        fc.tuple(fc.constant(files), fc.shuffledSubarray(files, { minLength: files.length })),
      ),
      policies,
      ([files, shuffled], policy) => {
        assert.deepEqual(plan(shuffled, policy), plan(files, policy));
      },
    ),
    { numRuns: 300 },
  );
});

test('a second run plans nothing, however small or large the merged files came out', () => {
  fc.assert(
    fc.property(
      partition,
      policies,
      fc.double({ min: 0.05, max: 1.1, noNaN: true }),
      (files, policy, shrink) => {
        const first = plan(files, policy);
        const isFold = policy.mode === 'fold';
        const done = isFold ? afterFold(first, files) : afterMerge(first, files, shrink);
        const second = plan(done, policy);
        assert.equal(second.decision, 'nothing', JSON.stringify(second.bins));
      },
    ),
    { numRuns: 2000 },
  );
});

test('an ordinary run leaves no folded file, after any number of folds, and then finds nothing to do', () => {
  fc.assert(
    fc.property(partition, policies, fc.nat({ max: 3 }), (start, policy, folds) => {
      let files: CandidateFile[] = start;
      for (let i = 0; i < folds; i++) {
        const late = Array.from({ length: 5 }, (_, n) =>
          candidate({ name: `z${i}-${n}`, sizeBytes: 20, schemaKey: 's1', group: 'g1' }),
        );
        files = [...afterFold(plan(files, { ...policy, mode: 'fold' }), files), ...late];
      }
      const rewrite: PlanPolicy = { ...policy, mode: 'rewrite' };
      const done = afterMerge(plan(files, rewrite), files);
      const folded = done.filter(({ footer }) => 'folded' in footer);
      assert.deepEqual(folded, []);
      assert.equal(plan(done, rewrite).decision, 'nothing');
    }),
    { numRuns: 500 },
  );
});

test('new files later: fewer than the minimum change nothing; enough of them are merged, and settle again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 30 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 12, max: 20 }),
      (before, late, sizeBytes) => {
        const named = (prefix: string, count: number) =>
          Array.from({ length: count }, (_, i) =>
            candidate({ name: `${prefix}${String(i).padStart(2, '0')}`, sizeBytes }),
          );
        const start = named('a', before);
        const settled = afterMerge(plan(start, roundPolicy), start);
        const grown = [...settled, ...named('b', late)];
        const second = plan(grown, roundPolicy);
        const own = second.files[0];
        if (late < 5) {
          assert.equal(second.decision, 'nothing');
        } else {
          assert.deepEqual(second.bins.length, 1);
          assert.equal(own?.verdict, late * 4 >= before ? 'merge' : 'keep');
        }
        assert.equal(plan(afterMerge(second, grown), roundPolicy).decision, 'nothing');
      },
    ),
  );
});

test('daily trickles rewrite each byte a bounded number of times', () => {
  // 200 days of 5 late files: a file of ours grows until a day's files are less than a quarter of it, then the next begins.
  const policy = { ...roundPolicy, targetSizeBytes: 1_000_000 };
  let files: CandidateFile[] = [];
  let mergedBytes = 0;
  let arrivedBytes = 0;
  for (let day = 0; day < 200; day++) {
    for (let i = 0; i < 5; i++) {
      files.push(candidate({ name: `d${String(day).padStart(3, '0')}-${i}`, sizeBytes: 100 }));
      arrivedBytes += 100;
    }
    const next = plan(files, policy);
    mergedBytes += next.bins.reduce((sum, bin) => sum + bin.inputSizeBytes, 0);
    files = afterMerge(next, files);
  }
  assert.ok(mergedBytes <= 5 * arrivedBytes, `${mergedBytes / arrivedBytes} times`);
  assert.ok(files.length <= 1000 / 25, `${files.length} files are left`);
});
