import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;

test('partitions of another layout, with names that Hive escaped, on HDFS: merged, undone, and merged by renames', {
  skip,
}, async () => {
  if (cluster === undefined) throw new Error(noHdfs);
  const base = `/layouts-${process.pid}`;
  const paths = [
    'source=a%2Fb/ts=2025-08-15 07%3A00%3A00',
    'source=a%2Fb/ts=2025-08-15 08%3A00%3A00',
    'source=été+1~x/ts=2025-08-15 07%3A00%3A00',
    'source=other/ts=2025-08-16 00%3A00%3A00',
  ];
  const files = await smallFiles(8, { rowsPerFile: 10 });
  const before = new Map<string, string>();
  for (const path of paths) {
    await seedPartition(cluster, { partition: `${base}/${path}`, files });
    before.set(path, await valuesDigest(cluster, `${base}/${path}`));
  }
  const env = {
    HDFS_NAMENODE: `${cluster.host}:${cluster.rpcPort}`,
    HDFS_WEBHDFS_PORT: String(cluster.httpPort),
    HADOOP_USER_NAME: cluster.superuser,
    HDFS_BASE_PATH: base,
    PARTITION_LAYOUT: 'source={source}/ts={yyyy-MM-dd HH:00:00}',
  };
  const json = async (...args: readonly string[]) => {
    const run = await runCliInProcess([...args, '--output', 'json'], env);
    assert.equal(run.exit, 0, `${args.join(' ')}: ${run.stderr}`);
    const told: { readonly partitions: readonly { readonly partition: string; readonly result?: string }[] } =
      JSON.parse(run.stdout);
    return told.partitions;
  };
  const filesOf = async (path: string): Promise<number> =>
    dataFilesOf(await listAll(cluster, `${base}/${path}`)).length;

  const ofDay = paths.slice(0, 3);
  const merged = await json('--date', '2025-08-15');
  assert.deepEqual(
    merged.map(({ partition, result }) => [partition, result]).toSorted(),
    ofDay.map((path) => [path, 'consolidated']).toSorted(),
  );
  for (const path of ofDay) {
    assert.equal(await filesOf(path), 1, path);
    assert.equal(await valuesDigest(cluster, `${base}/${path}`), before.get(path), path);
  }
  assert.equal(await filesOf(paths[3] ?? ''), 8);

  const undone = await json('undo', '2025-08-15');
  assert.equal(undone.length, 3);
  for (const path of ofDay)
    assert.equal(await valuesDigest(cluster, `${base}/${path}`), before.get(path), path);

  const renamed = await json('--from', '2025-08-16', '--to', '2025-08-16', '--swap', 'rename');
  assert.deepEqual(
    renamed.map(({ result }) => result),
    ['consolidated'],
  );
  assert.equal(await filesOf(paths[3] ?? ''), 1);
  assert.equal(await valuesDigest(cluster, `${base}/${paths[3]}`), before.get(paths[3] ?? ''));
  const settled = await runCliInProcess(['recover'], env);
  assert.match(settled.stdout, /Nothing to recover/);
});
