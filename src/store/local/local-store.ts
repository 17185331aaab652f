import {
  chmodSync,
  closeSync,
  fsyncSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path/posix';
import { StoreError } from '../../core/errors.ts';
import type { Store } from '../store.ts';
import { accountsFrom } from './accounts.ts';
import { setLocalAttributes } from './attributes.ts';
import { directorySync } from './directory-sync.ts';
import { errnoOf, localStoreError } from './errors.ts';
import { renameNeverOver } from './rename.ts';
import { localSink } from './sink.ts';
import { localSources } from './source.ts';
import { type LocalAccounts, listDirectory, lstatIfThere, statusAt } from './status.ts';

/** Descriptors that open sources of one store hold at most; more sources than that may be open. */
const maxSourceDescriptors = 128;

/**
 * opendir(3) pins a directory, not a path, and a reader may be held up before it gets the entries: several scheduling
 * periods of a throttled container.
 */
const defaultListingGraceMs = 300;

/**
 * The store on a local directory, or one mounted into this machine. Every mutation is on the disk (fsync of the
 * file and of the directories that name it) when it resolves. Its clock is this machine's.
 */
export function localStore(options: { readonly listingGraceMs?: number } = {}): Store {
  const accounts: LocalAccounts = { users: accountsFrom('/etc/passwd'), groups: accountsFrom('/etc/group') };
  const sources = localSources(maxSourceDescriptors);
  const directories = directorySync();

  /** Does `work` on the file system, then makes the directories it changed durable. */
  const mutate = async <T>(
    op: string,
    path: string,
    attempt: string,
    work: () => T,
    ...changed: readonly string[]
  ): Promise<T> => {
    try {
      const result = work();
      if (result !== false) await Promise.all([...new Set(changed)].map((path) => directories.sync(path)));
      return result;
    } catch (error) {
      throw localStoreError(op, path, attempt, error);
    }
  };

  return {
    uri: 'file:',
    abilities: {
      fold: false,
      hardLink: true,
      listingGraceMs: options.listingGraceMs ?? defaultListingGraceMs,
    },

    nowMs: async () => Date.now(),
    list: async (directory) =>
      guarded('list', directory, `list ${directory}`, () => listDirectory(directory, accounts)),
    stat: async (path) => guarded('stat', path, `look at ${path}`, () => statusAt(path, accounts)),
    open: async (path, expected) => sources.open(path, expected),

    async makeDirectory(path, mode) {
      for (const missing of missingDirectories(path)) {
        await mutate(
          'make-directory',
          missing,
          `make the directory ${missing}`,
          () => makeOne(missing, mode),
          dirname(missing),
        );
      }
    },
    create: async (path) => localSink(path, () => directories.sync(dirname(path))),
    rename: (from, to) =>
      mutate(
        'rename',
        from,
        `rename ${from} to ${to}`,
        () => renameNeverOver(from, to),
        dirname(from),
        dirname(to),
      ),
    hardLink: (from, to) =>
      mutate('hard-link', from, `give ${from} the second name ${to}`, () => linkSync(from, to), dirname(to)),
    concat: (target) => refuseFold('concat', target),
    replaceFile: (from) => refuseFold('replace-file', from),
    deleteFile: (path) => mutate('delete', path, `delete ${path}`, () => unlinkIfThere(path), dirname(path)),
    deleteDirectory: (path) =>
      mutate('delete-directory', path, `delete ${path} and all below`, () => removeTree(path), dirname(path)),
    removeEmptyDirectory: (path) =>
      mutate(
        'remove-empty-directory',
        path,
        `remove the empty directory ${path}`,
        () => rmdirIfEmpty(path),
        dirname(path),
      ),
    setAttributes: (path, attributes) =>
      mutate('set-attributes', path, `set owner, group and mode of ${path}`, () =>
        setLocalAttributes(path, attributes, accounts),
      ),
    touch: (path) => mutate('touch', path, `touch ${path}`, () => touchNow(path)),
  };
}

function refuseFold(op: string, path: string): Promise<never> {
  return Promise.reject(
    new StoreError(`cannot ${op} ${path}: a local file system folds no files`, {
      code: 'not-supported',
      op,
      path,
    }),
  );
}

function guarded<T>(op: string, path: string, attempt: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw localStoreError(op, path, attempt, error);
  }
}

/** Those of `path` and its parents that do not exist, the outermost first. */
function missingDirectories(path: string): string[] {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const stats = guarded('make-directory', at, `look at ${at}`, () => lstatIfThere(at));
    if (stats !== undefined) {
      // A link may lead to a directory; if it does not, making the next one below says so.
      if (stats.isDirectory() || (stats.isSymbolicLink() && at !== path)) return missing;
      throw new StoreError(`cannot make the directory ${path}: ${at} is not a directory`, {
        code: 'exists',
        op: 'make-directory',
        path: at,
      });
    }
    missing.unshift(at);
    if (at === dirname(at)) return missing;
  }
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && lstatIfThere(path)?.isDirectory() === true) return;
    throw error;
  }
  // mkdir(2) applies the umask.
  chmodSync(path, mode);
}

function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

function removeTree(path: string): boolean {
  const stats = lstatIfThere(path);
  if (stats === undefined) return false;
  if (!stats.isDirectory()) {
    throw new StoreError(`cannot delete the directory ${path}: it is not a directory`, {
      code: 'not-a-directory',
      op: 'delete-directory',
      path,
    });
  }
  rmSync(path, { recursive: true });
  return true;
}

function rmdirIfEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    const status = errnoOf(error);
    if (status === 'ENOENT' || status === 'ENOTEMPTY' || status === 'EEXIST') return false;
    throw error;
  }
}

function touchNow(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    const nowSeconds = Date.now() / 1000;
    futimesSync(descriptor, nowSeconds, nowSeconds);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
