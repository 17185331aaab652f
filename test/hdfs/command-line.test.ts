import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { type CliRun, jsonOf, runCli } from '../cli/cli-process.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { refusals, startProxy } from '../support/hdfs-proxy.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { putFile, seedPartition, setAge, settledMs, smallFiles } from '../support/hdfs-seed.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;
const root = `/cli-${process.pid}`;
const date = '2025-08-15';
const files = cluster === undefined ? [] : await smallFiles(8, { rowsPerFile: 10 });

function running() {
  if (cluster === undefined) throw new Error(noHdfs);
  return cluster;
}

/** What finds the cluster by a plain path, without flags. */
function environment(): Record<string, string> {
  const { host, rpcPort, httpPort, superuser } = running();
  return {
    HDFS_NAMENODE: `${host}:${rpcPort}`,
    HDFS_WEBHDFS_PORT: String(httpPort),
    HADOOP_USER_NAME: superuser,
    MAX_RETRIES: '1',
  };
}

function cli(args: readonly string[], env: Record<string, string> = {}): Promise<CliRun> {
  return runCli(args, { env: { ...environment(), ...env } });
}

async function dataset(name: string, days: readonly string[] = [date]): Promise<string> {
  const base = `${root}/${name}`;
  for (const day of days) await seedPartition(running(), { partition: `${base}/date=${day}`, files });
  return base;
}

async function names(partition: string): Promise<readonly string[]> {
  return dataFilesOf(await listAll(running(), partition)).map((file) => file.name);
}

test('preview, consolidation, inspect, undo, recover and cleanup of a dataset on HDFS', {
  skip,
}, async () => {
  const { host, rpcPort } = running();
  const base = await dataset('whole way');
  const uri = `hdfs://${host}:${rpcPort}${base}`;
  const partition = `${base}/date=${date}`;
  const before = await valuesDigest(running(), partition);
  const flags = ['--base-path', uri];

  const preview = await cli(['--date', date, '--dry-run', ...flags]);
  assert.equal(preview.exit, 0, preview.stderr);
  assert.match(preview.stdout, /\n {2}📁 Found 8 Parquet files\n/);
  assert.match(
    preview.stdout,
    /\nDRY RUN: Would consolidate 8 files into <?~?\d\.\d MB consolidated file\n$/,
  );
  assert.equal((await names(partition)).length, 8);

  const run = await cli(['--date', date, ...flags]);
  assert.equal(run.exit, 0, run.stderr);
  assert.equal(run.stderr, '');
  assert.match(run.stdout, /Consolidated date 2025-08-15: 8 files into 1\n/);
  const [, shown = ''] = /\n {2}Backup +(hdfs:.+)\n/.exec(run.stdout) ?? [];
  assert.ok(shown.startsWith(`${uri}/_consolidation/${date}/`), run.stdout);
  assert.match(run.stdout, new RegExp(`\\n {2}Undo +.+ undo ${date} --base-path '${uri}'\\n`));
  const [merged = '', ...others] = await names(partition);
  assert.deepEqual(others, []);
  assert.equal(await valuesDigest(running(), partition), before);

  const inspected = await cli(['inspect', `${uri}/date=${date}/${merged}`]);
  assert.equal(inspected.exit, 0, inspected.stderr);
  assert.ok(inspected.stdout.startsWith(`${uri}/date=${date}/${merged}\n`), inspected.stdout);
  assert.match(inspected.stdout, /\n {2}Rows +80 in 1 row group\n/);
  const paged = await cli(['inspect', `${uri}/date=${date}/${merged}`, '--pages']);
  assert.match(paged.stdout, /\nRow group 0, \S+: \d+ pages?\n {2}page +kind +encoding/);
  const compared = await cli(['inspect', '--diff', ...[1, 2].map(() => `${uri}/date=${date}/${merged}`)]);
  assert.match(compared.stdout, /\n {2}The schemas are the same\.\n$/);
  const missing = await cli(['inspect', `${uri}/date=${date}/nothing.parquet`]);
  assert.equal(missing.exit, 2);
  assert.match(missing.stderr, /nothing\.parquet does not exist\n {2}next: {2}.*hdfs dfs -ls/);

  const undone = await cli(['undo', date, ...flags]);
  assert.equal(undone.exit, 0, undone.stderr);
  assert.match(
    undone.stdout,
    /all bytes and rows of 8 files \(.+?\) are back, as 1 file \(\S+\.merged-\S+-0-undone\.parquet\); \S+\.merged-\S+-0\.parquet is out/,
  );
  assert.equal(await valuesDigest(running(), partition), before);

  assert.equal((await cli(['recover', ...flags])).stdout, `Nothing to recover in ${uri}.\n`);
  assert.match(
    (await cli(['cleanup', ...flags])).stdout,
    /^Nothing to clean up in hdfs:.+: no backup is older/,
  );
});

