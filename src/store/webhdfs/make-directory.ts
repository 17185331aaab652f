import { dirname } from 'node:path/posix';
import { StoreError } from '../../core/errors.ts';
import type { WebHdfsClient } from './client.ts';
import type { Looks } from './look.ts';

/**
 * Creates a directory and its missing parents, all with exactly this mode: MKDIRS gives parents more when they would
 * else be of no use, and default ACLs and sticky bits interfere.
 * @throws StoreError `exists` when something else is in the way
 */
export async function makeRemoteDirectory(
  client: WebHdfsClient,
  looks: Looks,
  path: string,
  mode: number,
): Promise<void> {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const found = await looks.remote(at, 'make-directory');
    if (found !== undefined && found.status.kind !== 'directory') {
      throw new StoreError(`cannot make the directory ${client.uri}${path}: ${at} is not a directory`, {
        code: 'exists',
        op: 'make-directory',
        path: at,
      });
    }
    if (found !== undefined || at === '/') break;
    missing.unshift(at);
  }
  if (missing.length === 0) return;
  const put = (operation: string, at: string): Promise<unknown> =>
    client.json({
      method: 'PUT',
      operation,
      path: at,
      parameters: { permission: mode.toString(8) },
      op: 'make-directory',
      attempt: `make the directory ${client.uri}${path} with the mode ${mode.toString(8)}`,
    });
  await put('MKDIRS', path);
  for (const made of missing) {
    const found = await looks.remote(made, 'make-directory');
    if (found === undefined) {
      throw new StoreError(
        `cannot make the directory ${client.uri}${path}: ${made} is not there afterwards`,
        {
          code: 'not-found',
          op: 'make-directory',
          path: made,
        },
      );
    }
    if (found.status.mode !== mode) await put('SETPERMISSION', made);
  }
}
