import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonOf, runCli } from './cli-process.ts';
import { addPartition, date, demoDataset, settle, tempDirectory, treeDigest } from './dataset.ts';

const golden = `🚀 Insurance MegaCorp - Telemetry Data Consolidation
==================================================

Preview for date 2025-08-15:
  📁 Found 21 Parquet files
  📊 Total size: 630K
  📄 Sample files:
    • telemetry-20250815_191132-cf-0-writer-A-1755285092851.parquet (44K)
    • telemetry-20250815_191133-cf-0-writer-B-1755285093122.parquet (38K)
    • telemetry-20250815_191133-cf-0-writer-C-1755285093393.parquet (42K)
    ... and 18 more files

DRY RUN: Would consolidate 21 files into ~0.6 MB consolidated file
`;

test('a dry run prints the preview and touches nothing', async (t) => {
  const { basePath } = await demoDataset(t);
  const before = treeDigest(basePath);
  const run = await runCli(['--date', date, '--dry-run', '--base-path', basePath]);
  assert.deepEqual(run, { exit: 0, stdout: golden, stderr: '' });
  assert.equal(treeDigest(basePath), before);
});

test('what the dry run plans is what the run does', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  await writeFile(join(partition, 'empty.parquet'), '');
  await settle(partition);
  const args = ['--date', date, '--base-path', basePath, '--output', 'json'];
  const planned = jsonOf(await runCli([...args, '--dry-run']));
  const done = jsonOf(await runCli(args));
  const planOf = (line: Record<string, unknown>): unknown => {
    const [partitionResult] = line.partitions as { plan: unknown }[];
    return partitionResult?.plan;
  };
  assert.deepEqual(planOf(done), planOf(planned));
});

test('JSON of a dry run is one line with a verdict and a reason for every file', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  await writeFile(join(partition, '_SUCCESS'), '');
  await writeFile(join(partition, 'empty.parquet'), '');
  await settle(partition);
  const before = treeDigest(basePath);
  const run = await runCli(['--date', date, '--dry-run', '--base-path', basePath, '--output', 'json']);
  assert.equal(run.exit, 0);
  assert.equal(run.stderr, '');
  assert.equal(treeDigest(basePath), before);
  const line = jsonOf(run) as {
    command: string;
    exitCode: number;
    dryRun: boolean;
    basePath: string;
    partitions: {
      date: string;
      result: string;
      filesBefore: number;
      filesAfter: number;
      plan: {
        decision: string;
        bins: unknown[];
        files: { name: string; verdict: string; rule: string; reason: string }[];
      };
    }[];
  };
  assert.equal(line.command, 'consolidate');
  assert.equal(line.exitCode, 0);
  assert.equal(line.dryRun, true);
  assert.equal(line.basePath, basePath);
  const [result] = line.partitions;
  assert.equal(line.partitions.length, 1);
  assert.equal(result?.result, 'planned');
  assert.equal(result?.filesBefore, 21);
  assert.equal(result?.filesAfter, 1);
  assert.equal(result?.plan.bins.length, 1);
  assert.equal(result?.plan.files.length, 23);
  const verdicts = new Map(result?.plan.files.map((file) => [file.name, file]));
  assert.equal(verdicts.get('_SUCCESS')?.verdict, 'ignore');
  assert.equal(verdicts.get('empty.parquet')?.verdict, 'ignore');
  for (const file of result?.plan.files ?? []) {
    assert.ok(file.rule.length > 0 && file.reason.length > 0, `${file.name} has no reason`);
  }
});

test('--verbose adds a table with the reason for every file', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  await writeFile(join(partition, '.hidden'), 'x');
  await settle(partition);
  const run = await runCli(['--date', date, '--dry-run', '--verbose', '--base-path', basePath]);
  assert.equal(run.exit, 0);
  assert.ok(run.stdout.startsWith(golden));
  const table = run.stdout.slice(golden.length);
  assert.match(table, /^\n {2}file +size {2}verdict +rule +reason\n/);
  assert.match(table, /\.hidden +1 {2}ignore +hidden-name {2,}Its name starts with/);
  assert.equal(table.match(/merge \(bin 0\)/g)?.length, 21);
});

test('several bins are announced with their number and mean size', async (t) => {
  const basePath = await tempDirectory(t);
  await addPartition(basePath, date, 4);
  const run = await runCli(['--date', date, '--dry-run', '--base-path', basePath, '--target-size', '1']);
  assert.equal(run.exit, 0);
  assert.match(run.stdout, /📁 Found 84 Parquet files\n {2}📊 Total size: 2\.5M\n/);
  assert.match(run.stdout, /\nDRY RUN: Would consolidate 8\d files into 3 consolidated files of ~0\.8 MB\n$/);
});

test('a partition that is not worth it, too young, absent or refused says why', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const preview = (...more: string[]) =>
    runCli(['--date', date, '--dry-run', '--base-path', basePath, ...more]);
  const few = await preview('--min-files', '22');
  assert.equal(few.exit, 0);
  assert.match(few.stdout, /\nDRY RUN: Nothing to do: .+21 small.+\n$/);

  const absent = await runCli(['--date', '2025-08-16', '--dry-run', '--base-path', basePath]);
  assert.equal(absent.exit, 0);
  assert.match(
    absent.stdout,
    /\n {2}📁 Found 0 Parquet files\n\nDRY RUN: Nothing to do: There is no partition /,
  );

  await settle(partition, 60_000);
  const young = await preview();
  assert.equal(young.exit, 0);
  assert.match(young.stdout, /\nDRY RUN: Would wait: .+qualifies at \d{4}-\d\d-\d\dT.+\n$/);
  assert.match((await preview('--quiet-minutes', '0')).stdout, /Would consolidate 21 files/);

  await writeFile(join(basePath, '_metadata'), 'PAR1');
  await settle(partition);
  const refused = await preview();
  assert.equal(refused.exit, 12);
  assert.match(refused.stdout, /\nDRY RUN: Would refuse: .+_metadata.+\n$/);
});

test('several dates have one title, one preview for each with data, and one line for the others', async (t) => {
  const basePath = await tempDirectory(t);
  await addPartition(basePath, '2025-08-14');
  await addPartition(basePath, '2025-08-15');
  const run = await runCli(['--date', date, '--days-back', '2', '--dry-run', '--base-path', basePath]);
  assert.equal(run.exit, 0);
  assert.equal(run.stdout.match(/🚀/g)?.length, 1);
  assert.deepEqual(
    [...run.stdout.matchAll(/Preview for date (\S+):/g)].map((match) => match[1]),
    ['2025-08-14', '2025-08-15'],
  );
  assert.match(
    run.stdout,
    /\n {2}No partition for 1 date: 2025-08-13\n\nDRY RUN: 2 partitions of 3 to consolidate: /,
  );
});