test('the NameNode may be configured, and JSON says store and mode', { skip }, async () => {
  const { host, rpcPort, webHdfsUri } = running();
  const base = await dataset('configured');
  const planned = async (basePath: string, env: Record<string, string> = {}) => {
    const run = await cli(['--date', date, '--dry-run', '--output', 'json', '--base-path', basePath], env);
    assert.equal(run.exit, 0, run.stderr);
    const line = jsonOf(run) as {
      store: string;
      basePath: string;
      mode: string;
      partitions: PartitionResult[];
    };
    assert.equal(line.partitions[0]?.filesBefore, 8);
    assert.equal(line.basePath, base);
    return `${line.store} ${line.mode}`;
  };
  assert.equal(await planned(base), `hdfs://${host}:${rpcPort} rewrite`);
  assert.equal(await planned(`hdfs://${base}`), `hdfs://${host}:${rpcPort} rewrite`);
  assert.equal(await planned(webHdfsUri + base), `${webHdfsUri} rewrite`);
  assert.equal(await planned(base, { HDFS_NAMENODE: webHdfsUri }), `${webHdfsUri} rewrite`);
  assert.equal(await planned(base, { CONSOLIDATION_MODE: 'fold' }), `hdfs://${host}:${rpcPort} fold`);
});

test('--mode fold makes one file without moving data, once; an ordinary run encodes it anew', {
  skip,
}, async () => {
  const base = await dataset('fold');
  const partition = `${base}/date=${date}`;
  const before = await valuesDigest(running(), partition);
  const args = ['--date', date, '--base-path', base];
  const preview = await cli([...args, '--mode', 'fold', '--dry-run']);
  assert.match(
    preview.stdout,
    /\nDRY RUN: Would fold 8 files into .+ MB folded file, without moving data\n$/,
  );
  const folded = await cli([...args, '--mode', 'fold']);
  assert.equal(folded.exit, 0, folded.stderr);
  assert.match(folded.stdout, /Folded date 2025-08-15: 8 files into 1\n/);
  assert.match(folded.stdout, /\n {2}Row groups +8 +8 {2}the same\n/);
  assert.match(folded.stdout, /\n {2}Backup +none is needed/);
  assert.equal((await names(partition)).length, 1);
  assert.equal(await valuesDigest(running(), partition), before);
  await setAge(running(), partition, settledMs);
  for (const name of await names(partition)) await setAge(running(), `${partition}/${name}`, settledMs);

  const again = await cli([...args, '--mode', 'fold']);
  assert.equal(again.exit, 0);
  assert.match(again.stdout, /Nothing to do for date 2025-08-15/);
  const rewritten = await cli(args);
  assert.equal(rewritten.exit, 0, rewritten.stderr);
  assert.match(rewritten.stdout, /Consolidated date 2025-08-15: 1 file into 1\n/);
  assert.equal(await valuesDigest(running(), partition), before);
});

test('a dataset that is not there ends with 2 and a hint', { skip }, async () => {
  for (const command of [['--date', date], ['recover'], ['cleanup'], ['undo', date]]) {
    const run = await cli([...command, '--base-path', `${root}/nowhere`, '--output', 'json']);
    assert.equal(run.exit, 2, run.stderr);
    const error = jsonOf(run).error as { code: string; hint: string };
    assert.equal(error.code, 'base-path-absent');
    assert.match(error.hint, /--base-path/);
  }
});

