import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pushSink } from '../../src/telemetry/metrics/push.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { startProcess } from '../cli/cli-process.ts';
import { addPartition, date, demoDataset, tempDirectory } from '../cli/dataset.ts';
import { freePort } from '../support/free-port.ts';
import {
  type HttpServer,
  prometheusProgram,
  skipWithoutPrometheus,
  startPushgateway,
} from '../support/prometheus-servers.ts';
import { damagedPartition } from './damaged-partition.ts';
import { parseMetrics } from './parsed-metrics.ts';
import { sampleReport } from './sample-report.ts';

const quiet = { QUIET_MINUTES: '0' };

describe('a run and a Pushgateway', { skip: skipWithoutPrometheus() }, () => {
  let gateway: HttpServer;
  before(async () => {
    gateway = await startPushgateway();
  });
  after(() => gateway?.stop());

  const scraped = async (): Promise<string> => (await fetch(`${gateway.url}/metrics`)).text();
  const groupOf = async (dataset: string): Promise<ReturnType<typeof parseMetrics>> =>
    parseMetrics(await scraped()).filter(({ labels }) => labels.dataset === dataset);
  const metric = async (
    dataset: string,
    name: string,
    label: Record<string, string> = {},
  ): Promise<number | undefined> =>
    (await groupOf(dataset)).find(
      (one) =>
        one.name === `parquet_consolidation_${name}` &&
        Object.entries(label).every(([key, value]) => one.labels[key] === value),
    )?.value;

  test('a success pushes every figure, by flag, with job and dataset as its group and no instance', async (t) => {
    const { basePath } = await demoDataset(t);
    const before = Date.now() / 1000;
    const run = await runCliInProcess(
      ['--date', date, '--base-path', basePath, '--pushgateway', `${gateway.url}/`, '--output', 'json'],
      quiet,
    );
    assert.equal(run.exit, 0, run.stderr);
    assert.equal(run.stderr, '');
    const [partition] = JSON.parse(run.stdout).partitions;
    const [first] = await groupOf(basePath);
    assert.equal(first?.labels.job, 'parquet_consolidation');
    assert.equal(first?.labels.instance, '');
    assert.equal(await metric(basePath, 'last_run_success'), 1);
    assert.equal(await metric(basePath, 'last_run_exit_code'), 0);
    const success = (await metric(basePath, 'last_success_timestamp_seconds')) ?? 0;
    assert.ok(success >= before && success <= Date.now() / 1000, `${success}`);
    assert.equal(await metric(basePath, 'last_run_timestamp_seconds'), success);
    assert.equal(await metric(basePath, 'files_consolidated'), 21);
    assert.equal(await metric(basePath, 'files_written'), 1);
    assert.equal(await metric(basePath, 'consolidated_bytes'), partition.bytesBefore);
    assert.equal(await metric(basePath, 'written_bytes'), partition.bytesAfter);
    assert.equal(await metric(basePath, 'rows'), partition.rows);
    assert.equal(await metric(basePath, 'namenode_objects_freed'), 20);
    assert.equal(await metric(basePath, 'file_reduction_ratio'), 1 - 1 / 21);
    assert.equal(
      await metric(basePath, 'storage_gain_ratio'),
      1 - partition.bytesAfter / partition.bytesBefore,
    );
    assert.equal(await metric(basePath, 'partitions', { result: 'consolidated' }), 1);
    assert.equal(await metric(basePath, 'partitions', { result: 'failed' }), 0);
    const seconds = partition.durationMs / 1000;
    assert.equal(await metric(basePath, 'partition_duration_longest_seconds'), seconds);
    assert.equal(await metric(basePath, 'files_per_second'), 21 / seconds);
    assert.ok(((await metric(basePath, 'last_run_duration_seconds')) ?? 0) >= seconds);
    assert.equal(
      await metric(basePath, 'phase_duration_seconds', { phase: 'merge' }),
      partition.phaseMs.merge / 1000,
    );
  });

  test('a failure adds to the group: the last success stays, what failed is said by code', async (t) => {
    const { basePath } = await demoDataset(t);
    const env = { ...quiet, PUSHGATEWAY_URL: gateway.url, METRICS_JOB: 'nightly parquet/1' };
    const args = ['--date', date, '--base-path', basePath];
    assert.equal((await runCliInProcess(args, env)).exit, 0);
    const success = await metric(basePath, 'last_success_timestamp_seconds');
    assert.ok(success !== undefined);
    const bad = await damagedPartition(basePath);
    const failed = await runCliInProcess(['--date', bad, '--base-path', basePath], env);
    assert.equal(failed.exit, 12, failed.stderr);
    assert.equal((await groupOf(basePath))[0]?.labels.job, 'nightly parquet/1');
    assert.equal(await metric(basePath, 'last_success_timestamp_seconds'), success);
    assert.equal(await metric(basePath, 'last_run_success'), 0);
    assert.equal(await metric(basePath, 'last_run_exit_code'), 12);
    assert.ok(((await metric(basePath, 'last_run_timestamp_seconds')) ?? 0) > success);
    const errors = (await groupOf(basePath)).filter(({ name }) => name === 'parquet_consolidation_errors');
    assert.equal(errors.length, 1);
    assert.equal(await metric(basePath, 'files_consolidated'), 0);
    assert.ok(Number.isNaN(await metric(basePath, 'file_reduction_ratio')));
    // The next success replaces everything, the error's series too.
    assert.equal((await runCliInProcess(args, env)).exit, 0);
    assert.deepEqual(
      (await groupOf(basePath)).filter(({ name }) => name === 'parquet_consolidation_errors'),
      [],
    );
    assert.ok(((await metric(basePath, 'last_success_timestamp_seconds')) ?? 0) > success);
  });

  for (const [what, args, exit, code] of [
    ['a usage error', ['--date', date, '--no-such-flag'], 2, 'usage'],
    ['a date that is none', ['--date', '2025-02-30'], 2, 'date-invalid'],
    ['a wrong setting', ['--date', date, '--min-files', 'many'], 2, 'config-invalid'],
    ['a dataset that is absent', ['--date', date], 2, 'base-path-absent'],
  ] as const) {
    test(`${what} is a failure too`, async (t) => {
      const basePath = join(await tempDirectory(t), 'absent');
      const run = await runCliInProcess([...args, '--base-path', basePath, '--pushgateway', gateway.url], {});
      assert.equal(run.exit, exit, run.stderr);
      assert.equal(await metric(basePath, 'last_run_exit_code'), exit);
      const errors = (await groupOf(basePath)).filter(({ name }) => name === 'parquet_consolidation_errors');
      assert.equal(errors.length, 1);
      if (code !== 'date-invalid') assert.equal(errors[0]?.labels.code, code);
      assert.equal(await metric(basePath, 'last_success_timestamp_seconds'), undefined);
    });
  }

  test('a NameNode that cannot be reached is a failure of that dataset', async () => {
    const basePath = 'hdfs://127.0.0.1:1/data';
    const run = await runCliInProcess(['--date', date, '--base-path', basePath], {
      PUSHGATEWAY_URL: gateway.url,
      HDFS_WEBHDFS_PORT: '1',
      HADOOP_USER_NAME: 'etl',
      MAX_RETRIES: '0',
    });
    assert.equal(run.exit, 10, run.stderr);
    assert.equal(await metric(basePath, 'last_run_exit_code'), 10);
  });

  test('a dry run, and a command that does not consolidate, push nothing', async (t) => {
    const { basePath } = await demoDataset(t);
    const env = { ...quiet, PUSHGATEWAY_URL: gateway.url };
    assert.equal(
      (await runCliInProcess(['--date', date, '--base-path', basePath, '--dry-run'], env)).exit,
      0,
    );
    assert.equal((await runCliInProcess(['recover', '--base-path', basePath], env)).exit, 0);
    assert.equal((await runCliInProcess(['recover', '--base-path', basePath, '--what'], env)).exit, 2);
    assert.equal((await runCliInProcess(['--dry-run', '--date', 'x', '--base-path', basePath], env)).exit, 2);
    assert.deepEqual(await groupOf(basePath), []);
  });

  test('promtool finds nothing to complain of, in what is pushed and in the textfile', async (t) => {
    const { basePath } = await demoDataset(t);
    const textfile = join(await tempDirectory(t), 'consolidation.prom');
    const run = await runCliInProcess(
      ['--date', date, '--base-path', basePath, '--metrics-textfile', textfile],
      quiet,
    );
    assert.equal(run.exit, 0, run.stderr);
    const ours = (await readFile(textfile, 'utf8')).split('\n');
    assert.ok(ours.length > 50);
    assert.equal(await promtoolCheck(`${ours.join('\n')}`), '');
    assert.notEqual(
      await promtoolCheck('bad_total{a="b"} 1\n'),
      '',
      'promtool does complain of what is wrong',
    );
  });
});

