import { StoreError } from '../../core/errors.ts';
import { textAt } from '../../core/json-fields.ts';
import { ancestorsOf } from './ancestors.ts';
import type { WebHdfsClient } from './client.ts';
import type { Looks } from './look.ts';

/**
 * Root of the encryption zone that a directory lies in; undefined when it lies in none. A NameNode tells it over WebHDFS
 * only by where the trash is (`GETTRASHROOT`: `<zone>/.Trash/<user>`); one that does not know this is taken by the
 * uppermost encrypted directory, which is wrong only for a zone within a zone.
 */
export async function encryptionZoneOf(
  client: WebHdfsClient,
  looks: Looks,
  directory: string,
): Promise<string | undefined> {
  if ((await looks.remote(directory, 'stat'))?.isEncrypted !== true) return undefined;
  return (await zoneOfTrash(client, directory)) ?? (await uppermostEncrypted(looks, directory));
}

async function zoneOfTrash(client: WebHdfsClient, directory: string): Promise<string | undefined> {
  try {
    const json = await client.json({
      method: 'GET',
      operation: 'GETTRASHROOT',
      // It is told for what lies in the parent of the path.
      path: directory === '/' ? '/x' : `${directory}/x`,
      op: 'stat',
      attempt: `find the encryption zone of ${client.uri}${directory}`,
    });
    const zone = /^(.*)\/\.Trash\/[^/]+$/.exec(textAt(json, 'Path') ?? '')?.[1];
    if (zone === undefined) return undefined;
    const root = zone === '' ? '/' : zone;
    return ancestorsOf(directory).includes(root) ? root : undefined;
  } catch (error) {
    if (error instanceof StoreError && !error.retryable) return undefined;
    throw error;
  }
}

async function uppermostEncrypted(looks: Looks, directory: string): Promise<string> {
  for (const path of ancestorsOf(directory)) {
    if ((await looks.remote(path, 'stat'))?.isEncrypted === true) return path;
  }
  return directory;
}
