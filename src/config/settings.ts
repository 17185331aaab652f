import type { DailyWindow } from '../core/daily-window.ts';
import type { SortTerm } from '../core/sort-order-text.ts';
import type { HadoopClientSettings } from './hadoop/client-settings.ts';
import type { HdfsScheme } from './namenode.ts';

/** Where the dataset lies: the directory that holds `date=YYYY-MM-DD/`. */
export type BaseLocation =
  | {
      readonly kind: 'local';
      /** Absolute, normalised, no trailing slash (but `/` itself). */
      readonly path: string;
    }
  | {
      readonly kind: 'hdfs';
      /** As given in the URI or with the NameNode; `hdfs` where neither has one. */
      readonly scheme: HdfsScheme;
      /** Name or address of the NameNode; an IPv6 address stands in brackets. */
      readonly host: string;
      /** As the URI has it: of `hdfs` the RPC port, of the others the HTTP(S) port. A name service has none. */
      readonly port?: number;
      /** Port of WebHDFS, by which the NameNode is spoken to. */
      readonly webHdfsPort: number;
      /**
       * Scheme, host and port of the HTTP server of each NameNode, as Hadoop's configuration tells them; any of them may
       * be the active one. Absent: the one of `host` and `webHdfsPort`.
       */
      readonly origins?: readonly string[];
      /** Absolute within the file system, no trailing slash (but `/` itself). */
      readonly path: string;
    };

/** How many files become one: see {@link Settings}. */
export type ConsolidationMode = 'rewrite' | 'fold';

/** Which files may be merged with each other by their schemas: see {@link Settings}. */
export type SchemaMode = 'exact' | 'compatible';

/** How what is written is compressed; `keep`: as the inputs are. */
export const codecSettings = ['snappy', 'zstd', 'gzip', 'lz4_raw', 'uncompressed', 'keep'] as const;
export type CodecSetting = (typeof codecSettings)[number];

/** Codecs that take a level (`zstd:9`), each with its least and its greatest one. */
export const codecLevels = { zstd: [1, 22], gzip: [1, 9] } as const;

/** Where a run tells its figures. */
export interface MetricsSettings {
  /** `http://…`, which may hold a password. */
  readonly pushgatewayUrl?: string;
  /** Absolute path of the file for node_exporter. */
  readonly textfile?: string;
  /** Value of the label job of what is pushed. */
  readonly job: string;
}

/** Who is told of what a run did, besides metrics and history. None of it can fail a run. */
export interface NotifySettings {
  /** Told of failures, and of partitions that take long; may hold secrets. */
  readonly webhookUrl?: string;
  /** A partition at work for longer is told of; absent: none is. */
  readonly slowAfterMs?: number;
  readonly afterSwap: {
    /** For `/bin/sh -c`, with the partition in its environment. */
    readonly command?: string;
    /** May hold secrets. */
    readonly url?: string;
    readonly timeoutMs: number;
  };
  readonly lineage?: { readonly url: string; readonly namespace: string };
}

/** One of the datasets of a configuration file. */
export interface DatasetIdentity {
  readonly name: string;
  /** How many times what a merge brings counts here; 1 unless said. */
  readonly priority: number;
}