describe('a Pushgateway that is not as it should be', () => {
  test('one that is not there, hangs, refuses, or asks for credentials costs a warning and nothing else', async (t) => {
    const { basePath } = await demoDataset(t);
    const refusing = await listen(t, (_request, response) => {
      response.writeHead(400).end('pushed metrics are invalid\nor inconsistent');
    });
    for (const [url, expected] of [
      [
        `http://127.0.0.1:${await freePort()}`,
        /could not be pushed to http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      ],
      [`${refusing}/deep`, /status 400: pushed metrics are invalid or inconsistent/],
      ['http://no-such-host.invalid:9091', /no-such-host\.invalid/],
    ] as const) {
      const run = await runCliInProcess(
        ['--date', date, '--base-path', basePath, '--pushgateway', url],
        quiet,
      );
      assert.equal(run.exit, 0, run.stderr);
      assert.match(run.stderr, expected);
      assert.match(run.stderr, /^warning: /);
      assert.match(run.stderr, /curl /);
    }
  });

  test('one that accepts and never answers is given up', async (t) => {
    const url = await listen(t, () => {});
    const started = performance.now();
    const [warning] = await pushSink({ gateway: { url }, job: 'j', timeoutMs: 300 }).deliver(sampleReport());
    assert.match(warning ?? '', /no reply within 0\.3 s/);
    assert.ok(performance.now() - started < 60_000);
  });

  test('user, password and token reach the gateway and no message', async (t) => {
    const seen: (string | undefined)[] = [];
    const url = await listen(t, (request, response) => {
      seen.push(request.headers.authorization);
      request.resume().on('end', () => response.writeHead(401).end('no'));
    });
    const { basePath } = await demoDataset(t);
    const withUser = url.replace('//', '//us%40er:s3cr3t@');
    const args = ['--date', date, '--base-path', basePath, '--verbose'];
    const runs = [
      await runCliInProcess([...args, '--pushgateway', withUser], quiet),
      await runCliInProcess(args, { ...quiet, PUSHGATEWAY_URL: url, PUSHGATEWAY_BEARER_TOKEN: 't0k3n' }),
      await runCliInProcess([...args, '--pushgateway', 'ftp://user:s3cr3t@host/'], quiet),
    ];
    assert.deepEqual(
      runs.map(({ exit }) => exit),
      [0, 0, 2],
    );
    assert.deepEqual(seen, [`Basic ${Buffer.from('us@er:s3cr3t').toString('base64')}`, 'Bearer t0k3n']);
    for (const { stdout, stderr } of runs) assert.doesNotMatch(stdout + stderr, /s3cr3t|t0k3n/);
    assert.match(runs[0]?.stderr ?? '', /status 401.*PUSHGATEWAY_BEARER_TOKEN/);
    assert.match(runs[2]?.stderr ?? '', /--pushgateway.*allowed: a URL http:\/\/… or https:\/\/…/);
  });
});

