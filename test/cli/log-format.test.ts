import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { progressLine } from '../../src/cli/output/progress-line.ts';
import { recordTerminal } from '../../src/cli/output/record-terminal.ts';
import { plainStyle } from '../../src/cli/output/style.ts';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf } from './cli-process.ts';
import { addPartition, date, demoDataset, parquetNames, settle } from './dataset.ts';

type Line = Readonly<Record<string, unknown>>;

function recordsOf(stderr: string): readonly Line[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}

test('--log-format json: every message is a record with time, level, partition, run, step and duration', async (t) => {
  const { basePath } = await demoDataset(t);
  await addPartition(basePath, '2025-08-14');
  const flags = ['--date', date, '--days-back', '1', '--base-path', basePath];
  const run = await runCliInProcess([...flags, '--log-format', 'json', '--output', 'json'], {});
  assert.equal(run.exit, 0);
  const { partitions } = jsonOf(run) as { partitions: { runId: string; durationMs: number }[] };
  const records = recordsOf(run.stderr);
  for (const record of records) {
    assert.match(String(record.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.match(String(record.level), /^(info|warn)$/);
    assert.ok(String(record.message).length > 3);
  }
  for (const [index, day] of ['2025-08-14', date].entries()) {
    const ofDay = records.filter(({ partition }) => partition === day);
    assert.deepEqual(
      ofDay.map(({ step }) => step),
      ['list', 'lock', 'merge', 'verify', 'swap', 'result'],
    );
    const runId = partitions[index]?.runId;
    assert.deepEqual(
      ofDay.map((record) => record.runId),
      [undefined, runId, runId, runId, runId, runId],
    );
    assert.ok(ofDay.every(({ durationMs }) => typeof durationMs === 'number' && durationMs >= 0));
    const result = ofDay.at(-1);
    assert.deepEqual([result?.result, result?.filesBefore, result?.filesAfter], ['consolidated', 21, 1]);
    assert.equal(result?.durationMs, partitions[index]?.durationMs);
  }
});

test('errors are records too: of a partition, of the run as a whole, of the command line', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const [first = ''] = await parquetNames(partition);
  await writeFile(join(partition, first), `PAR1${'x'.repeat(500)}PAR1`);
  await settle(partition);
  const json = { CONSOLIDATION_LOG_FORMAT: 'json' };
  const refused = await runCliInProcess(['--date', date, '--base-path', basePath], json);
  assert.equal(refused.exit, 12);
  const error = recordsOf(refused.stderr).at(-1);
  assert.deepEqual(
    [error?.level, error?.partition, error?.exitCode, error?.code],
    ['error', date, 12, 'unreadable-file'],
  );
  assert.equal(error?.dataState, 'the partition is untouched');

  const absent = await runCliInProcess(['--date', date, '--base-path', join(basePath, 'no')], json);
  const [whole, ...others] = recordsOf(absent.stderr);
  assert.deepEqual([others.length, whole?.code, whole?.exitCode], [0, 'base-path-absent', 2]);

  const usage = await runCliInProcess(['--dat', date, '--log-format=json'], {});
  assert.deepEqual([usage.exit, recordsOf(usage.stderr)[0]?.code], [2, 'usage']);
  // A flag wins over the variable.
  const text = await runCliInProcess(['--dat', date, '--log-format', 'text'], json);
  assert.match(text.stderr, /^error: /);
  const wrong = await runCliInProcess(['--date', date], { CONSOLIDATION_LOG_FORMAT: 'xml' });
  assert.match(wrong.stderr, /CONSOLIDATION_LOG_FORMAT is "xml"; allowed: text, json/);
});

test('--verbose tells the story of a run; without it, and without trouble, stderr says nothing', async (t) => {
  const { basePath } = await demoDataset(t);
  const flags = ['--date', date, '--base-path', basePath];
  const told = await runCliInProcess([...flags, '--verbose'], {});
  assert.equal(told.exit, 0);
  const story = [
    /^info: {2}2025-08-15: plan: consolidate \(small-files\): 21 small files \(630K\) become 1 file {2}\(.+s\)$/m,
    /^info: {2}2025-08-15: run \d{8}T\d{6}Z-[0-9a-f]{6} holds the partition {2}\(.+s\)$/m,
    /^info: {2}2025-08-15: merged 21 files \(630K\) into \d+K, 10280 rows {2}\(.+s, bin=0\)$/m,
    /^info: {2}2025-08-15: verified: every value of \d+ columns decoded again and equal {2}\(.+s, bin=0\)$/m,
    /^info: {2}2025-08-15: in place: \S+\.merged-\S+\.parquet {2}\(.+s\)$/m,
  ];
  const places = story.map((line) => told.stderr.search(line));
  assert.ok(
    places.every((place) => place >= 0),
    told.stderr,
  );
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  await rm(basePath, { recursive: true });

  const other = await demoDataset(t);
  const silent = await runCliInProcess(['--date', date, '--base-path', other.basePath], {});
  assert.deepEqual([silent.exit, silent.stderr], [0, '']);
});

test('where nobody watches, a step says how far it is once in 30 seconds', () => {
  const written: string[] = [];
  let nowMs = 0;
  const terminal = {
    out: () => {},
    err: (text: string) => written.push(text),
    style: plainStyle,
    errStyle: plainStyle,
    showsProgress: false,
    columns: 80,
  };
  const show = (line: ReturnType<typeof progressLine>, seconds: number, done: number): void => {
    nowMs = seconds * 1000;
    line.show({
      date: '2025-08-15',
      doing: 'merging',
      amount: { of: 'bytes', done: done * 2 ** 20, total: 100 * 2 ** 20 },
    });
  };
  const plain = progressLine(terminal, () => nowMs);
  for (const seconds of [0, 10, 29, 31, 40, 59, 62, 70]) show(plain, seconds, seconds);
  assert.deepEqual(written, [
    '2025-08-15: merging: 31 %, 31M of 100M, about 69 s left\n',
    '2025-08-15: merging: 62 %, 62M of 100M, about 38 s left\n',
  ]);
  written.length = 0;
  const records = progressLine(
    recordTerminal(terminal, () => 0),
    () => nowMs,
  );
  for (const seconds of [0, 35]) show(records, seconds, seconds);
  assert.deepEqual(
    written.map((line) => JSON.parse(line)),
    [
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'info',
        message: 'merging: 35 %, 35M of 100M, about 65 s left',
        partition: '2025-08-15',
        step: 'merging',
        durationMs: 35_000,
        done: 35 * 2 ** 20,
        total: 100 * 2 ** 20,
        unit: 'bytes',
      },
    ],
  );
});
