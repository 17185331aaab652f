import type { HdfsScheme } from '../namenode.ts';
import { type NamenodeAddress, parseNamenode, schemeOf } from '../namenode.ts';
import type { HadoopConfiguration } from './configuration.ts';

/** Where the NameNodes of a file system answer WebHDFS, as Hadoop's configuration says. */
export interface NameNodeServers {
  /** Scheme, host and port of each, in the configured order. */
  readonly origins: readonly [string, ...string[]];
  /** Where each was found: file, line and key. */
  readonly sources: readonly string[];
}

/** The servers, or what is missing, with file and key; undefined when Hadoop's configuration knows nothing of them. */
export type ServersResult = NameNodeServers | { readonly problem: string } | undefined;

/** The file system that plain paths lie on (`fs.defaultFS`). */
export type DefaultFileSystem =
  | { readonly kind: 'hdfs'; readonly address: NamenodeAddress; readonly source: string }
  /** This machine. */
  | { readonly kind: 'local' }
  | { readonly problem: string };

/** File systems that are put together of others, or are no HDFS. */
const otherSystems: Readonly<Record<string, string>> = {
  viewfs:
    'is a view of several file systems; name the one that the dataset lies on, as hdfs://nameservice/path',
  viewfsoverload:
    'is a view of several file systems; name the one that the dataset lies on, as hdfs://nameservice/path',
  o3fs: 'is Apache Ozone, which has no WebHDFS',
  ofs: 'is Apache Ozone, which has no WebHDFS',
};

/** Reads `fs.defaultFS`. */
export function defaultFileSystem(hadoop: HadoopConfiguration): DefaultFileSystem {
  const told = hadoop.get('fs.defaultFS');
  if (told === undefined) return { kind: 'local' };
  const { value, source } = told;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(value)?.[1]?.toLowerCase() ?? '';
  if (scheme === 'file') return { kind: 'local' };
  const other = otherSystems[scheme];
  if (other !== undefined) return { problem: `${source} is ${value}, which ${other}` };
  const address = parseNamenode(value.replace(/^([^:]+:\/\/[^/]*)\/.*$/s, '$1'));
  if (schemeOf(scheme) === undefined || address === undefined) {
    return {
      problem: `${source} is ${value}, which is no HDFS; write the base path as hdfs://nameservice/path`,
    };
  }
  return { kind: 'hdfs', address, source };
}

/** Names of the name services that are configured. */
export function nameServices(hadoop: HadoopConfiguration): readonly string[] {
  return [...new Set([...hadoop.list('dfs.nameservices'), ...hadoop.list('dfs.internal.nameservices')])];
}

/**
 * Where the NameNodes of `hdfs://host:port` answer: those of a name service where the host is the name of one, the one
 * that has this RPC address otherwise.
 * @param isTls whether to take their HTTPS addresses
 */
export function serversOf(
  hadoop: HadoopConfiguration,
  { host, port }: Pick<NamenodeAddress, 'host' | 'port'>,
  isTls: boolean,
): ServersResult {
  const isNameService =
    port === undefined &&
    (nameServices(hadoop).includes(host) || hadoop.list(`dfs.ha.namenodes.${host}`).length > 0);
  if (isNameService) return ofNameService(hadoop, host, isTls);
  const suffix = suffixes(hadoop).find((one) => {
    const rpc = rpcAddress(hadoop, one);
    return rpc?.host.toLowerCase() === host.toLowerCase() && (port ?? 8020) === (rpc.port ?? 8020);
  });
  if (suffix === undefined) return undefined;
  return combined([httpAddress(hadoop, suffix, isTls)]);
}

/**
 * Whether a file system of this scheme is asked over TLS. `hdfs` says nothing about it: then it is what the cluster
 * insists on (`dfs.http.policy`), and where it offers both, TLS as soon as there is something to check it with.
 */
export function isOverTls(
  scheme: HdfsScheme,
  hadoop: HadoopConfiguration | undefined,
  hasAuthorities: boolean,
): boolean {
  if (scheme !== 'hdfs') return scheme === 'swebhdfs';
  const policy = hadoop?.get('dfs.http.policy')?.value.toUpperCase();
  return policy === 'HTTPS_ONLY' || (policy === 'HTTP_AND_HTTPS' && hasAuthorities);
}

function ofNameService(hadoop: HadoopConfiguration, name: string, isTls: boolean): ServersResult {
  const ids = hadoop.list(`dfs.ha.namenodes.${name}`);
  if (ids.length === 0) return combined([httpAddress(hadoop, `.${name}`, isTls)]);
  return combined(ids.map((id) => httpAddress(hadoop, `.${name}.${id}`, isTls)));
}

type OneServer = { readonly origin: string; readonly source: string } | { readonly problem: string };

function combined(servers: readonly OneServer[]): ServersResult {
  const origins: string[] = [];
  const sources: string[] = [];
  for (const server of servers) {
    if ('problem' in server) return server;
    origins.push(server.origin);
    sources.push(server.source);
  }
  const [first, ...more] = origins;
  return first === undefined ? undefined : { origins: [first, ...more], sources };
}

/** Everything that may stand behind `dfs.namenode.rpc-address` for one NameNode. */
function suffixes(hadoop: HadoopConfiguration): readonly string[] {
  const ofServices = nameServices(hadoop).flatMap((name) => {
    const ids = hadoop.list(`dfs.ha.namenodes.${name}`);
    return ids.length === 0 ? [`.${name}`] : ids.map((id) => `.${name}.${id}`);
  });
  return ['', ...ofServices];
}

/** The RPC address of a NameNode; of a cluster without name services that is the default file system. */
function rpcAddress(hadoop: HadoopConfiguration, suffix: string): NamenodeAddress | undefined {
  const told = hadoop.get(`dfs.namenode.rpc-address${suffix}`)?.value;
  if (told !== undefined) return parseNamenode(told);
  const system = suffix === '' ? defaultFileSystem(hadoop) : undefined;
  return system !== undefined && 'kind' in system && system.kind === 'hdfs' ? system.address : undefined;
}

/** As `DFSUtil.getInfoServer`: the host of the RPC address stands in for one that is not said, or is "any". */
function httpAddress(hadoop: HadoopConfiguration, suffix: string, isTls: boolean): OneServer {
  const scheme = isTls ? 'https' : 'http';
  const key = `dfs.namenode.${scheme}-address${suffix}`;
  const told = hadoop.get(key);
  const address = told === undefined ? undefined : parseNamenode(told.value);
  if (told !== undefined && address === undefined) {
    return { problem: `${told.source} is ${told.value}; allowed: host:port` };
  }
  const port = address?.port ?? (isTls ? 9871 : 9870);
  if (address !== undefined && address.host !== '0.0.0.0' && address.host !== '[::]') {
    return { origin: `${scheme}://${address.host}:${port}`, source: told?.source ?? key };
  }
  const rpc = rpcAddress(hadoop, suffix);
  if (rpc === undefined) {
    const rpcKey = `dfs.namenode.rpc-address${suffix}`;
    const unread = hadoop.get(rpcKey);
    return {
      problem:
        unread === undefined
          ? `${hadoop.directory}/hdfs-site.xml lacks ${key}, and ${rpcKey} too`
          : `${unread.source} is ${unread.value}; allowed: host:port`,
    };
  }
  const rpcSource = hadoop.get(`dfs.namenode.rpc-address${suffix}`) ?? hadoop.get('fs.defaultFS');
  return {
    origin: `${scheme}://${rpc.host}:${port}`,
    source: `${rpcSource?.source ?? ''} (and ${told?.source ?? `the usual port of ${key}`})`,
  };
}
