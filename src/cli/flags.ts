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
  'dry-run': { ...isSwitch, group: 'How:', describe: 'Show what would be done and touch nothing' },
  force: { ...isSwitch, group: 'How:', describe: 'Also a partition whose last consolidation was undone' },
  mode: {
    ...takesText,
    group: 'How:',
    choices: ['rewrite', 'fold'],
    describe:
      'rewrite: merge and encode anew. fold: on HDFS, make N files one without moving data [default: rewrite]',
  },
  schema: {
    ...takesText,
    group: 'How:',
    choices: ['compatible', 'exact'],
    describe:
      'compatible: also merge files that differ in columns that may be null, in order, or in the width of numbers. exact: never [default: compatible]',
  },
  codec: {
    ...takesText,
    group: 'How:',
    choices: ['snappy', 'zstd', 'gzip', 'lz4_raw', 'uncompressed', 'keep'],
    describe: 'Compression of the pages; keep: as each column of the first file has it [default: snappy]',
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
    describe: 'Largest size of a consolidated file in MB [default: 128]',
  },
  'min-files': { ...takesText, group: 'How:', describe: 'Fewest small files worth a run [default: 5]' },
  memory: {
    ...takesText,
    group: 'How:',
    describe:
      'Most memory to take, in MB, at least 256; what does not fit is refused [default: about 512, more for huge pages]',
  },
  threads: {
    ...takesText,
    group: 'How:',
    describe: 'Threads that merge local files; the result is the same [default: 2 for 64 MB and more]',
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
  verbose: { ...isSwitch, group: 'General:', describe: 'Every decision, and the stack of a bug' },
} as const satisfies Readonly<Record<string, FlagRow>>;

type FlagName = keyof typeof flagTable;

const general = ['config', 'output', 'verbose'] as const satisfies readonly FlagName[];

/** The flags of each command. */
export const flagNames = {
  consolidate: [
    'date',
    'days-back',
    'time-zone',
    'base-path',
    'dry-run',
    'mode',
    'schema',
    'target-size',
    'min-files',
    'quiet-minutes',
    'memory',
    'threads',
    'force',
    'allow-attribute-change',
    ...general,
  ],
  merge: [
    'out',
    'codec',
    'encodings',
    'row-group-rows',
    'row-group-mb',
    'page-size',
    'bloom-filter-columns',
    'sort-check',
    'schema',
    'memory',
    'threads',
    ...general,
  ],
  inspect: ['pages', 'diff', ...general],
  recover: ['date', 'time-zone', 'base-path', 'dry-run', ...general],
  undo: ['date', 'time-zone', 'run', 'base-path', 'dry-run', ...general],
  cleanup: ['base-path', 'dry-run', ...general],
  demo: ['hdfs', 'keep', 'directory', 'output', 'verbose'],
} as const satisfies Readonly<Record<string, readonly FlagName[]>>;

/** The commands somebody may type. */
export const commandNames = ['merge', 'inspect', 'recover', 'undo', 'cleanup', 'demo'] as const;

/** Flags that are settings: they win over the environment and the configuration file. */
export const settingFlagNames = [
  'base-path',
  'bloom-filter-columns',
  'codec',
  'encodings',
  'memory',
  'mode',
  'page-size',
  'row-group-mb',
  'row-group-rows',
  'schema',
  'threads',
  'target-size',
  'min-files',
  'quiet-minutes',
  'allow-attribute-change',
] as const satisfies readonly FlagName[];
