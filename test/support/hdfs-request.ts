import { Agent, type IncomingMessage, request } from 'node:http';
import type { HdfsCluster } from './hdfs-daemons.ts';

/** A WebHDFS request of a test's own, which shares no code with the product's client. */
export interface HdfsRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Absolute path in HDFS, not encoded. */
  readonly path: string;
  /** `LISTSTATUS`, `CREATE`, … */
  readonly op: string;
  readonly params?: Readonly<Record<string, string | number | boolean>>;
  /** What is sent to the DataNode. */
  readonly body?: Uint8Array;
  /** Default: the cluster's superuser. */
  readonly user?: string;
}

/** What came back, from the DataNode where the NameNode sent us to one. */
export interface HdfsReply {
  readonly status: number;
  readonly body: Buffer;
}

/** An answer that is not 2xx. */
export class HdfsRefusal extends Error {
  readonly status: number;
  /** Name of Hadoop's exception, `FileNotFoundException` for instance; empty when the reply names none. */
  readonly exception: string;

  constructor(what: string, status: number, body: string) {
    const exception = /"exception":"([^"]*)"/.exec(body)?.[1] ?? '';
    super(`${what}: ${status} ${exception || body.slice(0, 200)}`);
    this.status = status;
    this.exception = exception;
  }
}

// More sockets than Node keeps by default, so that seeding can go in parallel.
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Where a NameNode listens: a cluster, or a proxy in front of one. */
export type HdfsAddress = Pick<HdfsCluster, 'host' | 'httpPort' | 'superuser'> & {
  /** The superuser's `hadoop.auth`, where a name is not enough; goes to the NameNode alone. */
  readonly cookie?: string;
  /** What stands before `/webhdfs/v1`, of a gateway. */
  readonly basePath?: string;
};

/**
 * Sends a request, and what has a body or is for a DataNode on to there; no retries.
 * @throws HdfsRefusal when the answer is not 2xx
 */
export async function hdfs(address: HdfsAddress, asked: HdfsRequest): Promise<HdfsReply> {
  const what = `${asked.op} ${asked.path}`;
  const query = new URLSearchParams({ op: asked.op, 'user.name': asked.user ?? address.superuser });
  for (const [name, value] of Object.entries(asked.params ?? {})) query.set(name, String(value));
  const path = asked.path.split('/').map(encodeURIComponent).join('/');
  const first = await send(
    new URL(`http://${address.host}:${address.httpPort}${address.basePath ?? ''}/webhdfs/v1${path}?${query}`),
    asked.method,
    undefined,
    address.cookie,
  );
  const location = first.location;
  const reply = location === undefined ? first : await send(new URL(location), asked.method, asked.body);
  if (reply.status < 200 || reply.status > 299)
    throw new HdfsRefusal(what, reply.status, reply.body.toString());
  return reply;
}

/** The JSON of a reply. */
export async function hdfsJson(address: HdfsAddress, asked: HdfsRequest): Promise<unknown> {
  const { body } = await hdfs(address, asked);
  return body.length === 0 ? undefined : JSON.parse(body.toString());
}

interface RawReply extends HdfsReply {
  readonly location: string | undefined;
}

function send(url: URL, method: string, body: Uint8Array | undefined, cookie?: string): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        agent,
        headers: {
          'content-length': body?.length ?? 0,
          ...(cookie === undefined ? {} : { cookie }),
          ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        },
      },
      (incoming) => {
        readAll(incoming).then(
          (bytes) =>
            resolve({
              status: incoming.statusCode ?? 0,
              body: bytes,
              location: incoming.statusCode === 307 ? incoming.headers.location : undefined,
            }),
          reject,
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function readAll(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', reject);
    incoming.on('end', () => resolve(Buffer.concat(chunks)));
  });
}
