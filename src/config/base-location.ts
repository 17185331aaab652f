import { posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HadoopConfiguration } from './hadoop/configuration.ts';
import { defaultFileSystem, isOverTls, serversOf } from './hadoop/name-services.ts';
import { type HdfsScheme, type NamenodeAddress, parseNamenode, schemeOf } from './namenode.ts';
import type { BaseLocation } from './settings.ts';

/** What a base path is resolved with. */
export interface BaseContext {
  /** Absolute directory that relative local paths start from. */
  readonly relativeTo: string;
  readonly namenode?: NamenodeAddress;
  /** The NameNode's RPC port where the base path names none. */
  readonly rpcPort: number;
  /** Its HTTP(S) port, when one is configured. */
  readonly webHdfsPort?: number;
  /** What Hadoop's own configuration says, where it is known; it counts less than all of the above. */
  readonly hadoop?: HadoopConfiguration;
  /** Certificate authorities are configured. */
  readonly hasAuthorities?: boolean;
}

/** A location, and where Hadoop's configuration told of its servers; or the sentence that says why there is none. */
export type BaseResult =
  | { readonly location: BaseLocation; readonly serverSources?: readonly string[] }
  | { readonly problem: string };

const allowed =
  'a path, or a URI file:/path, hdfs://host:port/path, webhdfs://host:port/path or swebhdfs://host:port/path';

/**
 * Where `text` points: a URI says it itself; a plain path lies on HDFS when a NameNode is configured, or when it is
 * absolute and Hadoop's default file system is an HDFS, else on this machine. Only the text is looked at, not the store. HDFS paths are taken as they are written: `%20` is no space.
 */
export function resolveBase(text: string, context: BaseContext): BaseResult {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'file') return fileUri(text);
  const hdfs = schemeOf(scheme);
  if (hdfs !== undefined) return hdfsUri(text, hdfs, context);
  if (scheme !== undefined) {
    return { problem: `has the scheme ${scheme}:, which is not supported; allowed: ${allowed}` };
  }
  const { namenode } = context;
  if (namenode === undefined) {
    const system =
      text.startsWith('/') && context.hadoop !== undefined
        ? defaultFileSystem(context.hadoop)
        : ({ kind: 'local' } as const);
    if ('problem' in system) return { problem: `names no file system, and ${system.problem}` };
    return system.kind === 'hdfs'
      ? onConfigured('hdfs', system.address, text, context)
      : { location: { kind: 'local', path: resolve(context.relativeTo, text) } };
  }
  if (!text.startsWith('/')) {
    return {
      problem:
        `is a relative path, but a NameNode is configured (${namenode.host}), so it lies on HDFS; ` +
        'allowed: an absolute HDFS path, or file:/path for this machine',
    };
  }
  return onConfigured('hdfs', namenode, text, context);
}

/** The location as one text, for messages: an absolute local path, or `hdfs://host:port/path`. */
export function baseText(base: BaseLocation): string {
  if (base.kind === 'local') return base.path;
  return `${base.scheme}://${base.host}${base.port === undefined ? '' : `:${base.port}`}${base.path}`;
}

function fileUri(text: string): BaseResult {
  const rest = text.slice('file:'.length);
  if (!/^\/(?!\/)|^\/\/(?:localhost)?\//i.test(rest)) {
    return {
      problem: 'is a file: URI without an absolute path on this machine; allowed: file:/path or file:///path',
    };
  }
  try {
    return { location: { kind: 'local', path: resolve(fileURLToPath(new URL(text))) } };
  } catch (error) {
    return {
      problem: `is not a valid file: URI (${error instanceof Error ? error.message : String(error)})`,
    };
  }
}

function hdfsUri(text: string, scheme: HdfsScheme, context: BaseContext): BaseResult {
  const parts = /^[^:]+:(?:\/\/([^/]*))?(\/.*)?$/s.exec(text);
  const authority = parts?.[1] ?? '';
  const path = parts?.[2];
  if (path === undefined) return { problem: `names no absolute path; allowed: ${scheme}://host:port/path` };
  if (authority === '') {
    if (context.namenode !== undefined) return onConfigured(scheme, context.namenode, path, context);
    if (context.hadoop !== undefined) return onDefault(scheme, path, context, context.hadoop);
    return {
      problem:
        'names no NameNode and none is configured (hdfs.namenode, or fs.defaultFS of HADOOP_CONF_DIR); ' +
        `allowed: ${scheme}://host:port/path`,
    };
  }
  const address = parseNamenode(authority);
  if (address === undefined) {
    return { problem: `has the authority "${authority}"; allowed: host or host:port, port 1 to 65535` };
  }
  return hdfsLocation(scheme, address, path, context);
}

/** On the configured NameNode: how that one is reached counts, unless the base path itself says it is by HTTP. */
function onConfigured(
  scheme: HdfsScheme,
  { scheme: reached, host, port }: NamenodeAddress,
  path: string,
  context: BaseContext,
): BaseResult {
  const chosen = scheme === 'hdfs' ? (reached ?? 'hdfs') : scheme;
  const isItsPort = port !== undefined && (reached ?? 'hdfs') === chosen;
  return hdfsLocation(chosen, { host, ...(isItsPort ? { port } : {}) }, path, context);
}

/** On the file system that Hadoop takes plain paths for. */
function onDefault(
  scheme: HdfsScheme,
  path: string,
  context: BaseContext,
  hadoop: HadoopConfiguration,
): BaseResult {
  const system = defaultFileSystem(hadoop);
  if ('problem' in system) return { problem: `names no file system, and ${system.problem}` };
  if (system.kind === 'hdfs') return onConfigured(scheme, system.address, path, context);
  return {
    problem:
      `names no NameNode, none is configured (hdfs.namenode), and ${hadoop.directory}/core-site.xml has no ` +
      `fs.defaultFS that is an HDFS; allowed: ${scheme}://host:port/path`,
  };
}

function hdfsLocation(
  scheme: HdfsScheme,
  { host, port }: NamenodeAddress,
  path: string,
  { rpcPort, webHdfsPort, hadoop, hasAuthorities = false }: BaseContext,
): BaseResult {
  const isTls = isOverTls(scheme, hadoop, hasAuthorities);
  const absolute = posix.resolve('/', path);
  // With a port, the others name the HTTP server itself.
  const isServer = scheme !== 'hdfs' && port !== undefined;
  const found =
    hadoop === undefined || isServer
      ? undefined
      : serversOf(hadoop, { host, ...(port === undefined ? {} : { port }) }, isTls);
  if (found !== undefined && 'problem' in found) return found;
  if (found !== undefined) {
    const origins = found.origins.map((origin) => withPort(origin, webHdfsPort));
    return {
      location: {
        kind: 'hdfs',
        scheme,
        host,
        ...(port === undefined ? {} : { port }),
        webHdfsPort: Number(new URL(origins[0] ?? '').port),
        origins,
        path: absolute,
      },
      serverSources: found.sources,
    };
  }
  const httpPort = webHdfsPort ?? (isTls ? 9871 : 9870);
  const ports =
    scheme === 'hdfs'
      ? { port: port ?? rpcPort, webHdfsPort: httpPort }
      : { port: port ?? httpPort, webHdfsPort: port ?? httpPort };
  const byPolicy = isTls && scheme === 'hdfs' ? { origins: [`https://${host}:${httpPort}`] } : {};
  return { location: { kind: 'hdfs', scheme, host, ...ports, ...byPolicy, path: absolute } };
}

function withPort(origin: string, port: number | undefined): string {
  return port === undefined ? origin : origin.replace(/:\d+$/, `:${port}`);
}
