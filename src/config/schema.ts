import { parseDailyWindow } from '../core/daily-window.ts';
import { parseLayoutPattern } from '../core/layout-pattern.ts';
import { parseSortOrder } from '../core/sort-order-text.ts';
import { bytesPerMb } from '../core/units.ts';
import { datasetKeys, datasetSections, datasetsKey, isDatasetName, perDatasetKeys } from './dataset-keys.ts';
import { parseNamenode } from './namenode.ts';
import { parseDuration, parseMode, parseSize } from './quantities.ts';
import type { SettingKind } from './setting-kinds.ts';
import { type SettingKey, settingKeys, settingRow } from './setting-table.ts';

/** A value of a setting, checked. */
export type SettingValue = string | number | boolean;

/** One thing that is wrong with a value or with the file's shape. */
export interface SchemaProblem {
  /** Path of keys from the root of the file. */
  readonly path: readonly string[];
  /**
   * unknown-key: the last part of `path` is no setting or section. not-a-section: a mapping must stand here. bad-name: it cannot be
   * the name of a dataset. missing: the dataset has no such key.
   */
  readonly problem: 'value' | 'unknown-key' | 'not-a-section' | 'bad-name' | 'missing';
}

/** The value when `kind` accepts it. Types are strict: `"5"` is no number here. */
export function checkValue(kind: SettingKind, value: unknown): SettingValue | undefined {
  switch (kind.type) {
    case 'text':
      return typeof value === 'string' && value.trim() !== '' && !value.includes('\0') ? value : undefined;
    case 'duration':
      return typeof value === 'string' && parseDuration(value) !== undefined ? value : undefined;
    case 'size':
      return typeof value === 'string' && parseSize(value) !== undefined ? value : undefined;
    case 'window':
      return typeof value === 'string' && parseDailyWindow(value) !== undefined ? value : undefined;
    case 'order':
      return typeof value === 'string' && parseSortOrder(value) !== undefined ? value : undefined;
    case 'mode':
      return typeof value === 'string' && parseMode(value) !== undefined ? value : undefined;
    case 'layout':
      return typeof value === 'string' && !('problem' in parseLayoutPattern(value)) ? value : undefined;
    case 'namenode':
      return typeof value === 'string' && parseNamenode(value) !== undefined ? value : undefined;
    case 'url':
      return typeof value === 'string' && isUrl(value, kind.schemes) ? value : undefined;
    case 'switch':
      return typeof value === 'boolean' ? value : undefined;
    case 'number':
      if (value === kind.word && value !== undefined) return kind.word;
      if (typeof value !== 'number' || !(value >= kind.min && value <= kind.max)) return undefined;
      return kind.whole && !Number.isSafeInteger(value) ? undefined : value;
    case 'choice':
      return typeof value === 'string' && (kind.choices.includes(value) || hasLevel(kind.levels, value))
        ? value
        : undefined;
  }
}

/** The value a flag or environment variable means: numbers and switches may come as text. */
export function checkText(kind: SettingKind, value: unknown): SettingValue | undefined {
  return checkValue(kind, typeof value === 'string' ? fromText(kind, value.trim()) : value);
}

/** Everything that is wrong with the parsed configuration file, plain data; empty when nothing is. */
export function fileProblems(content: unknown): readonly SchemaProblem[] {
  if (content === null) return [];
  if (!isMapping(content)) return [{ path: [], problem: 'not-a-section' }];
  return Object.entries(content).flatMap(([name, value]): readonly SchemaProblem[] => {
    if (name === datasetsKey) return datasetsProblems(value);
    if (!sectionNames.includes(name)) return settingProblems([name], value);
    // A section whose keys are all commented out parses as null.
    if (value === null) return [];
    if (!isMapping(value)) return [{ path: [name], problem: 'not-a-section' }];
    return Object.entries(value).flatMap(([key, one]) => settingProblems([name, key], one));
  });
}

/** What is wrong with the mapping of datasets by their names. */
function datasetsProblems(datasets: unknown): readonly SchemaProblem[] {
  if (datasets === null) return [];
  if (!isMapping(datasets)) return [{ path: [datasetsKey], problem: 'not-a-section' }];
  return Object.entries(datasets).flatMap(([name, dataset]) => datasetProblems([datasetsKey, name], dataset));
}

function datasetProblems(path: readonly string[], dataset: unknown): readonly SchemaProblem[] {
  const name: readonly SchemaProblem[] = isDatasetName(path.at(-1) ?? '')
    ? []
    : [{ path, problem: 'bad-name' }];
  if (!isMapping(dataset)) return [...name, { path, problem: 'not-a-section' }];
  const missing: readonly SchemaProblem[] = Object.hasOwn(dataset, 'base_path')
    ? []
    : [{ path: [...path, 'base_path'], problem: 'missing' }];
  const within = Object.entries(dataset).flatMap(([key, value]): readonly SchemaProblem[] => {
    const at = [...path, key];
    const own = datasetKeys.find((one) => one.name === key);
    if (own !== undefined) {
      return checkValue(own.kind, value) === undefined ? [{ path: at, problem: 'value' }] : [];
    }
    if (!datasetSections.includes(key)) return [{ path: at, problem: 'unknown-key' }];
    if (value === null) return [];
    if (!isMapping(value)) return [{ path: at, problem: 'not-a-section' }];
    return Object.entries(value).flatMap(([inner, one]): readonly SchemaProblem[] => {
      const setting = perDatasetKeys.find((known) => known === `${key}.${inner}`);
      if (setting === undefined) return [{ path: [...at, inner], problem: 'unknown-key' }];
      return checkValue(settingRow(setting).kind, one) === undefined
        ? [{ path: [...at, inner], problem: 'value' }]
        : [];
    });
  });
  return [...name, ...missing, ...within];
}

/** Names of the sections of the file, such as `hdfs`. */
export const sectionNames: readonly string[] = [
  ...new Set(settingKeys.flatMap((key) => (key.includes('.') ? [sectionOf(key)] : []))),
];

function settingProblems(path: readonly string[], value: unknown): readonly SchemaProblem[] {
  const key = settingKeys.find((one) => one === path.join('.'));
  // A name with a dot in it would look like a key of a section.
  if (key === undefined || path.some((name) => name.includes('.'))) return [{ path, problem: 'unknown-key' }];
  return checkValue(settingRow(key).kind, value) === undefined ? [{ path, problem: 'value' }] : [];
}

function hasLevel(levels: Readonly<Record<string, readonly [number, number]>> = {}, text: string): boolean {
  const [, name = '', digits] = /^([a-z0-9_]+):([1-9]\d*)$/.exec(text) ?? [];
  const range = Object.hasOwn(levels, name) ? levels[name] : undefined;
  return range !== undefined && Number(digits) >= range[0] && Number(digits) <= range[1];
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  // A socket of PostgreSQL is named by a parameter instead of a host.
  const hasHost = hostname !== '' || /[?&]host=/.test(text);
  return hasHost && schemes.some((scheme) => protocol === `${scheme}:`);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sectionOf(key: SettingKey): string {
  const dot = key.indexOf('.');
  return dot < 0 ? '' : key.slice(0, dot);
}

function fromText(kind: SettingKind, text: string): unknown {
  if (kind.type === 'number') {
    const sizeBytes = kind.isMb === true ? parseSize(text) : undefined;
    if (sizeBytes !== undefined) return sizeBytes / bytesPerMb;
    return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
  }
  if (kind.type === 'switch') {
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
  }
  return text;
}
