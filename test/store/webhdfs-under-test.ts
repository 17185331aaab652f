import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Store } from '../../src/store/store.ts';
import type { HdfsCluster as HdfsDescription } from '../../src/store/webhdfs/cluster.ts';
import { webHdfsStore } from '../../src/store/webhdfs/web-hdfs-store.ts';
import type { HdfsCluster } from '../support/hdfs-cluster.ts';
import { type HdfsProxy, startProxy } from '../support/hdfs-proxy.ts';
import type { HdfsAddress } from '../support/hdfs-request.ts';
import { hdfs } from '../support/hdfs-request.ts';

/** A user without any rights but over what he owns. */
export const analyst = 'analyst';

let directories = 0;

/** The store on a cluster, or on a proxy in front of one, as a user without special rights. */
export function storeOn(address: HdfsAddress, options: Partial<HdfsDescription> = {}): Store {
  return webHdfsStore({
    uri: `hdfs://${address.host}:8020`,
    endpoints: [{ origin: `http://${address.host}:${address.httpPort}` }],
    userName: analyst,
    maxRetries: 2,
    firstRetryDelayMs: 20,
    timeoutMs: 20_000,
    ...options,
  });
}

/** An empty directory that belongs to the analyst; the caller removes it. */
export async function newDirectory(address: HdfsAddress): Promise<string> {
  const path = `/store-test/${process.pid}-${++directories}`;
  await hdfs(address, { method: 'PUT', op: 'MKDIRS', path, params: { permission: '755' } });
  await hdfs(address, {
    method: 'PUT',
    op: 'SETOWNER',
    path,
    params: { owner: analyst, group: 'analysts' },
  });
  return path;
}

/** A store that reaches its cluster through a proxy, and an empty directory of its own. */
export interface ProxiedStore {
  readonly store: Store;
  readonly proxy: HdfsProxy;
  readonly directory: string;
}

/** Runs `work` on a store behind a proxy of its own, and removes what it leaves. */
export async function behindProxy(
  cluster: HdfsCluster,
  work: (under: ProxiedStore) => Promise<void>,
  options: Partial<HdfsDescription> = {},
): Promise<void> {
  const proxy = await startProxy(cluster);
  const directory = await newDirectory(cluster);
  try {
    await work({ store: storeOn(proxy, options), proxy, directory });
  } finally {
    await proxy.close();
    await removeDirectory(cluster, directory);
  }
}

/** Removes a directory with everything below. */
export async function removeDirectory(address: HdfsAddress, path: string): Promise<void> {
  await hdfs(address, { method: 'DELETE', op: 'DELETE', path, params: { recursive: true } });
}

/** Writes files of one block and of several, in pieces, and asserts that the store has what was sent. */
export async function uploadsAgree(store: Store, directory: string): Promise<void> {
  const megabyte = 2 ** 20;
  for (const [size, blockSizeBytes] of [
    [0, megabyte],
    [1, megabyte],
    [511, megabyte],
    [512, megabyte],
    [1_000_000, megabyte],
    [megabyte, megabyte],
    [megabyte + 1, megabyte],
    [5_000_001, megabyte],
    [12_345, 1024],
  ] as const) {
    const bytes = randomBytes(size);
    const path = `${directory}/${size}-${blockSizeBytes}`;
    const sink = await store.create(path, { blockSizeBytes, replication: 1 });
    for (let at = 0; at < size; at += 77_777) await sink.write(bytes.subarray(at, at + 77_777));
    await sink.close();
    const status = await store.stat(path);
    assert.ok(status !== undefined);
    assert.deepEqual([status.sizeBytes, status.placement?.blockSizeBytes], [size, blockSizeBytes]);
    const source = await store.open(path, status);
    const found = await source.read(0, size);
    assert.equal(sha(found), sha(bytes), path);
    await source.close();
  }
}

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
