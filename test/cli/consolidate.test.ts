import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillPartition } from '../../src/cli/demo/fill-partition.ts';
import { silentLogger } from '../../src/core/log.ts';
import { makeRunId } from '../../src/partition/names.ts';
import { openStore } from '../../src/store/open-store.ts';
import { readReceipt, writeRecord } from '../../src/swap/journal.ts';
import { acquireLock } from '../../src/swap/partition-lock.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { type CliRun, jsonOf, mainPath, runCli, startCli, startProcess } from './cli-process.ts';
import {
  addPartition,
  date,
  demoDataset,
  parquetNames,
  settle,
  type TestDataset,
  tempDirectory,
  treeDigest,
  twoDaysMs,
} from './dataset.ts';

const lastName = 'telemetry-20250815_192315-cf-6-writer-C-1755285795675.parquet';
/** What the merged file of all 21 is called, but for its run. */
const mergedFirst = 'telemetry-20250815_191132-cf-0-writer-A-1755285092851.merged-RUN-0.parquet';

function withoutRun(name: string): string {
  return name.replace(/\.merged-\d{8}T\d{6}Z-[0-9a-f]{6}-/, '.merged-RUN-');
}

async function namesWithoutRun(partition: string): Promise<readonly string[]> {
  return (await parquetNames(partition)).map(withoutRun);
}

function consolidate({ basePath }: Pick<TestDataset, 'basePath'>, ...more: string[]): Promise<CliRun> {
  return runCli(['--date', date, '--base-path', basePath, ...more]);
}

async function resultOf(dataset: Pick<TestDataset, 'basePath'>, ...more: string[]) {
  const run = await consolidate(dataset, '--output', 'json', ...more);
  const line = jsonOf(run) as { exitCode: number; partitions: PartitionResult[] };
  assert.equal(line.exitCode, run.exit);
  const [result] = line.partitions;
  if (result === undefined) throw new Error(`no result in ${run.stdout}`);
  return { run, result };
}

test('21 files become one, and the report says what changed and how to undo it', async (t) => {
  const dataset = await demoDataset(t);
  const run = await consolidate(dataset);
  assert.equal(run.stderr, '');
  assert.equal(run.exit, 0);
  assert.deepEqual(await namesWithoutRun(dataset.partition), [mergedFirst]);
  assert.match(run.stdout, /^🚀 Insurance MegaCorp - Telemetry Data Consolidation\n={50}\n\n/);
  assert.match(run.stdout, /Consolidated date 2025-08-15: 21 files into 1\n/);
  assert.match(run.stdout, /\n {2}Files +21 +1 {2}95 % fewer\n/);
  assert.match(run.stdout, /\n {2}Rows +10,280 +10,280 {2}the same\n/);
  assert.match(run.stdout, /\n {2}Row groups +21 +1 /);
  assert.match(run.stdout, /\n {2}Verified +every value of 17 columns decoded again and equal; /);
  const backup = /\n {2}Backup +(\/\S+)\n/.exec(run.stdout)?.[1] ?? '';
  assert.equal((await readdir(backup)).length, 21);
  const undo = /\n {2}Undo +node \S+main\.js (undo .+)\n/.exec(run.stdout)?.[1] ?? '';
  assert.equal(undo, `undo ${date} --base-path ${dataset.basePath}`);
});

