import { type BaseContext, resolveBase } from './base-location.ts';
import type { ChosenValues } from './chosen-values.ts';
import type { SourcedValue } from './config-file.ts';
import { type NamenodeAddress, parseNamenode } from './namenode.ts';
import type { SettingKey } from './setting-table.ts';
import type { BaseLocation, Settings } from './settings.ts';
import { showValue } from './value-problem.ts';

type Chosen = ReadonlyMap<SettingKey, SourcedValue>;

/** Where the dataset lies, `undefined` when no base path is configured; and what is wrong with what says so. */
export interface ConfiguredBase {
  readonly base: BaseLocation | undefined;
  readonly problems: readonly string[];
}

/** Puts base path, NameNode and ports together. */
export function configuredBase(chosen: Chosen, values: ChosenValues): ConfiguredBase {
  const text = values.optionalText('hdfs.base_path');
  const winner = chosen.get('hdfs.base_path');
  if (text === undefined || winner === undefined) return { base: undefined, problems: [] };
  const result = resolveBase(text, baseContext(chosen, values, winner.relativeTo));
  if ('problem' in result) {
    return { base: undefined, problems: [`${winner.subject} is ${showValue(text)} and ${result.problem}`] };
  }
  // The ports matter only for who is on HDFS.
  return { base: result.location, problems: result.location.kind === 'hdfs' ? twoPorts(chosen) : [] };
}

/** What a path of this configuration is resolved with; `relativeTo` is for local ones. */
export function baseContext(chosen: Chosen, values: ChosenValues, relativeTo: string): BaseContext {
  const namenode = addressOf(chosen);
  const webHdfsPort = values.optionalNumber('hdfs.webhdfs_port');
  return {
    relativeTo,
    rpcPort: values.number('hdfs.port'),
    ...(namenode === undefined ? {} : { namenode: portThatWins(namenode, chosen) }),
    ...(webHdfsPort === undefined ? {} : { webHdfsPort }),
  };
}

/** The section `hdfs` of the settings. */
export function hdfsSettings(values: ChosenValues, base: BaseLocation): Settings['hdfs'] {
  const namenode = values.optionalText('hdfs.namenode');
  const webHdfsPort = values.optionalNumber('hdfs.webhdfs_port');
  const user = values.optionalText('hdfs.user');
  return {
    ...(namenode === undefined ? {} : { namenode }),
    port: values.number('hdfs.port'),
    ...(webHdfsPort === undefined ? {} : { webHdfsPort }),
    basePath: base.path,
    ...(user === undefined ? {} : { user }),
    timeoutMs: Math.round(values.number('hdfs.timeout_seconds') * 1000),
  };
}

function addressOf(chosen: Chosen): NamenodeAddress | undefined {
  const value = chosen.get('hdfs.namenode')?.value;
  return typeof value === 'string' ? parseNamenode(value) : undefined;
}

/** The setting that says the same port as the one written with the NameNode. */
function portKey({ scheme = 'hdfs' }: NamenodeAddress): 'hdfs.port' | 'hdfs.webhdfs_port' {
  return scheme === 'hdfs' ? 'hdfs.port' : 'hdfs.webhdfs_port';
}

/** Without its port where a setting of higher precedence says another one. */
function portThatWins(address: NamenodeAddress, chosen: Chosen): NamenodeAddress {
  const written = chosen.get('hdfs.namenode')?.precedence ?? 0;
  const { port, ...portless } = address;
  return (chosen.get(portKey(address))?.precedence ?? 0) > written ? portless : address;
}

/** Two different ports of one NameNode that were written at places of the same precedence. */
function twoPorts(chosen: Chosen): readonly string[] {
  const address = addressOf(chosen);
  const namenode = chosen.get('hdfs.namenode');
  if (address?.port === undefined || namenode === undefined) return [];
  const port = chosen.get(portKey(address));
  if (port === undefined || port.precedence !== namenode.precedence || port.value === address.port) return [];
  return [
    `${namenode.subject} is ${showValue(namenode.value)} and ${port.subject} is ${showValue(port.value)}; ` +
      'allowed: the port once, or the same one twice',
  ];
}
