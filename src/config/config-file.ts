import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { closestName } from './closest-name.ts';
import { datasetKeys, datasetsKey, perDatasetKeys } from './dataset-keys.ts';
import { datasetSentence } from './dataset-problems.ts';
import { checkValue, fileProblems, type SchemaProblem, type SettingValue, sectionNames } from './schema.ts';
import type { SettingKind } from './setting-kinds.ts';
import { type SettingKey, settingKeys, settingRow } from './setting-table.ts';
import { valueProblem } from './value-problem.ts';
import { parseYaml, type YamlFile } from './yaml-file.ts';

/** A value together with the place it was written at. */
export interface SourcedValue {
  readonly value: SettingValue;
  /** The greater one wins: file, environment variable, flag. */
  readonly precedence: 1 | 2 | 3;
  /** Where it was written: flag, environment variable, or `file:line:column`. */
  readonly source: string;
  /** What messages call it: the source, for values of a file together with the key. */
  readonly subject: string;
  /** Absolute directory that a relative path in it starts from. */
  readonly relativeTo: string;
}

/** One of the datasets of a configuration file. */
export interface ConfiguredDataset {
  readonly name: string;
  readonly priority: number;
  /** What is said for this dataset alone, its base path among it. */
  readonly values: ReadonlyMap<SettingKey, SourcedValue>;
}

/** What a configuration file says. */
export interface ConfigFile {
  readonly values: ReadonlyMap<SettingKey, SourcedValue>;
  /** Its `datasets`, in their order. */
  readonly datasets: readonly ConfiguredDataset[];
  /** Every problem in the file, each with `file:line:column`; empty when the file is right. */
  readonly problems: readonly string[];
}

/**
 * Reads a configuration file, strictly: unknown and duplicate keys are problems.
 * @param path absolute path
 * @throws ConfigError `config-unreadable` when the file cannot be read
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`Cannot read the configuration file ${path}: ${why}`, {
      code: 'config-unreadable',
      hint: 'Name an existing YAML file with --config or CONSOLIDATION_CONFIG.',
      cause,
    });
  }
  return interpretConfig(path, text);
}

/** Checks the text of a configuration file; `path` is what messages call it. */
export function interpretConfig(path: string, text: string): ConfigFile {
  const file = parseYaml(text);
  if (file.syntaxErrors.length > 0) {
    return {
      values: new Map(),
      datasets: [],
      problems: file.syntaxErrors.map((error) => `${path}:${error.line}:${error.column}: ${error.message}`),
    };
  }
  const values = new Map<SettingKey, SourcedValue>();
  for (const key of settingKeys) {
    const value = sourcedValue(path, file, key.split('.'), settingRow(key).kind);
    if (value !== undefined) values.set(key, value);
  }
  const problems = fileProblems(file.content)
    .map((problem) => describe(path, file, problem))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map((problem) => problem.text);
  return { values, datasets: datasetsIn(path, file), problems };
}

function sourcedValue(
  path: string,
  file: YamlFile,
  keyPath: readonly string[],
  kind: SettingKind,
): SourcedValue | undefined {
  const value = checkValue(kind, valueAt(file.content, keyPath));
  if (value === undefined) return undefined;
  const place = file.valuePlace(keyPath);
  const source = `${path}:${place.line}:${place.column}`;
  return {
    value,
    precedence: 1,
    source,
    subject: `${source}: ${keyPath.join('.')}`,
    relativeTo: dirname(path),
  };
}

function datasetsIn(path: string, file: YamlFile): readonly ConfiguredDataset[] {
  const datasets = valueAt(file.content, [datasetsKey]);
  if (typeof datasets !== 'object' || datasets === null) return [];
  return Object.keys(datasets).map((name): ConfiguredDataset => {
    const at = [datasetsKey, name];
    const values = new Map<SettingKey, SourcedValue>();
    for (const { name: key, kind, setting } of datasetKeys) {
      const value = sourcedValue(path, file, [...at, key], kind);
      if (value !== undefined && setting !== undefined) values.set(setting, value);
    }
    for (const key of perDatasetKeys) {
      const value = sourcedValue(path, file, [...at, ...key.split('.')], settingRow(key).kind);
      if (value !== undefined) values.set(key, value);
    }
    const priority = valueAt(file.content, [...at, 'priority']);
    return { name, priority: typeof priority === 'number' ? priority : 1, values };
  });
}

function describe(
  path: string,
  file: YamlFile,
  { path: keyPath, problem }: SchemaProblem,
): { line: number; column: number; text: string } {
  const isAtKey = problem === 'unknown-key' || problem === 'bad-name';
  // Of what is missing: where it should stand.
  const place = isAtKey
    ? file.keyPlace(keyPath)
    : file.valuePlace(problem === 'missing' ? keyPath.slice(0, -1) : keyPath);
  return { ...place, text: `${path}:${place.line}:${place.column}: ${sentence(file, keyPath, problem)}` };
}

function sentence(file: YamlFile, keyPath: readonly string[], problem: SchemaProblem['problem']): string {
  if (keyPath[0] === datasetsKey) return datasetSentence(keyPath, problem, valueAt(file.content, keyPath));
  const name = keyPath.join('.');
  const found = valueAt(file.content, keyPath);
  const key = settingKeys.find((one) => one === name);
  if (problem === 'unknown-key') return unknownKey(keyPath);
  if (key !== undefined) return valueProblem(name, settingRow(key).kind, found);
  const what = Array.isArray(found) ? 'a list' : JSON.stringify(found);
  return name === ''
    ? `the file holds ${what}; allowed: sections and keys ${keysIn('').join(', ')}`
    : `${name} is ${what}; allowed: a section with keys ${keysIn(name).join(', ')}`;
}

function unknownKey(keyPath: readonly string[]): string {
  const section = keyPath.slice(0, -1).join('.');
  const typed = keyPath.at(-1) ?? '';
  const siblings = keysIn(section);
  const elsewhere = settingKeys.find((key) => key.split('.').at(-1) === typed);
  const near = closestName(typed, siblings);
  const advice =
    elsewhere !== undefined
      ? `; it belongs ${elsewhere.includes('.') ? `under ${elsewhere.split('.')[0]}` : 'at the top level'}`
      : near !== undefined
        ? `; did you mean ${near}?`
        : '';
  return `unknown key ${keyPath.join('.')}${advice}${advice.endsWith('?') ? ' Allowed' : '; allowed'}: ${siblings.join(', ')}`;
}

function keysIn(section: string): readonly string[] {
  if (section === '')
    return [...settingKeys.filter((key) => !key.includes('.')), ...sectionNames, datasetsKey];
  return settingKeys.flatMap((key) => (key.startsWith(`${section}.`) ? [key.slice(section.length + 1)] : []));
}

function valueAt(content: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? Object.entries(value).find(([key]) => key === name)?.[1]
        : undefined,
    content,
  );
}
