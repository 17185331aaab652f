import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { QueryCost } from '../../src/cli/demo/query-cost.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { jsonOf, runCli } from './cli-process.ts';
import { parquetNames, tempDirectory } from './dataset.ts';

test('the demo shows preview, result, query cost and what to type next, again and again', async (t) => {
  const directory = await tempDirectory(t);
  const partition = join(directory, 'telemetry-data-v2/date=2025-08-15');
  for (const round of ['first', 'second']) {
    const run = await runCli(['demo', '--directory', directory]);
    assert.equal(run.stderr, '', round);
    assert.equal(run.exit, 0, round);
    assert.match(run.stdout, /\nDRY RUN: Would consolidate 21 files into ~0\.6 MB consolidated file\n/);
    assert.match(run.stdout, /Consolidated date 2025-08-15: 21 files into 1\n/);
    assert.match(run.stdout, /\n {2}Files opened +21 +1 {2}95 % fewer\n/);
    assert.match(run.stdout, /\n {3}The same answer both times, over 10,280 rows\.\n/);
    assert.match(run.stdout, /\n {3}Nothing to merge among 1 data file: 1 merged before\n/);
    assert.match(run.stdout, /consolidate_telemetry\.sh --base-path \S+ undo 2025-08-15 /);
    assert.equal((await parquetNames(partition)).length, 1);
  }
});

test('the demo as JSON', async (t) => {
  const run = await runCli(['demo', '--directory', await tempDirectory(t), '--output', 'json']);
  assert.equal(run.exit, 0);
  const line = jsonOf(run) as {
    result: PartitionResult;
    query: { before: QueryCost; after: QueryCost };
    secondRun: PartitionResult;
  };
  assert.equal(line.result.result, 'consolidated');
  assert.equal(line.secondRun.result, 'nothing');
  assert.deepEqual(line.query.after.answer, line.query.before.answer);
  assert.equal(line.query.before.opens, 21);
  assert.equal(line.query.after.opens, 1);
  assert.ok(line.query.after.bytesRead < line.query.before.bytesRead);
  assert.ok(line.query.after.reads < line.query.before.reads);
});

test('the demo deletes nothing that is not its own', async (t) => {
  const directory = await tempDirectory(t);
  await mkdir(join(directory, 'telemetry-data-v2'));
  await writeFile(join(directory, 'telemetry-data-v2', 'precious'), 'x');
  const run = await runCli(['demo', '--directory', directory]);
  assert.equal(run.exit, 2);
  assert.match(run.stderr, /holds precious/);
  assert.deepEqual(await readdir(join(directory, 'telemetry-data-v2')), ['precious']);
});

test('the demo does not take a dataset for its own because of its name and date', async (t) => {
  const directory = await tempDirectory(t);
  const partition = join(directory, 'telemetry-data-v2/date=2025-08-15');
  await mkdir(partition, { recursive: true });
  await writeFile(join(partition, 'real.parquet'), 'x');
  const run = await runCli(['demo', '--directory', directory]);
  assert.equal(run.exit, 2);
  assert.match(run.stderr, /will not delete \S+telemetry-data-v2: it holds date=2025-08-15\n/);
  assert.deepEqual(await readdir(partition), ['real.parquet']);
});

test('a place where no directory can be made is a clear error, not a hang', async (t) => {
  const directory = await tempDirectory(t);
  await writeFile(join(directory, 'file'), 'x');
  for (const impossible of [join(directory, 'file', 'below'), '/proc/demo', '/proc/demo/below']) {
    const run = await runCli(['demo', '--directory', impossible]);
    assert.equal(run.exit, 2, impossible);
    assert.match(
      run.stderr,
      /^error: the demo cannot use the directory \S+: E[A-Z]+\n {2}data: {2}nothing was touched\n/,
    );
  }
});
