import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../cli/cli-process.ts';

/** A million files only in the long run: every footer is read and decoded. */
const partitions = process.env.TEST_FULL === '1' ? 10_000 : 300;

test(`${partitions} partitions of 100 files are planned by a run within a heap of 128 MB`, async (t) => {
  const child = fileURLToPath(new URL('./plan-scale-child.ts', import.meta.url));
  const flags = ['--max-old-space-size=128', '--import', 'tsx', child, String(partitions)];
  const run = await startProcess(process.execPath, flags).finished;
  assert.equal(run.exit, 0, run.stderr.slice(-2000));
  const found = JSON.parse(run.stdout);
  t.diagnostic(run.stdout);
  assert.equal(found.firstProblem, undefined);
  assert.deepEqual(
    [found.partitions, found.planned, found.files],
    [partitions, partitions, partitions * 100],
  );
  assert.equal(found.opens, partitions * 100, 'every file is opened once');
  // Of the partition and of its directory in the workspace, and now and then of the dataset.
  const base = Math.max(1, Math.ceil(partitions / 1000));
  const ofBase = base * (3 + Math.ceil(found.ms / 1000));
  assert.ok(found.listings <= 2 * partitions + ofBase, `${found.listings} listings`);
  assert.ok(found.looks <= 20 * partitions, `${found.looks} looks`);
  assert.ok(found.rssBytes < 450 * 2 ** 20, `${Math.round(found.rssBytes / 2 ** 20)} MB`);
});
