import { defaultLayoutPattern } from '../core/layout-pattern.ts';
import type { SettingRow } from './setting-kinds.ts';
import { codecLevels, codecSettings } from './settings.ts';

/**
 * Every setting there is, one row each. Precedence: flag > environment variable > configuration file > default.
 * An environment variable that is set but empty counts as not set.
 */
export const settingTable = {
  title: {
    env: 'CONSOLIDATION_TITLE',
    kind: { type: 'text' },
    defaultValue: 'Parquet consolidation',
  },
  'hdfs.namenode': {
    env: 'HDFS_NAMENODE',
    kind: { type: 'namenode' },
  },
  'hdfs.port': {
    env: 'HDFS_PORT',
    kind: { type: 'number', whole: true, min: 1, max: 65_535, unit: 'a TCP port' },
    defaultValue: 8020,
  },
  // Without a default of its own: it is 9870, with swebhdfs 9871.
  'hdfs.webhdfs_port': {
    env: 'HDFS_WEBHDFS_PORT',
    kind: { type: 'number', whole: true, min: 1, max: 65_535, unit: 'a TCP port' },
  },
  'hdfs.base_path': {
    flag: 'base-path',
    env: 'HDFS_BASE_PATH',
    kind: { type: 'text' },
  },
  'hdfs.hadoop_conf': {
    flag: 'hadoop-conf',
    env: 'HADOOP_CONF_DIR',
    kind: { type: 'text' },
  },
  'hdfs.user': {
    env: 'HADOOP_USER_NAME',
    kind: { type: 'text' },
  },
  'hdfs.failover_seconds': {
    env: 'HDFS_FAILOVER_SECONDS',
    kind: { type: 'number', whole: false, min: 1, max: 3_600, unit: 'seconds' },
    defaultValue: 120,
  },
  'hdfs.tls_ca_file': {
    flag: 'ca-file',
    env: 'HDFS_CA_FILE',
    kind: { type: 'text' },
  },
  'hdfs.tls_certificate_file': {
    env: 'HDFS_CLIENT_CERTIFICATE_FILE',
    kind: { type: 'text' },
  },
  'hdfs.tls_key_file': {
    env: 'HDFS_CLIENT_KEY_FILE',
    kind: { type: 'text' },
  },
  'hdfs.tls_key_passphrase_file': {
    env: 'HDFS_CLIENT_KEY_PASSPHRASE_FILE',
    kind: { type: 'text' },
  },
  // Names, and domains with a dot in front, separated by commas.
  'hdfs.allowed_redirect_hosts': {
    env: 'HDFS_ALLOWED_REDIRECT_HOSTS',
    kind: { type: 'text' },
  },
  'hdfs.requests_per_second': {
    env: 'HDFS_REQUESTS_PER_SECOND',
    kind: { type: 'number', whole: true, min: 1, max: 100_000, unit: 'calls to NameNodes per second' },
    defaultValue: 1_000,
  },
  'hdfs.namenode_connections': {
    env: 'HDFS_NAMENODE_CONNECTIONS',
    kind: { type: 'number', whole: true, min: 1, max: 1_024, unit: 'connections' },
    defaultValue: 32,
  },
  'hdfs.datanode_connections': {
    env: 'HDFS_DATANODE_CONNECTIONS',
    kind: { type: 'number', whole: true, min: 1, max: 1_024, unit: 'connections to read by' },
    defaultValue: 16,
  },
  // auto: by name, until the server asks for more.
  'hdfs.authentication': {
    env: 'HDFS_AUTHENTICATION',
    kind: { type: 'choice', choices: ['auto', 'simple', 'kerberos'], later: [] },
    defaultValue: 'auto',
  },
  'hdfs.kerberos_principal': {
    flag: 'principal',
    env: 'KERBEROS_PRINCIPAL',
    kind: { type: 'text' },
  },
  'hdfs.kerberos_keytab': {
    flag: 'keytab',
    env: 'KERBEROS_KEYTAB',
    kind: { type: 'text' },
  },
  'hdfs.proxy_user': {
    flag: 'proxy-user',
    env: 'HADOOP_PROXY_USER',
    kind: { type: 'text' },
  },
  // Of a gateway (HttpFS, Knox) in front of the NameNode.
  'hdfs.webhdfs_url': {
    env: 'HDFS_WEBHDFS_URL',
    kind: { type: 'text' },
  },
  'hdfs.timeout_seconds': {
    env: 'HDFS_TIMEOUT_SECONDS',
    kind: { type: 'number', whole: false, min: 1, max: 3_600, unit: 'seconds' },
    defaultValue: 60,
  },
  'consolidation.target_size_mb': {
    flag: 'target-size',
    env: 'TARGET_SIZE_MB',
    kind: { type: 'number', whole: true, min: 1, max: 102_400, unit: 'MB of 2^20 bytes', word: 'auto' },
    defaultValue: 128,
  },
  // Dotted paths, separated by commas.
  'consolidation.query_columns': {
    env: 'QUERY_COLUMNS',
    kind: { type: 'text' },
  },
  'consolidation.sort_by': {
    flag: 'sort-by',
    env: 'SORT_BY',
    kind: { type: 'order' },
  },
  'consolidation.min_files_threshold': {
    flag: 'min-files',
    env: 'MIN_FILES',
    kind: { type: 'number', whole: true, min: 2, max: 1_000_000, unit: 'files' },
    defaultValue: 5,
  },
  'consolidation.quiet_minutes': {
    flag: 'quiet-minutes',
    env: 'QUIET_MINUTES',
    kind: {
      type: 'number',
      whole: false,
      min: 0,
      max: 525_600,
      unit: 'minutes; 0 switches the quiet period off',
    },
    defaultValue: 60,
  },
  // Without a default of its own: the minimum of files that is asked for anyway, which it cannot be below.
  'late_data.min_files': {
    env: 'LATE_MIN_FILES',
    kind: { type: 'number', whole: true, min: 2, max: 1_000_000, unit: 'files' },
  },
  'late_data.min_share': {
    env: 'LATE_MIN_SHARE',
    kind: { type: 'number', whole: false, min: 0, max: 10, unit: 'share of the rows merged before' },
    defaultValue: 0.25,
  },
  'late_data.max_age_days': {
    env: 'LATE_MAX_AGE_DAYS',
    kind: { type: 'number', whole: false, min: 0, max: 3_650, unit: 'days; 0 = never for age alone' },
    defaultValue: 30,
  },
  // Where the partitions of a dataset lie below its base path.
  'consolidation.layout': {
    flag: 'layout',
    env: 'PARTITION_LAYOUT',
    kind: { type: 'layout' },
    defaultValue: defaultLayoutPattern,
  },
  'consolidation.temp_directory': {
    env: 'TEMP_DIRECTORY',
    kind: { type: 'text' },
    defaultValue: '/tmp/parquet_consolidation',
  },
  // Without a default of its own: see `defaultMemoryLimits` of the engine.
  'consolidation.memory_mb': {
    flag: 'memory',
    env: 'MEMORY_MB',
    kind: { type: 'number', whole: true, min: 256, max: 1_048_576, unit: 'MB of 2^20 bytes', isMb: true },
  },
  // Without a default of its own: see `partitionsAtOnce`.
  'consolidation.concurrency': {
    flag: 'concurrency',
    env: 'CONCURRENCY',
    kind: { type: 'number', whole: true, min: 1, max: 64, unit: 'partitions at the same time' },
  },
  // Without a default of its own: as many as are worth it.
  'consolidation.threads': {
    flag: 'threads',
    env: 'THREADS',
    kind: { type: 'number', whole: true, min: 1, max: 64, unit: 'threads' },
  },
  'consolidation.mode': {
    flag: 'mode',
    env: 'CONSOLIDATION_MODE',
    kind: { type: 'choice', choices: ['rewrite', 'fold'], later: [] },
    defaultValue: 'rewrite',
  },
  'consolidation.swap': {
    flag: 'swap',
    env: 'CONSOLIDATION_SWAP',
    kind: { type: 'choice', choices: ['auto', 'rename'], later: [] },
    defaultValue: 'auto',
  },
  'consolidation.schema': {
    flag: 'schema',
    env: 'CONSOLIDATION_SCHEMA',
    kind: { type: 'choice', choices: ['compatible', 'exact'], later: [] },
    defaultValue: 'compatible',
  },
  'compression.codec': {
    flag: 'codec',
    env: 'COMPRESSION_CODEC',
    kind: { type: 'choice', choices: codecSettings, later: [], levels: codecLevels },
    defaultValue: 'snappy',
  },
  'compression.encodings': {
    flag: 'encodings',
    env: 'COMPRESSION_ENCODINGS',
    kind: { type: 'choice', choices: ['standard', 'compact'], later: [] },
    defaultValue: 'standard',
  },
  'compression.page_size_kb': {
    flag: 'page-size',
    env: 'PAGE_SIZE_KB',
    kind: { type: 'number', whole: true, min: 1, max: 65_536, unit: 'KB of 1,024 bytes, before compression' },
    defaultValue: 1024,
  },
  'compression.row_group_size': {
    flag: 'row-group-rows',
    env: 'ROW_GROUP_SIZE',
    kind: { type: 'number', whole: true, min: 1, max: 100_000_000, unit: 'rows' },
    defaultValue: 50_000,
  },
  // One block of HDFS, so that one task reads a row group from one place.
  'compression.row_group_mb': {
    flag: 'row-group-mb',
    env: 'ROW_GROUP_MB',
    kind: {
      type: 'number',
      whole: true,
      min: 1,
      max: 1_024,
      unit: 'MB of 2^20 bytes, before compression',
    },
    defaultValue: 128,
  },
  'compression.use_dictionary': {
    env: 'USE_DICTIONARY',
    kind: { type: 'switch' },
    defaultValue: true,
  },
  // Dotted paths, separated by commas.
  'compression.bloom_filter_columns': {
    flag: 'bloom-filter-columns',
    env: 'BLOOM_FILTER_COLUMNS',
    kind: { type: 'text' },
  },
  // What a run may take before it begins no further partition; see `budget` in the settings.
  'budget.max_duration': {
    flag: 'max-duration',
    env: 'MAX_DURATION',
    kind: { type: 'duration' },
  },
  'budget.max_bytes': {
    flag: 'max-bytes',
    env: 'MAX_BYTES',
    kind: { type: 'size' },
  },
  'budget.window': {
    flag: 'window',
    env: 'CONSOLIDATION_WINDOW',
    kind: { type: 'window' },
  },
  // Whose the files must be, and how they may be read.
  'owners.user': {
    env: 'EXPECTED_USER',
    kind: { type: 'text' },
  },
  'owners.group': {
    env: 'EXPECTED_GROUP',
    kind: { type: 'text' },
  },
  'owners.mode': {
    env: 'EXPECTED_MODE',
    kind: { type: 'mode' },
  },
  'owners.on_mismatch': {
    env: 'EXPECTED_ON_MISMATCH',
    kind: { type: 'choice', choices: ['refuse', 'warn'], later: [] },
    defaultValue: 'refuse',
  },
  'safety.verify_integrity': {
    env: 'VERIFY_INTEGRITY',
    kind: { type: 'switch' },
    defaultValue: true,
  },
  'safety.backup_before_delete': {
    env: 'BACKUP_BEFORE_DELETE',
    kind: { type: 'switch' },
    defaultValue: true,
  },
  'safety.backup_retention_days': {
    env: 'BACKUP_RETENTION_DAYS',
    kind: { type: 'number', whole: true, min: 1, max: 3_650, unit: 'days' },
    defaultValue: 7,
  },
  'safety.max_retries': {
    env: 'MAX_RETRIES',
    kind: { type: 'number', whole: true, min: 0, max: 100, unit: 'retries' },
    defaultValue: 3,
  },
  'safety.allow_attribute_change': {
    flag: 'allow-attribute-change',
    env: 'ALLOW_ATTRIBUTE_CHANGE',
    kind: { type: 'switch' },
    defaultValue: false,
  },
  'metrics.pushgateway_url': {
    flag: 'pushgateway',
    env: 'PUSHGATEWAY_URL',
    kind: { type: 'url', schemes: ['http', 'https'] },
  },
  'metrics.textfile': {
    flag: 'metrics-textfile',
    env: 'METRICS_TEXTFILE',
    kind: { type: 'text' },
  },
  'metrics.job': {
    env: 'METRICS_JOB',
    kind: { type: 'text' },
    defaultValue: 'parquet_consolidation',
  },
  'history.url': {
    env: 'DATABASE_URL',
    kind: { type: 'url', schemes: ['postgres', 'postgresql'] },
  },
  'replica.uri': {
    flag: 'replicate-to',
    env: 'REPLICATE_TO',
    kind: { type: 'text' },
  },
  'alerts.webhook_url': {
    env: 'ALERT_WEBHOOK_URL',
    kind: { type: 'url', schemes: ['http', 'https'] },
  },
  'alerts.slow_after_seconds': {
    env: 'ALERT_SLOW_AFTER_SECONDS',
    kind: { type: 'number', whole: false, min: 0, max: 604_800, unit: 'seconds; 0 = never' },
    defaultValue: 300,
  },
  'hooks.after_swap_command': {
    env: 'AFTER_SWAP_COMMAND',
    kind: { type: 'text' },
  },
  'hooks.after_swap_url': {
    env: 'AFTER_SWAP_URL',
    kind: { type: 'url', schemes: ['http', 'https'] },
  },
  'hooks.timeout_seconds': {
    env: 'HOOK_TIMEOUT_SECONDS',
    kind: { type: 'number', whole: false, min: 0.1, max: 3_600, unit: 'seconds' },
    defaultValue: 60,
  },
  // The names every client of OpenLineage has for them.
  'lineage.url': {
    env: 'OPENLINEAGE_URL',
    kind: { type: 'url', schemes: ['http', 'https'] },
  },
  'lineage.namespace': {
    env: 'OPENLINEAGE_NAMESPACE',
    kind: { type: 'text' },
    defaultValue: 'parquet-consolidator',
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

/** Dotted name of a setting, as it stands in the configuration file. */
export type SettingKey = keyof typeof settingTable;

/** Every key of the table, in its order. */
export const settingKeys: readonly SettingKey[] = Object.keys(settingTable).filter(
  (key): key is SettingKey => key in settingTable,
);

/** Environment variable that names the configuration file when `--config` does not. */
export const configPathVariable = 'CONSOLIDATION_CONFIG';

/** The row of `key`. */
export function settingRow(key: SettingKey): SettingRow {
  return settingTable[key];
}
