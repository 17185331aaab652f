import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { type CliRun, mainPath, startProcess } from '../cli/cli-process.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
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
async function runWith(workerFlags: readonly string[]): Promise<{ run: CliRun; tasks: readonly string[] }> {
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
    const worker = startProcess('/bin/sh', ['-c', ...words], { env: environment() });
    void worker.finished.then(({ stdout }) => connection.write(stdout));
  });
  const exit = await new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return { run: { exit, ...said }, tasks };
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
}