test('a user without the right ends with 10, and hears who he is and what to look at', { skip }, async () => {
  const base = await dataset('private');
  await hdfs(running(), {
    method: 'PUT',
    op: 'SETPERMISSION',
    path: `${base}/date=${date}`,
    params: { permission: '700' },
  });
  const run = await cli(['--date', date, '--base-path', base], { HADOOP_USER_NAME: 'stranger' });
  assert.equal(run.exit, 10);
  assert.match(run.stderr, /^error: cannot .+hdfs:\/\/.+Permission denied: user=stranger/m);
  assert.match(run.stderr, /\n {2}next: {2}.*hdfs dfs -ls -d.*HADOOP_USER_NAME/);
  assert.equal((await names(`${base}/date=${date}`)).length, 8);
});

test('many dates, most of them absent, some that fail: few lines, exit code 3', { skip }, async () => {
  const base = await dataset('month', ['2025-08-01', '2025-08-10', '2025-08-15']);
  const [victim = ''] = await names(`${base}/date=2025-08-10`);
  const bytes = Buffer.from(files[0]?.bytes ?? []);
  bytes.fill(0xff, 30, 200);
  await putFile(running(), `${base}/date=2025-08-10/${victim}`, bytes);
  await setAge(running(), `${base}/date=2025-08-10/${victim}`, settledMs);
  await setAge(running(), `${base}/date=2025-08-10`, settledMs);
  await hdfs(running(), { method: 'PUT', op: 'MKDIRS', path: `${base}/date=2025-08-11` });
  await setAge(running(), `${base}/date=2025-08-11`, settledMs);
  const run = await cli(['--date', date, '--days-back', '30', '--base-path', base]);
  assert.equal(run.exit, 3, run.stderr);
  assert.match(run.stdout, /\n {2}No partition for 27 dates: 2025-07-16 to 2025-07-31, /);
  assert.match(run.stdout, /\n {2}No data in 1 date: 2025-08-11\n/);
  assert.match(run.stdout, /\n2 partitions of 31 consolidated: 16 files into 2, .+; 1 failed\n/);
  assert.equal(run.stderr.match(/^error: /gm)?.length, 1);
  assert.equal((await names(`${base}/date=2025-08-10`)).length, 8);
});

test('a NameNode that goes into safe mode or away in the middle stops what it must, and is told of once', {
  skip,
}, async (t) => {
  const proxy = await startProxy(running());
  t.after(() => proxy.close());
  const env = { HDFS_WEBHDFS_PORT: String(proxy.httpPort), MAX_RETRIES: '0' };
  const days = ['2025-08-13', '2025-08-14', '2025-08-15'];
  for (const [what, fault, code] of [
    ['safe mode', refusals.safeMode, 'safe-mode'],
    ['gone', { kind: 'reset' }, 'no-answer'],
  ] as const) {
    const base = await dataset(what, days);
    const ambush = proxy.ambush(({ isMutation, path }) => isMutation && /2025-08-1[45]/.test(path), fault, {
      times: Number.POSITIVE_INFINITY,
    });
    const run = await cli(['--date', date, '--days-back', '2', '--base-path', base], env);
    assert.equal(run.exit, 3, run.stderr);
    assert.match(run.stdout, /\n {2}2025-08-13 {2}consolidated /);
    assert.match(run.stdout, new RegExp(`\\n {2}2025-08-15 {2}failed +${code}\\n`));
    assert.match(
      run.stderr,
      new RegExp(`error: 1 more date failed in the same way \\(${code}\\): 2025-08-15\\n`),
    );
    ambush.remove();
    for (const day of days.slice(1)) assert.equal((await names(`${base}/date=${day}`)).length, 8);
    const healed = await cli(['--date', date, '--days-back', '2', '--base-path', base]);
    assert.equal(healed.exit, 0, healed.stderr);
    for (const day of days) assert.equal((await names(`${base}/date=${day}`)).length, 1);
  }
});
