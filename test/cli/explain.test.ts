import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf } from './cli-process.ts';
import { addPartition, date, demoDataset, settle, treeDigest } from './dataset.ts';

interface Verdict {
  readonly name: string;
  readonly verdict: string;
  readonly rule: string;
  readonly reason: string;
}

test('every file has a verdict, its rule and a reason, and the partition a decision', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  await writeFile(join(partition, 'notes.txt'), 'no Parquet at all');
  await writeFile(join(partition, '_SUCCESS'), '');
  await settle(partition);
  const before = treeDigest(basePath);
  const flags = ['explain', date, '--base-path', basePath];

  const text = await runCliInProcess(flags, {});
  assert.equal(text.exit, 0);
  assert.equal(text.stderr, '');
  assert.match(
    text.stdout,
    new RegExp(`\\nDate ${date} will be consolidated \\(small-files\\)\\n  21 small files`),
  );
  assert.match(text.stdout, /\n +0 +21 +630K +10,280 +1\n/);
  assert.match(text.stdout, /\n +21 files +630K +merge +small-file\n +1 file +\d+ +ignore +\S+\n/);
  assert.match(text.stdout, /\n {2}_SUCCESS +0 +ignore +success-marker +The marker of a finished job/);
  assert.match(text.stdout, new RegExp(`\\nDo it: .+ --date ${date} --base-path .+\\n$`));

  const json = jsonOf(await runCliInProcess([...flags, '--output', 'json'], {}));
  const files = json.files as Verdict[];
  assert.equal(files.length, 23);
  assert.ok(files.every(({ rule, reason }) => /^[a-z-]+$/.test(rule) && reason.length > 10));
  assert.deepEqual(
    [json.decision, json.rule, json.exitCode, json.unsettled],
    ['consolidate', 'small-files', 0, []],
  );
  assert.deepEqual(
    (json.bins as { files: number }[]).map((bin) => bin.files),
    [21],
  );
  assert.equal(treeDigest(basePath), before);

  // What it says is what is done.
  const run = jsonOf(
    await runCliInProcess(['--date', date, '--base-path', basePath, '--output', 'json'], {}),
  );
  const [done] = run.partitions as { result: string; filesBefore: number }[];
  assert.deepEqual([done?.result, done?.filesBefore], ['consolidated', 21]);
  const after = await runCliInProcess(flags, {});
  assert.match(after.stdout, /is left as it is \(nothing-to-merge\)/);
  assert.match(after.stdout, /keep +own-file +It was made of 21 files \(630K\) by run /);
});

test('what waits, is refused, on hold or absent is explained too, with exit code 0', async (t) => {
  const { basePath } = await demoDataset(t);
  const explain = async (day: string, ...flags: string[]) => {
    const run = await runCliInProcess(['explain', day, '--base-path', basePath, ...flags], {});
    assert.equal(run.exit, 0, run.stderr);
    return run.stdout;
  };
  await addPartition(basePath, '2025-08-16');
  await mkdir(join(basePath, 'date=2025-08-16', '_delta_log'));
  assert.match(await explain('2025-08-16'), /is refused \(table-format\)\n.+Delta Lake keeps its own list/);
  await settle(await addPartition(basePath, '2025-08-17'), 60_000);
  assert.match(await explain('2025-08-17'), /has to wait \(quiet-period\)\n.+ and qualifies at \d{4}-/);
  assert.match(await explain('2020-01-01'), /is left as it is \(absent\)/);
  const flags = ['--base-path', basePath];
  await runCliInProcess(['--date', date, ...flags], {});
  await runCliInProcess(['undo', date, ...flags], {});
  assert.match(await explain(date), /is left as it is \(on-hold\)/);
  assert.match(
    await explain(date, '--force', '--quiet-minutes', '0'),
    /will be consolidated[\s\S]+--force --base-path/,
  );
});

test('without a date, or with a wrong one, it says what to type', async (t) => {
  const { basePath } = await demoDataset(t);
  const missing = await runCliInProcess(['explain', '--base-path', basePath], {});
  assert.equal(missing.exit, 2);
  assert.match(missing.stderr, /explain: which partition\?[\s\S]+explain 2025-08-15/);
  const wrong = await runCliInProcess(['explain', '2025-02-30', '--base-path', basePath], {});
  assert.match(wrong.stderr, /2025-02 has the days 01 to 28/);
});
