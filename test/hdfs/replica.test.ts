import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli, startCli } from '../cli/cli-process.ts';
import { demoDataset } from '../cli/dataset.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { dataFilesOf, listAll, readWhole, valuesDigest } from '../support/hdfs-reader.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;

test('a fold is copied to a replica on HDFS, also by the run after one that was killed', {
  skip,
}, async (t) => {
  if (cluster === undefined) throw new Error(noHdfs);
  const root = `/replica-${process.pid}`;
  const [base, copy, date] = [`${root}/base`, `${root}/copy`, '2025-08-15'];
  const files = await smallFiles(12, { rowsPerFile: 200 });
  await seedPartition(cluster, { partition: `${base}/date=${date}`, files });
  await hdfs(cluster, { method: 'PUT', op: 'MKDIRS', path: copy });
  const before = await valuesDigest(cluster, `${base}/date=${date}`);
  const env = {
    HDFS_WEBHDFS_PORT: String(cluster.httpPort),
    HADOOP_USER_NAME: cluster.superuser,
    REPLICATE_TO: `hdfs://${cluster.host}:${cluster.rpcPort}${copy}`,
  };
  const args = ['--base-path', `hdfs://${cluster.host}:${cluster.rpcPort}${base}`, '--date', date];

  const killed = startCli(args, { env });
  t.after(() => killed.child.kill('SIGKILL'));
  // In the middle of the copy, or right before it.
  while (killed.child.exitCode === null && !(await isNoted())) await sleep(5);
  killed.child.kill('SIGKILL');
  await killed.finished;

  const deadline = Date.now() + 120_000;
  for (;;) {
    const run = await runCli(args, { env });
    if (run.exit === 0 && !(await isNoted())) break;
    // The lock of the killed run is free once nothing more was heard of it.
    assert.ok(run.exit === 0 || run.exit === 11, run.stderr);
    assert.ok(Date.now() < deadline, run.stderr);
    await sleep(500);
  }
  const [merged] = dataFilesOf(await listAll(cluster, `${base}/date=${date}`));
  const copies = dataFilesOf(await listAll(cluster, `${copy}/date=${date}`));
  assert.deepEqual(
    copies.map(({ name }) => name),
    [merged?.name],
  );
  assert.equal(await valuesDigest(cluster, `${copy}/date=${date}`), before);
  const [one, other] = await Promise.all(
    [base, copy].map((place) => readWhole(cluster, `${place}/date=${date}/${merged?.name}`)),
  );
  assert.deepEqual(one, other);
  const left = (await listAll(cluster, `${copy}/_consolidation`)).map(({ name }) => name);
  assert.deepEqual(left, [date, 'replicas']);
  assert.deepEqual(await listAll(cluster, `${copy}/_consolidation/replicas`), []);

  /** Whether a copy is noted as outstanding. */
  async function isNoted(): Promise<boolean> {
    if (cluster === undefined) return false;
    const names = (await listAll(cluster, base)).map(({ name }) => name);
    if (!names.includes('_consolidation')) return false;
    const inside = (await listAll(cluster, `${base}/_consolidation`)).map(({ name }) => name);
    return (
      inside.includes('replicas') && (await listAll(cluster, `${base}/_consolidation/replicas`)).length > 0
    );
  }
});

test('a local dataset is copied to HDFS', { skip }, async (t) => {
  if (cluster === undefined) throw new Error(noHdfs);
  const { basePath } = await demoDataset(t);
  const copy = `/replica-local-${process.pid}`;
  await hdfs(cluster, { method: 'PUT', op: 'MKDIRS', path: copy });
  const replica = `webhdfs://${cluster.host}:${cluster.httpPort}${copy}`;
  const env = { HADOOP_USER_NAME: cluster.superuser };
  const args = ['--base-path', basePath, '--date', '2025-08-15', '--replicate-to', replica];
  // The accounts of this machine are not those of the cluster.
  const run = await runCli([...args, '--allow-attribute-change'], { env });
  assert.equal(run.exit, 0, run.stderr);
  assert.match(run.stdout, /Replica .*: 1 file \(.*\) of 1 partition copied and compared/);
  assert.equal(dataFilesOf(await listAll(cluster, `${copy}/date=2025-08-15`)).length, 1);
});
