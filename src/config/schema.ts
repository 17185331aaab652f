import * as z from 'zod';
import { parseNamenode } from './namenode.ts';
import { allowedText, type SettingKey, type SettingKind, settingKeys, settingRow } from './setting-table.ts';

/** A value of a setting, checked. */
export type SettingValue = string | number | boolean;

/** One thing that is wrong with a value or with the file's shape. */
export interface SchemaProblem {
  /** Path of keys from the root of the file. */
  readonly path: readonly string[];
  /** unknown-key: the last part of `path` is no setting or section. not-a-section: a mapping must stand here. */
  readonly problem: 'value' | 'unknown-key' | 'not-a-section';
}

/** The value when `kind` accepts it. Types are strict: `"5"` is no number here. */
export function checkValue(kind: SettingKind, value: unknown): SettingValue | undefined {
  const result = valueSchema(kind).safeParse(value);
  return result.success ? result.data : undefined;
}

/** The value a flag or environment variable means: numbers and switches may come as text. */
export function checkText(kind: SettingKind, value: unknown): SettingValue | undefined {
  return checkValue(kind, typeof value === 'string' ? fromText(kind, value.trim()) : value);
}

/** Everything that is wrong with the parsed configuration file; empty when nothing is. */
export function fileProblems(content: unknown): readonly SchemaProblem[] {
  const result = fileSchema.safeParse(content);
  if (result.success) return [];
  return result.error.issues.flatMap((issue): SchemaProblem[] => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], problem: 'unknown-key' }));
    }
    const isSetting = settingKeys.some((key) => key === path.join('.'));
    return [{ path, problem: isSetting ? 'value' : 'not-a-section' }];
  });
}

/** Names of the sections of the file, such as `hdfs`. */
export const sectionNames: readonly string[] = [
  ...new Set(settingKeys.flatMap((key) => (key.includes('.') ? [sectionOf(key)] : []))),
];

const fileSchema = buildFileSchema();

function buildFileSchema(): z.ZodType {
  const root: Record<string, z.ZodType> = {};
  for (const key of settingKeys.filter((one) => !one.includes('.'))) {
    root[key] = valueSchema(settingRow(key).kind).optional();
  }
  for (const section of sectionNames) {
    const leaves: Record<string, z.ZodType> = {};
    for (const key of settingKeys.filter((one) => sectionOf(one) === section)) {
      leaves[key.slice(section.length + 1)] = valueSchema(settingRow(key).kind).optional();
    }
    // A section whose keys are all commented out parses as null.
    root[section] = z.strictObject(leaves).nullable().optional();
  }
  return z.strictObject(root).nullable();
}

function sectionOf(key: SettingKey): string {
  const dot = key.indexOf('.');
  return dot < 0 ? '' : key.slice(0, dot);
}

function valueSchema(kind: SettingKind): z.ZodType<SettingValue> {
  switch (kind.type) {
    case 'text':
      return z.string().refine((text) => text.trim() !== '' && !text.includes('\0'));
    case 'namenode':
      return z.string().refine((text) => parseNamenode(text) !== undefined);
    case 'switch':
      return z.boolean();
    case 'number': {
      const range = z.number().min(kind.min).max(kind.max);
      return kind.whole ? range.int() : range;
    }
    case 'choice':
      return z.string().refine((text) => kind.choices.includes(text), { error: allowedText(kind) });
  }
}

function fromText(kind: SettingKind, text: string): unknown {
  if (kind.type === 'number') return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
  if (kind.type === 'switch') {
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
  }
  return text;
}
