import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseSize, type MergedFileFacts, type SizingFacts } from '../../src/plan/choose-size.ts';

const mb = 2 ** 20;

function facts(more: Partial<SizingFacts> & { readonly sizesMb?: readonly number[] }): SizingFacts {
  const { sizesMb = [], ...rest } = more;
  const partitions = sizesMb.map((size, i) => ({ partition: `day-${i}`, sizeBytes: size * mb }));
  return {
    partitions,
    files: [],
    queryColumns: [],
    rowGroupRows: 50_000,
    rowGroupRowsSaid: false,
    ...rest,
  };
}

function file(more: Partial<MergedFileFacts> = {}): MergedFileFacts {
  return {
    name: 'm',
    sizeBytes: 100 * mb,
    rows: 1_000_000,
    rowGroups: 20,
    columns: 10,
    lookedInto: {},
    ...more,
  };
}

test('a usual partition becomes equal files and no rest, between a block and four', () => {
  const targetMb = (...sizesMb: number[]) => chooseSize(facts({ sizesMb })).targetSizeBytes / mb;
  assert.equal(targetMb(), 128);
  assert.equal(targetMb(5, 8, 3), 128);
  // 130 MB would be a file of 128 and one of 2: with 10 % to spare, 143, in steps of 16.
  assert.equal(targetMb(130), 144);
  assert.equal(targetMb(200, 210, 190), 240);
  // 600 × 1.1 in two files of 330.
  assert.equal(targetMb(600), 336);
  assert.equal(targetMb(10_000), 512);
  // One day of eleven that is far larger counts no more than any other.
  assert.equal(targetMb(...Array.from({ length: 10 }, () => 150), 9_000), 176);
});

test('the sentence says what was gone by', () => {
  const [size, rows] = chooseSize(facts({ sizesMb: [600, 500, 400] })).reasons;
  assert.equal(
    size,
    'Target 336M: of the 3 newest partitions, 90 % have 600M or less of small files, which with 10 % to spare are 2 equal files of at ' +
      'most 512M and no rest',
  );
  assert.equal(rows, 'Row groups of 50000 rows: no query columns are declared (consolidation.query_columns)');
  assert.match(
    chooseSize(facts({ sizesMb: [1] })).reasons[0] ?? '',
    /^Target 128M, the least: of the newest partition, 90 % have 1\.0M or less/,
  );
  assert.match(chooseSize(facts({})).reasons[0] ?? '', /the default: there is no partition yet/);
});

test('row groups stay small where bounds part them, and grow where they part nothing', () => {
  const queryColumns = ['vehicle', 'time'];
  const of = (lookedInto: Record<string, number>, more: Partial<SizingFacts> = {}) =>
    chooseSize(facts({ sizesMb: [100], queryColumns, files: [file({ lookedInto })], ...more }));
  const parted = of({ vehicle: 1, time: 0.06 });
  assert.equal(parted.rowGroupRows, 50_000);
  assert.match(parted.reasons[1] ?? '', /one value of time has to look into 6 % of them, which larger ones/);

  // 100 MB of 1,000,000 rows of 10 columns: 10.5 bytes a value, so 1 MB is 100,000 values.
  const not = of({ vehicle: 1, time: 0.9 });
  assert.equal(not.rowGroupRows, 100_000);
  assert.match(not.reasons[1] ?? '', /^Row groups of 100000 rows: .* time has to look into 90 % of them/);

  assert.equal(
    of({ vehicle: 1 }, { files: [file({ lookedInto: { vehicle: 1 }, rows: 1e9 })] }).rowGroupRows,
    1_000_000,
  );
  assert.equal(
    of({ vehicle: 1 }, { files: [file({ lookedInto: { vehicle: 1 }, rows: 100 })] }).rowGroupRows,
    50_000,
  );
  assert.match(of({}).reasons[1] ?? '', /no merged file with vehicle, time has the 4 row groups/);
  const few = of({}, { files: [file({ lookedInto: { vehicle: 1 }, rowGroups: 3 })] });
  assert.match(few.reasons[1] ?? '', /no merged file/);
  const said = of({ vehicle: 1 }, { rowGroupRows: 7, rowGroupRowsSaid: true });
  assert.equal(said.rowGroupRows, 7);
  assert.match(said.reasons[1] ?? '', /compression\.row_group_size says so/);
});

const anyFacts: fc.Arbitrary<SizingFacts> = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 2 ** 42 }), { maxLength: 14 }),
    files: fc.array(
      fc.record({
        sizeBytes: fc.integer({ min: 1, max: 2 ** 32 }),
        rows: fc.integer({ min: 1, max: 2 ** 30 }),
        rowGroups: fc.integer({ min: 1, max: 500 }),
        columns: fc.integer({ min: 1, max: 500 }),
        lookedInto: fc.record({ a: fc.double({ min: 0, max: 1, noNaN: true }) }),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ sizes, files }) => ({
    partitions: sizes.map((sizeBytes, i) => ({ partition: `${i}`, sizeBytes })),
    files: files.map((one) => ({ name: 'm', ...one })),
    queryColumns: ['a'],
    rowGroupRows: 50_000,
    rowGroupRowsSaid: false,
  }));

test('whatever the facts are: the size is in its limits, nine of ten partitions fit, and the order of partitions is no matter', () => {
  fc.assert(
    fc.property(anyFacts, (drawn) => {
      const { targetSizeBytes, rowGroupRows, arithmetic } = chooseSize(drawn);
      assert.ok(
        targetSizeBytes >= 128 * mb && targetSizeBytes <= 512 * mb && targetSizeBytes % (16 * mb) === 0,
      );
      assert.ok(rowGroupRows >= 50_000 && rowGroupRows <= 1_000_000);
      const value = (name: string) => arithmetic.find((one) => one.name === name)?.value ?? 0;
      const files = value('files a partition');
      const fitting = drawn.partitions.filter(({ sizeBytes }) => sizeBytes <= files * targetSizeBytes);
      assert.ok(fitting.length >= 0.9 * drawn.partitions.length);
      for (const { value: one, inputs, formula } of arithmetic) {
        assert.ok(
          Number.isFinite(one) && formula.length > 10 && Object.values(inputs).every(Number.isFinite),
        );
      }
      assert.deepEqual(
        chooseSize({ ...drawn, partitions: drawn.partitions.toReversed() }),
        chooseSize(drawn),
      );
    }),
    { numRuns: 300 },
  );
});