test('the result as JSON carries the figures of the run', async (t) => {
  const dataset = await demoDataset(t);
  const { run, result } = await resultOf(dataset);
  assert.equal(run.exit, 0);
  assert.equal(run.stderr, '');
  assert.equal(result.result, 'consolidated');
  assert.deepEqual(
    [result.filesBefore, result.filesAfter, result.rows, result.rowGroupsBefore, result.rowGroupsAfter],
    [21, 1, 10_280, 21, 1],
  );
  assert.equal(result.bytesBefore, 644_676);
  assert.match(result.runId ?? '', /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
  assert.deepEqual(Object.keys(result.phaseMs), ['recover', 'list', 'lock', 'merge', 'verify', 'swap']);
  assert.equal(result.outputs.length, 1);
  assert.equal(withoutRun(result.outputs[0]?.name ?? ''), mergedFirst);
  assert.deepEqual(await parquetNames(dataset.partition), [result.outputs[0]?.name]);
  assert.equal(result.outputs[0]?.verification?.level, 'full');
  assert.equal(result.outputs[0]?.sizeBytes, result.bytesAfter);
  assert.ok(result.backup !== undefined && existsSync(result.backup.path));
  assert.deepEqual(result.warnings, []);
});

test('a second run has nothing to do', async (t) => {
  const dataset = await demoDataset(t);
  assert.equal((await consolidate(dataset)).exit, 0);
  await settle(dataset.partition);
  const before = treeDigest(dataset.basePath);
  const second = await consolidate(dataset);
  assert.equal(second.exit, 0);
  assert.equal(second.stderr, '');
  assert.match(second.stdout, /\nNothing to do for date 2025-08-15: .+1 merged before\n$/);
  assert.equal(treeDigest(dataset.basePath), before);
});

test('files that come later stay until there are enough of them', async (t) => {
  const dataset = await demoDataset(t);
  assert.equal((await consolidate(dataset)).exit, 0);
  const [mergedFile] = await parquetNames(dataset.partition);
  assert.ok(mergedFile !== undefined);
  const merged = await readFile(join(dataset.partition, mergedFile));
  await fillPartition({
    directory: dataset.partition,
    ageMs: twoDaysMs,
    files: [
      { name: 'telemetry-late.parquet', rows: 400, openedAtMs: 1_755_285_900_000, spanSeconds: 60, seed: 7 },
    ],
  });
  await settle(dataset.partition);
  const second = await consolidate(dataset);
  assert.equal(second.exit, 0);
  assert.match(second.stdout, /Nothing to do/);
  assert.deepEqual(await parquetNames(dataset.partition), [mergedFile, 'telemetry-late.parquet'].sort());
  assert.deepEqual(await readFile(join(dataset.partition, mergedFile)), merged);
});

test('undo brings every original byte back and leaves the partition alone until --force', async (t) => {
  const dataset = await demoDataset(t);
  const { basePath, partition } = dataset;
  const contents = async (): Promise<unknown> =>
    Promise.all(
      (await parquetNames(partition)).map(async (name) => [
        name,
        await readFile(join(partition, name), 'base64'),
      ]),
    );
  const before = await contents();
  assert.equal((await consolidate(dataset)).exit, 0);

  const preview = await runCli(['undo', date, '--dry-run', '--base-path', basePath]);
  assert.equal(preview.exit, 0);
  assert.match(preview.stdout, /^DRY RUN: Would bring 21 files \(630K\) back /);
  assert.deepEqual(await namesWithoutRun(partition), [mergedFirst]);

  const undone = await runCli(['undo', '--date', date, '--base-path', basePath]);
  assert.equal(undone.stderr, '');
  assert.equal(undone.exit, 0);
  assert.match(undone.stdout, /Undone for date 2025-08-15: 21 files \(630K\) are back/);
  assert.deepEqual(await contents(), before);

  await settle(partition);
  const held = await resultOf(dataset);
  assert.equal(held.run.exit, 0);
  assert.equal(held.result.result, 'nothing');
  assert.equal(held.result.rule, 'on-hold');
  const forced = await resultOf(dataset, '--force');
  assert.equal(forced.result.result, 'consolidated');
  assert.deepEqual(await namesWithoutRun(partition), [mergedFirst]);

  await settle(partition);
  assert.equal((await resultOf(dataset)).result.rule, 'nothing-to-merge');

  const again = await runCli(['undo', date, '--base-path', basePath, '--output', 'json']);
  assert.equal(again.exit, 0);
  assert.equal(jsonOf(again).restoredFiles, 21);
});

test('undo without a run to undo ends with 2 and touches nothing', async (t) => {
  const { basePath } = await demoDataset(t);
  const run = await runCli(['undo', date, '--base-path', basePath, '--output', 'json']);
  assert.equal(run.exit, 2);
  assert.deepEqual((jsonOf(run).error as { code: string }).code, 'nothing-to-undo');
  assert.match(run.stderr, /no run has a backup/);
  assert.match(run.stderr, /nothing was consolidated here.*; .* history --base-path .* shows what was done/);
});

test('a damaged input ends with 12 and the partition is untouched', async (t) => {
  const dataset = await demoDataset(t);
  const victim = join(dataset.partition, lastName);
  const bytes = await readFile(victim);
  // Inside the pages of the first column: the footer still reads well.
  bytes.fill(0xff, 60, 400);
  await writeFile(victim, bytes);
  await settle(dataset.partition);
  const before = treeDigest(dataset.partition);
  const run = await consolidate(dataset);
  assert.equal(run.exit, 12);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, new RegExp(`^error: .*${lastName}.*column vehicle_id`));
  assert.match(run.stderr, /\n {2}data: {2}the partition is untouched\n/);
  assert.equal(treeDigest(dataset.partition), before);
  const leftovers = await readdir(join(dataset.basePath, '_consolidation'), { recursive: true });
  assert.deepEqual(leftovers, []);
});

