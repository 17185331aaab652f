import { StoreError } from '../../core/errors.ts';
import type { FileAttributes } from '../store.ts';
import type { WebHdfsClient } from './client.ts';
import type { Looks } from './look.ts';

/**
 * Sets owner, group, mode and ACL of the file or directory at `path`, each only where it differs, and looks whether
 * they took.
 * @throws StoreError `permission-denied`, `acl-unsupported`, `attributes-refused`, `not-found`
 */
export async function setRemoteAttributes(
  client: WebHdfsClient,
  looks: Looks,
  path: string,
  wanted: FileAttributes,
): Promise<void> {
  const set = (operation: string, parameters: Readonly<Record<string, string>>, what: string) =>
    client.json({
      method: 'PUT',
      operation,
      path,
      parameters,
      op: 'set-attributes',
      attempt: `set the ${what} of ${client.uri}${path}`,
    });

  const found = await looks.status(path, 'set-attributes');
  if (found === undefined) throw gone(client, path);
  if (found.owner !== wanted.owner || found.group !== wanted.group) {
    await set(
      'SETOWNER',
      {
        ...(found.owner === wanted.owner ? {} : { owner: wanted.owner }),
        ...(found.group === wanted.group ? {} : { group: wanted.group }),
      },
      `owner to ${wanted.owner} and the group to ${wanted.group}`,
    );
  }
  if (found.acl.join() !== wanted.acl.join()) {
    if (wanted.acl.length === 0) await set('REMOVEACL', {}, 'ACL to none');
    else await set('SETACL', { aclspec: aclSpec(wanted) }, `ACL to ${wanted.acl.join(',')}`);
  }
  // After the ACL, whose mask and the mode's group bits are one thing; and SETACL keeps the sticky bit as it is.
  if (found.mode !== wanted.mode || found.acl.join() !== wanted.acl.join()) {
    await set('SETPERMISSION', { permission: wanted.mode.toString(8) }, `mode to ${wanted.mode.toString(8)}`);
  }

  const after = await looks.status(path, 'set-attributes');
  if (after === undefined) throw gone(client, path);
  const isSame =
    after.owner === wanted.owner &&
    after.group === wanted.group &&
    after.mode === wanted.mode &&
    after.acl.join() === wanted.acl.join();
  if (!isSame) {
    throw new StoreError(
      `cannot set the attributes of ${client.uri}${path}: expected ${described(wanted)}, the store made it ${described(after)}`,
      { code: 'attributes-refused', op: 'set-attributes', path },
    );
  }
}

/**
 * The complete ACL for SETACL. The NameNode lists only the entries beside owner, mask and others, which the mode has: with
 * access entries its group bits are the mask, and without them (a directory that has default entries only) the group's.
 */
export function aclSpec({ mode, acl }: Pick<FileAttributes, 'mode' | 'acl'>): string {
  const bits = (shift: number): string => {
    const value = (mode >> shift) & 7;
    return `${value & 4 ? 'r' : '-'}${value & 2 ? 'w' : '-'}${value & 1 ? 'x' : '-'}`;
  };
  const hasAccessEntries = acl.some((entry) => !entry.startsWith('default:'));
  return [
    `user::${bits(6)}`,
    ...acl,
    hasAccessEntries ? `mask::${bits(3)}` : `group::${bits(3)}`,
    `other::${bits(0)}`,
  ].join(',');
}

function gone(client: WebHdfsClient, path: string): StoreError {
  return new StoreError(
    `cannot set the attributes of ${client.uri}${path}: there is no such file or directory`,
    {
      code: 'not-found',
      op: 'set-attributes',
      path,
    },
  );
}

function described({ owner, group, mode, acl }: FileAttributes): string {
  return `${owner}:${group} mode ${mode.toString(8)}${acl.length === 0 ? '' : ` ACL ${acl.join(',')}`}`;
}
