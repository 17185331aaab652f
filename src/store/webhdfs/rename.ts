import { basename, dirname } from 'node:path/posix';
import { StoreError } from '../../core/errors.ts';
import type { WebHdfsClient } from './client.ts';
import { member } from './json-fields.ts';
import type { Looks } from './look.ts';

/**
 * Renames a file or directory, never over another and never into a directory (`ClientProtocol.rename2` without
 * OVERWRITE, one transaction). Its answer is empty. `{"boolean":…}` is the answer of a server that took it for the
 * older rename, which moves into a directory that has the name: then it is looked what came of it.
 * @throws StoreError `exists`, `not-found`, `rename-refused`
 */
export async function renameRemote(
  client: WebHdfsClient,
  looks: Looks,
  from: string,
  to: string,
): Promise<void> {
  const answer = await renameCall(client, 'rename', from, to, 'NONE').catch(async (error: unknown) => {
    // A file where the other is a directory gives a plain IOException.
    if (error instanceof StoreError && error.code === 'store-failed' && !error.outcomeUnknown) {
      if ((await looks.remote(to, 'rename')) !== undefined) throw taken(client, from, to);
    }
    throw error;
  });
  if (answer === undefined) return;
  if (member(answer, 'boolean') === true) {
    const moved = `${to}/${basename(from)}`;
    if ((await looks.remote(moved, 'rename')) === undefined) return;
    await renameCall(client, 'rename', moved, from, 'NONE');
    throw taken(client, from, to);
  }
  if ((await looks.remote(from, 'rename')) === undefined) throw missing(client, from, to, from);
  if ((await looks.remote(to, 'rename')) !== undefined) throw taken(client, from, to);
  const parent = dirname(to);
  if ((await looks.remote(parent, 'rename')) === undefined) throw missing(client, from, to, parent);
  throw new StoreError(`cannot rename ${client.uri}${from} to ${to}: the store refused it without a reason`, {
    code: 'rename-refused',
    op: 'rename',
    path: from,
  });
}

/**
 * Renames the file `from` to `to`, in the place of the file there, in one transaction.
 * @throws StoreError `not-found`; `rename-overwrite-not-supported` where the server knows no such rename
 */
export async function replaceRemote(client: WebHdfsClient, from: string, to: string): Promise<void> {
  const answer = await renameCall(client, 'replace-file', from, to, 'OVERWRITE');
  if (answer === undefined) return;
  const isDone = member(answer, 'boolean') === true;
  throw new StoreError(
    `cannot put ${client.uri}${from} in the place of ${to}: the server does not know RENAME with OVERWRITE and ` +
      `${isDone ? 'did another rename instead' : 'refused it'}`,
    {
      code: 'rename-overwrite-not-supported',
      op: 'replace-file',
      path: from,
      outcomeUnknown: isDone,
      hint: 'name the NameNode itself: a gateway (HttpFS) ignores renameoptions',
    },
  );
}

function renameCall(
  client: WebHdfsClient,
  op: string,
  from: string,
  to: string,
  renameoptions: 'NONE' | 'OVERWRITE',
): Promise<unknown> {
  return client.json({
    method: 'PUT',
    operation: 'RENAME',
    path: from,
    parameters: { destination: to, renameoptions },
    op,
    attempt:
      renameoptions === 'NONE'
        ? `rename ${client.uri}${from} to ${to}`
        : `put ${client.uri}${from} in the place of ${to}`,
  });
}

function taken(client: WebHdfsClient, from: string, to: string): StoreError {
  return new StoreError(`cannot rename ${client.uri}${from} to ${to}: the destination exists`, {
    code: 'exists',
    op: 'rename',
    path: to,
  });
}

function missing(client: WebHdfsClient, from: string, to: string, path: string): StoreError {
  return new StoreError(`cannot rename ${client.uri}${from} to ${to}: ${path} does not exist`, {
    code: 'not-found',
    op: 'rename',
    path,
  });
}
