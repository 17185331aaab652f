import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { atOnceFor } from '../../src/cli/at-once.ts';
import { dateRanges } from '../../src/cli/output/date-ranges.ts';
import { datesPreview, datesReport } from '../../src/cli/output/dates-report.ts';
import { previewText } from '../../src/cli/output/preview.ts';
import { plainStyle } from '../../src/cli/output/style.ts';
import { reportTroubles } from '../../src/cli/output/troubles.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { StoreError } from '../../src/core/errors.ts';
import { datesBack } from '../../src/partition/partition-dates.ts';
import { consolidateDates } from '../../src/pipeline/consolidate-dates.ts';
import type { PartitionPlan } from '../../src/plan/partition-plan.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { exitCodeOf } from '../../src/telemetry/exit-code.ts';
import { usualTask } from '../support/usual-task.ts';
import { parseMetrics } from '../telemetry/parsed-metrics.ts';
import { samplePartition } from '../telemetry/sample-report.ts';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf, runCli } from './cli-process.ts';
import { addPartition, date, parquetNames, settle, tempDirectory } from './dataset.ts';

test('dates in a row are written as ranges', () => {
  assert.equal(dateRanges([]), '');
  assert.equal(dateRanges(['2025-08-15']), '2025-08-15');
  assert.equal(dateRanges(['2025-08-15', '2025-08-16']), '2025-08-15, 2025-08-16');
  assert.equal(
    dateRanges(['2025-02-27', '2025-02-28', '2025-03-01', '2025-03-03']),
    '2025-02-27 to 2025-03-01, 2025-03-03',
  );
});

/** 31 dates: two to merge, one damaged, one without data, one too small, 26 absent. */
async function monthOfData(basePath: string): Promise<{ damaged: string; good: readonly string[] }> {
  const good = [await addPartition(basePath, '2025-08-01'), await addPartition(basePath, '2025-08-15')];
  const damaged = await addPartition(basePath, '2025-08-10');
  const victim = join(damaged, (await parquetNames(damaged))[0] ?? '');
  const bytes = await readFile(victim);
  bytes.fill(0xff, 60, 400);
  await writeFile(victim, bytes);
  await settle(damaged);
  const empty = join(basePath, 'date=2025-08-11');
  await mkdir(empty);
  await writeFile(join(empty, '_SUCCESS'), '');
  await settle(empty);
  const single = join(basePath, 'date=2025-08-12');
  await mkdir(single);
  await writeFile(
    join(single, 'one.parquet'),
    await readFile(join(good[0] ?? '', (await parquetNames(good[0] ?? ''))[1] ?? '')),
  );
  await settle(single);
  return { damaged, good };
}

test('a month of which most days are absent is told in few lines, and one failure stops nothing', async (t) => {
  const basePath = await tempDirectory(t);
  const { damaged, good } = await monthOfData(basePath);
  const args = ['--date', date, '--days-back', '30', '--base-path', basePath];

  const preview = await runCli([...args, '--dry-run']);
  assert.equal(preview.exit, 0, preview.stderr);
  assert.deepEqual(
    [...preview.stdout.matchAll(/Preview for date (\S+):/g)].map((match) => match[1]),
    ['2025-08-01', '2025-08-10', '2025-08-15'],
  );
  assert.match(preview.stdout, /\nNothing to do for date 2025-08-12: Nothing to merge among 1 data file/);
  const absent = '2025-07-16 to 2025-07-31, 2025-08-02 to 2025-08-09, 2025-08-13, 2025-08-14';
  assert.ok(
    preview.stdout.includes(`\n  No partition for 26 dates: ${absent}\n  No data in 1 date: 2025-08-11\n`),
  );
  assert.match(preview.stdout, /\n\nDRY RUN: 3 partitions of 31 to consolidate: 63 files into 3, 1\.9M\n$/);

  const run = await runCli(args);
  assert.equal(run.exit, 3);
  assert.ok(
    run.stdout.includes(`\n  No partition for 26 dates: ${absent}\n  No data in 1 date: 2025-08-11\n`),
  );
  assert.match(run.stdout, /\n {2}2025-08-01 {2}consolidated +21 → 1 /);
  assert.match(run.stdout, /\n {2}2025-08-10 {2}failed /);
  assert.match(run.stdout, /\n {2}2025-08-12 {2}nothing +Nothing to merge among 1 data file/);
  assert.match(run.stdout, /\n2 partitions of 31 consolidated: 42 files into 2, 1\.3M into \S+; 1 failed\n/);
  assert.ok(run.stdout.split('\n').length < 16, run.stdout);
  assert.equal(run.stderr.match(/^error: /gm)?.length, 1);
  for (const partition of good) assert.equal((await parquetNames(partition)).length, 1);
  assert.equal((await parquetNames(damaged)).length, 21);

  const json = jsonOf(await runCli([...args, '--output', 'json']));
  assert.equal(json.exitCode, 3);
  assert.equal(json.mode, 'rewrite');
  assert.equal(json.store, 'file:');
  assert.equal((json.partitions as unknown[]).length, 31);
});

