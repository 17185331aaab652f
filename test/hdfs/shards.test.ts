import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addDays } from '../../src/partition/partition-dates.ts';
import { type StartedCli, startCli } from '../cli/cli-process.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;

test('processes side by side share a backfill; one is killed and started again, one was started twice', {
  skip,
}, async (t) => {
  if (cluster === undefined) throw new Error(noHdfs);
  const base = `/shards-${process.pid}`;
  const dates = Array.from({ length: 9 }, (_, index) => addDays('2025-08-01', index));
  const files = await smallFiles(8, { rowsPerFile: 10 });
  const before = new Map<string, string>();
  for (const date of dates) {
    await seedPartition(cluster, { partition: `${base}/date=${date}`, files });
    before.set(date, await valuesDigest(cluster, `${base}/date=${date}`));
  }
  const env = {
    HDFS_NAMENODE: `${cluster.host}:${cluster.rpcPort}`,
    HDFS_WEBHDFS_PORT: String(cluster.httpPort),
    HADOOP_USER_NAME: cluster.superuser,
  };
  const started: StartedCli[] = [];
  t.after(() => {
    for (const { child } of started) child.kill('SIGKILL');
  });
  const start = (shard: string): StartedCli => {
    const args = ['--from', '2025-08-01', '--to', '2025-08-31', '--shard', shard, '--base-path', base];
    const cli = startCli([...args, '--shard-plan', 'backfill-1'], { env });
    started.push(cli);
    return cli;
  };

  // The first to come makes the plan; they come at once, so that several may try.
  const whole = [start('0/3'), start('1/3'), start('1/3')];
  const killed = start('2/3');
  while (killed.child.exitCode === null && !(await hasBegun(base))) await sleep(20);
  killed.child.kill('SIGKILL');
  await killed.finished;
  const again = start('2/3');

  const [first, second, twice, continued] = await Promise.all(
    [...whole, again].map(({ finished }) => finished),
  );
  assert.equal(first?.exit, 0, first?.stderr);
  // Of the two that were given the same shard, either may find a partition held by the other.
  for (const run of [second, twice]) assert.ok([0, 3, 11].includes(Number(run?.exit)), run?.stderr);
  assert.equal(continued?.exit, 0, continued?.stderr);
  const rest = await start('1/3').finished;
  assert.equal(rest.exit, 0, rest.stderr);

  for (const date of dates) {
    const partition = `${base}/date=${date}`;
    assert.equal(dataFilesOf(await listAll(cluster, partition)).length, 1, date);
    assert.equal(await valuesDigest(cluster, partition), before.get(date), date);
    const left: readonly string[] = (await listAll(cluster, `${base}/_consolidation/${date}`)).map(
      ({ name }) => name,
    );
    assert.equal(left.length, 1, `${date}: ${left.join(', ')}`);
  }
  const plans = await listAll(cluster, `${base}/_consolidation/shards`);
  assert.deepEqual(
    plans.map(({ name }) => name),
    ['backfill-1.json'],
  );

  /** Whether any partition is at work on. */
  async function hasBegun(basePath: string): Promise<boolean> {
    if (cluster === undefined) return false;
    const entries = await listAll(cluster, basePath);
    if (!entries.some(({ name }) => name === '_consolidation')) return false;
    const inside = await listAll(cluster, `${basePath}/_consolidation`);
    return inside.some(({ name }) => name.startsWith('2025-'));
  }
});
