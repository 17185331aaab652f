import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { basename } from 'node:path/posix';
import { StoreError } from '../../core/errors.ts';
import type { FileStatus } from '../store.ts';
import type { Accounts } from './accounts.ts';
import { errnoOf } from './errors.ts';

/** Who is behind the numbers of a file. */
export interface LocalAccounts {
  readonly users: Accounts;
  readonly groups: Accounts;
}

/** Identity of a file: inode and birth time, both kept by rename and link, and by a new mount of the disk. */
export function localFileId(stats: BigIntStats): string {
  return `${stats.ino}:${stats.birthtimeNs}`;
}

/** Modification time in whole milliseconds. */
export function modifiedAtMs(stats: BigIntStats): number {
  return Number(stats.mtimeNs / 1_000_000n);
}

/** The status of the entry at `path`, links not followed; undefined when there is none. Throws errors of `node:fs`. */
export function statusAt(path: string, accounts: LocalAccounts): FileStatus | undefined {
  const stats = lstatIfThere(path);
  return stats === undefined ? undefined : statusOf(path, stats, accounts);
}

/**
 * The entries of a directory in byte order of their names, undefined when it is absent. An entry that goes away
 * meanwhile is left out. Throws errors of `node:fs`, and a `StoreError` for a name that is not UTF-8: such a file could not
 * be named in a journal, so it must not be passed over.
 */
export function listDirectory(directory: string, accounts: LocalAccounts): FileStatus[] | undefined {
  let names: Buffer[];
  try {
    names = readdirSync(directory, { encoding: 'buffer' });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const entries: FileStatus[] = [];
  for (const bytes of names.sort(Buffer.compare)) {
    const name = bytes.toString('utf8');
    if (!Buffer.from(name, 'utf8').equals(bytes)) {
      throw new StoreError(
        `cannot list ${directory}: the file name with the bytes ${bytes.toString('hex')} is not UTF-8`,
        { code: 'name-not-utf8', op: 'list', path: directory, hint: 'rename that file, then run again' },
      );
    }
    const status = statusAt(directory === '/' ? `/${name}` : `${directory}/${name}`, accounts);
    if (status !== undefined) entries.push(status);
  }
  return entries;
}

/** lstat, or undefined when nothing is there. */
export function lstatIfThere(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // Below a file there is nothing.
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function statusOf(path: string, stats: BigIntStats, accounts: LocalAccounts): FileStatus {
  return {
    path,
    name: basename(path),
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
    sizeBytes: Number(stats.size),
    modifiedAtMs: modifiedAtMs(stats),
    fileId: localFileId(stats),
    owner: accounts.users.nameOf(Number(stats.uid)),
    group: accounts.groups.nameOf(Number(stats.gid)),
    mode: Number(stats.mode & 0o7777n),
    acl: [],
  };
}
