/** How the NameNode is reached: `hdfs` names its RPC port, the others its HTTP and HTTPS port. */
export type HdfsScheme = 'hdfs' | 'webhdfs' | 'swebhdfs';

/** A NameNode as somebody wrote it. */
export interface NamenodeAddress {
  /** Absent where only a host, or host and port, is written: then the port is that of the RPC service. */
  readonly scheme?: HdfsScheme;
  /** Name or address; an IPv6 address stands in brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port?: number;
}

const host = String.raw`[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]`;
const pattern = new RegExp(String.raw`^(?:(hdfs|webhdfs|swebhdfs):\/\/)?(${host})(?::(\d{1,5}))?\/?$`, 'i');

/** Reads `host`, `host:port` or a URI such as `hdfs://host:port` without a path; undefined when it is none of these. */
export function parseNamenode(text: string): NamenodeAddress | undefined {
  const parts = pattern.exec(text);
  if (parts?.[2] === undefined) return undefined;
  const scheme = schemeOf(parts[1]);
  const port = parts[3] === undefined ? undefined : Number(parts[3]);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return {
    host: parts[2],
    ...(scheme === undefined ? {} : { scheme }),
    ...(port === undefined ? {} : { port }),
  };
}

/** The scheme that `text` is, in any case of letters; undefined when it is none of HDFS's. */
export function schemeOf(text: string | undefined): HdfsScheme | undefined {
  const scheme = text?.toLowerCase();
  return scheme === 'hdfs' || scheme === 'webhdfs' || scheme === 'swebhdfs' ? scheme : undefined;
}
