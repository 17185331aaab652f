import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import type { BaseLocation } from '../../src/config/settings.ts';

async function replicaOf(base: string, replica: string, env: Readonly<Record<string, string>> = {}) {
  return (await loadSettings({ flags: { 'base-path': base, 'replicate-to': replica }, env })).replica;
}

test('a replica may lie on this machine or on any cluster, with the ports that are configured', async () => {
  const at = (path: string): BaseLocation => ({ kind: 'local', path });
  assert.deepEqual(await replicaOf('/data', '/copy'), at('/copy'));
  assert.deepEqual(await replicaOf('/data', '/data-2'), at('/data-2'));
  assert.deepEqual(await replicaOf('hdfs://nn/data', 'file:/data'), at('/data'));
  assert.deepEqual(
    await replicaOf('hdfs://nn:8020/data', 'hdfs://dr:8020/data', { HDFS_WEBHDFS_PORT: '50070' }),
    {
      kind: 'hdfs',
      scheme: 'hdfs',
      host: 'dr',
      port: 8020,
      webHdfsPort: 50070,
      path: '/data',
    },
  );
  assert.equal((await loadSettings({ flags: { 'base-path': '/data' }, env: {} })).replica, undefined);
});

test('a replica in the dataset, around it, or nowhere is refused with what was written where', async () => {
  const inside =
    /flag --replicate-to is "[^"]+", which lies in the dataset .*, or around it; allowed: another place/;
  for (const [base, replica, problem] of [
    ['/data', '/data', inside],
    ['/data', '/data/copy', inside],
    ['/data/set', '/data', inside],
    ['hdfs://nn:8020/data', 'hdfs://NN:8020/data/x', inside],
    ['hdfs://nn:8020/data', 'webhdfs://nn:9870/', inside],
    [
      '/data',
      's3://bucket/x',
      /flag --replicate-to is "s3:\/\/bucket\/x" and has the scheme s3:, which is not supported/,
    ],
  ] as const) {
    await assert.rejects(replicaOf(base, replica), { code: 'config-invalid', message: problem });
  }
});
