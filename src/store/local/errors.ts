import { StoreError } from '../../core/errors.ts';

/** What an errno means for the operator. Only codes that need a word beyond the operating system's own message. */
const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'free disk space (df -h) or move the data to a larger disk, then run again',
  EDQUOT:
    'the disk quota of this user or group is used up (quota -s); raise it or free space, then run again',
  EACCES:
    'the user of this process lacks a permission; check owner and mode with ls -ld on the path and its parents',
  EPERM:
    'the file system does not let this user do that; run as the owner of the files or as root (hard links to files ' +
    'of others are subject to the kernel setting fs.protected_hardlinks)',
  EROFS: 'the file system is mounted read-only; mount it read-write, then run again',
  EXDEV:
    'both paths must be on one file system: no partition or _consolidation directory may be a mount of its own',
  EMFILE: 'too many open files; raise the limit with ulimit -n',
  ENFILE: 'the system has too many open files; raise fs.file-max',
  ENAMETOOLONG: 'a file name is limited to 255 bytes, and up to 7 of them are needed for a suffix',
  EMLINK: 'the file already has as many hard links as its file system allows',
  EIO: 'the disk reports an I/O error; look at the kernel log (dmesg) before running again',
  EBUSY: 'something holds the path, a mount for instance; release it and run again',
};

const retryableCodes = new Set(['EAGAIN', 'EBUSY', 'EINTR', 'EMFILE', 'ENFILE', 'ESTALE', 'ETIMEDOUT']);

const stableCodes: Readonly<Record<string, string>> = {
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  ENOENT: 'not-found',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EROFS: 'read-only',
  EXDEV: 'other-file-system',
};

/** The errno name of an error of `node:fs`, e.g. `ENOENT`; undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('E') ? error.code : undefined;
}

/** The `StoreError` for an error of `node:fs` while `attempt` was done on `path`. A `StoreError` stays what it is. */
export function localStoreError(op: string, path: string, attempt: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const status = errnoOf(error);
  const found = error instanceof Error ? error.message.replace(/, \w+ '.*$/s, '') : String(error);
  const hint = status === undefined ? undefined : hints[status];
  return new StoreError(`cannot ${attempt}: ${found}`, {
    code: (status === undefined ? undefined : stableCodes[status]) ?? 'store-failed',
    op,
    path,
    retryable: status !== undefined && retryableCodes.has(status),
    cause: error,
    ...(status === undefined ? {} : { status }),
    ...(hint === undefined ? {} : { hint }),
  });
}
