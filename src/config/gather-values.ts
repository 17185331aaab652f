import { resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { closestName } from './closest-name.ts';
import { type ConfiguredDataset, readConfigFile, type SourcedValue } from './config-file.ts';
import { checkText } from './schema.ts';
import { configPathVariable, type SettingKey, settingKeys, settingRow } from './setting-table.ts';
import { showValue, valueProblem } from './value-problem.ts';

/** What settings are made from. */
export interface SettingsInput {
  /**
   * Values of flags by their names as typed without dashes (`target-size`); `undefined` and flags that are no
   * settings are passed over. Text is accepted where a number or switch is meant.
   */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Value of `--config`; without it `CONSOLIDATION_CONFIG` is asked, and without that there is no file. */
  readonly configPath?: string;
  /** Which of the file's datasets; absent: none, what is said outside of them counts alone. */
  readonly dataset?: string;
  /** Absolute directory that relative paths of flags and environment start from; default: the process's. */
  readonly currentDirectory?: string;
}

/** The values that won, and everything that is wrong with any of them. */
export interface GatheredValues {
  readonly chosen: ReadonlyMap<SettingKey, SourcedValue>;
  readonly problems: readonly string[];
  /** The one that was asked for. */
  readonly dataset?: ConfiguredDataset;
  /** All of the file, in their order. */
  readonly datasets: readonly ConfiguredDataset[];
  /** Full path of the configuration file, when there is one. */
  readonly configPath?: string;
}

/**
 * For every setting the value of highest precedence: flag, environment variable, the dataset's own in the configuration file, the
 * file's. The base path of a dataset wins over the environment, which names one for all. Values that lose are checked too.
 * @throws ConfigError `config-unreadable` when the file cannot be read; `dataset-unknown`
 */
export async function gatherValues(input: SettingsInput): Promise<GatheredValues> {
  const currentDirectory = resolve(input.currentDirectory ?? process.cwd());
  const configPath = configPathOf(input, currentDirectory);
  const file = configPath === undefined ? undefined : await readConfigFile(configPath);
  const problems = [...(file?.problems ?? [])];
  const datasets = file?.datasets ?? [];
  const dataset = input.dataset === undefined ? undefined : findDataset(datasets, input.dataset, configPath);
  const chosen = new Map<SettingKey, SourcedValue>();
  for (const key of settingKeys) {
    const typed = typedValues(input, key, currentDirectory);
    problems.push(...typed.problems);
    const own = dataset?.values.get(key);
    const [first] = typed.values;
    const isNamed = key === 'hdfs.base_path' && own !== undefined && first?.precedence === 2;
    const winner = (isNamed ? undefined : first) ?? own ?? file?.values.get(key);
    if (winner !== undefined) chosen.set(key, winner);
  }
  const found = dataset === undefined ? {} : { dataset };
  return { chosen, problems, datasets, ...found, ...(configPath === undefined ? {} : { configPath }) };
}

function findDataset(
  datasets: readonly ConfiguredDataset[],
  name: string,
  configPath: string | undefined,
): ConfiguredDataset {
  const found = datasets.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = datasets.map((one) => one.name);
  const near = closestName(name, names);
  const file = configPath ?? 'the configuration file';
  const known = names.length === 0 ? `${file} has no datasets` : `${file} has ${names.join(', ')}`;
  throw new ConfigError(`there is no dataset ${showValue(name)}: ${known}`, {
    code: 'dataset-unknown',
    ...(near === undefined ? {} : { hint: `Did you mean --dataset ${near}?` }),
    dataState: 'nothing was touched',
  });
}

function configPathOf(input: SettingsInput, currentDirectory: string): string | undefined {
  const fromEnv = input.env[configPathVariable];
  const path = input.configPath ?? (fromEnv === '' ? undefined : fromEnv);
  if (path === '') {
    throw new ConfigError('flag --config is ""; allowed: the path of a YAML file', {
      code: 'config-unreadable',
    });
  }
  return path === undefined ? undefined : resolve(currentDirectory, path);
}

/** The values that flag and environment give, best first, and what is wrong with them. */
function typedValues(
  input: SettingsInput,
  key: SettingKey,
  relativeTo: string,
): { values: SourcedValue[]; problems: string[] } {
  const { flag, env, kind } = settingRow(key);
  const fromEnv = input.env[env];
  const offers = [
    ...(flag === undefined
      ? []
      : [{ precedence: 3 as const, source: `flag --${flag}`, found: input.flags[flag] }]),
    {
      precedence: 2 as const,
      source: `environment variable ${env}`,
      found: fromEnv === '' ? undefined : fromEnv,
    },
  ];
  const values: SourcedValue[] = [];
  const problems: string[] = [];
  for (const { precedence, source, found } of offers) {
    if (found === undefined) continue;
    const value = checkText(kind, found);
    if (value === undefined) problems.push(valueProblem(source, kind, found));
    else values.push({ value, precedence, source, subject: source, relativeTo });
  }
  return { values, problems };
}
