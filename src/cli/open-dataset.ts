import { userInfo } from 'node:os';
import type { SettingsInput } from '../config/gather-values.ts';
import { loadSettings } from '../config/load-settings.ts';
import { configPathVariable } from '../config/setting-table.ts';
import type { Settings } from '../config/settings.ts';
import { ConfigError } from '../core/errors.ts';
import { makeLayout, type PartitionLayout } from '../partition/layout.ts';
import { type OpenedStore, openLocalStore } from '../store/open-local-store.ts';
import type { StoreOptions } from '../store/open-store.ts';
import type { CliEnvironment } from './environment.ts';
import type { DatasetFlags } from './invocation.ts';
import { shippedConfigPath } from './package-files.ts';

/** The configured dataset, ready to work on. */
export interface OpenDataset extends OpenedStore {
  readonly settings: Settings;
  /** How its partitions are called. */
  readonly layout: PartitionLayout;
  /** A path of the store as the operator would write it: on HDFS with scheme, host and port. */
  readonly shownPath: (path: string) => string;
}

/**
 * Settings from flags, environment and file. Where neither `--config` nor `CONSOLIDATION_CONFIG` names a file, it is
 * the one that comes with the package.
 * @throws ConfigError as `loadSettings` does
 */
export async function settingsOf(flags: DatasetFlags, environment: CliEnvironment): Promise<Settings> {
  return loadSettings(settingsInputOf(flags, environment));
}

/** What JSON says of which dataset of the configuration file it is about. */
export function datasetNamed({ dataset }: Pick<Settings, 'dataset'>): { readonly datasetName?: string } {
  return dataset === undefined ? {} : { datasetName: dataset.name };
}

/** What those settings are made from. */
export function settingsInputOf(
  flags: Pick<DatasetFlags, 'configPath' | 'dataset' | 'settingFlags'>,
  { env }: Pick<CliEnvironment, 'env'>,
): SettingsInput {
  const isNamed = flags.configPath !== undefined || (env[configPathVariable] ?? '') !== '';
  const configPath = flags.configPath ?? (isNamed ? undefined : shippedConfigPath());
  return {
    flags: flags.settingFlags,
    ...(flags.dataset === undefined ? {} : { dataset: flags.dataset }),
    env,
    ...(configPath === undefined ? {} : { configPath }),
  };
}

/**
 * The settings and the store they point at.
 * @throws ConfigError as `loadSettings` does; StoreError when a NameNode cannot be reached
 */
export async function openDataset(flags: DatasetFlags, environment: CliEnvironment): Promise<OpenDataset> {
  const settings = await settingsOf(flags, environment);
  const { reach, ...dataset } = await openUnreached(settings, environment);
  await reach();
  return dataset;
}

/** A dataset of whose store nothing was asked yet. */
export interface UnreachedDataset extends OpenDataset {
  /** Makes the first contact. Rejects with a StoreError that says what is wrong with it. */
  reach(): Promise<void>;
}

/**
 * The store that settings point at.
 * @param tokenFile a file with a delegation token for it, where Kerberos is asked for and neither ticket nor keytab is to be used
 * @throws ConfigError when they lack what the store needs
 */
export async function openUnreached(
  settings: Settings,
  { atEnd, loads }: Pick<CliEnvironment, 'atEnd' | 'loads'>,
  tokenFile?: string,
): Promise<UnreachedDataset> {
  const isLocal = settings.base.kind === 'local';
  const opened = isLocal
    ? { ...openLocalStore(settings.base.path), reach: async () => {} }
    : await openRemote(settings, loads, tokenFile);
  atEnd(async () => opened.store.close?.());
  const layout = makeLayout(settings.consolidation.layout);
  return {
    settings,
    layout,
    ...opened,
    shownPath: (path) => (isLocal ? path : `${opened.store.uri}${path}`),
  };
}

// Loaded when it is asked for: a third of the program speaks to NameNodes.
async function openRemote(
  settings: Settings,
  loads: CliEnvironment['loads'],
  tokenFile: string | undefined,
): Promise<OpenedStore & { reach(): Promise<void> }> {
  const [{ openStore }, { reachHdfs }, { readTlsFiles }] = await Promise.all([
    import('../store/open-store.ts'),
    import('./reach-store.ts'),
    import('./tls-files.ts'),
  ]);
  const opened = openStore(settings.base, {
    ...storeOptions(settings, await readTlsFiles(settings), tokenFile),
    loads,
  });
  const { base } = settings;
  return {
    ...opened,
    reach: async () =>
      base.kind === 'hdfs' ? reachHdfs(opened.store, base, settings.hdfs.hadoop) : undefined,
  };
}

function storeOptions(
  { hdfs, safety, base, consolidation }: Settings,
  tls: NonNullable<StoreOptions['tls']>,
  tokenFile: string | undefined,
): StoreOptions {
  // Only HDFS asks who somebody is by a name.
  const userName = hdfs.user ?? (base.kind === 'hdfs' ? nameOfThisUser() : '');
  return {
    userName,
    swap: consolidation.swap,
    authentication: authenticationOf(hdfs, base, tokenFile),
    timeoutMs: hdfs.timeoutMs,
    maxRetries: safety.maxRetries,
    failoverMs: hdfs.failoverMs,
    limits: hdfs.limits,
    tls,
    ...(hdfs.hadoop?.csrfHeader === undefined ? {} : { csrfHeader: hdfs.hadoop.csrfHeader }),
    ...(hdfs.allowedRedirectHosts === undefined ? {} : { allowedRedirectHosts: hdfs.allowedRedirectHosts }),
  };
}

function authenticationOf(
  { authentication: kind, kerberosPrincipal: principal, kerberosKeytab: keytab, proxyUser }: Settings['hdfs'],
  base: Settings['base'],
  tokenFile: string | undefined,
): NonNullable<StoreOptions['authentication']> {
  const behalf = proxyUser === undefined ? {} : { proxyUser };
  if (kind === 'simple') return { kind, ...behalf };
  return {
    kind,
    ...behalf,
    ...(principal === undefined ? {} : { principal }),
    ...(keytab === undefined ? {} : { keytab }),
    ...(tokenFile === undefined || base.kind === 'local'
      ? {}
      : { handedToken: { file: tokenFile, host: base.host } }),
  };
}

/** The account that this process runs under. @throws ConfigError `hdfs-user-missing` */
export function nameOfThisUser(): string {
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