describe('the file for node_exporter', () => {
  test('is renamed into place, readable by all, and keeps the last success when a run fails', async (t) => {
    const basePath = await tempDirectory(t);
    const directory = await tempDirectory(t);
    const path = join(directory, 'consolidation.prom');
    await addPartition(basePath, date);
    const args = ['--date', date, '--base-path', basePath, '--metrics-textfile', path];
    const before = process.umask(0o077);
    try {
      assert.equal((await runCliInProcess(args, quiet)).exit, 0);
    } finally {
      process.umask(before);
    }
    assert.equal((await stat(path)).mode & 0o777, 0o644);
    // Who reads it meanwhile reads the old one to its end.
    const reader = await open(path);
    t.after(() => reader.close());
    const old = await readFile(path, 'utf8');
    const success = parseMetrics(await readFile(path, 'utf8')).find(({ name }) =>
      name.includes('last_success'),
    );
    assert.ok(success !== undefined);
    const bad = await damagedPartition(basePath);
    args[1] = bad;
    for (let times = 0; times < 2; times++) {
      assert.equal((await runCliInProcess(args, quiet)).exit, 12);
      const metrics = parseMetrics(await readFile(path, 'utf8'));
      assert.deepEqual(
        metrics.filter(({ name }) => name.includes('last_success')),
        [success],
      );
      assert.equal(metrics.find(({ name }) => name.endsWith('exit_code'))?.value, 12);
    }
    assert.equal(await reader.readFile('utf8'), old);
    assert.deepEqual(await readdir(directory), ['consolidation.prom']);
  });

  test('says how many swaps of killed runs were settled', async (t) => {
    const { basePath } = await demoDataset(t);
    const path = join(await tempDirectory(t), 'consolidation.prom');
    const script = fileURLToPath(new URL('../cli/killed-run.ts', import.meta.url));
    const killed = startProcess(process.execPath, [
      '--import',
      import.meta.resolve('tsx'),
      script,
      basePath,
      date,
    ]);
    assert.equal((await killed.finished).exit, 'SIGKILL');
    const recovered: (number | undefined)[] = [];
    for (let times = 0; times < 2; times++) {
      const args = ['--date', date, '--base-path', basePath, '--metrics-textfile', path];
      const run = await runCliInProcess(args, quiet);
      assert.equal(run.exit, 0, run.stderr);
      const metrics = parseMetrics(await readFile(path, 'utf8'));
      recovered.push(metrics.find(({ name }) => name.endsWith('swaps_recovered'))?.value);
    }
    assert.deepEqual(recovered, [1, 0]);
  });

  test('that cannot be written costs a warning', async (t) => {
    const { basePath } = await demoDataset(t);
    const path = join(basePath, 'absent/consolidation.prom');
    const run = await runCliInProcess(
      ['--date', date, '--base-path', basePath, '--metrics-textfile', path],
      quiet,
    );
    assert.equal(run.exit, 0);
    assert.match(
      run.stderr,
      /^warning: the metrics could not be written to .*absent\/consolidation\.prom: ENOENT/,
    );
  });
});

async function listen(t: TestContext, listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return `http://127.0.0.1:${address.port}`;
}

/** What `promtool check metrics` says; empty when all is well. */
function promtoolCheck(metrics: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(prometheusProgram('promtool'), ['check', 'metrics']);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (status) => resolve(said === '' && status !== 0 ? `status ${status}` : said));
    child.stdin.end(metrics);
  });
}
