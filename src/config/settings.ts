/** Where the dataset lies: the directory that holds `date=YYYY-MM-DD/`. */
export type BaseLocation =
  | {
      readonly kind: 'local';
      /** Absolute, normalised, no trailing slash (but `/` itself). */
      readonly path: string;
    }
  | {
      readonly kind: 'hdfs';
      /** As given in a URI; `hdfs` when a plain path and a NameNode were configured. */
      readonly scheme: 'hdfs' | 'webhdfs' | 'swebhdfs';
      readonly host: string;
      readonly port: number;
      /** Absolute within the file system, no trailing slash (but `/` itself). */
      readonly path: string;
    };

/** Everything a run needs to know, after flags, environment, file and defaults were put together. Plain data. */
export interface Settings {
  /** Title of the preview and the report. */
  readonly title: string;
  /** Full path of the file the settings came from, when there was one. */
  readonly configPath?: string;
  readonly base: BaseLocation;
  readonly hdfs: {
    readonly namenode?: string;
    readonly port: number;
    /** `base.path`, under the name of its key. */
    readonly basePath: string;
  };
  readonly consolidation: {
    readonly targetSizeBytes: number;
    readonly minFiles: number;
    readonly quietMinutes: number;
    /** Absolute local directory for scratch files; never the only copy of anything. */
    readonly tempDirectory: string;
    readonly schema: 'exact';
  };
  readonly compression: {
    readonly codec: 'snappy';
    readonly rowGroupRows: number;
    readonly useDictionary: boolean;
  };
  readonly safety: {
    readonly verifyIntegrity: boolean;
    readonly backupBeforeDelete: boolean;
    readonly backupRetentionDays: number;
    readonly maxRetries: number;
    readonly allowAttributeChange: boolean;
  };
  /**
   * Where each value came from, by configuration key: `flag --min-files`, `environment variable MIN_FILES`,
   * `/etc/consolidation.yaml:8:24` or `default`.
   */
  readonly sources: Readonly<Record<string, string>>;
}
