import { resolve } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../core/errors.ts';
import { localStore } from './local/local-store.ts';
import type { Store } from './store.ts';

/** A store and the dataset's place in it. */
export interface OpenedStore {
  readonly store: Store;
  /** Absolute path of the dataset within the store, without a trailing slash. */
  readonly basePath: string;
}

/**
 * The store for a base path on this machine: a local path (relative ones from the working directory) or a `file:` URI.
 * Apart from `openStore`, so that who works on local files need not load what speaks to a NameNode.
 * @throws ConfigError for any other scheme
 */
export function openLocalStore(basePath: string): OpenedStore {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(basePath)?.[1]?.toLowerCase();
  if (scheme === undefined) return { store: localStore(), basePath: resolve(basePath) };
  if (scheme === 'file') return { store: localStore(), basePath: resolve(pathOfFileUri(basePath)) };
  if (scheme === 'hdfs' || scheme === 'webhdfs' || scheme === 'swebhdfs') {
    throw new ConfigError(`cannot open ${basePath}: only a directory of this machine can be used here`, {
      code: 'store-not-supported',
      hint: 'give a local path or a file: URI, for instance --base-path file:///data/telemetry',
    });
  }
  throw new ConfigError(`cannot open ${basePath}: no store has the scheme ${scheme}:`, {
    code: 'store-not-supported',
    hint: 'give a local path or a file: URI; a path that contains a colon is written as ./name:with:colon',
  });
}

/** Also takes `file:/path`, as Hadoop writes it. */
function pathOfFileUri(uri: string): string {
  try {
    return fileURLToPath(new URL(uri));
  } catch (error) {
    throw new ConfigError(`cannot open ${uri}: it is not a file URI of this machine`, {
      code: 'store-not-supported',
      hint: 'write it with an absolute path and no host: file:///data/telemetry',
      cause: error,
    });
  }
}
