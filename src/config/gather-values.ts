import { resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { readConfigFile, type SourcedValue } from './config-file.ts';
import { checkText } from './schema.ts';
import { configPathVariable, type SettingKey, settingKeys, settingRow } from './setting-table.ts';
import { valueProblem } from './value-problem.ts';

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
  /** Absolute directory that relative paths of flags and environment start from; default: the process's. */
  readonly currentDirectory?: string;
}

/** The values that won, and everything that is wrong with any of them. */
export interface GatheredValues {
  readonly chosen: ReadonlyMap<SettingKey, SourcedValue>;
  readonly problems: readonly string[];
  /** Full path of the configuration file, when there is one. */
  readonly configPath?: string;
}

/**
 * For every setting the value of highest precedence: flag, environment variable, configuration file. Values that lose
 * are checked too.
 * @throws ConfigError `config-unreadable` when the file cannot be read
 */
export async function gatherValues(input: SettingsInput): Promise<GatheredValues> {
  const currentDirectory = resolve(input.currentDirectory ?? process.cwd());
  const configPath = configPathOf(input, currentDirectory);
  const file = configPath === undefined ? undefined : await readConfigFile(configPath);
  const problems = [...(file?.problems ?? [])];
  const chosen = new Map<SettingKey, SourcedValue>();
  for (const key of settingKeys) {
    const typed = typedValues(input, key, currentDirectory);
    problems.push(...typed.problems);
    const winner = typed.values[0] ?? file?.values.get(key);
    if (winner !== undefined) chosen.set(key, winner);
  }
  return { chosen, problems, ...(configPath === undefined ? {} : { configPath }) };
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
