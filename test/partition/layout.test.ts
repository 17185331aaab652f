import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseLayoutPattern } from '../../src/core/layout-pattern.ts';
import {
  dateOf,
  isPartitionKey,
  partitionKey,
  partitionLabel,
  relativePathOf,
} from '../../src/core/partition-key.ts';
import { escapeValue, unescapeValue } from '../../src/partition/hive-escapes.ts';
import {
  defaultLayout,
  keyByLayout,
  makeLayout,
  parseByLayout,
  pathByLayout,
} from '../../src/partition/layout.ts';
import { dateDirectory, historyPath, lockDirectory, partitionPath } from '../../src/partition/names.ts';
import { directoryNameOf, parseDirectoryName } from '../../src/partition/partition-directory.ts';

const numRuns = process.env.TEST_FULL === '1' ? 5000 : 300;

const dates = fc
  .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

/** Values as Hive writes them: without a NUL, and not hidden at the beginning of a name. */
const values = fc
  .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'ab0 é漢😀:/%=*?[]{}^"\'\\#~@,+;.-_') })
  .filter((value) => !/^[_.]/.test(value));

const dateParts = fc.constantFrom(
  'date={yyyy-MM-dd}',
  'dt={yyyyMMdd}',
  '{yyyy}/{MM}/{dd}',
  '{yyyy/MM/dd}',
  'year={yyyy}/month={MM}/day={dd}',
  'year={yyyy}/month={M}/day={d}',
  'event_date={yyyy-MM-dd}_daily',
  'y{yyyy}.m{M}.d{d}',
  'day={dd.MM.yyyy}',
  'year={yyyy}/date={yyyy-MM-dd}',
);
const hourParts = fc.constantFrom('', '/hour={HH}', '/h={H}', '/ts={yyyy-MM-dd HH:00:00}');
const sourceParts = fc.constantFrom(
  '',
  '{source}/',
  'source={source}/',
  'v1/{region}/{source}/',
  'src-{source}.d/',
);
const patterns = fc.tuple(sourceParts, dateParts, hourParts).map((parts) => parts.join(''));

const fields = fc.record({
  date: dates,
  hour: fc.integer({ min: 0, max: 23 }),
  source: values,
  region: values,
});

describe('layouts', () => {
  it('parse what they make, and make what they parse', () => {
    fc.assert(
      fc.property(patterns, fields, (pattern, { date, hour, source, region }) => {
        const layout = makeLayout(pattern);
        const path = pathByLayout(layout, { date, hour, values: { source, region } });
        assert.equal(path.split('/').length, layout.segments.length, 'a value makes no directory');
        const parsed = parseByLayout(layout, path);
        assert.ok(parsed !== undefined, path);
        assert.equal(parsed.date, date);
        assert.equal(parsed.hour, /H/.test(pattern) ? hour : undefined);
        for (const [name, value] of Object.entries(parsed.values)) {
          assert.equal(value, name === 'source' ? source : region);
        }
        assert.equal(pathByLayout(layout, parsed), path);
        assert.equal(relativePathOf(keyByLayout(layout, path)), path);
      }),
      { numRuns },
    );
  });

  it('are told from each other by the path alone, in the workspace too', () => {
    fc.assert(
      fc.property(patterns, fields, patterns, fields, (one, oneFields, other, otherFields) => {
        const keyOf = (pattern: string, { date, hour, source, region }: typeof oneFields): string => {
          const layout = makeLayout(pattern);
          return keyByLayout(layout, pathByLayout(layout, { date, hour, values: { source, region } }));
        };
        const keys = [keyOf(one, oneFields), keyOf(other, otherFields)];
        const [a = '', b = ''] = keys;
        assert.equal(
          dateDirectory('/b', a) === dateDirectory('/b', b),
          partitionPath('/b', a) === partitionPath('/b', b),
        );
        for (const key of keys) {
          assert.ok(isPartitionKey(key), key);
          const name = directoryNameOf(key);
          assert.equal(parseDirectoryName(name), relativePathOf(key));
          assert.match(name, /^(?:\d{4}-\d{2}-\d{2}|part-[A-Za-z0-9._~-]+)$/);
          assert.ok(!['history', 'shards'].includes(name) && !name.startsWith('trial-'));
        }
      }),
      { numRuns },
    );
  });

  it('leave the names of date=YYYY-MM-DD as they always were', () => {
    const key = keyByLayout(defaultLayout, 'date=2025-08-15');
    assert.equal(key, '2025-08-15');
    assert.equal(partitionPath('/b', key), '/b/date=2025-08-15');
    assert.equal(lockDirectory('/b', key), '/b/_consolidation/2025-08-15/lock');
    assert.equal(
      historyPath('/b', key, '20250816T000000Z-0000ff'),
      '/b/_consolidation/history/2025-08-15/20250816T000000Z-0000ff.json',
    );
    // Whatever pattern leads there: the directory is the same, so its lock is.
    assert.equal(keyByLayout(makeLayout('{kind}={yyyy-MM-dd}'), 'date=2025-08-15'), key);
    assert.equal(keyByLayout(makeLayout('date={yyyy-MM-dd}'), 'date=2025-02-30'), '@date=2025-02-30');
  });

  it('give other partitions names of their own', () => {
    const key = keyByLayout(makeLayout('year={yyyy}/month={M}/day={d}'), 'year=2025/month=8/day=15');
    assert.equal(key, '2025-08-15@year=2025/month=8/day=15');
    assert.equal(dateOf(key), '2025-08-15');
    assert.equal(partitionLabel(key), 'year=2025/month=8/day=15');
    assert.equal(partitionLabel('2025-08-15'), '2025-08-15');
    assert.equal(partitionPath('/b', key), '/b/year=2025/month=8/day=15');
    assert.equal(directoryNameOf(key), 'part-year~3D2025~2Fmonth~3D8~2Fday~3D15');
    // A directory that is only a date is another one than date=…
    assert.equal(directoryNameOf(keyByLayout(makeLayout('{yyyy-MM-dd}'), '2025-08-15')), 'part-2025-08-15');
  });

  it('take only names that are theirs', () => {
    const days = makeLayout('year={yyyy}/month={MM}/day={dd}');
    for (const other of [
      'year=2025/month=8/day=15',
      'year=2025/month=13/day=15',
      'year=2025/month=02/day=30',
      'year=2025/month=08',
      'year=2025/month=08/day=15/hour=07',
      'Year=2025/month=08/day=15',
      'year=2025/month=08/day=15.bak',
      'year=2025/month=08/day=__HIVE_DEFAULT_PARTITION__',
    ]) {
      assert.equal(parseByLayout(days, other), undefined, other);
    }
    const sources = makeLayout('{source}/{yyyyMMdd}');
    for (const hidden of ['_consolidation/20250815', '.hive-staging/20250815', '_temporary/20250815']) {
      assert.equal(parseByLayout(sources, hidden), undefined, hidden);
    }
    assert.equal(parseByLayout(makeLayout('y={yyyy}/d={yyyy-MM-dd}'), 'y=2024/d=2025-08-15'), undefined);
  });

  it('read the escapes of Hive, in capitals or not', () => {
    const hours = makeLayout('ts={yyyy-MM-dd HH:00:00}');
    for (const name of [
      'ts=2025-08-15 07%3A00%3A00',
      'ts=2025-08-15 07%3a00%3A00',
      'ts=2025-08-15 07:00:00',
    ]) {
      const found = parseByLayout(hours, name);
      assert.deepEqual(found, { date: '2025-08-15', hour: 7, values: {} }, name);
      // The directory is what it is called, not what Hive would call it.
      assert.equal(relativePathOf(keyByLayout(hours, name)), name);
    }
    assert.equal(
      pathByLayout(hours, { date: '2025-08-15', hour: 7, values: {} }),
      'ts=2025-08-15 07%3A00%3A00',
    );
    assert.equal(
      parseByLayout(makeLayout('src={source}/dt={yyyyMMdd}'), 'src=a%2Fb/dt=20250815')?.values.source,
      'a/b',
    );
    assert.equal(escapeValue('a/b=c:d%e é'), 'a%2Fb%3Dc%3Ad%25e é');
    assert.equal(unescapeValue('100%'), '100%');
    fc.assert(
      fc.property(fc.string(), (value) => assert.equal(unescapeValue(escapeValue(value)), value)),
      { numRuns },
    );
  });
});

