import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SwapReceipt } from '../../src/swap/journal.ts';
import { adviceFrom } from '../../src/telemetry/history/advice.ts';
import { arrivalPattern, hoursUntil, longestPauses } from '../../src/telemetry/history/arrival-pattern.ts';
import { arrivalsOf } from '../../src/telemetry/history/arrivals.ts';
import type { PastRun } from '../../src/telemetry/history/past-runs.ts';

/** Run number `i`: of another date each, unless somebody says otherwise. Hours count from the beginning of the date. */
function run(i: number, arrivals: PastRun['arrivals'], more: Partial<PastRun> = {}): PastRun {
  const date = more.date ?? `2025-08-${String(i + 1).padStart(2, '0')}`;
  return {
    date,
    partition: `date=${date}`,
    runId: `run-${i}`,
    finishedAt: '2025-09-01T00:00:00Z',
    filesBefore: 100,
    filesAfter: 1,
    bytesBefore: 2 ** 30,
    bytesAfter: 2 ** 29,
    seconds: 10,
    arrivals,
    ...more,
  };
}

function runs(count: number, arrivals: PastRun['arrivals']): PastRun[] {
  return Array.from({ length: count }, (_, i) => run(i, arrivals));
}

function figureOf(advice: ReturnType<typeof adviceFrom>, name: string): number {
  return advice.arithmetic.find((one) => one.name === name)?.value ?? assert.fail(name);
}

test('files that come within their day are waited for an hour, and nobody looks back', () => {
  const advice = adviceFrom(runs(10, { 0: 50, 12: 30, 23: 20 }));
  assert.deepEqual(advice.time, { hourUtc: 1, daysAfter: 1, quietMinutes: 60, daysBack: 0 });
  assert.equal(
    advice.reasons[0],
    'Begin at 01:00 UTC, the day after the date of the partition: 100 % of 1000 files (10 dates) were written before their date was ' +
      'over, 99 % within 0 hours of its end',
  );
});

test('a job that delivers the last files at 03:10 sets the hour and the quiet period; stragglers how far to look back', () => {
  // 900 in the day, 95 in the hour from 03:00 on, 5 two days and some hours later.
  const advice = adviceFrom(runs(10, { 10: 900, 27: 95, 75: 5 }));
  // At 04:00 99.5 % are there. From midnight on three hours without a file, so four must pass in peace.
  assert.deepEqual(advice.time, { hourUtc: 8, daysAfter: 1, quietMinutes: 240, daysBack: 2 });
  assert.equal(figureOf(advice, 'hours until the files are there'), 4);
  assert.equal(figureOf(advice, 'longest pause'), 3);
  assert.equal(figureOf(advice, 'begin'), 8);
  // 52 hours after the end of the date all are there: 44 after such a run.
  assert.equal(figureOf(advice, 'days back'), 2);
  assert.ok(Math.abs(figureOf(advice, 'share that is late') - 0.005) < 1e-12);
  assert.match(
    advice.reasons[1] ?? '',
    /^A quiet period of 240 minutes: on nine of ten dates no more than 3 whole hours/,
  );
  assert.match(
    advice.reasons[2] ?? '',
    /^Look 2 days back \(--days-back 2\): 0\.5 % of the files come later/,
  );
  assert.deepEqual(
    advice.arrivals.map(({ hour, files }) => [hour, files]),
    [
      [-14, 9000],
      [3, 950],
      [51, 50],
    ],
  );
});

test('what is delivered a day later is done two days after its date', () => {
  const { time } = adviceFrom(runs(10, { 12: 50, 24: 10, 47: 40 }));
  // 22 hours without a file would be more than any quiet period that is proposed.
  assert.deepEqual(time, { hourUtc: 6, daysAfter: 2, quietMinutes: 360, daysBack: 0 });
});

test('with little to go by there is no advice, and the sentence says what is missing', () => {
  const few = adviceFrom(runs(6, { 10: 100 }));
  assert.equal(few.time, undefined);
  assert.equal(
    few.reasons[0],
    'No advice when to run: the history knows when 600 files of 6 dates were written; it takes 50 files of 7 dates',
  );
  assert.match(adviceFrom(runs(8, { 10: 6 })).reasons[0] ?? '', /48 files of 8 dates/);
  assert.match(adviceFrom(runs(30, null)).reasons[0] ?? '', /0 files of 0 dates/);
  const nothing = adviceFrom([]);
  assert.deepEqual(nothing.arithmetic, []);
  assert.equal(nothing.reasons[1], 'Nothing was consolidated in this time');
});

test('files with the times of a copy are no pattern', () => {
  const copied = adviceFrom(runs(10, { 10: 50, 900: 50 }));
  assert.equal(copied.time, undefined);
  assert.match(
    copied.reasons[0] ?? '',
    /only 877 hours after the end of their date\. Where files are copied or restored/,
  );
});

test('three hours of a date are three partitions, none of them done again; a second run of one of them is', () => {
  const hour = (of: number, more: Partial<PastRun> = {}): PastRun =>
    run(
      0,
      { [of]: 100 },
      { runId: `run-${of}`, partition: `year=2025/month=08/day=01/hour=0${of}`, ...more },
    );
  const once = adviceFrom([hour(1), hour(2), hour(3)]);
  assert.match(once.reasons[0] ?? '', /300 files of 1 date were written; it takes 50 files of 7 dates$/);
  assert.match(once.reasons[1] ?? '', /^3 consolidations of 3 partitions read 3\.0G /);
  assert.equal(once.reasons.length, 2);
  assert.equal(figureOf(once, 'share read again'), 0);
  const twice = adviceFrom([hour(1), hour(2), hour(3), hour(2, { runId: 'again' })]);
  assert.match(twice.reasons[1] ?? '', /^4 consolidations of 3 partitions /);
  assert.match(twice.reasons[2] ?? '', /^1 of them did a partition again, which was 25 % of the bytes/);
});

