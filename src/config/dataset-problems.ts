import { closestName } from './closest-name.ts';
import { datasetKeys, datasetSections, datasetsKey, perDatasetKeys } from './dataset-keys.ts';
import type { SchemaProblem } from './schema.ts';
import { settingKeys, settingRow } from './setting-table.ts';
import { showValue, valueProblem } from './value-problem.ts';

/** What is wrong in the mapping of datasets, as a sentence; `path` begins with `datasets`. */
export function datasetSentence(
  path: readonly string[],
  problem: SchemaProblem['problem'],
  found: unknown,
): string {
  const [, name = '', ...within] = path;
  const whole = path.join('.');
  const key = within.join('.');
  switch (problem) {
    case 'bad-name':
      return `${showValue(name)} cannot be the name of a dataset; allowed: up to 63 letters, digits, dots, underscores and dashes, the first one a letter or digit`;
    case 'missing':
      return `the dataset ${name} has no base_path: the directory that holds its partitions`;
    case 'unknown-key':
      return unknownKey(whole, within);
    case 'not-a-section':
      return notASection(whole, within, found);
    case 'value': {
      const kind =
        datasetKeys.find((one) => one.name === key)?.kind ??
        settingRow(settingKeys.find((one) => one === key) ?? 'title').kind;
      return valueProblem(whole, kind, found);
    }
  }
}

function unknownKey(whole: string, within: readonly string[]): string {
  const siblings = keysOf(within.slice(0, -1));
  const typed = within.at(-1) ?? '';
  const isOfAll = settingKeys.some((key) => key === within.join('.'));
  const elsewhere = perDatasetKeys.find((key) => key.split('.')[1] === typed);
  const near = closestName(typed, siblings);
  const advice = isOfAll
    ? '; it is the same for all datasets: it belongs in the section of that name outside'
    : elsewhere !== undefined
      ? `; it belongs under ${elsewhere.split('.')[0]}`
      : near !== undefined
        ? `; did you mean ${near}?`
        : '';
  return `unknown key ${whole}${advice}${advice.endsWith('?') ? ' Allowed' : '; allowed'}: ${siblings.join(', ')}`;
}

function notASection(whole: string, within: readonly string[], found: unknown): string {
  const what = Array.isArray(found) ? 'a list' : showValue(found);
  if (whole === datasetsKey)
    return `${whole} is ${what}; allowed: names of datasets, each with its keys below it`;
  return `${whole} is ${what}; allowed: a section with keys ${keysOf(within).join(', ')}`;
}

/** The keys of a dataset, or of one of its sections. */
function keysOf(section: readonly string[]): readonly string[] {
  if (section.length === 0) return [...datasetKeys.map(({ name }) => name), ...datasetSections];
  const prefix = `${section.join('.')}.`;
  return perDatasetKeys.flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
}
