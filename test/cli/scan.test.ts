import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scanCollector } from '../../src/cli/scan/scan-summary.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { StoreError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { ScannedPartition } from '../../src/pipeline/scan-dataset.ts';
import { scanDataset } from '../../src/pipeline/scan-dataset.ts';
import { expectedShare } from '../../src/plan/estimate-gain.ts';
import type { Store } from '../../src/store/store.ts';
import { contentOf, memoryHdfs } from '../support/memory-hdfs.ts';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf, startProcess } from './cli-process.ts';
import { addPartition, demoDataset, settle, treeDigest } from './dataset.ts';

test('ranks partitions by what a run would bring, and touches nothing', async (t) => {
  const { basePath } = await demoDataset(t);
  await addPartition(basePath, '2025-08-14', 3);
  const few = await addPartition(basePath, '2025-08-13');
  for (const name of readdirSync(few).slice(3)) await rm(join(few, name));
  await settle(few);
  await mkdir(join(basePath, 'date=2025-08-12'));
  await mkdir(join(basePath, 'not-a-date'));
  const before = treeDigest(basePath);

  const run = await runCliInProcess(['scan', '--base-path', basePath], {});
  assert.equal(run.exit, 0);
  assert.equal(run.stderr, '');
  assert.match(
    run.stdout,
    /Scanned 4 partitions of \S+, 2025-08-12 to 2025-08-15: 87 data files \(87 small\), 2\.6M\n/,
  );
  assert.match(run.stdout, /\n {2}1 {2}2025-08-14 +63 → 1 +1\.9M +62 {2}█{16} +62 +~\S+ +~\S+\n/);
  assert.match(run.stdout, /\n {2}2 {2}2025-08-15 +21 → 1 +630K +20 {2}█{5}\S? +20 /);
  assert.match(
    run.stdout,
    /Worth it: 2 partitions, 84 small files become 2\n {2}brings {2}82 objects fewer; 82 fewer opens/,
  );
  assert.match(run.stdout, / {2}next {4}\S.* --date 2025-08-14 --base-path \S+\n/);
  assert.match(run.stdout, /\nNothing to do: 2 partitions \(nothing-to-merge\)\n/);
  assert.equal(treeDigest(basePath), before);
});

test('what it estimates is what the plans say, and what a run does', async (t) => {
  const { basePath } = await demoDataset(t);
  const flags = ['--base-path', basePath, '--output', 'json'];
  const listed = jsonOf(await runCliInProcess(['scan', ...flags], {}));
  const planned = jsonOf(await runCliInProcess(['scan', '--footers', ...flags], {}));
  assert.deepEqual(listed.worthwhile, planned.worthwhile);
  const [ranked] = planned.ranked as ScannedPartition[];
  assert.equal(ranked?.reason, '21 small files (630K) become 1 file');

  const done = jsonOf(await runCliInProcess(['--date', '2025-08-15', ...flags], {}));
  const [partition] = done.partitions as { filesBefore: number; filesAfter: number; bytesBefore: number }[];
  assert.deepEqual(
    { before: partition?.filesBefore, after: partition?.filesAfter, bytes: partition?.bytesBefore },
    { before: ranked?.gain?.filesBefore, after: ranked?.gain?.filesAfter, bytes: ranked?.gain?.bytesBefore },
  );
  // Of what was merged nothing is left to gain, whichever way one asks.
  for (const footers of [[], ['--footers']]) {
    const again = jsonOf(await runCliInProcess(['scan', ...footers, ...flags], {}));
    assert.deepEqual([again.ranked, again.smallFiles], [[], 0]);
  }
});

test('a range, and what keeps a partition from being worth it now', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  await addPartition(basePath, '2025-08-16');
  await addPartition(basePath, '2025-08-17');
  await mkdir(join(basePath, 'date=2025-08-17', '_temporary'));
  await settle(join(basePath, 'date=2025-08-17'));
  await utimes(partition, new Date(), new Date());
  await addPartition(basePath, '2025-08-18');
  await mkdir(join(basePath, 'date=2025-08-18', '_delta_log'));
  const flags = ['--base-path', basePath, '--output', 'json'];
  const scan = async (...words: string[]) => jsonOf(await runCliInProcess(['scan', ...words, ...flags], {}));
  const found = await scan('--from', '2025-08-15', '--to', '2025-08-18');
  const states = (found.others as { state: string; rule: string; partitions: number }[]).map(
    ({ state, rule, partitions }) => `${partitions} ${state} ${rule}`,
  );
  assert.deepEqual(states.sort(), ['1 refused table-format', '1 waiting busy', '1 waiting quiet-period']);
  assert.equal((found.ranked as unknown[]).length, 1);
  assert.equal((await scan('--to', '2025-08-15')).partitions, 1);
  assert.equal((await scan('--from', '2025-08-16', '--to', '2025-08-16')).firstDate, '2025-08-16');
  const none = await runCliInProcess(['scan', '--from', '2030-01-01', '--base-path', basePath], {});
  assert.match(
    none.stdout,
    /\nIn .+ there is no partition from 2030-01-01 that is called as date=\{yyyy-MM-dd\} says \(consolidation\.layout, --layout\)\.\n/,
  );
});

