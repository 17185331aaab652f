import { resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { bytesPerMb } from '../core/units.ts';
import { type ChosenValues, chosenValues } from './chosen-values.ts';
import { type GatheredValues, gatherValues, type SettingsInput } from './gather-values.ts';
import { configuredBase, configuredReplica, hdfsSettings } from './hdfs-settings.ts';
import { historySettings, metricsSettings, notifySettings } from './report-settings.ts';
import { settingKeys } from './setting-table.ts';
import { type CodecSetting, codecSettings, type Settings } from './settings.ts';

/** The settings of a command that works on files and not on a dataset, such as `merge`. */
export type DatasetFreeSettings = Omit<Settings, 'base' | 'hdfs' | 'replica'>;

/**
 * Puts flags, environment, configuration file and defaults together, in this order of precedence.
 * @throws ConfigError `config-unreadable` when the file cannot be read; `config-invalid` with every problem at once,
 * each with where it was written, what was found and what is allowed; `base-path-missing` when none is configured.
 */
export async function loadSettings(input: SettingsInput): Promise<Settings> {
  const gathered = await gatherValues(input);
  const values = chosenValues(gathered.chosen);
  const hadoop = await hadoopOf(gathered, values, input);
  const { base, problems, serverSources } = configuredBase(gathered.chosen, values, hadoop?.configuration);
  const copies =
    base === undefined
      ? { problems: [] }
      : configuredReplica(gathered.chosen, values, base, hadoop?.configuration);
  const all = [...gathered.problems, ...problems, ...copies.problems];
  if (all.length > 0) throw invalid(all);
  if (base === undefined) throw baseMissing(gathered.configPath);
  const settings = assemble(gathered, values);
  const { replica } = copies;
  const isOnHdfs = base.kind === 'hdfs' || replica?.kind === 'hdfs';
  return {
    ...settings,
    base,
    ...(replica === undefined ? {} : { replica }),
    hdfs: hdfsSettings(gathered.chosen, values, base, isOnHdfs ? hadoop?.client : undefined),
    sources: {
      ...settings.sources,
      ...unlessSaid(hadoop?.client.sources ?? {}, settings.sources),
      ...(serverSources === undefined ? {} : { 'hdfs.servers': serverSources.join('; ') }),
    },
  };
}

/**
 * Like {@link loadSettings}, for commands that need no base path.
 * @throws ConfigError `config-unreadable`, `config-invalid`
 */
export async function loadDatasetFreeSettings(input: SettingsInput): Promise<DatasetFreeSettings> {
  const gathered = await gatherValues(input);
  if (gathered.problems.length > 0) throw invalid(gathered.problems);
  return assemble(gathered, chosenValues(gathered.chosen));
}

/** Where Hadoop's configuration told what nothing else says. */
function unlessSaid(
  told: Readonly<Record<string, string>>,
  said: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(told).filter(([key]) => said[key] === undefined || said[key] === 'default'),
  );
}

/** Hadoop's configuration, read only for who may be on HDFS: a `file:` URI or a relative path is on this machine. */
async function hadoopOf({ chosen }: GatheredValues, values: ChosenValues, { env }: SettingsInput) {
  const named = chosen.get('hdfs.hadoop_conf');
  const places = [values.optionalText('hdfs.base_path') ?? '', values.optionalText('replica.uri') ?? ''];
  const mayBeHdfs =
    chosen.has('hdfs.namenode') ||
    places.some((place) => place.startsWith('/') || /^(?:hdfs|s?webhdfs):/i.test(place));
  if (named === undefined || typeof named.value !== 'string' || !mayBeHdfs) return undefined;
  const { loadHadoop } = await import('./hadoop/load-hadoop.ts');
  return await loadHadoop(resolve(named.relativeTo, named.value), named.subject, env);
}