test('a footer that cannot be read refuses the partition with 12', async (t) => {
  const dataset = await demoDataset(t);
  const victim = join(dataset.partition, lastName);
  const bytes = await readFile(victim);
  bytes.fill(0xff, bytes.length - 2000, bytes.length - 100);
  await writeFile(victim, bytes);
  await settle(dataset.partition);
  const before = treeDigest(dataset.basePath);
  const { run, result } = await resultOf(dataset);
  assert.equal(run.exit, 12);
  assert.equal(result.result, 'refused');
  assert.equal(result.rule, 'unreadable-file');
  assert.match(run.stderr, new RegExp(lastName));
  assert.equal(treeDigest(dataset.basePath), before);
});

test('a truncated file is left out with its reason, the others are merged', async (t) => {
  const dataset = await demoDataset(t);
  await truncate(join(dataset.partition, lastName), 5_000);
  await settle(dataset.partition);
  const { run, result } = await resultOf(dataset);
  assert.equal(run.exit, 0);
  assert.equal(result.filesBefore, 20);
  assert.equal(result.plan?.files.find((file) => file.name === lastName)?.rule, 'truncated-file');
  assert.ok((await parquetNames(dataset.partition)).includes(lastName));
});

test('a partition that a living run holds ends with 11', async (t) => {
  const dataset = await demoDataset(t);
  const { store, basePath } = openStore(dataset.basePath);
  const runId = makeRunId(Date.now(), 1);
  const lock = await acquireLock({ store, basePath, date, runId, log: silentLogger });
  t.after(() => lock.release());
  const before = treeDigest(dataset.partition);
  const run = await consolidate(dataset);
  assert.equal(run.exit, 11);
  assert.match(run.stderr, new RegExp(`run ${runId} .*holds it`));
  assert.equal(treeDigest(dataset.partition), before);
});

test('every command ends with 2 when the dataset is not there, so that a mistyped path is no good news', async (t) => {
  const directory = await tempDirectory(t);
  const file = join(directory, 'file');
  await writeFile(file, '');
  for (const basePath of [join(directory, 'nowhere'), file]) {
    for (const command of [
      ['--date', date],
      ['recover'],
      ['recover', '--date', date],
      ['cleanup'],
      ['undo', date],
    ]) {
      const run = await runCli([...command, '--base-path', basePath, '--output', 'json']);
      assert.equal(run.exit, 2, `${command.join(' ')} of ${basePath}: ${run.stderr}`);
      assert.equal((jsonOf(run).error as { code: string }).code, 'base-path-absent');
    }
  }
});

test('output that cannot be written is no bug, and the work is done', {
  skip: !existsSync('/dev/full'),
}, async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const args = [mainPath, '--date', date, '--base-path', basePath];
  const run = await startProcess('sh', ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, ...args])
    .finished;
  assert.equal(run.exit, 10, run.stderr);
  assert.match(run.stderr, /cannot write to standard output: ENOSPC/);
  assert.match(run.stderr, /\n {2}data: {2}the command did its work and ended with exit code 0;/);
  assert.equal((await parquetNames(partition)).length, 1);
});

test('a dataset that is not there ends with 2, a partition that is not there with 0', async (t) => {
  const basePath = await tempDirectory(t);
  const absent = await consolidate({ basePath });
  assert.equal(absent.exit, 0);
  assert.match(absent.stdout, /Nothing to do for date 2025-08-15: There is no partition /);
  assert.deepEqual(await readdir(basePath), []);

  const nowhere = await consolidate({ basePath: join(basePath, 'nowhere') }, '--output', 'json');
  assert.equal(nowhere.exit, 2);
  assert.equal((jsonOf(nowhere).error as { code: string }).code, 'base-path-absent');
});

