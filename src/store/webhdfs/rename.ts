import { basename, dirname } from 'node:path/posix';
import { StoreError } from '../../core/errors.ts';
import { member } from '../../core/json-fields.ts';
import type { WebHdfsClient } from './client.ts';
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
  // Such a server would move `from` into a directory that has the name.
  const id = isOlder.has(client) ? await idToRename(client, looks, from, to) : undefined;
  const answer = await renameCall(client, 'rename', from, to, 'NONE').catch(async (error: unknown) => {
    // A file where the other is a directory gives a plain IOException.
    if (error instanceof StoreError && error.code === 'store-failed' && !error.outcomeUnknown) {
      if ((await looks.remote(to, 'rename')) !== undefined) throw taken(client, from, to);
    }
    throw error;
  });
  if (answer === undefined) return;
  isOlder.add(client);
  if (member(answer, 'boolean') === true) {
    const moved = `${to}/${basename(from)}`;
    const found = await looks.remote(moved, 'rename');
    if (found === undefined || (id !== undefined && found.status.fileId !== id)) return;
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

/** Clients whose server was seen to answer with the older rename. */
const isOlder = new WeakSet<WebHdfsClient>();

/** The id of what is to be renamed. Rejects when the destination is taken, as far as a look before can tell. */
async function idToRename(client: WebHdfsClient, looks: Looks, from: string, to: string): Promise<string> {
  const [source, destination] = await Promise.all([looks.remote(from, 'rename'), looks.remote(to, 'rename')]);
  if (source === undefined) throw missing(client, from, to, from);
  if (destination !== undefined) throw taken(client, from, to);
  return source.status.fileId;
}

/**
 * Renames the file `from` to `to`, in the place of the file there, in one transaction. A file named by its id is the one
 * that is replaced or none: HDFS finds where it lies (`/.reserved/.inodes`) in the same transaction. `from` is never named
 * so: that it is gone from its path is what stops a holder who lost the lock.
 * @throws StoreError `not-found`; `changed` when the file at `to` is not `replacedId`; `rename-overwrite-not-supported`
 *   where the server knows no such rename
 */
export async function replaceRemote(
  client: WebHdfsClient,
  looks: Looks,
  from: string,
  to: string,
  replacedId?: string,
): Promise<void> {
  const destination = replacedId === undefined ? to : `/.reserved/.inodes/${replacedId}`;
  let answer: unknown;
  try {
    answer = await renameCall(client, 'replace-file', from, to, 'OVERWRITE', destination);
  } catch (error) {
    if (replacedId === undefined || !(error instanceof StoreError) || error.outcomeUnknown) throw error;
    if (!mayMeanDestination.has(error.code)) throw error;
    if ((await looks.remote(from, 'replace-file')) === undefined) throw missing(client, from, to, from);
    if ((await looks.remote(to, 'replace-file'))?.status.fileId !== replacedId) {
      throw new StoreError(
        `cannot put ${client.uri}${from} in the place of ${to}: that is another file by now`,
        {
          code: 'changed',
          op: 'replace-file',
          path: to,
          cause: error,
        },
      );
    }
    // It is there, under its name only: this server knows no files by their id (a federation router).
    answer = await renameCall(client, 'replace-file', from, to, 'OVERWRITE');
  }
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
      hint: 'name the NameNode itself, or use --swap rename: a gateway (HttpFS) ignores renameoptions',
    },
  );
}

/** Errors that a destination gives which is not there. */
const mayMeanDestination = new Set(['not-found', 'store-failed']);

/** @param destination another name of `to` */
function renameCall(
  client: WebHdfsClient,
  op: string,
  from: string,
  to: string,
  renameoptions: 'NONE' | 'OVERWRITE',
  destination = to,
): Promise<unknown> {
  return client.json({
    method: 'PUT',
    operation: 'RENAME',
    path: from,
    parameters: { destination, renameoptions },
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
