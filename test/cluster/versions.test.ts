import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { noHdfs } from '../support/hdfs-cluster.ts';
import { type HdfsCluster, startCluster, unlessUnavailable } from '../support/hdfs-daemons.ts';
import { startProxy } from '../support/hdfs-proxy.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { HdfsRefusal, type HdfsRequest, hdfs, hdfsJson } from '../support/hdfs-request.ts';
import { putFile, seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { doctor } from './doctor-report.ts';

/** What a line of Hadoop has, as the README's table tells it. */
interface Abilities {
  /** CONCAT takes an empty file for its target. */
  readonly emptyTarget: boolean;
  /** GETSERVERDEFAULTS: block size, copies and checksum of new files. */
  readonly serverDefaults: boolean;
  readonly quotaUsage: boolean;
  readonly trashRoot: boolean;
  readonly batchListing: boolean;
  /** A directory's status says whether snapshots may be taken of it. */
  readonly snapshotFlag: boolean;
  /** ACLs are on unless they are switched off. */
  readonly acls: boolean;
  /** A rename may have `/.reserved/.inodes/<id>` for its destination. */
  readonly renameToInode: boolean;
}

const all: Abilities = {
  emptyTarget: true,
  serverDefaults: true,
  quotaUsage: true,
  trashRoot: true,
  batchListing: true,
  snapshotFlag: true,
  acls: true,
  renameToInode: true,
};

const known: Readonly<Record<string, Abilities>> = {
  '3.4.2': all,
  '3.3.6': all,
  '2.10.2': { ...all, snapshotFlag: false, acls: false },
};

/** One that is asked for; all where everything runs; else the line before the one that all other tests run on. */
const asked = process.env.TEST_HADOOP ?? '';
const versions = asked !== '' ? [asked] : fullMatrix ? Object.keys(known) : ['3.3.6'];
const date = '2025-08-15';

for (const version of versions) {
  test(`Hadoop ${version}`, async (t) => {
    const cluster = await unlessUnavailable(() => startCluster({ hadoop: version }));
    if (cluster === undefined) {
      t.skip(noHdfs);
      return;
    }
    try {
      await t.test('the doctor finds that a run would work', () => isApproved(cluster, version));
      await t.test('it has and lacks what the documentation says', async () => {
        assert.deepEqual(await abilitiesOf(cluster), known[version]);
      });
      for (const flags of [[], ['--mode', 'fold'], ['--swap', 'rename']]) {
        await t.test(`consolidation ${flags.join(' ')}`, () => isConsolidated(cluster, flags));
      }
      await t.test('a file in a snapshot stops the run, and nothing is lost', () =>
        isStoppedBySnapshot(cluster, known[version]?.snapshotFlag === true),
      );
      await t.test('replies that are lost at the fold and at the replacement', () =>
        endsWellWithoutReplies(cluster),
      );
    } finally {
      await cluster.stop();
    }
    if (!fullMatrix) return;
    await t.test('the tests of the command line and of readers', async () => {
      const files = ['test/hdfs/command-line.test.ts', 'test/hdfs/readers.test.ts'];
      const { code, output } = await runTests(version, files);
      assert.equal(code, 0, output.slice(-4_000));
    });
  });
}

async function isApproved(cluster: HdfsCluster, version: string): Promise<void> {
  const { uri, env } = await dataset(cluster, 'doctor');
  const report = await doctor(['--base-path', uri], env);
  assert.equal(report.exit, 0, JSON.stringify(report.checks.filter(({ verdict }) => verdict === 'bad')));
  assert.ok(report.text('version').startsWith(`Hadoop ${version};`), report.text('version'));
  assert.equal(report.verdict('version'), 'good');
}

/** Consolidates, and undoes it where there is something to undo; every row is there all the time. */
async function isConsolidated(cluster: HdfsCluster, flags: readonly string[]): Promise<void> {
  const { uri, env, partition } = await dataset(cluster, `run${flags.join('')}`);
  const before = await valuesDigest(cluster, partition);
  const words = ['--date', date, '--base-path', uri, '--output', 'json', ...flags];
  const run = await runCliInProcess(words, env);
  assert.equal(run.exit, 0, run.stdout + run.stderr);
  assert.equal(dataFilesOf(await listAll(cluster, partition)).length, 1);
  assert.equal(await valuesDigest(cluster, partition), before);
  if (flags.includes('fold')) return;
  const undone = await runCliInProcess(['undo', date, '--base-path', uri], env);
  assert.equal(undone.exit, 0, undone.stdout + undone.stderr);
  assert.equal(await valuesDigest(cluster, partition), before);
}

/** @param isSeen false where only the refused CONCAT tells */
async function isStoppedBySnapshot(cluster: HdfsCluster, isSeen: boolean): Promise<void> {
  const { base, uri, env, partition } = await dataset(cluster, 'snapshot');
  await cluster.dfsadmin('-allowSnapshot', base);
  const params = { snapshotname: 's' };
  await hdfs(cluster, { method: 'PUT', op: 'CREATESNAPSHOT', path: base, params });
  const before = dataFilesOf(await listAll(cluster, partition));
  const run = await runCliInProcess(['--date', date, '--base-path', uri, '--output', 'json'], env);
  assert.equal(run.exit, isSeen ? 12 : 10, run.stdout);
  assert.match(run.stdout, isSeen ? /"rule":"in-snapshot"/ : /"code":"concat-refused".*snapshot/);
  assert.deepEqual(dataFilesOf(await listAll(cluster, partition)), before);
}

async function endsWellWithoutReplies(cluster: HdfsCluster): Promise<void> {
  const { base, env, partition } = await dataset(cluster, 'lost');
  const before = await valuesDigest(cluster, partition);
  const proxy = await startProxy(cluster);
  try {
    proxy.ambush(({ op }) => op === 'CONCAT', { kind: 'lose-reply' });
    proxy.ambush(({ op, params }) => op === 'RENAME' && params.get('renameoptions') === 'OVERWRITE', {
      kind: 'lose-reply',
    });
    const words = ['--date', date, '--base-path', proxy.webHdfsUri + base, '--output', 'json'];
    const run = await runCliInProcess(words, env);
    assert.equal(run.exit, 0, run.stdout + run.stderr);
    assert.equal(dataFilesOf(await listAll(cluster, partition)).length, 1);
    assert.equal(await valuesDigest(cluster, partition), before);
  } finally {
    await proxy.close();
  }
}

async function dataset(cluster: HdfsCluster, name: string) {
  const base = `/versions-${name}`;
  const partition = `${base}/date=${date}`;
  await seedPartition(cluster, { partition, files: await smallFiles(6, { rowsPerFile: 5 }) });
  const env = { HADOOP_USER_NAME: cluster.superuser, MAX_RETRIES: '2' };
  return { base, partition, uri: cluster.webHdfsUri + base, env };
}

async function abilitiesOf(cluster: HdfsCluster): Promise<Abilities> {
  const can = async (asked: HdfsRequest): Promise<boolean> => {
    try {
      await hdfs(cluster, asked);
      return true;
    } catch (error) {
      if (error instanceof HdfsRefusal) return false;
      throw error;
    }
  };
  const directory = '/abilities';
  await hdfs(cluster, { method: 'PUT', op: 'MKDIRS', path: directory });
  const bytes = new TextEncoder().encode('x');
  for (const name of ['a', 'b']) await putFile(cluster, `${directory}/${name}`, bytes);
  await putFile(cluster, `${directory}/empty`, new Uint8Array(0));
  await hdfs(cluster, { method: 'PUT', op: 'ALLOWSNAPSHOT', path: directory }).catch(() =>
    cluster.dfsadmin('-allowSnapshot', directory),
  );
  const { FileStatus } = (await hdfsJson(cluster, {
    method: 'GET',
    op: 'GETFILESTATUS',
    path: directory,
  })) as {
    FileStatus: { snapshotEnabled?: boolean };
  };
  const target = (await hdfsJson(cluster, {
    method: 'GET',
    op: 'GETFILESTATUS',
    path: `${directory}/b`,
  })) as {
    FileStatus: { fileId: number };
  };
  const get = (op: string): Promise<boolean> => can({ method: 'GET', op, path: directory });
  const concat = { method: 'POST', op: 'CONCAT', path: `${directory}/empty` } as const;
  const sources = `${directory}/a`;
  const emptyTarget = await can({ ...concat, params: { sources } });
  await putFile(cluster, sources, bytes);
  const destination = `/.reserved/.inodes/${target.FileStatus.fileId}`;
  const params = { destination, renameoptions: 'OVERWRITE' };
  return {
    emptyTarget,
    serverDefaults: await get('GETSERVERDEFAULTS'),
    quotaUsage: await get('GETQUOTAUSAGE'),
    trashRoot: await get('GETTRASHROOT'),
    batchListing: await get('LISTSTATUS_BATCH'),
    snapshotFlag: FileStatus.snapshotEnabled === true,
    acls: await get('GETACLSTATUS'),
    renameToInode: await can({ method: 'PUT', op: 'RENAME', path: sources, params }),
  };
}

/** Runs test files on another Hadoop, in a process of their own. */
function runTests(
  version: string,
  paths: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return new Promise((resolve, reject) => {
    const { NODE_TEST_CONTEXT: _, TEST_HDFS_STATE: _state, ...env } = process.env;
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/run-tests.ts', ...paths], {
      cwd: root,
      env: { ...env, TEST_HADOOP: version },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