test('an undone partition is on hold', async (t) => {
  const { basePath } = await demoDataset(t);
  const flags = ['--base-path', basePath, '--output', 'json'];
  assert.equal((await runCliInProcess(['--date', '2025-08-15', ...flags], {})).exit, 0);
  assert.equal((await runCliInProcess(['undo', '2025-08-15', ...flags], {})).exit, 0);
  const { others, ranked } = jsonOf(await runCliInProcess(['scan', ...flags], {}));
  assert.deepEqual(ranked, []);
  assert.match(JSON.stringify(others), /^\[\{"state":"nothing","rule":"on-hold","partitions":1,/);
});

test('a partition that may not be read does not hide the others; a store that is down does', async () => {
  const { store, addFile } = memoryHdfs();
  for (const day of ['13', '14', '15']) {
    await store.makeDirectory(`/data/date=2025-08-${day}`, 0o755);
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      addFile(`/data/date=2025-08-${day}/${name}.parquet`, contentOf(new Uint8Array(1000)), 0);
    }
  }
  const scanWith = async (code: string, retryable: boolean): Promise<readonly ScannedPartition[]> => {
    const list: Store['list'] = async (path) => {
      if (!path.endsWith('-14')) return await store.list(path);
      throw new StoreError(`cannot list ${path}`, { code, op: 'list', path, retryable });
    };
    const found: ScannedPartition[] = [];
    const scanned = scanDataset({
      store: { ...store, list },
      basePath: '/data',
      settings: await loadSettings({
        flags: { 'base-path': 'hdfs://nn/data', 'quiet-minutes': '0' },
        env: {},
      }),
      today: '2026-01-02',
      currentDayAllowed: false,
      toolVersion: '0',
      log: silentLogger,
      showProgress: () => {},
      stop: new AbortController().signal,
      footers: false,
    });
    for await (const one of scanned) found.push(one);
    return found;
  };
  const found = await scanWith('permission-denied', false);
  assert.deepEqual(
    found.map(({ state, rule, gain }) => [state, rule, gain?.objectsFreed]),
    [
      ['worthwhile', 'small-files', 8],
      ['failed', 'permission-denied', undefined],
      ['worthwhile', 'small-files', 8],
    ],
  );
  await assert.rejects(scanWith('unreachable', true), /cannot list/);
});

test('wrong flags are refused', async (t) => {
  const { basePath } = await demoDataset(t);
  const scan = (...words: string[]) => runCliInProcess(['scan', '--base-path', basePath, ...words], {});
  assert.match(
    (await scan('--from', '2025-13-01')).stderr,
    /--from is "2025-13-01", but there is no month 13/,
  );
  assert.match((await scan('--to', 'soon')).stderr, /--to is "soon"; allowed/);
  assert.match(
    (await scan('--from', '2025-08-02', '--to', '2025-08-01')).stderr,
    /--from 2025-08-02 is after --to 2025-08-01/,
  );
  assert.match((await scan('--top', '0')).stderr, /--top is "0"; allowed: a whole number/);
  assert.equal((await scan('--top', '0')).exit, 2);
  const absent = await runCliInProcess(['scan', '--base-path', join(basePath, 'absent')], {});
  assert.deepEqual([absent.exit, absent.stdout], [2, '']);
});

test('10,000 partitions with a million files are scanned within a heap of 96 MB', async () => {
  const child = fileURLToPath(new URL('./scan-child.ts', import.meta.url));
  const run = await startProcess(process.execPath, ['--max-old-space-size=96', '--import', 'tsx', child])
    .finished;
  assert.equal(run.exit, 0, run.stderr.slice(-2000));
  const found = JSON.parse(run.stdout);
  assert.equal(found.partitions, 10_000);
  assert.equal(found.dataFiles, 1_000_000);
  assert.equal(found.worthwhile.objectsFreed, 10_000 * (200 - 2));
  assert.equal(found.ranked.length, 20);
  assert.equal(found.opens, 0);
  // Ten for the dataset, of a thousand entries each, one for the workspace, one for each partition.
  assert.equal(found.listings, 10_011);
  assert.ok(found.looks < 20, `${found.looks} looks`);
  // The smallest files are the oldest here: most objects freed per byte moved.
  assert.deepEqual(
    found.ranked.slice(0, 2).map(({ date }: ScannedPartition) => date),
    ['1998-01-01', '1998-01-02'],
  );
  assert.ok(found.rssBytes < 400 * 2 ** 20, `${Math.round(found.rssBytes / 2 ** 20)} MB`);
});

test('of many partitions the best are kept, whatever order they come in', () => {
  const collector = scanCollector(3);
  const scores = Array.from({ length: 1000 }, (_, index) => (index * 7919) % 1000);
  for (const score of scores) collector.add(scanned(score));
  const { ranked, worthwhile } = collector.summary();
  assert.deepEqual(
    ranked.map(({ gain }) => gain?.score),
    [999, 998, 997],
  );
  assert.equal(worthwhile.partitions, 1000);
});

test('the share that is saved shrinks as files grow, and stays within what was measured', () => {
  const shares = [1, 4, 40, 200, 1024, 8192, 65_536, 1_000_000].map((kb) => expectedShare(kb * 1024));
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => b - a),
  );
  assert.deepEqual([shares[0], shares[2], shares[4], shares.at(-1)], [0.39, 0.39, 0.2, 0.07]);
});

function scanned(score: number): ScannedPartition {
  const gain = {
    filesBefore: 10,
    filesAfter: 1,
    bytesBefore: 100,
    bytesSaved: 10,
    objectsFreed: 9,
    opensSaved: 9,
    bytesMoved: 300,
    score,
  };
  const counts = { dataFiles: 10, smallFiles: 10, bytes: 100 };
  return { date: '2025-08-15', state: 'worthwhile', rule: 'small-files', reason: '', ...counts, gain };
}
