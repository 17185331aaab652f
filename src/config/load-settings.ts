import { resolve } from 'node:path';
import { parseDailyWindow } from '../core/daily-window.ts';
import { ConfigError } from '../core/errors.ts';
import { parseSortOrder } from '../core/sort-order-text.ts';
import { bytesPerMb } from '../core/units.ts';
import { baseText } from './base-location.ts';
import { type ChosenValues, chosenValues } from './chosen-values.ts';
import { type GatheredValues, gatherValues, type SettingsInput } from './gather-values.ts';
import type { HadoopConfiguration } from './hadoop/configuration.ts';
import { configuredBase, configuredReplica, hdfsSettings, isApart } from './hdfs-settings.ts';
import { parseDuration, parseMode, parseSize } from './quantities.ts';
import { historySettings, metricsSettings, notifySettings } from './report-settings.ts';
import { settingKeys, settingTable } from './setting-table.ts';
import { type CodecSetting, codecSettings, type DatasetIdentity, type Settings } from './settings.ts';

/** Until a size is chosen. */
const usualTargetMb = settingTable['consolidation.target_size_mb'].defaultValue;

const usualRowGroupRows = settingTable['compression.row_group_size'].defaultValue;

/**
 * The datasets of the configuration file, in the order in which they are worked on: the greater priority first, of equal ones as they
 * stand in the file. Empty where there are none.
 * @throws ConfigError `config-unreadable`, `config-invalid`
 */
export async function loadDatasetNames(input: SettingsInput): Promise<readonly DatasetIdentity[]> {
  const { datasets, problems } = await gatherValues(input);
  if (problems.length > 0 && datasets.length > 0) throw invalid(problems);
  return datasets
    .map(({ name, priority }) => ({ name, priority }))
    .toSorted((a, b) => b.priority - a.priority);
}

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
  const nested =
    gathered.problems.length + problems.length > 0 ? [] : nestedDatasets(gathered, hadoop?.configuration);
  const all = [...gathered.problems, ...problems, ...copies.problems, ...nested];
  if (all.length > 0) throw invalid(all);
  if (base === undefined) throw baseMissing(gathered.configPath);
  const settings = assemble(gathered, values);
  const { replica } = copies;
  const isOnHdfs = base.kind === 'hdfs' || replica?.kind === 'hdfs';
  const { dataset } = gathered;
  return {
    ...settings,
    ...(dataset === undefined ? {} : { dataset: { name: dataset.name, priority: dataset.priority } }),
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
  const rowGroupRows = values.number('compression.row_group_size');
  const targetMb = values.numberUnlessWord('consolidation.target_size_mb');
  const queryColumns = values.optionalText('consolidation.query_columns');
  const sortBy = parseSortOrder(values.optionalText('consolidation.sort_by') ?? '');
  if (sortBy !== undefined && values.text('consolidation.mode') === 'fold') {
    throw invalid([
      'consolidation.sort_by is set together with consolidation.mode fold, which joins files without looking at their rows; allowed: one of both',
    ]);
  }
  const lateFiles = values.optionalNumber('late_data.min_files');
  const bloomFilters = values.optionalText('compression.bloom_filter_columns');
  const tempStart = chosen.get('consolidation.temp_directory')?.relativeTo ?? '/';
  return {
    ...(configPath === undefined ? {} : { configPath }),
    title: values.text('title'),
    consolidation: {
      targetSizeBytes: (targetMb ?? usualTargetMb) * bytesPerMb,
      ...(targetMb === undefined ? { isSizeChosen: true } : {}),
      ...(queryColumns === undefined ? {} : { queryColumns: namesIn(queryColumns) }),
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
      ...(sortBy === undefined ? {} : { sortBy }),
      schema: values.text('consolidation.schema') === 'exact' ? 'exact' : 'compatible',
      swap: values.text('consolidation.swap') === 'rename' ? 'rename' : 'auto',
      mode: values.text('consolidation.mode') === 'fold' ? 'fold' : 'rewrite',
    },
    compression: {
      ...codecOf(values.text('compression.codec')),
      encodings: values.text('compression.encodings') === 'compact' ? 'compact' : 'standard',
      pageSizeBytes: values.number('compression.page_size_kb') * 1024,
      rowGroupRows,
      // The default stands in the configuration that comes along: to write it out is not to ask for it.
      ...(rowGroupRows === usualRowGroupRows ? {} : { areRowGroupRowsSaid: true }),
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
    budget: budgetSettings(values),
    owners: ownerSettings(values),
    metrics: metricsSettings(gathered, values),
    notify: notifySettings(values),
    history: historySettings(values),
    sources: Object.fromEntries(settingKeys.map((key) => [key, chosen.get(key)?.source ?? 'default'])),
  };
}

function budgetSettings(values: ChosenValues): Settings['budget'] {
  const maxDurationMs = parseDuration(values.optionalText('budget.max_duration') ?? '');
  const maxBytes = parseSize(values.optionalText('budget.max_bytes') ?? '');
  const window = parseDailyWindow(values.optionalText('budget.window') ?? '');
  return {
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(window === undefined ? {} : { window }),
  };
}

function ownerSettings(values: ChosenValues): Settings['owners'] {
  const user = values.optionalText('owners.user');
  const group = values.optionalText('owners.group');
  const mode = parseMode(values.optionalText('owners.mode') ?? '');
  return {
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(mode === undefined ? {} : { mode }),
    onMismatch: values.text('owners.on_mismatch') === 'warn' ? 'warn' : 'refuse',
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

/**
 * Datasets that lie in one another, since runs on them would have different workspaces, and not see each other's locks; and a replica
 * that several would share.
 */
function nestedDatasets(
  { chosen, datasets, dataset }: GatheredValues,
  hadoop: HadoopConfiguration | undefined,
): readonly string[] {
  if (dataset === undefined) return [];
  const copies = chosen.get('replica.uri');
  if (copies !== undefined && copies !== dataset.values.get('replica.uri') && datasets.length > 1) {
    return [
      `${copies.subject} is one place for ${datasets.length} datasets; allowed: a replica.uri for each dataset, within it`,
    ];
  }
  const based = datasets.flatMap((one) => {
    const winner = one.values.get('hdfs.base_path');
    if (winner === undefined) return [];
    const own = new Map([...chosen, ['hdfs.base_path', winner] as const]);
    const { base } = configuredBase(own, chosenValues(own), hadoop);
    return base === undefined ? [] : [{ name: one.name, base, subject: winner.subject }];
  });
  return based.flatMap((one, index) => {
    const other = based.slice(0, index).find(({ base }) => !isApart(base, one.base));
    return other === undefined
      ? []
      : [
          `${one.subject} is ${baseText(one.base)}, which lies in the dataset ${other.name} (${baseText(other.base)}), or around it; allowed: another place, or one dataset with a layout for both`,
        ];
  });
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
