import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runAfterSwap, type SwappedPartition } from '../../src/telemetry/hooks/after-swap.ts';
import { postJson, shownUrl } from '../../src/telemetry/hooks/post-json.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { listeningServer } from '../support/listening-server.ts';

const swapped: SwappedPartition = {
  kind: 'consolidate',
  date: '2025-08-15',
  dataset: 'hdfs://nn:8020/data',
  partition: 'hdfs://nn:8020/data/date=2025-08-15',
  runId: '20250816T020014Z-3fa9c1',
  filesBefore: 21,
  filesAfter: 1,
  bytesBefore: 644_676,
  bytesAfter: 320_000,
  rows: 10_280,
};
const env = { PATH: process.env.PATH };

test('the command finds the partition in its environment, beside what was there', async (t) => {
  const out = join(await tempDirectory(t), 'out');
  const command = `env | grep -E '^(CONSOLIDATED_|FROM_OUTSIDE)' | sort >'${out}'; echo said; echo more >&2`;
  const outcome = await runAfterSwap({ command, timeoutMs: 30_000 }, swapped, { ...env, FROM_OUTSIDE: 'x' });
  assert.deepEqual(outcome.problems, []);
  assert.deepEqual(outcome.output.trim().split('\n').sort(), ['more', 'said']);
  assert.deepEqual((await readFile(out, 'utf8')).trim().split('\n'), [
    'CONSOLIDATED_BYTES_AFTER=320000',
    'CONSOLIDATED_BYTES_BEFORE=644676',
    'CONSOLIDATED_DATASET=hdfs://nn:8020/data',
    'CONSOLIDATED_DATE=2025-08-15',
    'CONSOLIDATED_FILES_AFTER=1',
    'CONSOLIDATED_FILES_BEFORE=21',
    'CONSOLIDATED_KIND=consolidate',
    'CONSOLIDATED_PARTITION=hdfs://nn:8020/data/date=2025-08-15',
    'CONSOLIDATED_ROWS=10280',
    'CONSOLIDATED_RUN_ID=20250816T020014Z-3fa9c1',
    'FROM_OUTSIDE=x',
  ]);
});

test('a command that fails, cannot be found, or is killed is a sentence with what it said', async () => {
  const run = async (command: string) =>
    (await runAfterSwap({ command, timeoutMs: 30_000 }, swapped, env)).problems.join('\n');
  assert.equal(
    await run('echo "table not found" >&2; exit 7'),
    'the post-swap command ended with exit code 7; it said: table not found',
  );
  assert.match(
    await run('no-such-program'),
    /^the post-swap command ended with exit code 127; it said: .*not found/,
  );
  assert.equal(await run('kill -9 $$'), 'the post-swap command ended with SIGKILL');
});

test('a command that takes too long is ended with all that it started', async (t) => {
  const alive = join(await tempDirectory(t), 'alive');
  const command = `trap '' TERM; (trap '' TERM; while :; do touch '${alive}'; sleep 0.1; done) & sleep 600`;
  const { problems } = await runAfterSwap({ command, timeoutMs: 300 }, swapped, env);
  assert.deepEqual(problems, ['the post-swap command was ended after 0.3 s']);
  // What was on its way when the signal came may still touch it once.
  await pause(300);
  rmSync(alive, { force: true });
  await pause(700);
  assert.ok(!existsSync(alive), 'a child of the command lives on');
});

test('what a command leaves behind holds nobody up', async () => {
  const begun = performance.now();
  const { problems } = await runAfterSwap(
    { command: 'sleep 20 & echo done', timeoutMs: 15_000 },
    swapped,
    env,
  );
  assert.deepEqual(problems, []);
  assert.ok(performance.now() - begun < 10_000);
});

test('the call is a POST with the partition as JSON', async (t) => {
  const { port, seen } = await listeningServer(t);
  const url = `http://user:pa%20ss@127.0.0.1:${port}/refresh?token=SECRET`;
  const { problems } = await runAfterSwap({ url, timeoutMs: 30_000 }, swapped, env);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    seen.map(({ path, body }) => [path, body]),
    [['/refresh?token=SECRET', { event: 'partition-swapped', ...swapped }]],
  );
  assert.equal(seen[0]?.headers['content-type'], 'application/json');
  assert.equal(seen[0]?.headers.authorization, `Basic ${Buffer.from('user:pa ss').toString('base64')}`);
});

test('what passes is tried again, what stays is not', async (t) => {
  const recovering = await listeningServer(t, [503, 429, 200]);
  const post = (port: number, timeoutMs = 30_000) =>
    postJson({ url: `http://127.0.0.1:${port}/`, timeoutMs }, { a: 1 });
  assert.equal(await post(recovering.port), undefined);
  assert.equal(recovering.seen.length, 3);
  const refusing = await listeningServer(t, [403]);
  assert.equal(await post(refusing.port), `http://127.0.0.1:${refusing.port}/… answered 403`);
  assert.equal(refusing.seen.length, 1);
  const elsewhere = await listeningServer(t, [302]);
  assert.match((await post(elsewhere.port)) ?? '', /answered 302$/);
  const failing = await listeningServer(t, [500]);
  assert.match((await post(failing.port)) ?? '', /answered 500$/);
  assert.equal(failing.seen.length, 3);
});

test('nobody there, or nobody who answers: a sentence in time, without what is secret in the URL', async (t) => {
  const silent = await listeningServer(t, [0]);
  const secret = 'user:PASSWORD@127.0.0.1';
  const late = await postJson({ url: `http://${secret}:${silent.port}/T0KEN?key=KEY`, timeoutMs: 400 }, {});
  assert.equal(late, `http://127.0.0.1:${silent.port}/…: no answer within 0.4 s`);
  const nobody = await postJson({ url: `http://${secret}:1/T0KEN?key=KEY`, timeoutMs: 20_000 }, {});
  assert.match(nobody ?? '', /^http:\/\/127\.0\.0\.1:1\/…: \S+/);
  assert.doesNotMatch(`${late}${nobody}`, /PASSWORD|T0KEN|KEY/);
  assert.equal(shownUrl('https://hooks.example.com/services/T0/B0/xyz'), 'https://hooks.example.com/…');
});
