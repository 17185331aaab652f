import type { SettingKind } from './setting-kinds.ts';
import { type SettingKey, settingKeys, settingRow } from './setting-table.ts';

/** Key of the mapping of datasets by their names. */
export const datasetsKey = 'datasets';

/** Keys that only a dataset has, besides the sections; `setting`: what it stands for. */
export const datasetKeys: readonly {
  readonly name: string;
  readonly kind: SettingKind;
  readonly setting?: SettingKey;
}[] = [
  { name: 'base_path', kind: settingRow('hdfs.base_path').kind, setting: 'hdfs.base_path' },
  {
    name: 'priority',
    kind: {
      type: 'number',
      whole: false,
      min: 0.001,
      max: 1_000,
      unit: 'times as much as elsewhere is what a merge brings here',
    },
  },
];

/** Sections of the file that a dataset may have for itself. */
export const datasetSections: readonly string[] = [
  'consolidation',
  'late_data',
  'compression',
  'safety',
  'budget',
  'owners',
  'replica',
];

/** What a process has once, however many datasets it works on. */
const ofTheProcess: ReadonlySet<SettingKey> = new Set<SettingKey>([
  'consolidation.temp_directory',
  'consolidation.memory_mb',
  'consolidation.concurrency',
  'consolidation.threads',
  'budget.max_duration',
  'budget.max_bytes',
]);

/** Settings that a dataset may have for itself. */
export const perDatasetKeys: readonly SettingKey[] = settingKeys.filter(
  (key) => datasetSections.includes(key.split('.')[0] ?? '') && key.includes('.') && !ofTheProcess.has(key),
);

/** True for what may be the name of a dataset: up to 63 letters, digits, `.`, `_` and `-`, the first one a letter or digit. */
export function isDatasetName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text);
}
