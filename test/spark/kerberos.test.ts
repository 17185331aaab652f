import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { tokensIn } from '../../src/store/webhdfs/auth/hadoop-credentials.ts';
import { type CliRun, mainPath, startProcess } from '../cli/cli-process.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { hadoopJars } from '../support/hadoop-process.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { kerberosModules, skipWithoutKerberos } from '../support/kerberos-module.ts';
import { type KerberosRealm, startRealm } from '../support/kerberos-realm.ts';
import { type SecureHdfs, startSecureHdfs } from '../support/secure-hdfs.ts';

/** Workers on an HDFS that believes nobody: each proves who it is by itself, or merges nothing. */
const skip = fullMatrix ? skipWithoutKerberos() : true;
const date = '2025-08-15';
const base = '/executors';
const partition = `${base}/date=${date}`;
let realm: KerberosRealm;
let cluster: SecureHdfs;
let keytab: string;

before(
  async () => {
    if (skip !== false) return;
    realm = await startRealm();
    keytab = await realm.keytab('etl.keytab', 'etl');
    cluster = await startSecureHdfs(realm);
    const files = await smallFiles(8, { rowsPerFile: 10 });
    await seedPartition(cluster, { partition, files });
    for (const path of [base, partition, ...files.map(({ name }) => `${partition}/${name}`)]) {
      await hdfs(cluster, { method: 'PUT', op: 'SETOWNER', path, params: { owner: 'etl', group: 'etl' } });
    }
  },
  { timeout: 180_000 },
);

after(async () => {
  await cluster?.stop();
  await realm?.stop();
});

function environment(): Record<string, string> {
  return { ...realm.env, NODE_PATH: kerberosModules, MAX_RETRIES: '1', KRB5CCNAME: '/nonexistent' };
}

/** Runs the program with a keytab, and a worker with these flags for each bin. */
async function runWith(
  workerFlags: readonly string[],
  workerEnv: Readonly<Record<string, string>> = {},
): Promise<{ run: CliRun; tasks: readonly string[] }> {
  const proof = ['--keytab', keytab, '--principal', 'etl'];
  const flags = ['--date', date, '--base-path', `${cluster.webHdfsUri}${base}`, '--executors', '3', ...proof];
  const child = spawn(process.execPath, [mainPath, ...flags], {
    env: { PATH: process.env.PATH ?? '', ...environment() },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const tasks: string[] = [];
  // A pipe beyond the first three goes both ways.
  const connection = child.stdio[3] as Duplex;
  connection.on('error', () => {});
  createInterface({ input: connection }).on('line', (line) => {
    if (line.includes('"cancel":true')) return;
    tasks.push(line);
    const script = 'line=$1; shift; printf "%s\\n" "$line" | "$@"';
    const words = [script, 'sh', line, process.execPath, mainPath, 'merge-bin', ...workerFlags];
    const worker = startProcess('/bin/sh', ['-c', ...words], { env: { ...environment(), ...workerEnv } });
    void worker.finished.then(({ stdout }) => connection.write(stdout));
  });
  const exit = await new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return { run: { exit, ...said }, tasks };
}

/** A file of tokens as YARN gives to containers, made by Hadoop itself for whom the ticket is of; resolves to its path. */
async function tokenFile(): Promise<string> {
  const { directory } = await hadoopJars();
  const path = join(realm.directory, 'container_tokens');
  const java = process.env.JAVA_HOME === undefined ? 'java' : join(process.env.JAVA_HOME, 'bin/java');
  const words = [
    `-Djava.security.krb5.conf=${realm.configPath}`,
    ...['-cp', `${cluster.configDirectory}:${directory}/lib/*`],
    ...['org.apache.hadoop.hdfs.tools.DelegationTokenFetcher', '--renewer', 'yarn', path],
  ];
  const ticket = await realm.ticket('etl.cache', 'etl', keytab);
  await promisify(execFile)(java, words, { env: { ...process.env, KRB5CCNAME: ticket } });
  return path;
}

if (fullMatrix) {
  test('a worker proves who it is by a keytab of its own; without one it merges nothing', {
    skip,
    timeout: 180_000,
  }, async () => {
    const digest = await valuesDigest(cluster, partition);
    const unproven = await runWith([]);
    assert.equal(unproven.run.exit, 10, unproven.run.stderr);
    assert.match(unproven.run.stderr, /error: .*on an executor: .*(Kerberos|ticket|principal)/);
    assert.match(
      unproven.run.stderr,
      /next: +each executor proves who it is by itself.*--files etl\.keytab/s,
    );
    assert.equal(dataFilesOf(await listAll(cluster, partition)).length, 8);

    const proven = await runWith(['--keytab', keytab, '--principal', 'etl']);
    assert.equal(proven.run.exit, 0, proven.run.stderr);
    const [merged, ...others] = dataFilesOf(await listAll(cluster, partition));
    assert.deepEqual([merged?.owner, others.length], ['etl', 0]);
    assert.equal(await valuesDigest(cluster, partition), digest);
    for (const line of [...unproven.tasks, ...proven.tasks]) {
      assert.ok(!/keytab|delegation|hadoop\.auth/i.test(line.replace('"kerberosPrincipal"', '')), line);
    }
  });

  test('in a container of YARN a worker uses the delegation token that lies there, and nothing else', {
    skip,
    timeout: 180_000,
  }, async () => {
    const files = await smallFiles(8, { rowsPerFile: 10 });
    await hdfs(cluster, { method: 'DELETE', op: 'DELETE', path: partition, params: { recursive: true } });
    await seedPartition(cluster, { partition, files });
    for (const path of [partition, ...files.map(({ name }) => `${partition}/${name}`)])
      await hdfs(cluster, { method: 'PUT', op: 'SETOWNER', path, params: { owner: 'etl', group: 'etl' } });
    const digest = await valuesDigest(cluster, partition);
    const [file, other] = [await tokenFile(), join(realm.directory, 'absent')];
    const unproven = await runWith([], { HADOOP_TOKEN_FILE_LOCATION: other });
    assert.equal(unproven.run.exit, 10, unproven.run.stderr);
    assert.match(unproven.run.stderr, /on an executor: .*token in .*absent: it cannot be read \(ENOENT\)/);
    const proven = await runWith([], { HADOOP_TOKEN_FILE_LOCATION: file });
    assert.equal(proven.run.exit, 0, proven.run.stderr);
    const [merged, ...others] = dataFilesOf(await listAll(cluster, partition));
    assert.deepEqual([merged?.owner, others.length], ['etl', 0]);
    assert.equal(await valuesDigest(cluster, partition), digest);
    for (const { secret } of tokensIn(await readFile(file)) ?? assert.fail('no tokens'))
      for (const text of [...proven.tasks, proven.run.stderr, unproven.run.stderr])
        assert.ok(!text.includes(secret));
  });
}
