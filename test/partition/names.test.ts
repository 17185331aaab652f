import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isDate } from '../../src/core/partition-key.ts';
import * as names from '../../src/partition/names.ts';

const dates = fc
  .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const runIds = fc
  .tuple(
    fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    fc.nat(0xffffff),
  )
  .map(([date, random]) => names.makeRunId(date.getTime(), random));
const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

describe('names', () => {
  it('are parsed as they were made', () => {
    fc.assert(
      fc.property(dates, runIds, fc.nat(9), fc.integer({ min: 1, max: 99 }), (date, runId, fence, index) => {
        assert.equal(names.partitionPath('/b', date), `/b/date=${date}`);
        assert.equal(names.dateDirectory('/b', date), `/b/_consolidation/${date}`);
        assert.ok(names.isRunId(runId), runId);
        const run = names.runDirectory('/b', date, runId, fence);
        assert.deepEqual(names.parseDateEntry(lastOf(run)), { kind: 'run', runId, fence });
        assert.deepEqual(names.parseDateEntry(lastOf(names.lockDirectory('/b', date))), { kind: 'lock' });
        assert.deepEqual(names.parseDateEntry(lastOf(names.holdPath('/b', date))), { kind: 'hold' });
        assert.equal(names.parseHistoryName(lastOf(names.historyPath('/b', date, runId))), runId);
        const made: [string, ReturnType<typeof names.parseRunEntry>][] = [
          [names.stagedBinPath(run, index), 'staged'],
          [names.journalPath(run), 'journal'],
          [names.stagedName(names.journalPath(run)), 'staged'],
          [names.receiptPath(run), 'receipt'],
          [names.newDirectory(run), 'new'],
          [names.oldDirectory(run), 'old'],
          [names.lateDirectory(run, index), 'late'],
          [names.lockTransitPath(run, 'taken'), 'lock-transit'],
          [names.trashPath(run, runId), 'trash'],
        ];
        for (const [path, kind] of made) {
          assert.equal(names.parseRunEntry(lastOf(path)), kind, path);
          assert.ok(path.startsWith('/b/_consolidation/'), path);
          assert.ok(!path.endsWith('.parquet') && !path.includes('='), path);
        }
      }),
    );
  });

  it('of backups lead back to the file and never end in .parquet', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        assert.equal(names.parseBackupName(names.backupName(name)), name);
        assert.ok(!names.stagedName(name).endsWith('.parquet'));
      }),
    );
  });

  it('of dates are days of the calendar', () => {
    for (const good of ['2025-08-15', '2024-02-29', '0001-01-01']) assert.ok(isDate(good), good);
    for (const bad of [
      '2025-02-29',
      '2025-13-01',
      '2025-8-15',
      '2025-08-15T00',
      '',
      '__HIVE_DEFAULT_PARTITION__',
    ]) {
      assert.ok(!isDate(bad), bad);
    }
  });

  it('of merged files are new with every run, sort where the first input did, and do not grow', () => {
    const first = names.makeRunId(0, 1);
    const second = names.makeRunId(1000, 2);
    const once = names.mergedName('t-851.parquet', first, 0);
    assert.equal(once, `t-851.merged-${first}-0.parquet`);
    assert.equal(names.mergedName(once, first, 0), once);
    assert.equal(names.mergedName(once, second, 3), `t-851.merged-${second}-3.parquet`);
    assert.equal(names.mergedName('t.snappy.parquet', first, 0), `t.snappy.merged-${first}-0.parquet`);
    assert.equal(names.mergedName('part-0001', first, 0), `part-0001.merged-${first}-0`);
    assert.ok(once < 't-851.parquet' && once > 't-850.parquet');
    assert.ok(
      Buffer.byteLength(names.mergedName(`${'x'.repeat(240)}.parquet`, first, 0)) <= names.maxNameBytes,
    );
  });

  it('of late files differ, keep what makes them data or hidden, and fit', () => {
    const runId = names.makeRunId(0, 1);
    assert.equal(names.makeRunId(0, 1), '19700101T000000Z-000001');
    assert.equal(names.lateName('x.parquet', runId, 2), `x.late-${runId}-2.parquet`);
    assert.equal(names.lateName('_SUCCESS', runId, 1), `_SUCCESS.late-${runId}-1`);
    assert.equal(names.lateName('.hidden', runId, 1), `.hidden.late-${runId}-1`);
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }), (stem) => {
        const late = names.lateName(`x${stem}.parquet`, runId, 1);
        assert.ok(Buffer.byteLength(late) <= names.maxNameBytes, `${Buffer.byteLength(late)}`);
        assert.ok(late.endsWith('-1.parquet') && late.startsWith('x'));
      }),
    );
  });

  it('below the root have one slash', () => {
    assert.equal(names.partitionPath('/', '2025-08-15'), '/date=2025-08-15');
    assert.equal(names.workspacePath('/'), '/_consolidation');
  });
});