test('metrics of many dates count what each freed, also where no plan is kept until the end', async (t) => {
  const basePath = await tempDirectory(t);
  await monthOfData(basePath);
  const textfile = join(await tempDirectory(t), 'run.prom');
  const args = ['--from', '2025-08-01', '--to', '2025-08-31', '--base-path', basePath];
  const freed = async (...more: readonly string[]): Promise<number | undefined> => {
    const run = await runCliInProcess([...args, '--metrics-textfile', textfile, ...more], {});
    assert.equal(run.exit, 3, run.stderr);
    const name = 'parquet_consolidation_namenode_objects_freed';
    return parseMetrics(await readFile(textfile, 'utf8')).find((metric) => metric.name === name)?.value;
  };
  // A local file is one object: 21 became one, twice.
  assert.equal(await freed(), 40);
  for (const day of ['2025-08-01', '2025-08-15']) {
    const undone = await runCliInProcess(['undo', day, '--base-path', basePath], {});
    assert.equal(undone.exit, 0, undone.stderr);
  }
  assert.equal(await freed('--force', '--quiet-minutes', '0', '--output', 'json'), 40);
  assert.equal(await freed(), 0);
});

test('a run over many partitions keeps the figures of each, and the proof of the first', async () => {
  const { consolidation } = await loadSettings({ flags: { 'base-path': '/data' }, env: {} });
  const keep = (keepsAll: boolean) => atOnceFor(consolidation, 2, keepsAll).options.keep ?? ((one) => one);
  const plan: PartitionPlan = {
    date,
    partitionPath: '/d',
    decision: 'nothing',
    rule: '',
    reason: '',
    bins: [],
    files: [],
  };
  const output = { name: 'm', sizeBytes: 1, rows: 1, rowGroups: 1, inputFiles: 2, inputSizeBytes: 2 };
  const result = samplePartition({ result: 'consolidated', plan, objectsFreed: 3, outputs: [output] });
  const { plan: _, ...figures } = result;
  const kept = keep(false);
  assert.deepEqual([kept(result), kept(result)], [figures, { ...figures, outputs: [] }]);
  const whole = keep(true);
  assert.deepEqual([whole(result), whole(result)], [result, result]);
});

test('--verbose says of which date each table is', async (t) => {
  const basePath = await tempDirectory(t);
  await addPartition(basePath, '2025-08-14');
  await addPartition(basePath, '2025-08-15');
  const args = ['--date', date, '--days-back', '2', '--base-path', basePath, '--verbose'];
  const run = await runCli(args);
  assert.equal(run.exit, 0);
  for (const day of ['2025-08-14', '2025-08-15'])
    assert.match(run.stdout, new RegExp(`\\nDate ${day}:\\n {2}file +size {2}verdict`));
  assert.equal(run.stdout.match(/\nDate /g)?.length, 2);
});

test('a store that fails in the middle of many dates fails these, and what helps is said once', async (t) => {
  const basePath = await tempDirectory(t);
  for (const day of ['2025-08-12', '2025-08-13', '2025-08-14', '2025-08-15'])
    await addPartition(basePath, day);
  const inner = localStore();
  const isDown = (path: string): boolean => /\/date=2025-08-1[34]$/.test(path);
  const refused = (path: string): StoreError =>
    new StoreError(`cannot list ${path}: connection refused`, {
      code: 'unreachable',
      op: 'list',
      path,
      hint: 'look',
    });
  const store: Store = {
    ...inner,
    list: async (path) => (isDown(path) ? Promise.reject(refused(path)) : inner.list(path)),
  };
  const results = await consolidateDates(
    {
      store,
      basePath,
      settings: await loadSettings({ flags: { 'base-path': basePath }, env: {} }),
      ...usualTask(),
    },
    datesBack('2025-08-15', 4),
  );
  assert.deepEqual(
    results.map(({ result }) => result),
    ['nothing', 'consolidated', 'failed', 'failed', 'consolidated'],
  );
  assert.equal(exitCodeOf(results), 3);
  const said: string[] = [];
  const terminal = {
    out: () => assert.fail('troubles go to stderr'),
    err: (line: string) => said.push(line),
    style: plainStyle,
    errStyle: plainStyle,
    showsProgress: false,
    columns: 80,
  };
  reportTroubles(results, { verbose: false, dryRun: false, output: 'text' }, terminal);
  assert.equal(
    said.join(''),
    `error: 2025-08-13: cannot list ${basePath}/date=2025-08-13: connection refused\n` +
      '  data:  the partition is untouched\n  next:  look\n' +
      'error: 1 more date failed in the same way (unreachable): 2025-08-14\n',
  );
  const text = datesReport(results, { style: plainStyle, undoCommand: (day) => `undo ${day}` });
  assert.match(text, /\n {2}No partition for 1 date: 2025-08-11\n/);
  assert.match(text, /\n {2}2025-08-14 {2}failed +unreachable\n/);
  assert.match(text, /\n2 partitions of 5 consolidated: .+; 2 failed\n/);
});

test('a month without any partition is one line', () => {
  const results = datesBack('2025-08-15', 30).map((day) => ({
    date: day,
    partitionPath: `/d/date=${day}`,
    result: 'nothing' as const,
    rule: 'absent',
    reason: `There is no partition /d/date=${day}`,
    filesBefore: 0,
    bytesBefore: 0,
    rows: 0,
    filesAfter: 0,
    filesKept: 0,
    bytesKept: 0,
    outputs: [],
    phaseMs: {},
    durationMs: 1,
    warnings: [],
  }));
  const range = '\n  No partition for 31 dates: 2025-07-16 to 2025-08-15\n';
  const report = datesReport(results, { style: plainStyle, undoCommand: (day) => day });
  assert.equal(report, `${range}\n0 partitions of 31 consolidated\n`);
  assert.equal(
    datesPreview(results, (result) => previewText(result)),
    `${range}\nDRY RUN: 0 partitions of 31 to consolidate\n`,
  );
});