/** Everything a run needs to know, after flags, environment, file and defaults were put together. Plain data. */
export interface Settings {
  /** Title of the preview and the report. */
  readonly title: string;
  /** Full path of the file the settings came from, when there was one. */
  readonly configPath?: string;
  /** The one of the file's `datasets` that the settings are for; absent: none of them. */
  readonly dataset?: DatasetIdentity;
  readonly base: BaseLocation;
  readonly hdfs: {
    /** As it was written: host, `host:port` or a URI. */
    readonly namenode?: string;
    /** RPC port. */
    readonly port: number;
    /** HTTP port of WebHDFS; where it is not set, that of the scheme counts. */
    readonly webHdfsPort?: number;
    /** On whose behalf HDFS is asked; absent: the user of this process. */
    readonly user?: string;
    /** auto: by name, until the server asks for Kerberos. */
    readonly authentication: 'auto' | 'simple' | 'kerberos';
    /** Whose ticket; absent: the ticket cache's, or the first one of the keytab. */
    readonly kerberosPrincipal?: string;
    /** Absolute local path of a file with keys; absent: the ticket cache (KRB5CCNAME). */
    readonly kerberosKeytab?: string;
    /** On whose behalf the user above asks. */
    readonly proxyUser?: string;
    /** Longest wait for a reply of the NameNode or a DataNode. */
    readonly timeoutMs: number;
    /** `base.path`, under the name of its key. */
    readonly basePath: string;
    /** How long to look for an active NameNode where there are several. */
    readonly failoverMs: number;
    /** What Hadoop's own configuration says, when it was read. */
    readonly hadoop?: HadoopClientSettings;
    /** Absolute paths of files. */
    readonly tls: {
      readonly caFile?: string;
      readonly certificateFile?: string;
      readonly keyFile?: string;
      readonly keyPassphraseFile?: string;
    };
    /** Hosts and domains (`.example.com`) that files may be read from and written to; absent: the cluster's DataNodes. */
    readonly allowedRedirectHosts?: readonly string[];
    readonly limits: {
      readonly requestsPerSecond: number;
      readonly nameNodeConnections: number;
      readonly dataNodeConnections: number;
    };
  };
  readonly consolidation: {
    /** Where it is to be chosen, the default, until it is. */
    readonly targetSizeBytes: number;
    /** Whether a run chooses the size of files by what it knows of the dataset. */
    readonly isSizeChosen?: true;
    /** Dotted paths of the columns that queries look for values in; absent: none are declared. */
    readonly queryColumns?: readonly string[];
    readonly minFiles: number;
    readonly quietMinutes: number;
    /** How its partitions are called, such as `date={yyyy-MM-dd}`: see `LayoutPattern`. */
    readonly layout: string;
    /** When files that came after a consolidation are worth doing it again: `LatePolicy` of the plan. */
    readonly late: {
      /** Absent: `minFiles`. */
      readonly minFiles?: number;
      readonly minRowShare: number;
      readonly maxAgeDays: number;
    };
    /** What the process may take of memory; where it is not said, about 512 MiB unless single pages need more. */
    readonly memoryBytes?: number;
    /** Partitions of a run at work at the same time, as far as the memory goes; where it is not said, as many as are worth it. */
    readonly concurrency?: number;
    /** Threads that merge; where it is not said, as many as are worth it. */
    readonly threads?: number;
    /** Absolute local directory for scratch files; never the only copy of anything. */
    readonly tempDirectory: string;
    /** What the rows of merged files are sorted by, the most significant first; absent: they keep their order. */
    readonly sortBy?: readonly SortTerm[];
    /**
     * exact: only files of equal schema are merged with each other. compatible: also files that differ in columns that may be
     * null, in the order of columns, in what may be null, and in the width of whole or floating-point numbers.
     */
    readonly schema: SchemaMode;
    /** rewrite: merge and encode anew. fold: HDFS only, N files become one without moving data. */
    readonly mode: ConsolidationMode;
    /**
     * auto: whatever shows a listing every row once at any moment. rename: the partition is built anew and changes places
     * with the old one by two renames, between which it is not there.
     */
    readonly swap: 'auto' | 'rename';
  };
  readonly compression: {
    readonly codec: CodecSetting;
    /** One of {@link codecLevels}; absent: the codec's usual one. */
    readonly level?: number;
    /** compact: also encodings that some readers do not have, where they make a column smaller. */
    readonly encodings: 'standard' | 'compact';
    /** Rough size of a page before compression. */
    readonly pageSizeBytes: number;
    readonly rowGroupRows: number;
    /** Whether that is another number than the default: then none is chosen. */
    readonly areRowGroupRowsSaid?: true;
    /** Before compression. */
    readonly rowGroupBytes: number;
    readonly useDictionary: boolean;
    /** Dotted paths of the columns that get Bloom filters; absent: none. */
    readonly bloomFilterColumns?: readonly string[];
  };
  readonly safety: {
    readonly verifyIntegrity: boolean;
    readonly backupBeforeDelete: boolean;
    readonly backupRetentionDays: number;
    /** Of calls to a remote store that change nothing, or may be repeated. */
    readonly maxRetries: number;
    readonly allowAttributeChange: boolean;
  };
  /** What a run may take before it begins no further partition. */
  readonly budget: {
    readonly maxDurationMs?: number;
    /** Of the files that are merged. */
    readonly maxBytes?: number;
    /** Partitions of this dataset are begun only then. */
    readonly window?: DailyWindow;
  };
  /** Whose data files must be, and with which mode; what is absent does not matter. */
  readonly owners: {
    readonly user?: string;
    readonly group?: string;
    readonly mode?: number;
    /** What becomes of a partition with others in it. */
    readonly onMismatch: 'refuse' | 'warn';
  };
  readonly metrics: MetricsSettings;
  readonly notify: NotifySettings;
  readonly history: {
    /** `postgresql://…`, which may hold a password; absent: the receipts in the store are all there is. */
    readonly url?: string;
  };
  /** Where verified files are copied to after every swap; absent: nowhere. */
  readonly replica?: BaseLocation;
  /**
   * Where each value came from, by configuration key: `flag --min-files`, `environment variable MIN_FILES`,
   * `/etc/consolidation.yaml:8:24` or `default`.
   */
  readonly sources: Readonly<Record<string, string>>;
}
