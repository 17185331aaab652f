import { resolve } from 'node:path/posix';
import { localStore } from './local.ts';
import { type OpenedStore, openLocalStore } from './open-local-store.ts';
import { webHdfsStore } from './webhdfs/web-hdfs-store.ts';

/** Where a dataset lies. */
export type StoreLocation =
  | { readonly kind: 'local'; readonly path: string }
  | {
      readonly kind: 'hdfs';
      /** `swebhdfs` goes over TLS, the others do not. */
      readonly scheme: 'hdfs' | 'webhdfs' | 'swebhdfs';
      readonly host: string;
      /** The port of the URI: the NameNode's RPC port for `hdfs`, its HTTP(S) port for the others. Only shown. */
      readonly port: number;
      /** The NameNode's HTTP(S) port, which all requests go to; 9870, or 9871 over TLS, unless configured. */
      readonly webHdfsPort: number;
      /** Absolute path. */
      readonly path: string;
    };

/** How to behave towards a remote store. */
export interface StoreOptions {
  /** Who asks, on a cluster that believes it (`HADOOP_USER_NAME`, else the user of this process). */
  readonly userName: string;
  /** Longest silence in the middle of a call, 60,000 unless told. */
  readonly timeoutMs?: number;
  /** How often a call that may be repeated is tried again. */
  readonly maxRetries: number;
}

/**
 * The store for a base path on this machine: a local path (relative ones from the working directory) or a `file:` URI.
 * @throws ConfigError for any other scheme
 */
export function openStore(basePath: string): OpenedStore;
/** The store for a location. Nothing is asked of it yet. */
export function openStore(location: StoreLocation, options: StoreOptions): OpenedStore;
export function openStore(place: string | StoreLocation, options?: StoreOptions): OpenedStore {
  if (typeof place === 'string') return openLocalStore(place);
  if (place.kind === 'local') return { store: localStore(), basePath: resolve(place.path) };
  if (options === undefined) throw new TypeError('a remote store needs its options');
  const store = webHdfsStore({
    uri: `${place.scheme}://${place.host}:${place.port}`,
    origin: `${place.scheme === 'swebhdfs' ? 'https' : 'http'}://${place.host}:${place.webHdfsPort}`,
    userName: options.userName,
    maxRetries: options.maxRetries,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  return { store, basePath: resolve('/', place.path) };
}
