import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { noHdfs, ownCluster } from '../support/hdfs-cluster.ts';
import { type HdfsCluster, unlessUnavailable } from '../support/hdfs-daemons.ts';
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
  '2.10.2': { ...all, emptyTarget: false, snapshotFlag: false, acls: false },
};

/** The version of the other tests comes last, and only where everything runs. */
const versions = fullMatrix ? ['3.3.6', '2.10.2', '3.4.2'] : ['3.3.6'];
const date = '2025-08-15';

for (const version of versions) {
  describe(`Hadoop ${version}`, async () => {
    const cluster = await unlessUnavailable(() => ownCluster({ hadoop: version }));
    const skip = cluster === undefined ? noHdfs : false;
    const running = (): HdfsCluster => {
      if (cluster === undefined) throw new Error(noHdfs);
      return cluster;
    };

    test('the doctor finds that a run would work', { skip }, async () => {
      const { uri, env } = await dataset(running(), 'doctor');
      const report = await doctor(['--base-path', uri], env);
      assert.equal(report.exit, 0, JSON.stringify(report.checks.filter(({ verdict }) => verdict === 'bad')));
      assert.ok(report.text('version').startsWith(`Hadoop ${version};`), report.text('version'));
      assert.equal(report.verdict('version'), 'good');
    });

    test('consolidation by rewriting, by folding and by two renames, and undo', { skip }, async () => {
      const { superuser } = running();
      for (const flags of [[], ['--mode', 'fold'], ['--swap', 'rename']]) {
        const { uri, env, partition } = await dataset(running(), `run${flags.join('')}`);
        const before = await valuesDigest(running(), partition);
        const words = ['--date', date, '--base-path', uri, '--output', 'json', ...flags];
        const run = await runCliInProcess(words, env);
        const [result] = (JSON.parse(run.stdout) as { partitions: PartitionResult[] }).partitions;
        assert.equal(run.exit, 0, `${superuser} ${JSON.stringify(result)}`);
        assert.equal(dataFilesOf(await listAll(running(), partition)).length, 1);
        assert.equal(await valuesDigest(running(), partition), before);
        if (flags.includes('fold')) continue;
        assert.equal((await runCliInProcess(['undo', date, '--base-path', uri], env)).exit, 0);
        assert.equal(await valuesDigest(running(), partition), before);
      }
    });

    test('a run whose replies are lost at the fold and at the replacement ends well', { skip }, async () => {
      const { base, env, partition } = await dataset(running(), 'lost');
      const before = await valuesDigest(running(), partition);
      const proxy = await startProxy(running());
      try {
        proxy.ambush(({ op }) => op === 'CONCAT', { kind: 'lose-reply' });
        proxy.ambush(({ op, params }) => op === 'RENAME' && params.get('renameoptions') === 'OVERWRITE', {
          kind: 'lose-reply',
        });
        const words = ['--date', date, '--base-path', proxy.webHdfsUri + base, '--output', 'json'];
        const run = await runCliInProcess(words, env);
        assert.equal(run.exit, 0, run.stdout + run.stderr);
        assert.equal(dataFilesOf(await listAll(running(), partition)).length, 1);
        assert.equal(await valuesDigest(running(), partition), before);
      } finally {
        await proxy.close();
      }
    });

    test('it has and lacks what the documentation says', { skip }, async () => {
      assert.deepEqual(await abilitiesOf(running()), known[version]);
    });

    test('the tests of the command line on HDFS', {
      skip: skip || (fullMatrix ? false : 'only in the full run'),
    }, async () => {
      const { code, output } = await runTests(version, [
        'test/hdfs/command-line.test.ts',
        'test/hdfs/readers.test.ts',
      ]);
      assert.equal(code, 0, output.slice(-4_000));
    });
  });
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
