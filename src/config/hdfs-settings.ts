import { resolve } from 'node:path';
import { type BaseContext, baseText, resolveBase } from './base-location.ts';
import type { ChosenValues } from './chosen-values.ts';
import type { SourcedValue } from './config-file.ts';
import type { HadoopClientSettings } from './hadoop/client-settings.ts';
import type { HadoopConfiguration } from './hadoop/configuration.ts';
import { type NamenodeAddress, parseNamenode } from './namenode.ts';
import type { SettingKey } from './setting-table.ts';
import type { BaseLocation, Settings } from './settings.ts';
import { showValue } from './value-problem.ts';

type Chosen = ReadonlyMap<SettingKey, SourcedValue>;

/** Where the dataset lies, `undefined` when no base path is configured; and what is wrong with what says so. */
export interface ConfiguredBase {
  readonly base: BaseLocation | undefined;
  readonly problems: readonly string[];
  /** Where Hadoop's configuration told of the servers. */
  readonly serverSources?: readonly string[];
}

/** Puts base path, NameNode and ports together. */
export function configuredBase(
  chosen: Chosen,
  values: ChosenValues,
  hadoop?: HadoopConfiguration,
): ConfiguredBase {
  const text = values.optionalText('hdfs.base_path');
  const winner = chosen.get('hdfs.base_path');
  if (text === undefined || winner === undefined) return { base: undefined, problems: [] };
  const url = gatewayUrl(chosen, values);
  if (typeof url === 'object' && 'problem' in url) return { base: undefined, problems: [url.problem] };
  const context = baseContext(chosen, values, winner.relativeTo, hadoop);
  const result = resolveBase(text, url === undefined ? context : behindGateway(context, url));
  if ('problem' in result) {
    return { base: undefined, problems: [`${winner.subject} is ${showValue(text)} and ${result.problem}`] };
  }
  // The ports matter only for who is on HDFS.
  const { location, serverSources } = result;
  return {
    base:
      url === undefined || location.kind === 'local' ? location : { ...location, origins: [baseUrl(url)] },
    problems: location.kind === 'hdfs' ? twoPorts(chosen) : [],
    ...(serverSources === undefined ? {} : { serverSources }),
  };
}

/** Where a replica of the dataset at `base` is kept, `undefined` when none is configured; and what is wrong with what says so. */
export function configuredReplica(
  chosen: Chosen,
  values: ChosenValues,
  base: BaseLocation,
  hadoop?: HadoopConfiguration,
): { readonly replica?: BaseLocation; readonly problems: readonly string[] } {
  const text = values.optionalText('replica.uri');
  const winner = chosen.get('replica.uri');
  if (text === undefined || winner === undefined) return { problems: [] };
  const result = resolveBase(text, baseContext(chosen, values, winner.relativeTo, hadoop));
  if ('problem' in result)
    return { problems: [`${winner.subject} is ${showValue(text)} and ${result.problem}`] };
  const { location } = result;
  if (!isApart(location, base)) {
    const problem = `${winner.subject} is ${showValue(text)}, which lies in the dataset ${baseText(base)}, or around it; allowed: another place`;
    return { problems: [problem] };
  }
  return { replica: location, problems: [] };
}

/** False when one of them lies in the other, as far as their texts tell. */
export function isApart(one: BaseLocation, other: BaseLocation): boolean {
  const serverOf = (base: BaseLocation): string => (base.kind === 'local' ? '' : base.host.toLowerCase());
  if (serverOf(one) !== serverOf(other)) return true;
  const inside = (inner: string, outer: string): boolean =>
    inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`);
  return !inside(one.path, other.path) && !inside(other.path, one.path);
}

/** The gateway that all calls go to, where one is configured. */
function gatewayUrl(chosen: Chosen, values: ChosenValues): URL | { readonly problem: string } | undefined {
  const text = values.optionalText('hdfs.webhdfs_url');
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.search === '' && url.hash === '';
  if (isPlain && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  const where = chosen.get('hdfs.webhdfs_url')?.subject ?? 'hdfs.webhdfs_url';
  const shown = url?.username === '' ? showValue(text) : 'no plain URL';
  return {
    problem:
      `${where} is ${shown}; allowed: a URL such as https://knox:8443/gateway/default or http://httpfs:14000, without ` +
      'a user, a password or a query',
  };
}

