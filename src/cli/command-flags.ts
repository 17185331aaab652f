import { settingTable } from '../config/setting-table.ts';
import type { FlagName } from './flags.ts';

const general = ['config', 'output', 'log-format', 'verbose'] as const satisfies readonly FlagName[];

/** Who asks: of every command that goes to a store. */
const who = [
  'hadoop-conf',
  'ca-file',
  'principal',
  'keytab',
  'proxy-user',
] as const satisfies readonly FlagName[];

/** The flags of each command. */
export const flagNames = {
  consolidate: [
    'date',
    'days-back',
    'from',
    'to',
    'shard',
    'shard-plan',
    'time-zone',
    'base-path',
    'layout',
    'dry-run',
    'mode',
    'swap',
    'schema',
    'target-size',
    'min-files',
    'quiet-minutes',
    'memory',
    'concurrency',
    'threads',
    'force',
    'executors',
    'allow-attribute-change',
    'replicate-to',
    'pushgateway',
    'metrics-textfile',
    ...who,
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
  'merge-bin': ['ca-file', 'principal', 'keytab', 'proxy-user', 'config', 'log-format', 'verbose'],
  inspect: ['pages', 'diff', ...who, ...general],
  scan: [
    'from',
    'to',
    'time-zone',
    'base-path',
    'layout',
    'top',
    'footers',
    'mode',
    'schema',
    'target-size',
    'min-files',
    'quiet-minutes',
    'swap',
    ...who,
    ...general,
  ],
  explain: [
    'date',
    'time-zone',
    'base-path',
    'layout',
    'mode',
    'schema',
    'target-size',
    'min-files',
    'quiet-minutes',
    'force',
    'swap',
    ...who,
    ...general,
  ],
  recover: ['date', 'time-zone', 'base-path', 'layout', 'dry-run', ...who, ...general],
  undo: ['date', 'time-zone', 'run', 'base-path', 'layout', 'dry-run', ...who, ...general],
  cleanup: ['base-path', 'dry-run', ...who, ...general],
  doctor: ['date', 'time-zone', 'base-path', 'layout', 'swap', 'replicate-to', ...who, ...general],
  history: ['date', 'time-zone', 'base-path', 'layout', 'days', 'limit', 'sql', ...general],
  demo: ['hdfs', 'keep', 'directory', 'output', 'log-format', 'verbose'],
} as const satisfies Readonly<Record<string, readonly FlagName[]>>;

/** The commands somebody may type. */
export const commandNames = [
  'merge',
  'merge-bin',
  'inspect',
  'scan',
  'explain',
  'recover',
  'undo',
  'cleanup',
  'history',
  'doctor',
  'demo',
] as const;

/** Flags that are settings: they win over the environment and the configuration file. */
export const settingFlagNames: readonly FlagName[] = Object.values(settingTable).flatMap((row) =>
  'flag' in row ? [row.flag] : [],
);