test('several dates: one that fails does not stop the others, and the code is 3', async (t) => {
  const basePath = await tempDirectory(t);
  const first = await addPartition(basePath, '2025-08-13');
  const second = await addPartition(basePath, '2025-08-14');
  const third = await addPartition(basePath, '2025-08-15');
  const bytes = await readFile(join(second, lastName));
  bytes.fill(0xff, 60, 400);
  await writeFile(join(second, lastName), bytes);
  await settle(second);
  const run = await consolidate({ basePath }, '--days-back', '3');
  assert.equal(run.exit, 3);
  assert.match(run.stdout, /\n {2}No partition for 1 date: 2025-08-12\n/);
  assert.match(run.stdout, /\n {2}2025-08-13 {2}consolidated +21 → 1 /);
  assert.match(run.stdout, /\n {2}2025-08-14 {2}failed /);
  assert.match(run.stdout, /\n2 partitions of 4 consolidated: 42 files into 2, .+; 1 failed\n/);
  assert.match(run.stdout, /\nUndo one of them: node \S+ undo 2025-08-13 --base-path \S+\n$/);
  assert.match(run.stderr, /^error: 2025-08-14: /);
  assert.equal((await parquetNames(first)).length, 1);
  assert.equal((await parquetNames(second)).length, 21);
  assert.equal((await parquetNames(third)).length, 1);

  const clean = await consolidate({ basePath }, '--days-back', '0', '--output', 'json');
  assert.equal(clean.exit, 0);
});

test('flag wins over environment over file over default', async (t) => {
  const dataset = await demoDataset(t);
  const config = join(await tempDirectory(t), 'own.yaml');
  await writeFile(
    config,
    `title: From the file\nhdfs:\n  base_path: ${dataset.basePath}\nconsolidation:\n  min_files_threshold: 30\n`,
  );
  const preview = async (env: Record<string, string>, ...more: string[]): Promise<string> => {
    const run = await runCli(['--date', date, '--dry-run', '--config', config, ...more], { env });
    assert.equal(run.exit, 0);
    return run.stdout;
  };
  assert.match(await preview({}), /^🚀 From the file\n[\s\S]*Nothing to do/);
  assert.match(await preview({ MIN_FILES: '10' }), /Would consolidate 21 files/);
  assert.match(await preview({ MIN_FILES: '10' }, '--min-files', '22'), /Nothing to do/);
  assert.match(await preview({ CONSOLIDATION_TITLE: 'From the env' }), /^🚀 From the env\n/);
  const named = await runCli(['--date', date, '--dry-run'], { env: { CONSOLIDATION_CONFIG: config } });
  assert.match(named.stdout, /^🚀 From the file\n/);
});

test('a fold needs HDFS: on a local dataset the flag and the variable are refused', async (t) => {
  const { basePath } = await demoDataset(t);
  const before = treeDigest(basePath);
  for (const [more, env] of [
    [['--mode', 'fold'], {}],
    [[], { CONSOLIDATION_MODE: 'fold' }],
  ] as const) {
    const args = ['--date', date, '--base-path', basePath, '--output', 'json', ...more];
    const run = await runCli(args, { env });
    assert.equal(run.exit, 2);
    assert.equal((jsonOf(run).error as { code: string }).code, 'fold-needs-hdfs');
    const source = more.length > 0 ? 'flag --mode' : 'environment variable CONSOLIDATION_MODE';
    assert.match(
      run.stderr,
      new RegExp(`^error: ${source} is fold, but ${basePath} is a directory of this machine`),
    );
  }
  assert.equal((await consolidate({ basePath }, '--mode', 'concat')).exit, 2);
  assert.equal(treeDigest(basePath), before);
});

test('a run that removed old backups says so in one line', async (t) => {
  const dataset = await demoDataset(t);
  assert.equal((await consolidate(dataset)).exit, 0);
  const dateDirectory = join(dataset.basePath, '_consolidation', date);
  const [runId = ''] = await readdir(dateDirectory);
  const receipt = join(dateDirectory, runId, 'receipt.json');
  const { store } = openStore('/');
  const written = await readReceipt(store, receipt);
  assert.ok(written !== undefined);
  await rm(receipt);
  await writeRecord(store, receipt, { ...written, finishedAtMs: written.finishedAtMs - 8 * 86_400_000 });
  await settle(dataset.partition);
  const run = await consolidate(dataset);
  assert.equal(run.exit, 0);
  assert.equal(run.stderr, '');
  assert.match(run.stdout, /\n\nRemoved the backups of 1 run older than 7 days: 21 files \(630K\)\n$/);
  const again = await consolidate(dataset);
  assert.doesNotMatch(again.stdout, /Removed/);
});

