/** How a flag is read and described. */
export interface FlagRow {
  readonly type: 'string' | 'boolean';
  /** A flag of type string without a value is refused. */
  readonly requiresArg?: true;
  readonly demandOption?: true;
  readonly choices?: readonly string[];
  /** Headline it stands under in the help. */
  readonly group: string;
  readonly describe: string;
}

const takesText = { type: 'string', requiresArg: true } as const;
const isSwitch = { type: 'boolean' } as const;

/** Every flag of every command, by its name. */
export const flagTable = {
  date: {
    ...takesText,
    group: 'What:',
    describe: 'Day of the partition: YYYY-MM-DD, today or yesterday',
  },
  'days-back': {
    ...takesText,
    group: 'What:',
    describe: 'Also the N days before --date: N+1 partitions in all',
  },
  from: {
    ...takesText,
    group: 'What:',
    describe: 'First date, inclusive: YYYY-MM-DD, today or yesterday',
  },
  to: {
    ...takesText,
    group: 'What:',
    describe: 'Last date, inclusive: YYYY-MM-DD, today or yesterday',
  },
  shard: {
    ...takesText,
    group: 'What:',
    describe: 'Only share I of N of these partitions, I from 0: the others are for other runs, e.g. 0/4',
  },
  'shard-plan': {
    ...takesText,
    group: 'What:',
    describe: 'What the runs that share --from to --to call their plan [default: named after dates and N]',
  },
  'time-zone': {
    ...takesText,
    group: 'What:',
    describe: 'Time zone of today and yesterday, e.g. America/New_York [default: UTC]',
  },
  'base-path': {
    ...takesText,
    group: 'What:',
    describe:
      'Path or URI (hdfs://host:8020/path, webhdfs://host:9870/path) of the directory that holds date=YYYY-MM-DD',
  },
  dataset: {
    ...takesText,
    group: 'What:',
    describe:
      'Only this one of the datasets of the configuration file; may be given several times [default: all]',
  },
  all: {
    ...isSwitch,
    group: 'What:',
    describe: 'Instead of a date: whatever is worth it, the best first, of all datasets',
  },
  layout: {
    ...takesText,
    group: 'What:',
    describe:
      'Where partitions lie below the base path: year={yyyy}/month={MM}/day={dd}, {source}/dt={yyyyMMdd} [default: date={yyyy-MM-dd}]',
  },
  'max-duration': {
    ...takesText,
    group: 'How:',
    describe: 'Begin no partition that would not be done by then, e.g. 2h or 90m',
  },
  'max-bytes': {
    ...takesText,
    group: 'How:',
    describe: 'Merge no more than this in the run, e.g. 500GB',
  },
  window: {
    ...takesText,
    group: 'How:',
    describe: 'Begin partitions only in these hours: 22:00-06:00, or 22:00-06:00 Europe/Berlin',
  },
  days: { ...takesText, group: 'What:', describe: 'What ran in the last N days [default: 30; advise: 90]' },
  limit: { ...takesText, group: 'What:', describe: 'The newest N consolidations [default: 100]' },
  sql: {
    ...takesText,
    group: 'What:',
    describe: 'A SELECT of your own over consolidation_metrics and consolidation_log',
  },
  top: {
    ...takesText,
    group: 'What:',
    describe: 'List the best N partitions [default: 20]',
  },
  run: {
    ...takesText,
    group: 'What:',
    describe: 'Id of the run to undo [default: the newest that has a backup]',
  },
  directory: { ...takesText, group: 'What:', describe: 'Where to build the demo [default: .demo]' },
  hdfs: {
    ...isSwitch,
    group: 'What:',
    describe: 'On a real HDFS, started on this machine: needs Java and Maven',
  },
  keep: { ...isSwitch, group: 'What:', describe: 'Leave that HDFS running afterwards' },
  out: { ...takesText, group: 'What:', demandOption: true, describe: 'The new file; never overwritten' },
  pages: { ...isSwitch, group: 'What:', describe: 'Also list the pages of every column chunk' },
  diff: { ...isSwitch, group: 'What:', describe: 'Compare the schemas of two files' },
  footers: {
    ...isSwitch,
    group: 'How:',
    describe: 'Read every footer and ask the plans, instead of estimating from listings',
  },
  executors: {
    ...takesText,
    group: 'How:',
    describe:
      'File descriptor of a connection to executors that merge the bins; scripts/consolidate_on_spark.py gives it',
  },
  'dry-run': { ...isSwitch, group: 'How:', describe: 'Show what would be done and touch nothing' },
  force: { ...isSwitch, group: 'How:', describe: 'Also a partition whose last consolidation was undone' },
  mode: {
    ...takesText,
    group: 'How:',
    choices: ['rewrite', 'fold'],
    describe:
      'rewrite: merge and encode anew. fold: on HDFS, make N files one without moving data [default: rewrite]',
  },
  swap: {
    ...takesText,
    group: 'How:',
    choices: ['auto', 'rename'],
    describe:
      'auto: on HDFS readers see every row at any moment. rename: two renames, between which the partition is not there, as on a local directory; for places where HDFS joins no files [default: auto]',
  },
  schema: {
    ...takesText,
    group: 'How:',
    choices: ['compatible', 'exact'],
    describe:
      'compatible: also merge files that differ in columns that may be null, in order, or in the width of numbers (on HDFS with --swap rename only). exact: never [default: compatible]',
  },
  codec: {
    ...takesText,
    group: 'How:',
    describe:
      'Compression of the pages: snappy, zstd, gzip, lz4_raw or uncompressed; zstd:1 to zstd:22 and gzip:1 to gzip:9 with a level; keep: as each column of the first file has it [default: snappy]',
  },
  encodings: {
    ...takesText,
    group: 'How:',
    choices: ['standard', 'compact'],
    describe:
      'compact: also DELTA and BYTE_STREAM_SPLIT, where they make a column smaller [default: standard]',
  },
  'row-group-rows': {
    ...takesText,
    group: 'How:',
    describe: 'Most rows of a row group [default: 50000]',
  },
  'row-group-mb': {
    ...takesText,
    group: 'How:',
    describe: 'Most MB of a row group, before compression [default: 128]',
  },
  'bloom-filter-columns': {
    ...takesText,
    group: 'How:',
    describe: 'Columns that get Bloom filters, e.g. "vehicle_id, device.serial" [default: none]',
  },
  'sort-by': {
    ...takesText,
    group: 'How:',
    describe:
      'Sort the rows of each merged file by columns, e.g. "vehicle_id, event_time desc" [default: they keep their order]',
  },
  'sort-check': {
    ...isSwitch,
    group: 'How:',
    describe: 'Write nothing unless the rows come in the order that all files state (sorting_columns)',
  },
  'page-size': {
    ...takesText,
    group: 'How:',
    describe: 'Size of a page in KB, before compression [default: 1024]',
  },
  'target-size': {
    ...takesText,
    group: 'How:',
    describe: 'Largest size of a consolidated file in MB, or auto [default: 128]',
  },
  'min-files': { ...takesText, group: 'How:', describe: 'Fewest new small files worth a run [default: 5]' },
  memory: {
    ...takesText,
    group: 'How:',
    describe:
      'Most memory to take, in MB or such as 1GB, at least 256; what does not fit is refused [default: about 512, more for huge pages]',
  },
  concurrency: {
    ...takesText,
    group: 'How:',
    describe: 'Most partitions at work at the same time, as far as the memory goes [default: 4]',
  },
  threads: {
    ...takesText,
    group: 'How:',
    describe:
      'Threads that merge local files; the result is the same [default: 2 for 64 MB and more, in files of 256 KB and more]',
  },
  'quiet-minutes': {
    ...takesText,
    group: 'How:',
    describe: 'Leave a partition alone that changed within the last N minutes; 0 = off [default: 60]',
  },
  'allow-attribute-change': {
    ...isSwitch,
    group: 'How:',
    describe: 'Go on where group or mode cannot be kept',
  },
  'replicate-to': {
    ...takesText,
    group: 'How:',
    describe: 'Copy what was merged to this base path too, after every swap [default: none]',
  },
  pushgateway: {
    ...takesText,
    group: 'General:',
    describe: 'URL of a Prometheus Pushgateway that is told how the run went',
  },
  'metrics-textfile': {
    ...takesText,
    group: 'General:',
    describe: "File that says the same, for node_exporter's textfile collector (NAME.prom)",
  },
  'hadoop-conf': {
    ...takesText,
    group: 'Cluster:',
    describe: 'Directory with core-site.xml and hdfs-site.xml [default: HADOOP_CONF_DIR]',
  },
  'ca-file': {
    ...takesText,
    group: 'Cluster:',
    describe: 'PEM file with the certificate authorities of a cluster that uses TLS',
  },
  principal: {
    ...takesText,
    group: 'Who:',
    describe: 'Kerberos principal to ask as [default: that of the ticket cache, or the first of the keytab]',
  },
  keytab: {
    ...takesText,
    group: 'Who:',
    describe: 'File with the keys of --principal; without it the ticket cache is used (kinit, KRB5CCNAME)',
  },
  'proxy-user': {
    ...takesText,
    group: 'Who:',
    describe: 'User on whose behalf HDFS is asked, where it allows that (hadoop.proxyuser.*)',
  },
  config: {
    ...takesText,
    group: 'General:',
    describe: 'Configuration file (YAML); flags and environment variables win over it',
  },
  output: {
    ...takesText,
    group: 'General:',
    choices: ['text', 'json'],
    describe: 'json: one line of JSON on stdout, messages on stderr [default: text]',
  },
  'log-format': {
    ...takesText,
    group: 'General:',
    choices: ['text', 'json'],
    describe: 'json: every message on stderr as one line of JSON, for containers [default: text]',
  },
  verbose: {
    ...isSwitch,
    group: 'General:',
    describe: 'The story of the run step by step, every decision, and the stack of a bug',
  },
} as const satisfies Readonly<Record<string, FlagRow>>;

/** Name of a flag, without its dashes. */
export type FlagName = keyof typeof flagTable;
