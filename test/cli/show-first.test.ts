import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf, startProcess } from './cli-process.ts';
import { addPartition, date, demoDataset, parquetNames, treeDigest } from './dataset.ts';

const day = 86_400_000;

test('undo says what it will do before it does it; a dry run says the same and touches nothing', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const flags = ['--base-path', basePath];
  const run = async (...args: readonly string[]) => {
    const { exit, stdout, stderr } = await runCliInProcess([...args, ...flags], {});
    assert.deepEqual([exit, stderr], [0, '']);
    return stdout;
  };
  await run('--date', date);
  const [merged = ''] = await parquetNames(partition);
  const before = treeDigest(basePath);
  const intention = `bring 21 files \\(630K\\) back for date ${date} and take out ${merged}`;
  assert.match(await run('undo', date, '--dry-run'), new RegExp(`^DRY RUN: Would ${intention}\\n$`));
  assert.equal(treeDigest(basePath), before);
  const done = await run('undo', date);
  assert.match(
    done,
    new RegExp(`^Run \\d{8}T\\d{6}Z-[0-9a-f]{6} is to be undone: will ${intention}\\.\\n✔ Undone for date`),
  );
  assert.equal((await parquetNames(partition)).length, 21);
});

test('recover says what is to do before it does it; a dry run says the same and touches nothing', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const script = fileURLToPath(new URL('killed-run.ts', import.meta.url));
  const args = ['--import', import.meta.resolve('tsx'), script, basePath, date];
  assert.equal((await startProcess(process.execPath, args).finished).exit, 'SIGKILL');
  const recover = (...words: readonly string[]) =>
    runCliInProcess(['recover', '--base-path', basePath, ...words], {});
  const before = treeDigest(basePath);
  const dry = await recover('--dry-run');
  assert.match(
    dry.stdout,
    /^DRY RUN: 2025-08-15 {2}rolled-forward: the swap of run \S+ in \S+ would be finished\n$/,
  );
  assert.equal(treeDigest(basePath), before);
  const done = await recover();
  assert.match(
    done.stdout,
    /^2025-08-15 {2}to do: the swap of run \S+ in \S+ would be finished\n2025-08-15 {2}rolled-forward: .+\n$/,
  );
  assert.equal((await parquetNames(partition)).length, 1);
  assert.match((await recover()).stdout, /^Nothing to recover in /);
});

test('cleanup says how much goes before it goes; a dry run says the same and touches nothing', async (t) => {
  const { basePath } = await demoDataset(t);
  await addPartition(basePath, '2025-08-14');
  const flags = ['--base-path', basePath];
  await runCliInProcess(['--date', date, '--days-back', '1', ...flags], {});
  const clean = (...words: readonly string[]) => runCliInProcess(['cleanup', ...flags, ...words], {});
  assert.match((await clean()).stdout, /^Nothing to clean up in .+: no backup is older than 7 days\.\n$/);
  for (const of of [date, '2025-08-14']) await age(join(basePath, '_consolidation', of));
  const before = treeDigest(basePath);
  const all = 'the backups of 2 runs: 42 files \\(1\\.3M\\)';
  const dry = await clean('--dry-run');
  assert.match(
    dry.stdout,
    new RegExp(
      `^2025-08-14 {2}would-remove: .+\\n2025-08-15 {2}would-remove: .+\\nDRY RUN: Would delete ${all}\\n$`,
    ),
  );
  assert.equal(treeDigest(basePath), before);
  const done = await clean();
  assert.match(
    done.stdout,
    new RegExp(
      `^Will delete ${all} older than 7 days:\\n2025-08-14 {2}removed: .+\\n2025-08-15 {2}removed: .+\\nDeleted ${all}\\n$`,
    ),
  );
  const json = jsonOf(await clean('--output', 'json'));
  assert.deepEqual([json.outcomes, json.dryRun], [[], false]);
});

/** Makes the run of a partition eight days old. */
async function age(directory: string): Promise<void> {
  const [runId = ''] = readdirSync(directory).filter((name) => /^\d{8}T/.test(name));
  const path = join(directory, runId, 'receipt.json');
  const { format, record } = JSON.parse(await readFile(path, 'utf8'));
  const body = JSON.stringify({ ...record, finishedAtMs: record.finishedAtMs - 8 * day });
  const sha256 = createHash('sha256').update(body, 'utf8').digest('hex');
  await writeFile(path, `{"format":${format},"sha256":"${sha256}","record":${body}}\n`);
}