/** The URL without what every WebHDFS server has behind it. */
function baseUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(/\/+$/, '').replace(/\/webhdfs\/v1$/, '')}`;
}

/** A plain path lies behind the gateway, whatever NameNode is configured. */
function behindGateway(context: BaseContext, url: URL): BaseContext {
  const isTls = url.protocol === 'https:';
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
  return { ...context, namenode: { scheme: isTls ? 'swebhdfs' : 'webhdfs', host: url.hostname, port } };
}

/** What a path of this configuration is resolved with; `relativeTo` is for local ones. */
export function baseContext(
  chosen: Chosen,
  values: ChosenValues,
  relativeTo: string,
  hadoop?: HadoopConfiguration,
): BaseContext {
  const namenode = addressOf(chosen);
  const webHdfsPort = values.optionalNumber('hdfs.webhdfs_port');
  return {
    relativeTo,
    rpcPort: values.number('hdfs.port'),
    ...(namenode === undefined ? {} : { namenode: portThatWins(namenode, chosen) }),
    ...(webHdfsPort === undefined ? {} : { webHdfsPort }),
    ...(hadoop === undefined ? {} : { hadoop }),
    hasAuthorities: values.optionalText('hdfs.tls_ca_file') !== undefined,
  };
}

/** The section `hdfs` of the settings. */
export function hdfsSettings(
  chosen: Chosen,
  values: ChosenValues,
  base: BaseLocation,
  hadoop?: HadoopClientSettings,
): Settings['hdfs'] {
  const namenode = values.optionalText('hdfs.namenode');
  const webHdfsPort = values.optionalNumber('hdfs.webhdfs_port');
  const user = values.optionalText('hdfs.user');
  const hosts = values
    .optionalText('hdfs.allowed_redirect_hosts')
    ?.split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  const proxyUser = values.optionalText('hdfs.proxy_user');
  return {
    ...(namenode === undefined ? {} : { namenode }),
    port: values.number('hdfs.port'),
    ...(webHdfsPort === undefined ? {} : { webHdfsPort }),
    basePath: base.path,
    ...(user === undefined ? {} : { user }),
    ...authenticationSettings(chosen, values, hadoop),
    ...(proxyUser === undefined ? {} : { proxyUser }),
    timeoutMs: Math.round(values.number('hdfs.timeout_seconds') * 1000),
    failoverMs: Math.round(values.number('hdfs.failover_seconds') * 1000),
    ...(hadoop === undefined ? {} : { hadoop }),
    tls: {
      ...fileOf('caFile', 'hdfs.tls_ca_file', chosen, values),
      ...fileOf('certificateFile', 'hdfs.tls_certificate_file', chosen, values),
      ...fileOf('keyFile', 'hdfs.tls_key_file', chosen, values),
      ...fileOf('keyPassphraseFile', 'hdfs.tls_key_passphrase_file', chosen, values),
    },
    ...(hosts === undefined ? {} : { allowedRedirectHosts: hosts }),
    limits: {
      requestsPerSecond: values.number('hdfs.requests_per_second'),
      nameNodeConnections: values.number('hdfs.namenode_connections'),
      dataNodeConnections: values.number('hdfs.datanode_connections'),
    },
  };
}

/** A principal or a keytab that is configured is to be used: then nothing but Kerberos will do. */
function authenticationSettings(
  chosen: Chosen,
  values: ChosenValues,
  hadoop: HadoopClientSettings | undefined,
): Pick<Settings['hdfs'], 'authentication' | 'kerberosPrincipal' | 'kerberosKeytab'> {
  const principal = values.optionalText('hdfs.kerberos_principal');
  const keytab = values.optionalText('hdfs.kerberos_keytab');
  const written = values.text('hdfs.authentication');
  const isKerberos =
    written === 'kerberos' ||
    (written === 'auto' &&
      (principal !== undefined || keytab !== undefined || hadoop?.authentication === 'kerberos'));
  return {
    authentication: isKerberos ? 'kerberos' : written === 'simple' ? 'simple' : 'auto',
    ...(principal === undefined ? {} : { kerberosPrincipal: principal }),
    ...(keytab === undefined
      ? {}
      : { kerberosKeytab: resolve(chosen.get('hdfs.kerberos_keytab')?.relativeTo ?? '/', keytab) }),
  };
}

/** The absolute path of a file that a setting names, under `name`; nothing when it names none. */
function fileOf<Name extends string>(
  name: Name,
  key: SettingKey,
  chosen: Chosen,
  values: ChosenValues,
): { readonly [key in Name]?: string } {
  const path = values.optionalText(key);
  if (path === undefined) return {};
  const found: { [key in Name]?: string } = {};
  found[name] = resolve(chosen.get(key)?.relativeTo ?? '/', path);
  return found;
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
