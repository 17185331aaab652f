import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultLayout } from '../../src/partition/layout.ts';
import { datesInRange } from '../../src/pipeline/dates-in-range.ts';
import { hiddenPartitions } from '../../src/pipeline/hidden-partitions.ts';
import { consolidate, date, endProcess, makeFixture, quickStore } from '../support/swap-fixture.ts';
import { dieAfter, points } from '../support/swap-scenarios.ts';

const store = quickStore();
const range = { from: date, to: date };

test('a range has the partition that a run left between two renames, although nothing lists it', async () => {
  const fixture = makeFixture();
  const { basePath } = fixture;
  try {
    await dieAfter(fixture, points.movedAway);
    assert.deepEqual(readdirSync(basePath), ['_consolidation']);
    assert.deepEqual(await datesInRange(store, basePath, range), [date]);
    const day = { from: '2020-01-01', to: '2020-12-31' };
    assert.deepEqual(await datesInRange(store, basePath, day), []);
    // One whose journal nobody can read is told of as well.
    const [run = ''] = readdirSync(fixture.dateDirectory).filter((name) => name !== 'lock');
    writeFileSync(join(fixture.dateDirectory, run, 'journal.json'), 'x');
    assert.deepEqual(await datesInRange(store, basePath, range), [date]);
  } finally {
    fixture.remove();
  }
});

test('a partition that was dropped after its run, or is there, is not hidden', async () => {
  const fixture = makeFixture();
  const { basePath } = fixture;
  try {
    await dieAfter(fixture, points.journalWritten);
    assert.deepEqual(await datesInRange(store, basePath, range), [date], 'it is listed, and only once');
    endProcess(fixture);
    await consolidate(store, fixture);
    rmSync(fixture.partition, { recursive: true });
    assert.deepEqual(await hiddenPartitions({ store, basePath, layout: defaultLayout }, []), []);
    rmSync(fixture.workspace, { recursive: true });
    writeFileSync(fixture.workspace, 'no directory');
    assert.deepEqual(await hiddenPartitions({ store, basePath, layout: defaultLayout }, []), []);
  } finally {
    fixture.remove();
  }
});
