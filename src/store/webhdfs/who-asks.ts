import { StoreError } from '../../core/errors.ts';
import { textAt } from '../../core/json-fields.ts';
import type { WebHdfsClient } from './client.ts';

/** Who the NameNode takes us for. */
export interface WhoAsks {
  userName(): Promise<string>;
  /** True for a user that no permission holds for; undefined when it cannot be told. */
  isSuperuser(): Promise<boolean | undefined>;
}

/** {@link WhoAsks}, each asked once. */
export function whoAsks(client: WebHdfsClient): WhoAsks {
  let user: Promise<string> | undefined;
  let superuser: Promise<boolean | undefined> | undefined;
  return {
    userName() {
      user ??= askUser(client).catch((error: unknown) => {
        user = undefined;
        throw error;
      });
      return user;
    },
    isSuperuser() {
      superuser ??= askSuperuser(client).catch((error: unknown) => {
        superuser = undefined;
        throw error;
      });
      return superuser;
    },
  };
}

/** The last name of the home directory, which is made of the name that rules and proxying led to. */
async function askUser(client: WebHdfsClient): Promise<string> {
  const json = await client.json({
    method: 'GET',
    operation: 'GETHOMEDIRECTORY',
    path: '/',
    op: 'stat',
    attempt: `ask ${client.uri} who it takes us for`,
  });
  const home = textAt(json, 'Path') ?? '';
  return home.slice(home.lastIndexOf('/') + 1);
}

/** Extended attributes of the namespace `trusted` are for superusers only: others are refused before it is looked for. */
async function askSuperuser(client: WebHdfsClient): Promise<boolean | undefined> {
  try {
    await client.json({
      method: 'GET',
      operation: 'GETXATTRS',
      path: '/',
      parameters: { 'xattr.name': 'trusted.parquet-consolidator', encoding: 'hex' },
      op: 'stat',
      attempt: `ask ${client.uri} whether we are a superuser`,
    });
    return true;
  } catch (error) {
    if (!(error instanceof StoreError) || error.remoteException === undefined) throw error;
    if (error.code === 'permission-denied') return false;
    return /attributes? provided w(?:as|ere) not found/i.test(error.message) ? true : undefined;
  }
}
