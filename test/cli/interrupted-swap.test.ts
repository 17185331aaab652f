import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf, runCli, startProcess } from './cli-process.ts';
import { date, demoDataset, parquetNames, type TestDataset, treeDigest } from './dataset.ts';

/** A dataset whose run was killed while its partition was moved away. */
async function killedDataset(t: TestContext): Promise<TestDataset> {
  const dataset = await demoDataset(t);
  const script = fileURLToPath(new URL('killed-run.ts', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), script, dataset.basePath, date];
  assert.equal((await startProcess(process.execPath, args).finished).exit, 'SIGKILL');
  assert.ok(!existsSync(dataset.partition));
  return dataset;
}

test('a dry run does not call a partition absent whose swap was interrupted', async (t) => {
  const { basePath, partition } = await killedDataset(t);
  const before = treeDigest(basePath);
  const run = await runCli(['--date', date, '--base-path', basePath, '--dry-run']);
  assert.equal(run.exit, 0);
  assert.equal(run.stderr, '');
  assert.doesNotMatch(run.stdout, /no partition|Found 0/i);
  const sentence = `A swap was interrupted here: the swap of run \\S+ in ${partition} would be finished\\.`;
  const command = `node \\S+ recover --date ${date} --base-path ${basePath}`;
  assert.match(run.stdout, new RegExp(`\\nDRY RUN: ${sentence} ${command} or the next run does that\\n$`));

  const json = jsonOf(
    await runCli(['--date', date, '--base-path', basePath, '--dry-run', '--output', 'json']),
  );
  const [result] = json.partitions as { result: string; rule: string; warnings: unknown[] }[];
  assert.deepEqual([result?.result, result?.rule, result?.warnings], ['waiting', 'swap-interrupted', []]);

  const many = await runCli(['--date', date, '--days-back', '1', '--base-path', basePath, '--dry-run']);
  assert.match(many.stdout, /No partition for 1 date: 2025-08-14\n/);
  assert.match(many.stdout, /\nDRY RUN: A swap was interrupted here/);
  assert.equal(treeDigest(basePath), before);
});

test('the next run finishes the swap, and recover does', async (t) => {
  for (const command of [['--date', date], ['recover']]) {
    const { basePath, partition } = await killedDataset(t);
    const run = await runCli([...command, '--base-path', basePath]);
    assert.equal(run.exit, 0, run.stderr);
    assert.equal((await parquetNames(partition)).length, 1);
  }
});

test('what a person must settle is said with commands that can be typed', async (t) => {
  const { basePath, partition } = await killedDataset(t);
  // Somebody takes away what the swap would put into place.
  const runs = await readdir(join(basePath, '_consolidation', date));
  const run = runs.find((name) => name !== 'lock') ?? '';
  await rm(join(basePath, '_consolidation', date, run, 'new'), { recursive: true });
  const config = join(basePath, 'own config.yaml');
  await writeFile(config, '');
  const flags = ['--base-path', basePath, '--config', config];
  const command = `node \\S+ recover --date ${date} --base-path ${basePath} --config '${config}'`;

  const consolidated = await runCli(['--date', date, ...flags]);
  assert.equal(consolidated.exit, 14, consolidated.stderr);
  assert.match(consolidated.stderr, new RegExp(`\\n {2}next: .*${command}, and add`));
  const recovered = await runCli(['recover', ...flags]);
  assert.equal(recovered.exit, 14);
  assert.match(recovered.stdout, new RegExp(`\\n +next: .*${command}, and add`));
  const all = await runCliInProcess(['--all', ...flags], {});
  assert.equal(all.exit, 14, 'no listing shows the partition');
  const undone = await runCli(['undo', date, ...flags, '--output', 'json']);
  assert.equal(undone.exit, 14);
  const { hint = '' } = jsonOf(undone).error as { hint?: string };
  assert.match(hint, new RegExp(command));
  assert.ok(!existsSync(partition));
});
