import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSettings } from '../../src/config/load-settings.ts';
import { StoreError } from '../../src/core/errors.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import { mergeAttempt } from '../../src/pipeline/merge-attempt.ts';
import type { Store } from '../../src/store/store.ts';
import { jsonOf, runCli } from '../cli/cli-process.ts';
import { demoDataset, tempDirectory, treeDigest } from '../cli/dataset.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { storeOn } from '../store/webhdfs-under-test.ts';
import { type HdfsCluster, noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import {
  dataFilesOf,
  everyIdOnce,
  listAll,
  readPartition,
  readWhole,
  valuesDigest,
} from '../support/hdfs-reader.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { repositoryRoot, skipWithoutSpark, sparkPythonPath } from '../support/python-env.ts';
import { usualTask } from '../support/usual-task.ts';
import { startOnSpark, startWithoutSpark } from './spark-run.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : skipWithoutSpark();
const wrapper = `${repositoryRoot}/scripts/consolidate_telemetry.sh`;
const dates = ['2025-08-13', '2025-08-14', '2025-08-15'];
const range = ['--from', dates[0] ?? '', '--to', dates[2] ?? ''];

/** Two datasets of the same files: three partitions, of which one becomes two bins. */
async function twoDatasets(cluster: HdfsCluster, name: string) {
  const few = await smallFiles(8, { rowsPerFile: 40 });
  const many = await smallFiles(24, { rowsPerFile: 900 });
  const bases = [`/${name}-spark-${process.pid}`, `/${name}-alone-${process.pid}`] as const;
  for (const base of bases) {
    for (const [index, day] of dates.entries()) {
      await seedPartition(cluster, { partition: `${base}/date=${day}`, files: index === 1 ? many : few });
    }
  }
  const ids = (files: typeof few): ReadonlySet<number> => new Set(files.flatMap((file) => file.ids));
  return { spark: bases[0], alone: bases[1], idsOf: (index: number) => ids(index === 1 ? many : few) };
}

function environment(cluster: HdfsCluster): Record<string, string> {
  const { host, rpcPort, httpPort, superuser } = cluster;
  return {
    HDFS_NAMENODE: `${host}:${rpcPort}`,
    HDFS_WEBHDFS_PORT: String(httpPort),
    HADOOP_USER_NAME: superuser,
    // Two bins of what is a little more than a MB.
    TARGET_SIZE_MB: '1',
  };
}

/** Names and bytes of the files of a partition, without the id of the run, which is the one thing in which they may differ. */
async function withoutRunId(cluster: HdfsCluster, partition: string): Promise<readonly string[]> {
  const files = dataFilesOf(await listAll(cluster, partition));
  return Promise.all(
    files.map(async ({ name }) => {
      const runId = /\d{8}T\d{6}Z-[0-9a-f]{6}/.exec(name)?.[0] ?? assert.fail(`${name} was not merged`);
      const bytes = (await readWhole(cluster, `${partition}/${name}`)).toString('latin1');
      return `${name}:${bytes}`.replaceAll(runId, '');
    }),
  );
}

const masters = ['local[2]', ...(fullMatrix ? ['local-cluster[2,1,1024]'] : [])];

for (const master of masters) {
  test(`bins are merged by Spark as by one machine, one of them again after its executor was killed: ${master}`, {
    skip,
  }, async (t) => {
    if (shared === undefined) throw new Error(noHdfs);
    const env = environment(shared);
    const { spark, alone, idsOf } = await twoDatasets(shared, master.replaceAll(/\W/g, ''));
    const before = await Promise.all(dates.map((day) => valuesDigest(shared, `${spark}/date=${day}`)));
    const marker = join(await tempDirectory(t), 'killed');
    const worker = [
      sparkPythonPath() ?? 'python3',
      `${repositoryRoot}/test/spark/mortal_worker.py`,
      ...[marker, `${shared.host}:${shared.httpPort}`, shared.superuser],
      ...[wrapper, 'merge-bin'],
    ];
    const run = await startOnSpark({
      master,
      options: ['--worker', worker.join(' ')],
      flags: [...range, '--base-path', spark, '--output', 'json'],
      env,
    }).finished;
    assert.equal(run.exit, 0, run.stderr);
    // Nothing but the program's own line.
    const { partitions } = jsonOf(run) as { partitions: readonly { date: string; runId: string }[] };
    assert.deepEqual(
      partitions.map(({ date }) => date),
      dates,
    );
    const killed: { id: string; found: readonly string[]; executor: number | null } = JSON.parse(
      readFileSync(marker, 'utf8'),
    );
    assert.ok(killed.found.length > 0);
    t.diagnostic(`killed in the middle of bin ${killed.id}`);
    // With executors in processes of their own Spark itself does it again.
    if (killed.executor === null) assert.match(run.stderr, /is done again/);
    assert.equal(killed.executor === null, master.startsWith('local['));

    const plain = await runCli([...range, '--base-path', alone], { env });
    assert.equal(plain.exit, 0, plain.stderr);
    for (const [index, day] of dates.entries()) {
      const partition = `${spark}/date=${day}`;
      const merged = await withoutRunId(shared, partition);
      const expected = await withoutRunId(shared, `${alone}/date=${day}`);
      assert.equal(merged.length, index === 1 ? 2 : 1, day);
      assert.ok(
        merged.every((file, i) => file === expected[i]),
        `${day}: other bytes than of one machine`,
      );
      assert.equal(await valuesDigest(shared, partition), before[index], day);
      assert.equal(everyIdOnce((await readPartition(shared, partition)).ids, idsOf(index)), undefined, day);
      const runs = await listAll(shared, `${spark}/_consolidation/${day}`);
      const left = await listAll(shared, `${spark}/_consolidation/${day}/${runs[0]?.name}`);
      const names = left.map(({ name }) => name).sort();
      assert.deepEqual(names, [...merged.map((_, i) => `bin-${i}.backup`), 'receipt.json'], day);
    }
  });
}

test('on HDFS, too, an executor that was given up finds no place to write in, and makes none', {
  skip: shared === undefined ? noHdfs : false,
}, async () => {
  if (shared === undefined) throw new Error(noHdfs);
  const basePath = `/given-up-${process.pid}`;
  const partition = `${basePath}/date=${dates[0]}`;
  await seedPartition(shared, { partition, files: await smallFiles(8) });
  const before = await valuesDigest(shared, partition);
  const store = storeOn(shared, { userName: shared.superuser });
  let goOn = (): void => {};
  const isOver = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  // One that has not begun with its file when the run is over, and one that is in the middle of it.
  const late: Store = {
    ...store,
    create: async (path, placement) => {
      await isOver;
      return store.create(path, placement);
    },
  };
  const slow: Store = {
    ...store,
    create: async (path, placement) => {
      const sink = await store.create(path, placement);
      return {
        ...sink,
        close: async () => {
          await isOver;
          await sink.close();
        },
      };
    },
  };
  const zombies: Promise<unknown>[] = [];
  const result = await consolidatePartition({
    store,
    basePath,
    settings: await loadSettings({ flags: { 'base-path': basePath }, env: environment(shared) }),
    ...usualTask(),
    today: '2026-01-01',
    date: dates[0] ?? '',
    executor: {
      merge: async (task, stop) => {
        for (const means of [late, slow]) {
          zombies.push(
            mergeAttempt(task, { tempDirectory: tmpdir(), store: means, stop: new AbortController().signal }),
          );
        }
        void Promise.allSettled(zombies);
        while ((await listAll(shared, task.attemptsDirectory)).length === 0) await sleep(10);
        return await mergeAttempt(task, { tempDirectory: tmpdir(), store, stop });
      },
    },
  });
  assert.equal(result.result, 'consolidated', result.error?.message);
  const run = `${basePath}/_consolidation/${dates[0]}/${result.runId}`;
  goOn();
  const [lateEnd, slowEnd] = await Promise.allSettled(zombies);
  assert.ok(lateEnd?.status === 'rejected' && lateEnd.reason instanceof StoreError);
  assert.equal(lateEnd.reason.code, 'not-found');
  assert.ok(slowEnd?.status === 'rejected' && slowEnd.reason instanceof StoreError, 'nobody has its file');
  assert.deepEqual(
    (await listAll(shared, run)).map(({ name }) => name),
    ['bin-0.backup', 'receipt.json'],
  );
  assert.equal(await valuesDigest(shared, partition), before);
});

test('without a bin no Spark is asked for, and the exit code is the program’s', {
  skip: skipWithoutSpark(),
}, async (t) => {
  const absent = await startWithoutSpark([], ['--date', '2025-08-15', '--base-path', '/there/is/none'])
    .finished;
  assert.equal(absent.exit, 2, absent.stderr);
  assert.match(absent.stderr, /\/there\/is\/none/);
  const { basePath, partition } = await demoDataset(t);
  const before = treeDigest(partition);
  const flags = ['--date', '2025-08-15', '--base-path', basePath];
  const preview = await startWithoutSpark([], [...flags, '--dry-run']).finished;
  assert.equal(preview.exit, 0, preview.stderr);
  assert.match(preview.stdout, /Found 21 Parquet files/);
  assert.equal(treeDigest(partition), before);
  const wrong = await startWithoutSpark(['--parallel', '0'], flags).finished;
  assert.equal(wrong.exit, 2);
  const noProgram = await startWithoutSpark(['--program', '/there/is/none'], flags).finished;
  assert.equal(noProgram.exit, 2);
  assert.match(noProgram.stderr, /cannot start \/there\/is\/none/);
});

if (fullMatrix) {
  test('executors that cannot work, and a run that is stopped, leave the partition as it was', {
    skip: skipWithoutSpark(),
  }, async (t) => {
    const { basePath, partition } = await demoDataset(t);
    const before = treeDigest(partition);
    const flags = ['--date', '2025-08-15', '--base-path', basePath];
    const broken = await startOnSpark({
      master: 'local[2]',
      options: ['--worker', 'false', '--tries', '2'],
      flags: [...flags, '--output', 'json'],
      env: {},
    }).finished;
    assert.equal(broken.exit, 10, broken.stderr);
    assert.match(broken.stdout, /executor-lost/);
    assert.equal(treeDigest(partition), before);

    const hanging = startOnSpark({
      master: 'local[2]',
      options: ['--worker', 'sleep 600'],
      flags,
      env: {},
    });
    const workspace = join(basePath, '_consolidation');
    while (!existsSync(workspace) || !(await readdir(workspace, { recursive: true })).some(isAttempts))
      await sleep(100);
    hanging.child.kill('SIGTERM');
    const { exit, stderr } = await hanging.finished;
    t.diagnostic(`stopped: ${exit}`);
    assert.ok(exit === 143 || exit === 'SIGTERM', stderr);
    while ((await readdir(workspace)).length > 0) await sleep(100);
    assert.equal(treeDigest(partition), before);
  });
}

function isAttempts(path: string): boolean {
  return path.endsWith('/attempts');
}
