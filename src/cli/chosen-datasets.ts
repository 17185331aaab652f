import type { SettingsInput } from '../config/gather-values.ts';
import { loadDatasetNames } from '../config/load-settings.ts';
import { ConfigError } from '../core/errors.ts';
import type { CliEnvironment } from './environment.ts';
import type { DatasetFlags } from './invocation.ts';
import { settingsInputOf } from './open-dataset.ts';

/**
 * The datasets of the configuration file that a command is about, in the order they are worked on: those that `--dataset` names, else all.
 * `undefined` alone where the file has none, or `--base-path` names a place besides.
 * @throws ConfigError `dataset-and-base-path`
 */
export async function chosenDatasets(
  flags: DatasetFlags,
  environment: Pick<CliEnvironment, 'env'>,
): Promise<readonly (string | undefined)[]> {
  const { datasets: typed = [] } = flags;
  if (flags.settingFlags['base-path'] !== undefined) {
    if (typed.length === 0) return [undefined];
    throw new ConfigError('--dataset and --base-path are both given: a dataset has its base path', {
      code: 'dataset-and-base-path',
      hint: 'Leave one of them away.',
      dataState: 'nothing was touched',
    });
  }
  const input = settingsInputOf(flags, environment);
  const names = await namesOf(input, typed);
  // Whoever loads the settings of one that is none says so, with the names there are.
  const unknown = typed.filter((name) => !names.includes(name));
  if (unknown.length > 0) return unknown.slice(0, 1);
  const chosen = typed.length === 0 ? names : names.filter((name) => typed.includes(name));
  return chosen.length === 0 ? [undefined] : chosen;
}

/** What is wrong with the configuration is said by whoever loads the settings. */
async function namesOf(input: SettingsInput, typed: readonly string[]): Promise<readonly string[]> {
  try {
    return (await loadDatasetNames(input)).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return typed;
  }
}

/** The invocation for one of the datasets. */
export function forDataset<I extends DatasetFlags>(invocation: I, dataset: string | undefined): I {
  return dataset === undefined ? invocation : { ...invocation, dataset };
}
