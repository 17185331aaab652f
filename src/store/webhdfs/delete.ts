import { StoreError } from '../../core/errors.ts';
import { member } from '../../core/json-fields.ts';
import type { WebHdfsClient } from './client.ts';
import type { Looks } from './look.ts';

/**
 * Deletes the file at `path`; resolves to false when there is none. DELETE itself does not mind what it deletes, so this
 * looks first.
 * @throws StoreError `not-a-file`
 */
export async function deleteRemoteFile(client: WebHdfsClient, looks: Looks, path: string): Promise<boolean> {
  const found = await looks.remote(path, 'delete');
  if (found === undefined) return false;
  if (found.status.kind === 'directory') {
    throw new StoreError(`cannot delete the file ${client.uri}${path}: it is a directory`, {
      code: 'not-a-file',
      op: 'delete',
      path,
    });
  }
  return isDeleted(await deleteCall(client, 'delete', path, false));
}

/**
 * Deletes a directory and all below; resolves to false when there is none.
 * @throws StoreError `not-a-directory`
 */
export async function deleteRemoteTree(client: WebHdfsClient, looks: Looks, path: string): Promise<boolean> {
  if (!(await isDirectory(client, looks, 'delete-directory', path))) return false;
  return isDeleted(await deleteCall(client, 'delete-directory', path, true));
}

/**
 * Deletes a directory that has no entries; resolves to false when there is none or it is not empty.
 * @throws StoreError `not-a-directory`
 */
export async function removeRemoteIfEmpty(
  client: WebHdfsClient,
  looks: Looks,
  path: string,
): Promise<boolean> {
  if (!(await isDirectory(client, looks, 'remove-empty-directory', path))) return false;
  try {
    return isDeleted(await deleteCall(client, 'remove-empty-directory', path, false));
  } catch (error) {
    if (error instanceof StoreError && error.code === 'not-empty') return false;
    throw error;
  }
}

async function isDirectory(client: WebHdfsClient, looks: Looks, op: string, path: string): Promise<boolean> {
  const found = await looks.remote(path, op);
  if (found === undefined || found.status.kind === 'directory') return found !== undefined;
  throw new StoreError(`cannot delete the directory ${client.uri}${path}: it is not a directory`, {
    code: 'not-a-directory',
    op,
    path,
  });
}

function deleteCall(client: WebHdfsClient, op: string, path: string, recursive: boolean): Promise<unknown> {
  return client.json({
    method: 'DELETE',
    operation: 'DELETE',
    path,
    parameters: { recursive },
    op,
    attempt: `delete ${client.uri}${path}`,
  });
}

function isDeleted(answer: unknown): boolean {
  return member(answer, 'boolean') === true;
}
