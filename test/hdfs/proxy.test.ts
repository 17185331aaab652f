import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { type HdfsProxy, refusals, startProxy } from '../support/hdfs-proxy.ts';
import { HdfsRefusal, hdfs, hdfsJson } from '../support/hdfs-request.ts';
import { putFile } from '../support/hdfs-seed.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;
const directory = `/proxy-${process.pid}`;

let proxy: HdfsProxy;
before(async () => {
  if (cluster !== undefined) proxy = await startProxy(cluster);
});
after(async () => {
  await proxy?.close();
});

function read(path: string): Promise<{ readonly body: Buffer }> {
  return hdfs(proxy, { method: 'GET', op: 'OPEN', path });
}

async function lengthOf(path: string): Promise<number> {
  const status = await hdfsJson(proxy, { method: 'GET', op: 'GETFILESTATUS', path });
  return (status as { FileStatus: { length: number } }).FileStatus.length;
}

test('bytes go through it both ways, and it has seen every request', { skip }, async () => {
  const bytes = Buffer.alloc(3_000_000, 'abcdefg');
  await putFile(proxy, `${directory}/through, it`, bytes);
  assert.deepEqual((await read(`${directory}/through, it`)).body, bytes);
  const seen = proxy.requests.map(({ to, op, path, isMutation }) => [to, op, path, isMutation]);
  assert.deepEqual(seen, [
    ['namenode', 'CREATE', `${directory}/through, it`, false],
    ['datanode', 'CREATE', `${directory}/through, it`, true],
    ['namenode', 'OPEN', `${directory}/through, it`, false],
    ['datanode', 'OPEN', `${directory}/through, it`, false],
  ]);
  assert.equal(proxy.countByOp().get('OPEN'), 1);
  const { Location } = (await hdfsJson(proxy, {
    method: 'GET',
    op: 'OPEN',
    path: `${directory}/through, it`,
    params: { noredirect: true },
  })) as { Location: string };
  assert.notEqual(new URL(Location).port, String(cluster?.dataNodeHttpPort));
});

test('a reset request was not done, one with a lost reply was, and only that one', { skip }, async () => {
  const make = (name: string) => hdfs(proxy, { method: 'PUT', op: 'MKDIRS', path: `${directory}/${name}` });
  const isMake = ({ op }: { op: string }): boolean => op === 'MKDIRS';
  const reset = proxy.ambush(isMake, { kind: 'reset' });
  await assert.rejects(make('a'), { code: 'ECONNRESET' });
  await assert.rejects(lengthOf(`${directory}/a`), HdfsRefusal);
  assert.equal((await reset.sprung).path, `${directory}/a`);
  const lost = proxy.ambush(isMake, { kind: 'lose-reply' }, { nth: 2 });
  await make('b');
  await assert.rejects(make('c'), { code: 'ECONNRESET' });
  await make('d');
  assert.equal(await lengthOf(`${directory}/c`), 0);
  assert.equal(lost.times(), 1);
});

test('cut bodies, refusals, pauses and calls', { skip }, async () => {
  const bytes = Buffer.alloc(500_000, 'abcdefg');
  const path = `${directory}/cut`;
  const isPut = ({ op, to }: { op: string; to: string }): boolean => op === 'CREATE' && to === 'datanode';
  const isGet = ({ op, to }: { op: string; to: string }): boolean => op === 'OPEN' && to === 'datanode';
  proxy.ambush(isPut, { kind: 'cut-upload', afterBytes: 100_000 });
  await assert.rejects(putFile(proxy, path, bytes));
  await putFile(proxy, path, bytes);
  proxy.ambush(isGet, { kind: 'cut-download', afterBytes: 100_000 });
  await assert.rejects(read(path));
  assert.deepEqual((await read(path)).body, bytes);
  proxy.ambush(({ op }) => op === 'GETFILESTATUS', refusals.safeMode);
  await assert.rejects(lengthOf(path), { status: 403, exception: 'SafeModeException' });
  proxy.ambush(({ op }) => op === 'GETFILESTATUS', refusals.unavailable);
  await assert.rejects(lengthOf(path), { status: 503, exception: '' });

  let release: (value?: unknown) => void = () => {};
  const until = new Promise((resolve) => {
    release = resolve;
  });
  const paused = proxy.ambush(({ op }) => op === 'DELETE', { kind: 'pause', when: 'before', until });
  const deletion = hdfs(proxy, { method: 'DELETE', op: 'DELETE', path });
  await paused.sprung;
  assert.equal(await lengthOf(path), bytes.length);
  release();
  await deletion;
  await assert.rejects(lengthOf(path), { exception: 'FileNotFoundException' });

  const called: string[] = [];
  proxy.ambush(({ op }) => op === 'MKDIRS', {
    kind: 'call',
    when: 'after',
    action: async (asked) => {
      called.push(asked.path, String(await lengthOf(asked.path)));
    },
  });
  await hdfs(proxy, { method: 'PUT', op: 'MKDIRS', path: `${directory}/called` });
  assert.deepEqual(called, [`${directory}/called`, '0']);
});
