/** A server that answers WebHDFS calls. */
export interface Endpoint {
  /** Scheme, host and port: `http://nn1.example.com:9870`. */
  readonly origin: string;
  /** What stands before `/webhdfs/v1` there: empty of a NameNode, `/gateway/default` of Knox. */
  readonly basePath?: string;
  /** `gateway`: HttpFS or Knox, which hand out and take the data of files themselves. A NameNode unless told. */
  readonly kind?: 'namenode' | 'gateway';
}

/** What a TLS connection is made with. All of it is the content of PEM files. */
export interface TlsMaterial {
  /** The only certificate authorities that are trusted; those that come with Node.js unless told. */
  readonly ca?: string;
  /** The client's certificate, with those that lead to its authority. */
  readonly certificate?: string;
  readonly key?: string;
  /** Of an encrypted key. */
  readonly passphrase?: string;
}

/** The header that a cluster asks for on calls that change something (`dfs.webhdfs.rest-csrf.*`). */
export interface CsrfHeader {
  readonly name: string;
  /** Methods that do not need it, in capitals. */
  readonly methodsToIgnore: readonly string[];
}

/** How much of a cluster's strength may be taken. Each holds for a whole run, all its partitions and datasets together. */
export interface LoadLimits {
  /** Calls to NameNodes in a second, on average; a second's worth may come at once. */
  readonly requestsPerSecond: number;
  /** Connections to a NameNode at a time. */
  readonly nameNodeConnections: number;
  /** Connections that read from a DataNode at a time. */
  readonly dataNodeConnections: number;
}

/** The limits where nothing is configured. */
export const defaultLoadLimits: LoadLimits = {
  requestsPerSecond: 1_000,
  nameNodeConnections: 32,
  dataNodeConnections: 16,
};

/** How a client proves who it is. Plain data; `auth/authentication-for.ts` makes of it what does so. */
export type AuthenticationChoice =
  | {
      /** The server believes the name. */
      readonly kind: 'simple';
      /** On whose behalf. */
      readonly proxyUser?: string;
    }
  | {
      /** kerberos: nothing else. auto: only once the server asks for it. */
      readonly kind: 'kerberos' | 'auto';
      /** Whose ticket; the cache's own, or the keytab's first, unless told. */
      readonly principal?: string;
      /** Path of a file with the principal's keys; the ticket cache (KRB5CCNAME) unless told. */
      readonly keytab?: string;
      /** Path of a file with a delegation token that takes the place of both, and the host it is for. */
      readonly handedToken?: { readonly file: string; readonly host: string };
      readonly proxyUser?: string;
    };

/** An HDFS: where it answers, and how to behave towards it. Plain data. */
export interface HdfsCluster {
  /** What messages put before a path: `hdfs://host:8020`, `hdfs://nameservice1`. */
  readonly uri: string;
  /** One, or all NameNodes of a name service, any of which may be the active one. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  /** Who asks. */
  readonly userName: string;
  /** How that is proved; `simple` (the name is believed) unless told. */
  readonly authentication?: AuthenticationChoice;
  readonly tls?: TlsMaterial;
  readonly csrfHeader?: CsrfHeader;
  readonly limits?: LoadLimits;
  /**
   * The only hosts that files may be read from and written to, beside the endpoints' own: names, or domains with a dot
   * in front. Where absent, see `redirect-hosts.ts`.
   */
  readonly allowedRedirectHosts?: readonly string[];
  /** rename: partitions are replaced whole, by two renames, instead of their files. auto unless told. */
  readonly swap?: 'auto' | 'rename';
  /** How often a call that may be repeated is tried again. */
  readonly maxRetries: number;
  /** Longest silence in the middle of a call, 60,000 unless told. */
  readonly timeoutMs?: number;
  /** Wait before the first repetition, 400 unless told. */
  readonly firstRetryDelayMs?: number;
  /** With several endpoints: how long to look for an active one among them, 120,000 unless told. */
  readonly failoverMs?: number;
}
