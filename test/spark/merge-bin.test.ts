import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOf, settingsAt } from '../../src/cli/merge-bin/dataset-place.ts';
import { doneLine, idOf, type PlacedTask, parseAnswerLine, taskLine } from '../../src/cli/merge-bin/lines.ts';
import { packageVersion } from '../../src/cli/package-files.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { parseAttemptName } from '../../src/partition/names.ts';
import type { MergeTask } from '../../src/pipeline/bin-executor.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { refOf } from '../../src/store/store.ts';
import { type CliRun, mainPath, runCli } from '../cli/cli-process.ts';
import { date, demoDataset, treeDigest } from '../cli/dataset.ts';

const version = packageVersion();

/** A task over the files of a partition, and a directory for its attempts. */
async function placedTask(t: TestContext): Promise<PlacedTask> {
  const { basePath, partition } = await demoDataset(t);
  const attemptsDirectory = join(basePath, 'attempts');
  await mkdir(attemptsDirectory);
  const settings = await loadSettings({ flags: { 'base-path': basePath }, env: {} });
  const listed = (await localStore().list(partition)) ?? assert.fail('no partition');
  const task: MergeTask = {
    id: 'task-7',
    binIndex: 3,
    attemptsDirectory,
    inputs: listed.map((status) => ({ path: status.path, ref: refOf(status) })),
    recipe: {
      schema: 'exact',
      compression: settings.compression,
      memoryBytes: undefined,
      stamp: { inputSizeBytes: 1, inputFiles: listed.length, runId: '20250815T020000Z-abcdef' },
      createdBy: 'parquet-consolidator version 0.0.0-test',
    },
  };
  return { place: placeOf(settings, ''), task };
}