function assemble(gathered: GatheredValues, values: ChosenValues): DatasetFreeSettings {
  const { chosen, configPath } = gathered;
  const memoryMb = values.optionalNumber('consolidation.memory_mb');
  const concurrency = values.optionalNumber('consolidation.concurrency');
  const threads = values.optionalNumber('consolidation.threads');
  const lateFiles = values.optionalNumber('late_data.min_files');
  const bloomFilters = values.optionalText('compression.bloom_filter_columns');
  const tempStart = chosen.get('consolidation.temp_directory')?.relativeTo ?? '/';
  return {
    ...(configPath === undefined ? {} : { configPath }),
    title: values.text('title'),
    consolidation: {
      targetSizeBytes: values.number('consolidation.target_size_mb') * bytesPerMb,
      minFiles: values.number('consolidation.min_files_threshold'),
      quietMinutes: values.number('consolidation.quiet_minutes'),
      layout: values.text('consolidation.layout'),
      late: {
        ...(lateFiles === undefined ? {} : { minFiles: lateFiles }),
        minRowShare: values.number('late_data.min_share'),
        maxAgeDays: values.number('late_data.max_age_days'),
      },
      ...(memoryMb === undefined ? {} : { memoryBytes: memoryMb * bytesPerMb }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(threads === undefined ? {} : { threads }),
      tempDirectory: resolve(tempStart, values.text('consolidation.temp_directory')),
      schema: values.text('consolidation.schema') === 'exact' ? 'exact' : 'compatible',
      swap: values.text('consolidation.swap') === 'rename' ? 'rename' : 'auto',
      mode: values.text('consolidation.mode') === 'fold' ? 'fold' : 'rewrite',
    },
    compression: {
      ...codecOf(values.text('compression.codec')),
      encodings: values.text('compression.encodings') === 'compact' ? 'compact' : 'standard',
      pageSizeBytes: values.number('compression.page_size_kb') * 1024,
      rowGroupRows: values.number('compression.row_group_size'),
      rowGroupBytes: values.number('compression.row_group_mb') * bytesPerMb,
      useDictionary: values.flag('compression.use_dictionary'),
      ...(bloomFilters === undefined ? {} : { bloomFilterColumns: namesIn(bloomFilters) }),
    },
    safety: {
      verifyIntegrity: values.flag('safety.verify_integrity'),
      backupBeforeDelete: values.flag('safety.backup_before_delete'),
      backupRetentionDays: values.number('safety.backup_retention_days'),
      maxRetries: values.number('safety.max_retries'),
      allowAttributeChange: values.flag('safety.allow_attribute_change'),
    },
    metrics: metricsSettings(gathered, values),
    notify: notifySettings(values),
    history: historySettings(values),
    sources: Object.fromEntries(settingKeys.map((key) => [key, chosen.get(key)?.source ?? 'default'])),
  };
}

function namesIn(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function codecOf(text: string): { readonly codec: CodecSetting; readonly level?: number } {
  const [wanted, level] = text.split(':');
  const codec = codecSettings.find((name) => name === wanted);
  if (codec === undefined) throw new Error(`codec ${text} was not checked`);
  return level === undefined ? { codec } : { codec, level: Number(level) };
}

function invalid(problems: readonly string[]): ConfigError {
  const message =
    problems.length === 1
      ? (problems[0] ?? '')
      : [`${problems.length} settings are wrong:`, ...problems.map((problem) => `  ${problem}`)].join('\n');
  return new ConfigError(message, { code: 'config-invalid', dataState: 'nothing was touched' });
}

function baseMissing(configPath: string | undefined): ConfigError {
  const file =
    configPath === undefined ? 'there is no configuration file' : `${configPath} has no hdfs.base_path`;
  return new ConfigError(
    `No base path is configured: neither --base-path nor HDFS_BASE_PATH is set, and ${file}`,
    {
      code: 'base-path-missing',
      hint: 'Name the directory that holds date=YYYY-MM-DD/, e.g. --base-path /data/telemetry, or a file with --config.',
      dataState: 'nothing was touched',
    },
  );
}