test('a wrong configuration file ends with 2 and says where', async (t) => {
  const config = join(await tempDirectory(t), 'wrong.yaml');
  await writeFile(config, 'consolidation:\n  target_size: 128\n');
  const run = await runCli(['--date', date, '--config', config]);
  assert.equal(run.exit, 2);
  assert.match(run.stderr, new RegExp(`${config}:2:3: .*target_size`));
});

test('several bins of one partition are swapped in together', async (t) => {
  const basePath = await tempDirectory(t);
  const partition = await addPartition(basePath, date, 4);
  const { run, result } = await resultOf({ basePath }, '--target-size', '1');
  assert.equal(run.exit, 0);
  assert.equal(result.filesAfter, 3);
  assert.equal(result.outputs.length, 3);
  assert.equal(result.rows, 4 * 10_280);
  assert.equal((await parquetNames(partition)).length, 3 + result.filesKept);
});

test('without backup there is none, and the report says so', async (t) => {
  const dataset = await demoDataset(t);
  const config = join(await tempDirectory(t), 'own.yaml');
  await writeFile(config, 'safety:\n  backup_before_delete: false\n  verify_integrity: false\n');
  const run = await consolidate(dataset, '--config', config);
  assert.equal(run.exit, 0);
  assert.match(run.stdout, /\n {2}Backup +none was kept/);
  assert.match(run.stdout, /\n {2}Verified +bytes, rows and schema only/);
  assert.doesNotMatch(run.stdout, /Undo/);
});

test('who stops listening does not stop the work', async (t) => {
  const dataset = await demoDataset(t);
  const { child, finished } = startCli(['--date', date, '--base-path', dataset.basePath]);
  child.stdout.destroy();
  const run = await finished;
  assert.equal(run.exit, 0);
  assert.equal(run.stderr, '');
  assert.deepEqual(await namesWithoutRun(dataset.partition), [mergedFirst]);
});

test('colour only where it is wanted', async (t) => {
  const dataset = await demoDataset(t);
  const esc = String.fromCharCode(27);
  assert.ok(!(await consolidate(dataset)).stdout.includes(esc));
  const undo = ['undo', date, '--base-path', dataset.basePath];
  const coloured = await runCli(undo, { env: { FORCE_COLOR: '1' } });
  assert.ok(coloured.stdout.includes(`${esc}[32m`));
  const forced = ['--date', date, '--force', '--quiet-minutes', '0', '--base-path', dataset.basePath];
  const plain = await runCli(forced, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
  assert.equal(plain.exit, 0);
  assert.ok(!plain.stdout.includes(esc));
});

test('other entries of the partition stay as they are', async (t) => {
  const dataset = await demoDataset(t);
  await writeFile(join(dataset.partition, '_SUCCESS'), '');
  await copyFile(join(dataset.partition, lastName), join(dataset.partition, '.copy.parquet'));
  await settle(dataset.partition);
  assert.equal((await consolidate(dataset)).exit, 0);
  const names = (await readdir(dataset.partition)).map(withoutRun).sort();
  assert.deepEqual(names, ['.copy.parquet', '_SUCCESS', mergedFirst].sort());
});

test('a directory inside the partition refuses it with 12', async (t) => {
  const dataset = await demoDataset(t);
  await mkdir(join(dataset.partition, 'nested'));
  await settle(dataset.partition);
  const before = treeDigest(dataset.basePath);
  const run = await consolidate(dataset);
  assert.equal(run.exit, 12);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /^error: date 2025-08-15 is refused: .*nested is in the way/);
  assert.equal(treeDigest(dataset.basePath), before);
});

test('two runs at the same time: one does it, the other finds the lock or nothing to do', async (t) => {
  const dataset = await demoDataset(t);
  const runs = await Promise.all([consolidate(dataset), consolidate(dataset), consolidate(dataset)]);
  for (const run of runs) assert.ok(run.exit === 0 || run.exit === 11, run.stderr);
  assert.equal(runs.filter((run) => run.stdout.includes('21 files into 1')).length, 1);
  assert.deepEqual(await namesWithoutRun(dataset.partition), [mergedFirst]);
});
