import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { partitionNotices } from '../../src/cli/notify.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { type CliRun, jsonOf } from '../cli/cli-process.ts';
import { addPartition, date, demoDataset, parquetNames, settle } from '../cli/dataset.ts';
import { type ListeningServer, listeningServer } from '../support/listening-server.ts';

/** A run against a webhook whose URL holds secrets, none of which may be seen. */
async function runWith(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun> {
  const run = await runCliInProcess(args, { PATH: process.env.PATH ?? '', ...env });
  assert.doesNotMatch(run.stdout + run.stderr, /SECRET/);
  return run;
}

const hookUrl = ({ port }: Pick<ListeningServer, 'port'>): string =>
  `http://127.0.0.1:${port}/SECRET-PATH?k=SECRET`;

/** A partition that is refused. */
async function damage(partition: string): Promise<void> {
  const [first = ''] = await parquetNames(partition);
  await writeFile(join(partition, first), `PAR1${'x'.repeat(500)}PAR1`);
  await settle(partition);
}

test('a run that fails tells the webhook, once, in words and figures; one that does not says nothing', async (t) => {
  const server = await listeningServer(t);
  const env = { ALERT_WEBHOOK_URL: hookUrl(server) };
  const { basePath } = await demoDataset(t);
  const good = await runWith(['--date', date, '--base-path', basePath], env);
  assert.deepEqual([good.exit, server.seen.length], [0, 0]);

  await damage(await addPartition(basePath, '2025-08-14'));
  await damage(await addPartition(basePath, '2025-08-13'));
  const bad = await runWith(['--date', date, '--days-back', '2', '--base-path', basePath], env);
  assert.equal(bad.exit, 3);
  const [told, ...others] = server.seen;
  assert.deepEqual([told?.path, others], ['/SECRET-PATH?k=SECRET', []]);
  const body: Readonly<Record<string, unknown>> = told?.body ?? {};
  assert.match(String(body.text), /^Insurance.+: exit code 3 on \S+\. 2025-08-13: .+ \(and 1 more\)\.$/);
  assert.deepEqual(
    [body.event, body.exitCode, body.dataset, body.consolidated, (body.failed as unknown[]).length],
    ['run-failed', 3, basePath, 0, 2],
  );
});

test('a run that ends before it begins tells the webhook too; a dry run, or another command, does not', async (t) => {
  const server = await listeningServer(t);
  const env = { ALERT_WEBHOOK_URL: hookUrl(server) };
  const { basePath, partition } = await demoDataset(t);
  const absent = join(basePath, 'absent');
  await runWith(['--date', date, '--dry-run', '--base-path', absent], env);
  await runWith(['scan', '--base-path', absent], env);
  await damage(partition);
  await runWith(['--date', date, '--dry-run', '--base-path', basePath], env);
  assert.equal(server.seen.length, 0);
  const run = await runWith(['--date', date, '--base-path', absent], env);
  assert.equal(run.exit, 2);
  assert.match(
    String(server.seen[0]?.body.text),
    /exit code 2 on \S+absent\. The base path .+does not exist.+ Data: nothing was touched\.$/,
  );
});

test('a webhook that is dead, silent or refuses is a warning and a count, never another exit code', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  await damage(partition);
  const refusing = await listeningServer(t, [403]);
  const failed = await runWith(['--date', date, '--base-path', basePath], {
    ALERT_WEBHOOK_URL: hookUrl(refusing),
  });
  assert.equal(failed.exit, 12);
  assert.match(
    failed.stderr,
    /\nwarning: the webhook could not be told that the run failed: http:\/\/127\.0\.0\.1:\d+\/… answered 403\n/,
  );
  const textfile = join(basePath, 'metrics.prom');
  const dead = { ALERT_WEBHOOK_URL: 'http://127.0.0.1:1/SECRET', METRICS_TEXTFILE: textfile };
  assert.equal((await runWith(['--date', date, '--base-path', basePath], dead)).exit, 12);
  assert.match(await readFile(textfile, 'utf8'), /sink_failures\{[^}]*sink="webhook"[^}]*\} 1\n/);
});

