import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CliRun, startProcess } from '../cli/cli-process.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { noHdfs, ownCluster, sharedCluster } from '../support/hdfs-cluster.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { putFile } from '../support/hdfs-seed.ts';
import { environmentPath, repositoryRoot, skipWithoutPython } from '../support/python-env.ts';

const skip = (await sharedCluster()) === undefined ? noHdfs : false;
const script = join(repositoryRoot, 'scripts/local-hdfs.sh');

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  const usual = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
  return startProcess(script, args, { env: { ...usual, ...env } }).finished;
}

test('shellcheck finds nothing', { skip: skipWithoutPython() }, async () => {
  const found = await startProcess(join(environmentPath, 'bin/shellcheck'), [script]).finished;
  assert.equal(found.stdout, '');
  assert.equal(found.exit, 0);
});

test('without a usable Java or Maven it says what to install, with exit code 69', async (t) => {
  const directory = await tempDirectory(t);
  const tools = join(directory, 'tools');
  await mkdir(tools);
  for (const name of ['bash', 'sed', 'dirname', 'mktemp', 'mkdir', 'tail', 'rm', 'mv', 'id']) {
    const place = ['/bin', '/usr/bin'].find((where) => existsSync(join(where, name)));
    await symlink(join(place ?? '/bin', name), join(tools, name));
  }
  const env = { PATH: tools, XDG_CACHE_HOME: join(directory, 'cache') };
  const java = (version: string): Promise<void> =>
    writeFile(join(tools, 'java'), `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`, { mode: 0o755 });

  const absent = await run(['jars'], env);
  assert.equal(absent.exit, 69);
  assert.match(absent.stderr, /no Java was found .*\n.*Install one, 11 to 23/);
  for (const version of ['1.8.0_392', '25.0.1']) {
    await java(version);
    const wrong = await run(['jars'], env);
    assert.equal(wrong.exit, 69, version);
    assert.match(wrong.stderr, new RegExp(`java is Java ${version}; Hadoop needs 11 to 23`));
  }
  await java('17.0.15');
  const withoutMaven = await run(['jars'], env);
  assert.equal(withoutMaven.exit, 69);
  assert.match(withoutMaven.stderr, /Maven was not found/);
});

test('what stands in its way is named, and stays', async (t) => {
  const directory = await tempDirectory(t);
  assert.match((await run(['status', '--state', join(directory, 'none')])).stderr, /there is no cluster in/);
  assert.equal((await run(['nonsense'])).exit, 2);
  assert.equal((await run(['start', '--state'])).exit, 2);
  await writeFile(join(directory, 'precious'), 'x');
  await run(['remove', '--state', directory]);
  assert.deepEqual(await readdir(directory), ['precious']);
});

test('a foreign directory or a taken port keeps it from starting', { skip }, async (t) => {
  const directory = await tempDirectory(t);
  await writeFile(join(directory, 'precious'), 'x');
  const foreign = await run(['start', '--state', directory]);
  assert.equal(foreign.exit, 2);
  assert.match(foreign.stderr, /holds something else/);
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const taken = await run(['start', '--state', join(directory, 'state'), '--webhdfs-port', String(port)]);
  assert.equal(taken.exit, 69);
  assert.match(taken.stderr, new RegExp(`port ${port} is taken`));
});

test('files outlive kill -9 and a stop; properties count; nothing outlives remove', { skip }, async () => {
  const cluster = await ownCluster({ properties: { 'dfs.ls.limit': '3' } });
  const state = ['--state', cluster.stateDirectory];
  await putFile(cluster, '/kept', Buffer.from('still here'));
  const read = async (): Promise<string> =>
    (await hdfs(cluster, { method: 'GET', op: 'OPEN', path: '/kept' })).body.toString();
  await cluster.killNameNode();
  await assert.rejects(read(), /ECONNREFUSED|ECONNRESET|socket hang up/);
  await cluster.startNameNode();
  await cluster.killDataNode();
  await cluster.startDataNode();
  assert.equal(await read(), 'still here');
  assert.equal((await run(['stop', ...state])).exit, 0);
  assert.equal((await run(['status', ...state])).exit, 3);
  assert.equal((await run(['start', ...state])).exit, 0);
  assert.equal(await read(), 'still here');
  assert.match(readFileSync(join(cluster.stateDirectory, 'conf/hdfs-site.xml'), 'utf8'), /dfs\.ls\.limit/);
  assert.match(await cluster.dfsadmin('-safemode', 'get'), /Safe mode is OFF/);
  await cluster.pauseDataNode();
  await cluster.resumeDataNode();
  assert.equal(await read(), 'still here');
  await cluster.stop();
  assert.ok(!existsSync(cluster.stateDirectory));
});

test('it ends with its owner, however that ended', { skip }, async (t) => {
  const state = join(await tempDirectory(t), 'state');
  const owner = spawn('sleep', ['600']);
  const started = await run(['start', '--state', state, '--free-ports', '--owner', String(owner.pid)]);
  assert.equal(started.exit, 0, started.stderr);
  const pids = ['namenode', 'datanode'].map((name) =>
    Number(readFileSync(join(state, `${name}.pid`), 'utf8')),
  );
  owner.kill('SIGKILL');
  for (let attempt = 0; attempt < 100 && existsSync(join(state, 'settings')); attempt++) await sleep(100);
  assert.ok(!existsSync(join(state, 'settings')), 'its state is still there after 10 s');
  for (const pid of pids) await gone(pid);
});

/** A process that has ended is there until init has asked for its exit code. */
async function gone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      process.kill(pid, 0);
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'ESRCH');
      return;
    }
    await sleep(100);
  }
  assert.fail(`process ${pid} is still there after 10 s`);
}