/** Runs the worker on these lines. */
async function answersTo(
  lines: readonly string[],
): Promise<CliRun & { readonly answers: readonly string[] }> {
  const child = spawn(process.execPath, [mainPath, 'merge-bin'], { env: { PATH: process.env.PATH ?? '' } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const exit = await ended(child);
  return { exit, stdout, stderr, answers: stdout.split('\n').slice(0, -1) };
}

function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

test('the worker answers each line with one, whatever becomes of it', async (t) => {
  const placed = await placedTask(t);
  const [first] = placed.task.inputs;
  if (first === undefined) throw new Error('no input');
  const gone = { ...first, ref: { ...first.ref, modifiedAtMs: 1 } };
  const { exit, stderr, answers } = await answersTo([
    'no JSON',
    taskLine(placed, version),
    taskLine({ ...placed, task: { ...placed.task, id: 'changed', inputs: [gone] } }, version),
    taskLine(placed, '0.0.1'),
  ]);
  assert.equal(exit, 0, stderr);
  assert.deepEqual(answers.map(idOf), [undefined, 'task-7', 'changed', 'task-7']);
  const [, done, changed, other] = answers.map((line) => parseAnswerLine(line, version));
  assert.ok(done !== undefined && 'done' in done);
  assert.equal(parseAttemptName(done.done.attempt), 3);
  assert.deepEqual(await readdir(placed.task.attemptsDirectory), [done.done.attempt]);
  assert.ok(changed !== undefined && 'failed' in changed && changed.failed.kind === 'store');
  assert.ok(other !== undefined && 'failed' in other && other.failed.kind === 'config');
});

test('a worker whose parent is killed ends by itself', async (t) => {
  const script = 'echo "$$"; "$0" "$1" merge-bin <&3 & echo "$!"; wait';
  const parent = spawn('/bin/sh', ['-c', script, process.execPath, mainPath], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  t.after(() => parent.kill('SIGKILL'));
  const lines = createInterface({ input: parent.stdout ?? assert.fail('no stdout') })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value ?? '';
  const shell = Number(await next());
  const pid = Number(await next());
  t.after(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  assert.equal(shell, parent.pid);
  // Once it has answered, it has long seen who its parent is.
  (parent.stdio[3] as Duplex).write('no JSON\n');
  assert.match(await next(), /"failed"/);
  parent.kill('SIGKILL');
  const begunMs = performance.now();
  while (isAlive(pid)) {
    assert.ok(performance.now() - begunMs < 60_000, 'it lives on');
    await sleep(100);
  }
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A run on a dataset whose executors are this test: `serve` gets its side of the connection. */
async function runWith(
  t: TestContext,
  serve: (connection: Duplex, task: string, taskId: string) => void,
): Promise<{ readonly run: CliRun; readonly isUntouched: boolean }> {
  const { basePath, partition } = await demoDataset(t);
  const before = treeDigest(partition);
  const flags = ['--date', date, '--base-path', basePath, '--executors', '3', '--output', 'json'];
  const child = spawn(process.execPath, [mainPath, ...flags], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A pipe beyond the first three goes both ways.
  const connection = child.stdio[3] as Duplex;
  connection.on('error', () => {});
  createInterface({ input: connection }).on('line', (line) => {
    const id = idOf(line) ?? '';
    if (!line.includes('"cancel":true')) serve(connection, line, id);
  });
  const exit = await ended(child);
  const isUntouched =
    treeDigest(partition) === before && (await readdir(join(basePath, '_consolidation'))).length === 0;
  return { run: { exit, stdout, stderr }, isUntouched };
}

test('a run without executors, or with ones that make no sense, leaves everything as it was and says why', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const before = treeDigest(partition);
  const flags = ['--date', date, '--base-path', basePath];
  for (const descriptor of ['977', 'spark', '-1']) {
    const run = await runCli([...flags, `--executors=${descriptor}`]);
    assert.equal(run.exit, 2, run.stderr);
    assert.match(run.stderr, /no connection of that number/);
  }
  assert.equal(treeDigest(partition), before);

  const done = {
    attempt: 'bin-0-0123456789abcdef.staged',
    merged: { rows: 1, rowGroups: 1, sizeBytes: 1, columns: [], warnings: [] },
    written: { sizeBytes: 1, sha256: '00' },
  };
  const cases: readonly (readonly [number, string, Parameters<typeof runWith>[1]])[] = [
    [10, 'executors-gone', (connection) => connection.destroy()],
    [
      10,
      'executor-answer',
      (connection, _, id) => connection.write(`{"id":"${id}","version":"${version}","format":1}\n`),
    ],
    [
      10,
      'executor-lost',
      (connection, _, id) => connection.write(`{"id":"${id}","lost":"its rack is on fire"}\n`),
    ],
    [2, 'worker-version', (connection, _, id) => connection.write(`${doneLine(id, done, '0.0.1')}\n`)],
    [
      10,
      'attempt-missing',
      (connection, _, id) =>
        // What nobody asked for is passed over.
        connection.write(`no JSON\n{"id":"another"}\n${doneLine(id, done, version)}\n`),
    ],
  ];
  for (const [exit, code, serve] of cases) {
    const { run, isUntouched } = await runWith(t, serve);
    assert.equal(run.exit, exit, run.stderr);
    assert.ok(run.stdout.includes(`"code":"${code}"`), run.stdout.slice(-1_000));
    assert.ok(isUntouched, code);
  }
});

test('what is said of the place of a dataset holds no secret, and who has proofs of its own uses them', async () => {
  const env = {
    HDFS_NAMENODE: 'nn.example.com:8020',
    DATABASE_URL: 'postgresql://user:secret@db/x',
    ALERT_WEBHOOK_URL: 'https://hooks.example.com/secret',
    HDFS_CLIENT_KEY_FILE: '/secret/key.pem',
    HDFS_CLIENT_CERTIFICATE_FILE: '/secret/certificate.pem',
    HDFS_CA_FILE: '/secret/ca.pem',
    KERBEROS_KEYTAB: '/secret/etl.keytab',
    KERBEROS_PRINCIPAL: 'etl@EXAMPLE.COM',
    HADOOP_PROXY_USER: 'alice',
  };
  const driver = await loadSettings({ flags: { 'base-path': '/data' }, env });
  const place = placeOf(driver, 'etl');
  assert.ok(!JSON.stringify(place).includes('secret'));
  const here = await loadSettings({ flags: { 'base-path': 'file:///' }, env: {} });
  const there = settingsAt(here, JSON.parse(JSON.stringify(place)));
  assert.deepEqual(there.base, driver.base);
  const { user, authentication, kerberosPrincipal, kerberosKeytab, proxyUser, tls } = there.hdfs;
  assert.deepEqual(
    [user, authentication, kerberosPrincipal, kerberosKeytab, proxyUser, tls],
    ['etl', 'kerberos', 'etl@EXAMPLE.COM', undefined, 'alice', {}],
  );
  const own = await loadSettings({
    flags: { 'base-path': 'file:///' },
    env: {
      KERBEROS_KEYTAB: '/etc/worker.keytab',
      KERBEROS_PRINCIPAL: 'worker@EXAMPLE.COM',
      HDFS_CA_FILE: '/etc/ca.pem',
    },
  });
  const simple = await loadSettings({ flags: { 'base-path': '/data' }, env: { HDFS_NAMENODE: 'nn' } });
  const proven = settingsAt(own, placeOf(simple, 'etl')).hdfs;
  assert.deepEqual(
    [proven.authentication, proven.kerberosPrincipal, proven.kerberosKeytab, proven.tls.caFile],
    ['kerberos', 'worker@EXAMPLE.COM', '/etc/worker.keytab', '/etc/ca.pem'],
  );
});
