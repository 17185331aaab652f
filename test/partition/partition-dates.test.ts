import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../../src/core/errors.ts';
import { addDays, currentDate, datesBack, parseDate } from '../../src/partition/partition-dates.ts';

const nowMs = Date.UTC(2025, 7, 15, 23, 30);

test('today and yesterday are days of the given time zone', () => {
  assert.equal(parseDate('today', { nowMs }), '2025-08-15');
  assert.equal(parseDate('yesterday', { nowMs }), '2025-08-14');
  assert.equal(parseDate('today', { nowMs, timeZone: 'Europe/Berlin' }), '2025-08-16');
  assert.equal(parseDate('yesterday', { nowMs, timeZone: 'Asia/Kolkata' }), '2025-08-15');
  assert.equal(parseDate('today', { nowMs, timeZone: 'America/Los_Angeles' }), '2025-08-15');
  assert.equal(parseDate('2025-08-15', { nowMs }), '2025-08-15');
});

test('yesterday is the day before by the calendar, also when the clocks change', () => {
  const afterChange = Date.UTC(2025, 2, 30, 22, 30);
  assert.equal(parseDate('today', { nowMs: afterChange, timeZone: 'Europe/Berlin' }), '2025-03-31');
  assert.equal(parseDate('yesterday', { nowMs: afterChange, timeZone: 'Europe/Berlin' }), '2025-03-30');
  assert.equal(addDays('2024-03-01', -1), '2024-02-29');
  assert.equal(addDays('2025-01-01', -1), '2024-12-31');
});

test('days that are not in the calendar are refused with what is', () => {
  const messages: Readonly<Record<string, string>> = {
    '2025-02-30': '--date is "2025-02-30", but 2025-02 has the days 01 to 28',
    '2024-02-30': '--date is "2024-02-30", but 2024-02 has the days 01 to 29',
    '1900-02-29': '--date is "1900-02-29", but 1900-02 has the days 01 to 28',
    '2025-13-01': '--date is "2025-13-01", but there is no month 13',
    '2025-04-00': '--date is "2025-04-00", but 2025-04 has the days 01 to 30',
    '2025-8-15': '--date is "2025-8-15"',
    '20250815': '--date is "20250815"',
    '2025-08-15T00:00:00Z': '--date is "2025-08-15T00:00:00Z"',
    Today: '--date is "Today"',
    '': '--date is ""',
    '$(date -d yesterday +%Y-%m-%d)': '--date is "$(date -d yesterday +%Y-%m-%d)"',
  };
  for (const [text, start] of Object.entries(messages)) {
    assert.throws(
      () => parseDate(text, { nowMs }),
      (error) =>
        error instanceof ConfigError &&
        error.code === 'bad-date' &&
        error.message === `${start}; allowed: YYYY-MM-DD (such as 2025-08-15), today or yesterday`,
      text,
    );
  }
});

test('an unknown time zone is refused', () => {
  for (const timeZone of ['Europe/Atlantis', '', 'local time']) {
    assert.throws(
      () => currentDate({ nowMs, timeZone }),
      (error) => error instanceof ConfigError && error.code === 'bad-time-zone' && error.exitCode === 2,
    );
  }
});

test('N days back are N + 1 dates, oldest first', () => {
  assert.deepEqual(datesBack('2024-03-01', 2), ['2024-02-28', '2024-02-29', '2024-03-01']);
  assert.deepEqual(datesBack('2025-08-15', 0), ['2025-08-15']);
  assert.equal(datesBack('2025-08-31', 30)[0], '2025-08-01');
  for (const wrong of [-1, 1.5, Number.NaN, 36_501]) {
    assert.throws(
      () => datesBack('2025-08-15', wrong),
      (error) => error instanceof ConfigError && error.code === 'bad-days-back',
    );
  }
});

test('every date of a run of days is one day after the one before', () => {
  const day = fc.date({ min: new Date('1970-01-01'), max: new Date('2400-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 800 }), (last, daysBack) => {
      const date = last.toISOString().slice(0, 10);
      const dates = datesBack(date, daysBack);
      assert.equal(dates.length, daysBack + 1);
      assert.equal(dates.at(-1), date);
      for (const [i, one] of dates.entries()) {
        assert.equal(parseDate(one, { nowMs }), one);
        if (i > 0) assert.equal(Date.parse(one) - Date.parse(dates[i - 1] ?? ''), 86_400_000);
      }
    }),
  );
});
