import { closeSync, constants, fchmodSync, fchownSync, fstatSync, fsyncSync, openSync } from 'node:fs';
import { StoreError } from '../../core/errors.ts';
import type { FileAttributes } from '../store.ts';
import type { Accounts } from './accounts.ts';
import type { LocalAccounts } from './status.ts';

/**
 * Sets owner, group and mode of the file or directory at `path` and looks whether they took.
 * @throws StoreError `unknown-account`, `acl-unsupported` or `attributes-refused`; errors of `node:fs`
 */
export function setLocalAttributes(path: string, attributes: FileAttributes, accounts: LocalAccounts): void {
  if (attributes.acl.length > 0) {
    throw new StoreError(
      `cannot set the ACL of ${path}: extended ACLs cannot be set on a local file system`,
      {
        code: 'acl-unsupported',
        op: 'set-attributes',
        path,
      },
    );
  }
  const uid = idOf(accounts.users, attributes.owner, 'user', path);
  const gid = idOf(accounts.groups, attributes.group, 'group', path);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const before = fstatSync(descriptor);
    if (before.uid !== uid || before.gid !== gid) fchownSync(descriptor, uid, gid);
    // After the owner: a change of owner clears set-id bits.
    fchmodSync(descriptor, attributes.mode);
    fsyncSync(descriptor);
    const mode = fstatSync(descriptor).mode & 0o7777;
    if (mode !== attributes.mode) {
      throw new StoreError(
        `cannot set the mode of ${path}: expected ${attributes.mode.toString(8)}, the file system made it ${mode.toString(8)}`,
        { code: 'attributes-refused', op: 'set-attributes', path },
      );
    }
  } finally {
    closeSync(descriptor);
  }
}

function idOf(accounts: Accounts, name: string, what: string, path: string): number {
  const id = accounts.idOf(name);
  if (id !== undefined) return id;
  throw new StoreError(`cannot set the ${what} of ${path}: this machine knows no ${what} ${name}`, {
    code: 'unknown-account',
    op: 'set-attributes',
    path,
  });
}
