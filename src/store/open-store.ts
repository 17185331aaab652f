import { resolve } from 'node:path/posix';
import { localStore } from './local/local-store.ts';
import { type OpenedStore, openLocalStore } from './open-local-store.ts';
import type {
  AuthenticationChoice,
  CsrfHeader,
  Endpoint,
  LoadLimits,
  TlsMaterial,
} from './webhdfs/cluster.ts';
import type { ClusterLoads } from './webhdfs/cluster-load.ts';
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
      readonly port?: number;
      /** The NameNode's HTTP(S) port, which all requests go to; 9870, or 9871 over TLS, unless configured. */
      readonly webHdfsPort: number;
      /**
       * Scheme, host and port of the HTTP server of each NameNode, where these are known otherwise; of a gateway with what
       * stands before `/webhdfs/v1`.
       */
      readonly origins?: readonly string[];
      /** Absolute path. */
      readonly path: string;
    };

/** How to behave towards a remote store. */
export interface StoreOptions {
  /** Who asks, on a cluster that believes it (`HADOOP_USER_NAME`, else the user of this process). */
  readonly userName: string;
  /** How that is proved; the name is believed unless told. */
  readonly authentication?: AuthenticationChoice;
  /** rename: partitions are replaced whole, by two renames; auto unless told. */
  readonly swap?: 'auto' | 'rename';
  /** Longest silence in the middle of a call, 60,000 unless told. */
  readonly timeoutMs?: number;
  /** How often a call that may be repeated is tried again. */
  readonly maxRetries: number;
  readonly tls?: TlsMaterial;
  readonly csrfHeader?: CsrfHeader;
  readonly limits?: LoadLimits;
  /** What the stores of a run share that lie on one cluster; absent: this one is alone. */
  readonly loads?: ClusterLoads;
  /** The only hosts that files may be read from and written to, beside the NameNodes; the cluster's DataNodes unless told. */
  readonly allowedRedirectHosts?: readonly string[];
  /** With several NameNodes: how long to look for an active one, 120,000 unless told. */
  readonly failoverMs?: number;
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
  const { loads, ...how } = options;
  const uri = `${place.scheme}://${place.host}${place.port === undefined ? '' : `:${place.port}`}`;
  const store = webHdfsStore({ ...how, uri, endpoints: endpointsOf(place) }, loads);
  return { store, basePath: resolve('/', place.path) };
}

function endpointsOf({
  scheme,
  host,
  webHdfsPort,
  origins = [],
}: Extract<StoreLocation, { kind: 'hdfs' }>): readonly [Endpoint, ...Endpoint[]] {
  const [first, ...more] = origins.map(endpointAt);
  if (first !== undefined) return [first, ...more];
  return [{ origin: `${scheme === 'swebhdfs' ? 'https' : 'http'}://${host}:${webHdfsPort}` }];
}

/** The endpoint at a URL; one with a path is that of a gateway (Knox). */
function endpointAt(text: string): Endpoint {
  const { origin, pathname } = new URL(text);
  const basePath = pathname.replace(/\/+$/, '');
  return basePath === '' ? { origin } : { origin, basePath, kind: 'gateway' };
}
