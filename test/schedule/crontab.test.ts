import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type CliRun, startProcess } from '../cli/cli-process.ts';
import { addPartition, parquetNames, tempDirectory } from '../cli/dataset.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(root, 'config/cron/crontab'), 'utf8');

/** A crontab as cron reads it. */
function parseCrontab(crontab: string): {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: readonly { readonly times: string; readonly command: string; readonly input: string }[];
} {
  const env: Record<string, string> = {};
  const jobs: { times: string; command: string; input: string }[] = [];
  for (const line of crontab.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      env[name] = value;
      continue;
    }
    const [, times = '', rest = ''] = /^((?:\S+\s+){4}\S+)\s+(.+)$/.exec(line) ?? [];
    // The first % that has no backslash ends the command; what follows is its input. A backslash before a % goes.
    const [command = '', ...input] = rest.split(/(?<!\\)%/);
    jobs.push({ times, command: command.replaceAll('\\%', '%'), input: input.join('\n') });
  }
  return { env, jobs };
}

const { env, jobs } = parseCrontab(text);

test('this parser treats the percent sign as cron does', () => {
  const parsed = parseCrontab('A=b\n1 2 * * * echo \\%s%first%second').jobs;
  assert.deepEqual(parsed, [{ times: '1 2 * * *', command: 'echo %s', input: 'first\nsecond' }]);
});

test('every line has five time fields, and no percent sign cuts its command', () => {
  assert.deepEqual(
    jobs.map(({ times }) => times),
    ['0 2 * * *', '0 3 * * 0'],
  );
  assert.ok(jobs.every(({ input }) => input === ''));
  assert.deepEqual(Object.keys(env), ['SHELL', 'PATH', 'CONSOLIDATION_CONFIG', 'MAILTO']);
});

/** Runs a line as cron would, but for the place of the program, with `logger` writing to a file. */
async function runLine(
  t: TestContext,
  command: string,
  basePath: string,
): Promise<CliRun & { readonly logged: string }> {
  const stubs = await tempDirectory(t);
  const log = join(stubs, 'log');
  await writeFile(join(stubs, 'logger'), `#!/bin/sh\necho "logger $*" >>'${log}'\ncat >>'${log}'\n`);
  await chmod(join(stubs, 'logger'), 0o755);
  const line = command.replaceAll('/opt/parquet-consolidator/', root);
  const run = await startProcess(env.SHELL ?? '', ['-c', line], {
    // Nothing else comes from cron; where this machine keeps Node.js and the configuration, and which dataset it is, comes from the test.
    env: {
      PATH: `${stubs}:${env.PATH}`,
      HOME: stubs,
      LOGNAME: 'etl',
      NODE_BINARY: process.execPath,
      CONSOLIDATION_CONFIG: join(root, 'config/consolidation.yaml'),
      HDFS_BASE_PATH: basePath,
    },
    cwd: stubs,
  }).finished;
  return { ...run, logged: await readFile(log, 'utf8') };
}

test('each line does its work as it stands, and prints nothing when all went well', async (t) => {
  for (const { times, command } of jobs) {
    const basePath = await tempDirectory(t);
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const partition = await addPartition(basePath, yesterday);
    const run = await runLine(t, command, basePath);
    assert.deepEqual([run.exit, run.stdout, run.stderr], [0, '', ''], times);
    assert.match(run.logged, /^logger -t parquet-consolidator\n/);
    assert.match(run.logged, /onsolidated.+21 files into 1/);
    assert.equal((await parquetNames(partition)).length, 1);
  }
});

test('a line whose run fails prints the exit code and all of its output: that is the mail', async (t) => {
  for (const { command } of jobs) {
    const basePath = join(await tempDirectory(t), 'absent');
    const run = await runLine(t, command, basePath);
    assert.match(run.stdout, /^exit code 2\nerror: The base path \S+absent \(file:\) does not exist/);
    assert.equal(run.stderr, '');
    assert.match(run.logged, /The base path/);
  }
});

test('two lines at once: the lock keeps the second one out, without flock', async (t) => {
  const basePath = await tempDirectory(t);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const partition = await addPartition(basePath, yesterday, 5);
  await mkdir(join(basePath, '_consolidation'), { recursive: true });
  const command = jobs[0]?.command ?? '';
  const runs = await Promise.all([runLine(t, command, basePath), runLine(t, command, basePath)]);
  // One did it; the other met the lock (11), or came when all was done (0).
  for (const run of runs) assert.ok(run.stdout === '' || run.stdout.startsWith('exit code 11\n'), run.stdout);
  assert.ok(runs.some(({ stdout }) => stdout === ''));
  assert.equal((await parquetNames(partition)).length, 1);
});
