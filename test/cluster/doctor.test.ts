import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { startProxy } from '../support/hdfs-proxy.ts';
import { listAll } from '../support/hdfs-reader.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition, setAge, smallFiles } from '../support/hdfs-seed.ts';
import { doctor } from './doctor-report.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;
const root = `/doctor-${process.pid}`;
const files = cluster === undefined ? [] : await smallFiles(5, { rowsPerFile: 5 });

/** Of a run that died: `trial-` and a run id. */
const trialName = 'trial-20250816T020014Z-3fa9c1';

function running() {
  if (cluster === undefined) throw new Error(noHdfs);
  return cluster;
}

async function dataset(name: string): Promise<{ base: string; uri: string; env: Record<string, string> }> {
  const { webHdfsUri, superuser } = running();
  const base = `${root}/${name}`;
  await seedPartition(running(), { partition: `${base}/date=2025-08-15`, files });
  return { base, uri: webHdfsUri + base, env: { HADOOP_USER_NAME: superuser, MAX_RETRIES: '0' } };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return (await listAll(running(), directory)).map(({ name }) => name);
}

async function localDataset(work: (base: string) => Promise<void>): Promise<void> {
  const base = await mkdtemp(join(tmpdir(), 'consolidator-doctor-'));
  try {
    await mkdir(join(base, 'date=2025-08-15'));
    await writeFile(join(base, 'date=2025-08-15', 'a.parquet'), 'PAR1PAR1');
    await work(base);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

test('a local dataset: everything is tried, nothing is left', () =>
  localDataset(async (base) => {
    const report = await doctor(['--base-path', base]);
    assert.equal(report.exit, 0, JSON.stringify(report.checks.filter(({ verdict }) => verdict === 'bad')));
    for (const name of [
      'base path',
      'disk',
      'file system',
      'create',
      'rename',
      'hard link',
      'rename directory',
      'delete',
    ]) {
      assert.equal(report.verdict(name), 'good', name);
    }
    assert.match(report.text('way'), /^two renames of the partition/);
    assert.match(report.text('hdfs.base_path'), /from flag --base-path/);
    assert.equal(report.verdict('concat'), undefined);
    assert.deepEqual(await readdir(base), ['date=2025-08-15']);
  }));

test('text is grouped and ends with the conclusion; a broken configuration and an absent base end with 2', () =>
  localDataset(async (base) => {
    const run = await runCliInProcess(['doctor', '--base-path', base], {});
    assert.equal(run.exit, 0, run.stdout);
    for (const line of ['This machine', 'Configuration', 'Dataset', 'Place', 'Swap']) {
      assert.ok(run.stdout.includes(`\n${line}\n`), run.stdout);
    }
    assert.match(run.stdout, /\n {2}✓ create {2,}a file was written/);
    assert.match(run.stdout, /\nA run would work(?:, \d warnings?)?\.\n$/);

    const absent = await doctor(['--base-path', join(base, 'nowhere')]);
    assert.equal(absent.exit, 2);
    assert.equal(absent.verdict('base path'), 'bad');
    assert.equal(absent.verdict('create'), 'not-tried');

    const broken = await doctor([], { HDFS_BASE_PATH: base, MIN_FILES: 'many' });
    assert.equal(broken.exit, 2);
    assert.match(broken.text('settings'), /environment variable MIN_FILES/);
    assert.equal(broken.verdict('program'), 'good');
  }));

test('what a doctor that died left is removed by the next one and by recover, and not before it is dead', () =>
  localDataset(async (base) => {
    const left = join(base, '_consolidation', trialName);
    const leave = async (ageMs: number): Promise<void> => {
      await mkdir(left, { recursive: true, mode: 0o700 });
      await writeFile(join(left, 'a.staged'), 'one,');
      const time = new Date(Date.now() - ageMs);
      await utimes(left, time, time);
    };
    await leave(60_000);
    assert.match((await runCliInProcess(['recover', '--base-path', base], {})).stdout, /^Nothing to recover/);
    assert.equal((await doctor(['--base-path', base])).exit, 0);
    assert.deepEqual(await readdir(join(base, '_consolidation')), [trialName]);

    await leave(3_600_000);
    const foreseen = await runCliInProcess(['recover', '--dry-run', '--base-path', base], {});
    assert.match(
      foreseen.stdout,
      new RegExp(`${trialName}: what an interrupted doctor left, would be removed`),
    );
    const recovered = await runCliInProcess(['recover', '--base-path', base], {});
    assert.match(recovered.stdout, new RegExp(`${trialName}: what an interrupted doctor left, removed`));
    assert.deepEqual(await readdir(join(base, '_consolidation')), []);

    await leave(3_600_000);
    assert.match(
      (await doctor(['--base-path', base])).text('leftovers'),
      /1 trial of an earlier doctor removed/,
    );
    assert.deepEqual(await readdir(join(base, '_consolidation')), []);
  }));

test('a dataset on HDFS: who answers, as whom, what it can do; nothing is left', { skip }, async () => {
  const { base, uri, env } = await dataset('well');
  const { superuser, webHdfsUri } = running();
  const report = await doctor(['--base-path', uri], env);
  assert.equal(report.exit, 0, JSON.stringify(report.checks.filter(({ verdict }) => verdict === 'bad')));
  const origin = webHdfsUri.replace('webhdfs', 'http');
  assert.match(report.text('NameNodes'), new RegExp(`^${origin} is active`));
  assert.match(report.text('version'), /^Hadoop \d+\.\d+\.\d+/);
  assert.match(report.text('authentication'), new RegExp(superuser));
  assert.match(report.text('user'), new RegExp(`takes it for ${superuser}, a superuser`));
  for (const name of [
    'clock',
    'safe mode',
    'DataNodes',
    'access',
    'quotas',
    'snapshots',
    'encryption',
    'erasure coding',
  ]) {
    assert.equal(report.verdict(name), 'good', name);
  }
  for (const name of [
    'create',
    'read',
    'set mode',
    'set times',
    'rename',
    'concat',
    'replace',
    'checksum',
    'delete',
  ]) {
    assert.equal(report.verdict(name), 'good', name);
  }
  assert.match(report.text('way'), /^CONCAT, then RENAME with OVERWRITE/);
  assert.deepEqual(await namesIn(base), ['date=2025-08-15']);
});

test('nobody listens: the first contact says so, and the rest is not tried', { skip }, async () => {
  const report = await doctor(['--base-path', 'webhdfs://127.0.0.1:1/data'], {
    MAX_RETRIES: '0',
    HADOOP_USER_NAME: 'x',
  });
  assert.equal(report.exit, 10);
  assert.match(
    report.text('reachable'),
    /nothing listens on 127\.0\.0\.1:1.*next: look whether the NameNode runs/,
  );
  const others = report.checks.filter(
    ({ group }) => !['This machine', 'Configuration', 'Connection'].includes(group),
  );
  assert.ok(others.length > 10);
  for (const { name, group, verdict } of others.filter((check) => check.group !== 'Reporting')) {
    assert.equal(verdict, 'not-tried', `${group}: ${name}`);
  }
});

test('a user without the right hears what is missing', { skip }, async () => {
  const { base, uri } = await dataset('foreign');
  const report = await doctor(['--base-path', uri], { HADOOP_USER_NAME: 'mallory', MAX_RETRIES: '0' });
  assert.equal(report.exit, 10);
  assert.match(report.text('user'), /takes it for mallory; merged files will belong to mallory/);
  assert.match(
    report.text('access'),
    new RegExp(`^mallory may not write in ${base} next: .*hdfs dfs -chmod`),
  );
  assert.match(report.text('workspace'), /Permission denied: user=mallory/);
  assert.equal(report.verdict('create'), 'not-tried');
  assert.deepEqual(await namesIn(base), ['date=2025-08-15']);
});

test('a standby, safe mode, and a server that tells nothing of itself', { skip }, async () => {
  const { base, env } = await dataset('told');
  const proxy = await startProxy(running());
  const uri = proxy.webHdfsUri + base;
  try {
    const bean = (query: RegExp, body: unknown) =>
      proxy.ambush(
        ({ params }) => query.test(params.get('qry') ?? params.get('get') ?? ''),
        { kind: 'answer', status: 200, body: JSON.stringify({ beans: [body] }) },
        { times: Infinity },
      );
    const standby = bean(/NameNodeStatus/, { State: 'standby' });
    const passive = await doctor(['--base-path', uri], env);
    assert.match(passive.text('NameNodes'), /is standby next: none is active/);
    assert.notEqual(passive.exit, 0);
    standby.remove();

    const safe = bean(/FSNamesystemState/, { FSState: 'safeMode', NumLiveDataNodes: 0 });
    const closed = await doctor(['--base-path', uri], env);
    assert.equal(closed.exit, 10);
    assert.match(
      closed.text('safe mode'),
      /^the NameNode refuses every change next: .*dfsadmin -safemode get/,
    );
    assert.equal(closed.verdict('DataNodes'), 'bad');
    safe.remove();

    const silent = bean(/Hadoop:service/, {});
    const untold = await doctor(['--base-path', uri], env);
    assert.equal(untold.exit, 0);
    assert.match(untold.text('NameNodes'), /answers, but does not tell its state/);
    assert.match(untold.text('version'), /does not tell its version/);
    assert.equal(untold.verdict('safe mode'), 'note');
    silent.remove();
  } finally {
    await proxy.close();
  }
});

test('a server without RENAME with OVERWRITE: the trial finds it, and the other way is offered', {
  skip,
}, async () => {
  const { base, env } = await dataset('gateway');
  const proxy = await startProxy(running());
  try {
    proxy.ambush(
      ({ op, params }) => op === 'RENAME' && params.get('renameoptions') === 'OVERWRITE',
      { kind: 'answer', status: 200, body: '{"boolean":false}' },
      { times: Infinity },
    );
    const report = await doctor(['--base-path', proxy.webHdfsUri + base], env);
    assert.equal(report.exit, 10);
    assert.equal(report.verdict('concat'), 'good');
    assert.equal(report.verdict('replace'), 'bad');
    assert.match(report.text('way'), /replace did not work next: use --swap rename/);
    assert.equal(report.verdict('delete'), 'good');
    assert.deepEqual(await namesIn(base), ['date=2025-08-15']);
  } finally {
    await proxy.close();
  }
});

test('trials that died on HDFS are removed by the next doctor', { skip }, async () => {
  const { base, uri, env } = await dataset('died');
  const left = `${base}/_consolidation/${trialName}`;
  await hdfs(running(), { method: 'PUT', op: 'MKDIRS', path: left });
  await setAge(running(), left, 3_600_000);
  const report = await doctor(['--base-path', uri], env);
  assert.equal(report.exit, 0);
  assert.match(report.text('leftovers'), /1 trial of an earlier doctor removed/);
  assert.deepEqual(await namesIn(`${base}/_consolidation`), []);
});
