import type { PlaceFacts } from '../survey.ts';
import { ancestorsOf } from './ancestors.ts';
import type { WebHdfsClient } from './client.ts';
import { encryptionZoneOf } from './encryption-zone.ts';
import { listRemote } from './listing.ts';
import type { Looks } from './look.ts';

/** How a directory is kept: zone, erasure coding, storage policy, snapshots. */
export async function remotePlace(
  client: WebHdfsClient,
  looks: Looks,
  directory: string,
): Promise<PlaceFacts> {
  const found = await looks.remote(directory, 'stat');
  const encryptionZone = await encryptionZoneOf(client, looks, directory);
  const storagePolicy = found === undefined ? undefined : await looks.policyName(found.storagePolicyId);
  const snapshottable: { path: string; snapshots: number }[] = [];
  for (const path of ancestorsOf(directory)) {
    if ((await looks.remote(path, 'stat'))?.isSnapshottable !== true) continue;
    const snapshots = await listRemote(client, looks, path === '/' ? '/.snapshot' : `${path}/.snapshot`);
    // The root is of this kind by itself, though no snapshot may be taken of it until somebody allows it.
    if (path === '/' && (snapshots?.length ?? 0) === 0) continue;
    snapshottable.push({ path, snapshots: snapshots?.length ?? 0 });
  }
  return {
    snapshottable,
    ...(encryptionZone === undefined ? {} : { encryptionZone }),
    ...(storagePolicy === undefined ? {} : { storagePolicy }),
    ...(found?.erasureCoding === undefined ? {} : { erasureCoding: found.erasureCoding }),
  };
}
