import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type CliRun, jsonOf, runCli, startCli } from './cli-process.ts';
import { addPartition, date, parquetNames, settle, tempDirectory, treeDigest } from './dataset.ts';

/** Waits until a merged file is being staged, so that the signal comes in the middle of the work. */
async function untilStaging(basePath: string, finished: Promise<CliRun>): Promise<void> {
  let isRunning = true;
  const end = (): void => {
    isRunning = false;
  };
  finished.then(end, end);
  while (isRunning) {
    const names = entriesBelow(join(basePath, '_consolidation'));
    if (names.some((name) => name.endsWith('.staged'))) return;
    await pause(1);
  }
  throw new Error('the run ended before it could be stopped');
}

function entriesBelow(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch {
    // It is being made or removed in this very moment: there is another look.
    return [];
  }
}

for (const [signal, exit] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`${signal} stops before the swap, leaves nothing behind and says so`, async (t) => {
    const basePath = await tempDirectory(t);
    const partition = await addPartition(basePath, date, 30);
    const before = treeDigest(partition);
    const started = startCli(['--date', date, '--base-path', basePath]);
    await untilStaging(basePath, started.finished);
    started.child.kill(signal);
    const run = await started.finished;
    assert.equal(run.exit, exit);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, new RegExp(`^${signal}: stopping at the next safe point`));
    assert.match(
      run.stderr,
      new RegExp(`\\nerror: stopped by ${signal}\\n {2}data: {2}the partition is untouched\\n`),
    );
    assert.equal(treeDigest(partition), before);
    assert.deepEqual(await readdir(join(basePath, '_consolidation')), []);
  });
}

test('a stopped run over several dates says of each what became of it', async (t) => {
  const basePath = await tempDirectory(t);
  await addPartition(basePath, '2025-08-14', 30);
  await addPartition(basePath, '2025-08-15', 1);
  const args = ['--date', date, '--days-back', '1', '--base-path', basePath, '--output', 'json'];
  const started = startCli(args);
  await untilStaging(basePath, started.finished);
  started.child.kill('SIGTERM');
  const run = await started.finished;
  assert.equal(run.exit, 143);
  const line = jsonOf(run) as {
    exitCode: number;
    partitions: { date: string; result: string; rule: string }[];
  };
  assert.equal(line.exitCode, 143);
  assert.deepEqual(
    line.partitions.map(({ date: day, result, rule }) => [day, result, rule]),
    [
      ['2025-08-14', 'failed', 'stopped'],
      ['2025-08-15', 'failed', 'stopped'],
    ],
  );
});

test('after kill -9 in the middle, the next run does the work', async (t) => {
  const basePath = await tempDirectory(t);
  const partition = await addPartition(basePath, date, 30);
  const before = treeDigest(partition);
  const started = startCli(['--date', date, '--base-path', basePath]);
  await untilStaging(basePath, started.finished);
  started.child.kill('SIGKILL');
  assert.equal((await started.finished).exit, 'SIGKILL');
  assert.equal(treeDigest(partition), before);

  const preview = await runCli(['--date', date, '--base-path', basePath, '--dry-run']);
  assert.equal(preview.exit, 0);
  assert.match(
    preview.stderr,
    /^warning: 2025-08-15: run \S+ replaced nothing .*what it staged would be deleted\n$/,
  );
  assert.match(preview.stdout, /Would consolidate 630 files/);

  const next = await runCli(['--date', date, '--base-path', basePath]);
  assert.equal(next.exit, 0);
  assert.equal((await parquetNames(partition)).length, 1);
});

test('recover settles what a killed run left, and then has nothing to do', async (t) => {
  const basePath = await tempDirectory(t);
  const partition = await addPartition(basePath, date, 30);
  const started = startCli(['--date', date, '--base-path', basePath]);
  await untilStaging(basePath, started.finished);
  started.child.kill('SIGKILL');
  await started.finished;
  const dry = await runCli(['recover', '--dry-run', '--base-path', basePath]);
  assert.equal(dry.exit, 0);
  assert.match(dry.stdout, /^DRY RUN: 2025-08-15 {2}removed: run \S+ replaced nothing/);
  const recovered = await runCli(['recover', '--date', date, '--base-path', basePath, '--output', 'json']);
  assert.equal(recovered.exit, 0);
  assert.deepEqual(
    (jsonOf(recovered).outcomes as { action: string }[]).map((outcome) => outcome.action),
    ['removed'],
  );
  const again = await runCli(['recover', '--base-path', basePath]);
  assert.equal(again.exit, 0);
  assert.match(again.stdout, /^Nothing to recover in /);
  await settle(partition);
  assert.equal((await parquetNames(partition)).length, 630);
});
