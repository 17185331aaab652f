import { StoreError } from '../../core/errors.ts';
import { elementsAt, member, numberAt, textAt } from '../../core/json-fields.ts';
import type { FileStatus } from '../store.ts';
import type { WebHdfsClient } from './client.ts';
import { type RemoteStatus, remoteStatus } from './file-status.ts';

/** Looks at single entries, and completes what the NameNode says in one reply with what it says only when asked. */
export interface Looks {
  /**
   * The entry at `path` as one reply tells it; undefined when there is none.
   * @param alias another name of it, to ask by
   */
  remote(path: string, op?: string, alias?: string): Promise<RemoteStatus | undefined>;
  /** With ACL entries and storage policy. */
  status(path: string, op?: string): Promise<FileStatus | undefined>;
  /** Completes a status. Asks only when there is an ACL, and once for the names of the storage policies. */
  complete(remote: RemoteStatus): Promise<FileStatus>;
  /** Name of a storage policy by its number; undefined for 0, the store's default, and for one it does not tell. */
  policyName(storagePolicyId: number): Promise<string | undefined>;
  /** The ACL entries of a path, in the NameNode's order. */
  acl(path: string): Promise<readonly string[]>;
}

/** {@link Looks} over this client. */
export function looksOf(client: WebHdfsClient): Looks {
  let policies: Promise<ReadonlyMap<number, string>> | undefined;

  const policyNames = (): Promise<ReadonlyMap<number, string>> => {
    policies ??= readPolicies(client).catch((error: unknown) => {
      policies = undefined;
      throw error;
    });
    return policies;
  };

  const remote: Looks['remote'] = async (path, op = 'stat', alias = path) => {
    const json = await orNothing(
      client.json({
        method: 'GET',
        operation: 'GETFILESTATUS',
        path,
        alias,
        op,
        attempt: `look at ${client.uri}${path}`,
      }),
    );
    return json === undefined ? undefined : remoteStatus(member(json, 'FileStatus'), path);
  };

  const acl: Looks['acl'] = async (path) => {
    const json = await client.json({
      method: 'GET',
      operation: 'GETACLSTATUS',
      path,
      op: 'stat',
      attempt: `read the ACL of ${client.uri}${path}`,
    });
    const entries = elementsAt(json, 'AclStatus', 'entries') ?? [];
    return entries.filter((entry) => typeof entry === 'string');
  };

  const complete: Looks['complete'] = async ({ status, hasAcl, storagePolicyId }) => {
    let whole = status;
    if (hasAcl) whole = { ...whole, acl: await acl(status.path) };
    if (storagePolicyId !== 0 && whole.placement !== undefined) {
      const storagePolicy = (await policyNames()).get(storagePolicyId);
      if (storagePolicy !== undefined) whole = { ...whole, placement: { ...whole.placement, storagePolicy } };
    }
    return whole;
  };

  return {
    remote,
    acl,
    complete,
    policyName: async (id) => (id === 0 ? undefined : (await policyNames()).get(id)),
    async status(path, op) {
      const found = await remote(path, op);
      if (found === undefined) return undefined;
      // Gone between the two looks: then it is not there.
      return found.hasAcl ? orNothing(complete(found)) : complete(found);
    },
  };
}

/** Undefined in place of an error that says that nothing is there, or could be: below a file there is nothing. */
export async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNothing(error)) return undefined;
    throw error;
  }
}

function isNothing(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'not-found' || error.code === 'not-a-directory');
}

async function readPolicies(client: WebHdfsClient): Promise<ReadonlyMap<number, string>> {
  const json = await client.json({
    method: 'GET',
    operation: 'GETALLSTORAGEPOLICY',
    path: '/',
    op: 'stat',
    attempt: `read the storage policies of ${client.uri}`,
  });
  const names = new Map<number, string>();
  for (const policy of elementsAt(json, 'BlockStoragePolicies', 'BlockStoragePolicy') ?? []) {
    const [id, name] = [numberAt(policy, 'id'), textAt(policy, 'name')];
    if (id !== undefined && name !== undefined) names.set(id, name);
  }
  return names;
}
