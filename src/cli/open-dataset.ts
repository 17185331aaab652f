import { baseText } from '../config/base-location.ts';
import { loadSettings } from '../config/load-settings.ts';
import { configPathVariable } from '../config/setting-table.ts';
import type { Settings } from '../config/settings.ts';
import { type OpenedStore, openStore } from '../store/open-store.ts';
import type { DatasetFlags } from './command-line.ts';
import { type CliEnvironment, shellWord } from './environment.ts';
import { shippedConfigPath } from './package-files.ts';

/** The configured dataset, ready to work on. */
export interface OpenDataset extends OpenedStore {
  readonly settings: Settings;
}

/**
 * Settings from flags, environment and file. Where neither `--config` nor `CONSOLIDATION_CONFIG` names a file, it is
 * the one that comes with the package.
 * @throws ConfigError as `loadSettings` does
 */
export async function settingsOf(flags: DatasetFlags, { env }: CliEnvironment): Promise<Settings> {
  const isNamed = flags.configPath !== undefined || (env[configPathVariable] ?? '') !== '';
  const configPath = flags.configPath ?? (isNamed ? undefined : shippedConfigPath());
  return loadSettings({
    flags: flags.settingFlags,
    env,
    ...(configPath === undefined ? {} : { configPath }),
  });
}

/**
 * The settings and the store they point at.
 * @throws ConfigError as `loadSettings` and `openStore` do
 */
export async function openDataset(flags: DatasetFlags, environment: CliEnvironment): Promise<OpenDataset> {
  const settings = await settingsOf(flags, environment);
  return { settings, ...openStore(baseText(settings.base)) };
}

/** A command of this program for the same dataset, ready to be typed. */
export function commandFor(
  words: readonly string[],
  flags: DatasetFlags,
  { program }: CliEnvironment,
): string {
  const basePath = flags.settingFlags['base-path'];
  return [
    program,
    ...words.map(shellWord),
    ...(typeof basePath === 'string' ? ['--base-path', shellWord(basePath)] : []),
    ...(flags.configPath === undefined ? [] : ['--config', shellWord(flags.configPath)]),
  ].join(' ');
}