test('a quiet period is of a partition: sources that deliver at different hours do not count as pauses of each other', () => {
  const all = runs(10, null).flatMap(({ date }, i) =>
    ['a', 'b'].map((source) => {
      const partition = `${source}/dt=${date.replaceAll('-', '')}`;
      return run(i, source === 'a' ? { 24: 50, 25: 50 } : { 27: 100 }, {
        date,
        partition,
        runId: `${source}${i}`,
      });
    }),
  );
  const advice = adviceFrom(all);
  // Of b nothing was there for three hours after midnight; of a date as a whole, for one at most.
  assert.equal(figureOf(advice, 'longest pause'), 3);
  assert.match(
    advice.reasons[1] ?? '',
    /^A quiet period of 240 minutes: on nine of ten partitions no more than 3/,
  );
  assert.equal(advice.arithmetic.find(({ name }) => name === 'longest pause')?.inputs.partitions, 20);
});

test('cost and benefit are sums of the history, and dates done again are told apart', () => {
  const again = { date: '2025-08-01', filesBefore: 6, filesAfter: 1, bytesBefore: 2 ** 30, seconds: 30 };
  const advice = adviceFrom([...runs(2, null), run(2, null, again)]);
  // (100 - 1) × 2 + 5 of 3 GB.
  assert.equal(figureOf(advice, 'files freed'), 203);
  assert.equal(figureOf(advice, 'files freed for each GB'), 203 / 3);
  assert.equal(figureOf(advice, 'seconds for each 1,000 files freed'), 50_000 / 203);
  assert.equal(figureOf(advice, 'share read again'), 1 / 3);
  assert.equal(figureOf(advice, 'share freed by that'), 5 / 203);
  assert.equal(
    advice.reasons[1],
    '3 consolidations of 2 dates read 3.0G in 50 s and freed 203 files: 68 for each GB, each of them an object less for the NameNode ' +
      'and an open less for a query',
  );
  assert.match(
    advice.reasons[2] ?? '',
    /^1 of them did a date again, which was 33\.3 % of the bytes and 2\.5 % of .*: a later hour/,
  );
});

const anyRuns = fc.array(
  fc.record({
    date: fc.integer({ min: 1, max: 20 }),
    hours: fc.dictionary(fc.integer({ min: -24, max: 100 }).map(String), fc.integer({ min: 1, max: 50 }), {
      maxKeys: 8,
    }),
  }),
  { maxLength: 40 },
);

test('whatever the history is: at the hour proposed 99 % are there, and every figure is a number with its inputs', () => {
  fc.assert(
    fc.property(anyRuns, (drawn) => {
      const all = drawn.map(({ date, hours }, i) => run(date, hours, { runId: `r-${i}` }));
      const { time, arithmetic } = adviceFrom(all);
      for (const { value, inputs, formula } of arithmetic) {
        assert.ok(Number.isFinite(value) && formula.length > 10);
        assert.ok(Object.values(inputs).every(Number.isFinite) && Object.keys(inputs).length > 0);
      }
      if (time === undefined) return;
      const begin = (time.daysAfter - 1) * 24 + time.hourUtc;
      const files = drawn.flatMap(({ hours }) => Object.entries(hours));
      const sum = (of: typeof files) => of.reduce((total, [, count]) => total + count, 0);
      const there = sum(files.filter(([hour]) => Number(hour) - 24 < begin));
      assert.ok(there >= 0.99 * sum(files) - 1e-9, `${there} of ${sum(files)} at ${begin}`);
      assert.ok(
        time.quietMinutes >= 60 && time.quietMinutes <= 360 && time.hourUtc >= 0 && time.hourUtc < 24,
      );
      assert.ok(time.daysBack >= 0 && time.daysBack <= 30);
    }),
    { numRuns: 500 },
  );
});

test('hours and pauses of a pattern', () => {
  const pattern = arrivalPattern([run(1, { 20: 1, 25: 1 }), run(1, { 30: 2 }), run(2, { 24: 4 })]);
  assert.deepEqual([pattern.files, pattern.dates], [8, 2]);
  // From the end of the date on: 01, 06; and 00.
  assert.deepEqual(longestPauses(pattern, 48), [0, 4]);
  assert.deepEqual(longestPauses(pattern, 6), [0, 1]);
  assert.equal(hoursUntil(pattern, 0.1), 0);
  assert.equal(hoursUntil(pattern, 0.75), 2);
  assert.equal(hoursUntil(pattern, 1), 7);
});

test('arrivals are counted by the hour from the beginning of the date, of new files only', () => {
  const at = (iso: string, name: string) => ({
    name,
    fileId: name,
    sizeBytes: 1,
    modifiedAtMs: Date.parse(iso),
  });
  const removed = [
    at('2025-08-15T00:59:59Z', 'a.parquet'),
    at('2025-08-15T01:00:00Z', 'b.parquet'),
    at('2025-08-15T01:10:00Z', 'c.parquet'),
    at('2025-08-14T23:00:00Z', 'd.parquet'),
    at('2025-08-01T00:00:00Z', 'e.parquet'),
    at('2027-01-01T00:00:00Z', 'f.parquet'),
    at('2025-08-16T02:00:00Z', 'a.merged-20250815T000000Z-0123ab-0.parquet'),
  ];
  const receipt = { date: '2025-08-15', removed } as unknown as SwapReceipt;
  assert.deepEqual(arrivalsOf(receipt), { '-24': 1, '-1': 1, 0: 1, 1: 2, 1440: 1 });
  assert.equal(arrivalsOf({ ...receipt, date: '@region=eu' }), undefined);
});
