import type { Store } from '../../src/store/store.ts';
import type { WebHdfsOptions } from '../../src/store/webhdfs/client.ts';
import { webHdfsStore } from '../../src/store/webhdfs/web-hdfs-store.ts';
import type { HdfsAddress } from '../support/hdfs-request.ts';
import { hdfs } from '../support/hdfs-request.ts';

/** A user without any rights but over what he owns. */
export const analyst = 'analyst';

let directories = 0;

/** The store on a cluster, or on a proxy in front of one, as a user without special rights. */
export function storeOn(address: HdfsAddress, options: Partial<WebHdfsOptions> = {}): Store {
  return webHdfsStore({
    uri: `hdfs://${address.host}:8020`,
    origin: `http://${address.host}:${address.httpPort}`,
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

/** Removes a directory with everything below. */
export async function removeDirectory(address: HdfsAddress, path: string): Promise<void> {
  await hdfs(address, { method: 'DELETE', op: 'DELETE', path, params: { recursive: true } });
}