test('a URL that is none is refused without being shown', async (t) => {
  const { basePath } = await demoDataset(t);
  for (const name of ['ALERT_WEBHOOK_URL', 'AFTER_SWAP_URL', 'OPENLINEAGE_URL']) {
    const run = await runWith(['--date', date, '--base-path', basePath], {
      [name]: 'ftp://SECRET@host/SECRET',
    });
    assert.equal(run.exit, 2);
    assert.match(run.stderr, new RegExp(`environment variable ${name} is no such URL; allowed: `));
  }
});

test('the post-swap hook runs after each consolidation and each undo, and a failing one fails nothing', async (t) => {
  const { basePath } = await demoDataset(t);
  const log = join(basePath, 'hook.log');
  const command = `echo "$CONSOLIDATED_KIND $CONSOLIDATED_DATE $CONSOLIDATED_FILES_BEFORE $CONSOLIDATED_PARTITION" >>'${log}'`;
  const flags = ['--base-path', basePath];
  await addPartition(basePath, '2025-08-14');
  const dry = await runWith(['--date', date, '--dry-run', ...flags], { AFTER_SWAP_COMMAND: command });
  assert.equal(dry.exit, 0);
  const run = await runWith(['--date', date, '--days-back', '2', ...flags, '--verbose'], {
    AFTER_SWAP_COMMAND: command,
  });
  assert.equal(run.exit, 0);
  assert.match(run.stderr, /info: {2}2025-08-15: post-swap hook done {2}\(.+s\)\n/);
  assert.equal((await runWith(['undo', date, ...flags], { AFTER_SWAP_COMMAND: command })).exit, 0);
  // Partitions are at work at once, and end in any order.
  const [one = '', other = '', ...last] = (await readFile(log, 'utf8')).trim().split('\n');
  assert.deepEqual(
    [...[one, other].toSorted(), ...last],
    [
      `consolidate 2025-08-14 21 ${basePath}/date=2025-08-14`,
      `consolidate 2025-08-15 21 ${basePath}/date=2025-08-15`,
      `undo 2025-08-15  ${basePath}/date=2025-08-15`,
    ],
  );

  const textfile = join(basePath, 'metrics.prom');
  const env = { AFTER_SWAP_COMMAND: 'echo broken; exit 3', METRICS_TEXTFILE: textfile };
  const args = ['--date', date, '--force', '--quiet-minutes', '0', '--output', 'json'];
  const failing = await runWith([...args, ...flags], env);
  assert.equal(failing.exit, 0);
  const [partition] = jsonOf(failing).partitions as PartitionResult[];
  assert.equal(partition?.result, 'consolidated');
  assert.deepEqual(partition?.warnings, ['the post-swap command ended with exit code 3; it said: broken']);
  assert.match(failing.stderr, /warning: 2025-08-15: the post-swap command ended with exit code 3/);
  assert.match(await readFile(textfile, 'utf8'), /sink_failures\{[^}]*sink="post-swap-hook"[^}]*\} 1\n/);
});

function consolidated(): PartitionResult {
  return {
    date,
    partitionPath: '/data/p',
    result: 'consolidated',
    rule: 'small-files',
    reason: '',
    filesBefore: 2,
    bytesBefore: 2,
    rows: 2,
    filesAfter: 1,
    filesKept: 0,
    bytesKept: 0,
    outputs: [],
    phaseMs: {},
    durationMs: 1,
    warnings: ['first'],
  };
}

