import { posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BaseLocation } from './settings.ts';

/** What a base path is resolved with. */
export interface BaseContext {
  /** Absolute directory that relative local paths start from. */
  readonly relativeTo: string;
  readonly namenode?: string;
  readonly port: number;
}

/** A location, or the sentence that says why there is none. */
export type BaseResult = { readonly location: BaseLocation } | { readonly problem: string };

const allowed =
  'a path, or a URI file:/path, hdfs://host:port/path, webhdfs://host:port/path or swebhdfs://host:port/path';

/**
 * Where `text` points: a URI says it itself; a plain path lies on HDFS when a NameNode is configured, else on this
 * machine. Only the text is looked at, not the store.
 */
export function resolveBase(text: string, context: BaseContext): BaseResult {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'file') return fileUri(text);
  if (scheme === 'hdfs' || scheme === 'webhdfs' || scheme === 'swebhdfs')
    return hdfsUri(text, scheme, context);
  if (scheme !== undefined) {
    return { problem: `has the scheme ${scheme}:, which is not supported; allowed: ${allowed}` };
  }
  if (context.namenode === undefined)
    return { location: { kind: 'local', path: resolve(context.relativeTo, text) } };
  if (!text.startsWith('/')) {
    return {
      problem:
        `is a relative path, but a NameNode is configured (${context.namenode}), so it lies on HDFS; ` +
        'allowed: an absolute HDFS path, or file:/path for this machine',
    };
  }
  return hdfsLocation('hdfs', context.namenode, context.port, text);
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

function hdfsUri(text: string, scheme: 'hdfs' | 'webhdfs' | 'swebhdfs', context: BaseContext): BaseResult {
  const parts = /^[^:]+:(?:\/\/([^/]*))?(\/.*)?$/.exec(text);
  const authority = parts?.[1] ?? '';
  const path = parts?.[2];
  if (parts === null || path === undefined) {
    return { problem: `names no absolute path; allowed: ${scheme}://host:port/path` };
  }
  if (authority === '') {
    return context.namenode === undefined
      ? {
          problem: `names no NameNode and none is configured (hdfs.namenode); allowed: ${scheme}://host:port/path`,
        }
      : hdfsLocation(scheme, context.namenode, context.port, path);
  }
  const hostPort = /^(\[[0-9A-Fa-f:.]+\]|[^:@\s?#]+)(?::(\d+))?$/.exec(authority);
  const host = hostPort?.[1];
  const port = hostPort?.[2] === undefined ? context.port : Number(hostPort[2]);
  if (host === undefined || port < 1 || port > 65_535) {
    return { problem: `has the authority "${authority}"; allowed: host or host:port, port 1 to 65535` };
  }
  return hdfsLocation(scheme, host, port, path);
}

function hdfsLocation(
  scheme: 'hdfs' | 'webhdfs' | 'swebhdfs',
  host: string,
  port: number,
  path: string,
): BaseResult {
  const normal = posix.resolve('/', path);
  return { location: { kind: 'hdfs', scheme, host, port, path: normal } };
}