describe('patterns', () => {
  it('that are none say why', () => {
    for (const [pattern, why] of [
      ['', /empty name/],
      ['/date={yyyy-MM-dd}', /slash/],
      ['date={yyyy-MM-dd}/', /slash/],
      ['a//{yyyyMMdd}', /empty name/],
      ['../{yyyyMMdd}', /the name \.\./],
      ['_hidden/{yyyyMMdd}', /hidden/],
      ['date={yyyy-MM-dd', /\{ without a \}/],
      ['date=yyyy-MM-dd}', /\} without a \{/],
      ['date={YYYY-MM-DD}', /yyyy, MM or M, dd or d, HH or H/],
      ['date={yyyy-mm-dd}', /is no date/],
      ['year={yyyy}/month={MM}', /where the day stands/],
      ['hour={HH}', /the year and the month and the day/],
      ['{source}/{source}/{yyyyMMdd}', /\{source\} twice/],
      ['{a}{b}/{yyyyMMdd}', /side by side/],
      ['{yyyy}{M}{d}', /side by side/],
      ['{so urce}/{yyyyMMdd}', /between braces/],
      [`${'a/'.repeat(16)}{yyyyMMdd}`, /17 directories deep/],
    ] as const) {
      const parsed = parseLayoutPattern(pattern);
      assert.ok('problem' in parsed, pattern);
      assert.match(parsed.problem, why, pattern);
    }
  });
});

describe('keys', () => {
  it('are refused when they would lead out of the dataset', () => {
    for (const bad of [
      '',
      'x',
      '2025-08-15@',
      '2025-08-15@../x',
      '2025-08-15@/x',
      '2025-08-15@a//b',
      '2025-02-30@a',
      '2025-08-15@date=2025-08-16',
    ]) {
      assert.ok(!isPartitionKey(bad), bad);
    }
    assert.ok(isPartitionKey(partitionKey('', 'a/b')));
    for (const bad of [
      'part-',
      'part-~2E~2E~2Fx',
      'part-..',
      'part-a~2f',
      'part-a~2F',
      'part-~41',
      'part-date~3D2025-08-15',
      'shards',
      'part-a=b',
    ]) {
      assert.equal(parseDirectoryName(bad), undefined, bad);
    }
  });

  it('of a path that is too long for a directory are refused', () => {
    const key = partitionKey('2025-08-15', `source=${'漢'.repeat(40)}/date=2025-08-15`);
    assert.throws(() => dateDirectory('/b', key), { code: 'partition-path-too-long' });
  });
});