async function takeLong(server: ListeningServer, slowAfterMs: number, isLong: boolean) {
  const notices = partitionNotices({
    notify: { webhookUrl: hookUrl(server), slowAfterMs, afterSwap: { timeoutMs: 1000 } },
    title: 'Telemetry',
    dataset: '/data',
    mode: 'rewrite',
    env: {},
    log: silentLogger,
  });
  const result = await notices.around(date, async () => {
    // It goes on for as long as nobody was told.
    while (isLong && server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return consolidated();
  });
  return { result, failures: notices.failures() };
}

test('a partition that takes longer than set is told of while it is at work, and once', async (t) => {
  const server = await listeningServer(t);
  const slow = await takeLong(server, 20, true);
  assert.deepEqual([slow.result.warnings, slow.failures], [['first'], {}]);
  assert.equal(server.seen.length, 1);
  const { text, event, date: day, slowAfterSeconds } = server.seen[0]?.body ?? {};
  assert.equal(text, 'Telemetry: consolidating 2025-08-15 of /data has taken 0.02 s and goes on.');
  assert.deepEqual([event, day, slowAfterSeconds], ['partition-slow', date, 0.02]);

  const quick = await listeningServer(t);
  await takeLong(quick, 60_000, false);
  assert.equal(quick.seen.length, 0);
  const refusing = await listeningServer(t, [404]);
  const { result, failures } = await takeLong(refusing, 20, true);
  assert.deepEqual(failures, { webhook: 1 });
  assert.match(
    result.warnings[1] ?? '',
    /^the webhook could not be told that it takes long: .+ answered 404$/,
  );
});

test('the hook also runs where files became one before a swap stopped, and where an earlier swap was settled', async (t) => {
  const server = await listeningServer(t);
  const notices = partitionNotices({
    notify: { afterSwap: { url: hookUrl(server), timeoutMs: 30_000 } },
    title: 'Telemetry',
    dataset: 'hdfs://nn:8020/data',
    mode: 'rewrite',
    env: {},
    log: silentLogger,
  });
  const failed = { ...consolidated(), result: 'failed', rule: 'x' } as const;
  const error = { code: 'stopped-folded', exitCode: 3, message: 'm', dataState: 'd' } as const;
  await notices.around(date, async () => ({ ...failed, error }));
  await notices.around(date, async () => ({ ...failed, error: { ...error, code: 'lock-held' } }));
  await notices.around(date, async () => ({ ...failed, result: 'nothing', swapsRecovered: 1 }));
  await notices.around(date, async () => ({ ...failed, result: 'nothing' }));
  assert.deepEqual(
    server.seen.map(({ body }) => [body.kind, body.partition]),
    [
      ['fold', 'hdfs://nn:8020/data/date=2025-08-15'],
      ['recover', 'hdfs://nn:8020/data/date=2025-08-15'],
    ],
  );
});

test('OpenLineage: START and COMPLETE of one run, with the partition as input and output', async (t) => {
  const server = await listeningServer(t, [201]);
  const { basePath } = await demoDataset(t);
  const env = { OPENLINEAGE_URL: `http://127.0.0.1:${server.port}`, OPENLINEAGE_API_KEY: 'SECRET' };
  assert.equal((await runWith(['--date', date, '--base-path', basePath], env)).exit, 0);
  assert.deepEqual(
    server.seen.map(({ path, body }) => [path, body.eventType]),
    [
      ['/api/v1/lineage', 'START'],
      ['/api/v1/lineage', 'COMPLETE'],
    ],
  );
  assert.equal(server.seen[0]?.headers.authorization, 'Bearer SECRET');
  const [start, end] = server.seen.map(({ body }) => body as unknown as LineageEvent);
  assert.ok(start !== undefined && end !== undefined);
  assert.equal(start.run.runId, end.run.runId);
  assert.match(end.run.runId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Date.parse(start.eventTime) <= Date.parse(end.eventTime));
  const [output] = end.outputs;
  assert.deepEqual([output?.namespace, output?.name], ['file', `${basePath}/date=${date}`]);
  const { rowCount, fileCount } = output?.outputFacets.outputStatistics ?? {};
  assert.deepEqual([rowCount, fileCount], [10_280, 1]);

  const refused = await listeningServer(t, [400]);
  await addPartition(basePath, '2025-08-14');
  const again = { OPENLINEAGE_URL: `http://127.0.0.1:${refused.port}/own/path` };
  const run = await runWith(['--date', '2025-08-14', '--base-path', basePath], again);
  assert.equal(run.exit, 0);
  assert.match(run.stderr, /^warning: the lineage of the run could not be told: \S+ answered 400\n$/);
  assert.equal(refused.seen[0]?.path, '/own/path');
});

interface LineageEvent {
  readonly eventTime: string;
  readonly run: { readonly runId: string };
  readonly outputs: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly outputFacets: { readonly outputStatistics: Readonly<Record<string, unknown>> };
  }[];
}
