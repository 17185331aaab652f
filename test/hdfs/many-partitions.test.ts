import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { addDays } from '../../src/partition/partition-dates.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { type HdfsCluster, noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { dataFilesOf, listAll } from '../support/hdfs-reader.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { parseMetrics } from '../telemetry/parsed-metrics.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;
const root = `/many-${process.pid}`;
const filesEach = 6;
const files = cluster === undefined ? [] : await smallFiles(filesEach, { rowsPerFile: 10 });

/** What passes on the way to the NameNode. */
interface Counter {
  readonly port: number;
  /** Calls so far, by operation; counting begins anew. */
  taken(): ReadonlyMap<string, number>;
  /** Most calls that were under way at the same time since then. */
  most(): number;
}

async function startCounter({ host, httpPort }: HdfsCluster, t: TestContext): Promise<Counter> {
  let counts = new Map<string, number>();
  let now = 0;
  let most = 0;
  const server = createServer((incoming, outgoing) => {
    const op = new URL(incoming.url ?? '/', 'http://namenode').searchParams.get('op') ?? 'other';
    counts.set(op, (counts.get(op) ?? 0) + 1);
    most = Math.max(most, ++now);
    outgoing.once('close', () => {
      now--;
    });
    const { method, url, headers } = incoming;
    const onward = request({ host, port: httpPort, method, path: url, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      reply.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    taken: () => {
      const taken = counts;
      counts = new Map();
      most = 0;
      return taken;
    },
    most: () => most,
  };
}

function running(): HdfsCluster {
  if (cluster === undefined) throw new Error(noHdfs);
  return cluster;
}

/** A dataset of so many days, from 2025-08-01 on; its full path in HDFS. */
async function dataset(name: string, days: number): Promise<string> {
  const base = `${root}/${name}`;
  for (let day = 0; day < days; day++)
    await seedPartition(running(), { partition: `${base}/date=${addDays('2025-08-01', day)}`, files });
  return base;
}

const range = ['--from', '2025-08-01', '--to', '2025-08-31'];

function envBehind(counter: Counter): Record<string, string> {
  return { HADOOP_USER_NAME: running().superuser, HDFS_WEBHDFS_PORT: String(counter.port) };
}

async function assertMerged(base: string, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    const partition = `${base}/date=${addDays('2025-08-01', day)}`;
    assert.equal(dataFilesOf(await listAll(running(), partition)).length, 1, partition);
  }
}

/** Calls that the clock has no say in (what lies beside the partitions, and quotas, are asked for anew after a while), nor who comes first. */
const fixed = ['OPEN', 'CREATE', 'RENAME', 'CONCAT', 'DELETE'];

test('what a partition costs the NameNode does not grow with the number of partitions, nor with how many are at work', {
  skip,
}, async (t) => {
  const counter = await startCounter(running(), t);
  const textfile = join(await tempDirectory(t), 'run.prom');
  const env = { ...envBehind(counter), METRICS_TEXTFILE: textfile };
  const costOf = async (name: string, days: number, concurrency: number) => {
    const base = await dataset(name, days);
    counter.taken();
    const uri = `hdfs://${running().host}:${running().rpcPort}${base}`;
    const run = await runCliInProcess(
      [...range, '--base-path', uri, '--concurrency', String(concurrency)],
      env,
    );
    assert.equal(run.exit, 0, run.stderr);
    const most = counter.most();
    const calls = counter.taken();
    await assertMerged(base, days);
    // A file and its block each.
    const freed = parseMetrics(await readFile(textfile, 'utf8')).find(({ name: of }) => of.endsWith('freed'));
    assert.equal(freed?.value, days * (2 * filesEach - 2));
    return { calls, most, total: [...calls.values()].reduce((sum, count) => sum + count, 0) };
  };
  const few = await costOf('few', 2, 1);
  const inTurn = await costOf('in-turn', 6, 1);
  const atOnce = await costOf('at-once', 6, 4);

  t.diagnostic(
    `calls: 2 partitions ${few.total}; 6 in turn ${inTurn.total}, at most ${inTurn.most} at a time; ` +
      `four of 6 at once ${atOnce.total}, at most ${atOnce.most} at a time`,
  );
  const perPartition = (inTurn.total - few.total) / 4;
  assert.ok(perPartition <= few.total / 2, `${perPartition} for each of more`);
  assert.ok(atOnce.total <= inTurn.total * 1.03, `${atOnce.total} at once, ${inTurn.total} in turn`);
  for (const op of fixed) {
    assert.equal(atOnce.calls.get(op), inTurn.calls.get(op), op);
    const [ofFew = 0, ofMore = 0] = [few.calls.get(op), inTurn.calls.get(op)];
    assert.ok(ofFew > 0 && ofMore - ofFew <= 2 * ofFew, `${op}: ${ofFew} for 2 partitions, ${ofMore} for 6`);
  }
  assert.ok(atOnce.most > 2, 'else nothing would be shared');
});

test('datasets that are worked on at the same time share what may be asked of their NameNode', {
  skip,
}, async (t) => {
  const counter = await startCounter(running(), t);
  const names = ['cars', 'trucks', 'ships'];
  const bases = new Map<string, string>();
  for (const name of names) bases.set(name, await dataset(name, 2));
  const config = join(await tempDirectory(t), 'datasets.yaml');
  const uri = (base: string | undefined): string => `hdfs://${running().host}:${running().rpcPort}${base}`;
  const datasets = [...bases].map(([name, base]) => `  ${name}: { base_path: "${uri(base)}" }\n`);
  await writeFile(config, `datasets:\n${datasets.join('')}hdfs: { namenode_connections: 2 }\n`);
  counter.taken();
  const run = await runCliInProcess(
    ['--all', '--config', config, '--concurrency', '6', '--memory', '1024'],
    envBehind(counter),
  );
  assert.equal(run.exit, 0, run.stderr);
  assert.ok(counter.most() <= 2, `${counter.most()} calls at the same time`);
  for (const base of bases.values()) await assertMerged(base, 2);
});
