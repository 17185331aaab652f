import { posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
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
}

/** A location, or the sentence that says why there is none. */
export type BaseResult = { readonly location: BaseLocation } | { readonly problem: string };

const allowed =
  'a path, or a URI file:/path, hdfs://host:port/path, webhdfs://host:port/path or swebhdfs://host:port/path';

/**
 * Where `text` points: a URI says it itself; a plain path lies on HDFS when a NameNode is configured, else on this
 * machine. Only the text is looked at, not the store. HDFS paths are taken as they are written: `%20` is no space.
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
  if (namenode === undefined) return { location: { kind: 'local', path: resolve(context.relativeTo, text) } };
  if (!text.startsWith('/')) {
    return {
      problem:
        `is a relative path, but a NameNode is configured (${namenode.host}), so it lies on HDFS; ` +
        'allowed: an absolute HDFS path, or file:/path for this machine',
    };
  }
  return { location: onConfigured('hdfs', namenode, text, context) };
}

/** The location as one text, for messages: an absolute local path, or `hdfs://host:port/path`. */
export function baseText(base: BaseLocation): string {
  return base.kind === 'local' ? base.path : `${base.scheme}://${base.host}:${base.port}${base.path}`;
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
    return context.namenode === undefined
      ? {
          problem: `names no NameNode and none is configured (hdfs.namenode); allowed: ${scheme}://host:port/path`,
        }
      : { location: onConfigured(scheme, context.namenode, path, context) };
  }
  const address = parseNamenode(authority);
  if (address === undefined) {
    return { problem: `has the authority "${authority}"; allowed: host or host:port, port 1 to 65535` };
  }
  return { location: hdfsLocation(scheme, address, path, context) };
}

/** On the configured NameNode: how that one is reached counts, unless the base path itself says it is by HTTP. */
function onConfigured(
  scheme: HdfsScheme,
  { scheme: reached, host, port }: NamenodeAddress,
  path: string,
  context: BaseContext,
): BaseLocation {
  const chosen = scheme === 'hdfs' ? (reached ?? 'hdfs') : scheme;
  const isItsPort = port !== undefined && (reached ?? 'hdfs') === chosen;
  return hdfsLocation(chosen, { host, ...(isItsPort ? { port } : {}) }, path, context);
}

function hdfsLocation(
  scheme: HdfsScheme,
  { host, port }: NamenodeAddress,
  path: string,
  { rpcPort, webHdfsPort }: BaseContext,
): BaseLocation {
  const httpPort = webHdfsPort ?? (scheme === 'swebhdfs' ? 9871 : 9870);
  const ports =
    scheme === 'hdfs'
      ? { port: port ?? rpcPort, webHdfsPort: httpPort }
      : { port: port ?? httpPort, webHdfsPort: port ?? httpPort };
  return { kind: 'hdfs', scheme, host, ...ports, path: posix.resolve('/', path) };
}
