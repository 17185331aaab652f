import { userInfo } from 'node:os';
import { loadSettings } from '../config/load-settings.ts';
import { configPathVariable } from '../config/setting-table.ts';
import type { Settings } from '../config/settings.ts';
import { ConfigError } from '../core/errors.ts';
import { type OpenedStore, openLocalStore } from '../store/open-local-store.ts';
import type { StoreOptions } from '../store/open-store.ts';
import type { DatasetFlags } from './command-line.ts';
import type { CliEnvironment } from './environment.ts';
import { shippedConfigPath } from './package-files.ts';

/** The configured dataset, ready to work on. */
export interface OpenDataset extends OpenedStore {
  readonly settings: Settings;
  /** A path of the store as the operator would write it: on HDFS with scheme, host and port. */
  readonly shownPath: (path: string) => string;
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
 * @throws ConfigError as `loadSettings` does; StoreError when a NameNode cannot be reached
 */
export async function openDataset(flags: DatasetFlags, environment: CliEnvironment): Promise<OpenDataset> {
  const settings = await settingsOf(flags, environment);
  const isLocal = settings.base.kind === 'local';
  const opened = isLocal ? openLocalStore(settings.base.path) : await openRemote(settings);
  return { settings, ...opened, shownPath: (path) => (isLocal ? path : `${opened.store.uri}${path}`) };
}

// Loaded when it is asked for: a third of the program speaks to NameNodes.
async function openRemote(settings: Settings): Promise<OpenedStore> {
  const [{ openStore }, { reachHdfs }] = await Promise.all([
    import('../store/open-store.ts'),
    import('./reach-store.ts'),
  ]);
  const opened = openStore(settings.base, storeOptions(settings));
  if (settings.base.kind === 'hdfs') await reachHdfs(opened.store, settings.base);
  return opened;
}

function storeOptions({ hdfs, safety, base }: Settings): StoreOptions {
  // Only HDFS asks who somebody is by a name.
  const userName = hdfs.user ?? (base.kind === 'hdfs' ? nameOfThisUser() : '');
  return { userName, timeoutMs: hdfs.timeoutMs, maxRetries: safety.maxRetries };
}

function nameOfThisUser(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    // A container may run under a number that no account has.
    throw new ConfigError('the user of this process has no name, and none is configured for HDFS', {
      code: 'hdfs-user-missing',
      hint: 'Set HADOOP_USER_NAME, or hdfs.user in the configuration file.',
      dataState: 'nothing was touched',
      cause,
    });
  }
}
