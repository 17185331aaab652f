import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HdfsCluster } from './hdfs-daemons.ts';

/** A request as it passes. One operation on a file's bytes is two: one to the NameNode, one to a DataNode. */
export interface ProxiedRequest {
  /** 1 for the first request of all. */
  readonly number: number;
  readonly to: 'namenode' | 'datanode';
  readonly method: string;
  /** In capitals: `LISTSTATUS`, `CREATE`, … */
  readonly op: string;
  /** Absolute path in HDFS, decoded. */
  readonly path: string;
  readonly params: URLSearchParams;
  /** Whether it changes something: everything but reads, and of CREATE only the part to the DataNode. */
  readonly isMutation: boolean;
}

/** What the proxy does to a request. Byte counts are of the body. */
export type Fault =
  /** Breaks the connection; HDFS never hears of the request. */
  | { readonly kind: 'reset' }
  /** Lets HDFS do it, then breaks the connection instead of passing the reply on. */
  | { readonly kind: 'lose-reply' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Breaks both connections after so many bytes of what is uploaded. */
  | { readonly kind: 'cut-upload'; readonly afterBytes: number }
  /** Breaks the connection after so many bytes of the reply. */
  | { readonly kind: 'cut-download'; readonly afterBytes: number }
  /** Answers itself; see {@link refusals}. HDFS never hears of the request. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** Waits before HDFS hears of it, or after HDFS did it and before the reply goes on. */
  | { readonly kind: 'pause'; readonly when: 'before' | 'after'; readonly until: Promise<unknown> }
  /** Runs something at that moment, e.g. kills a process; then goes on as if nothing had been, or breaks the connection. */
  | {
      readonly kind: 'call';
      readonly when: 'before' | 'after';
      readonly action: (request: ProxiedRequest) => Promise<void>;
      /** Default: go-on. */
      readonly andThen?: 'go-on' | 'break';
    };

/** A fault that lies in wait. */
export interface Ambush {
  /** Resolves with the first request it met. */
  readonly sprung: Promise<ProxiedRequest>;
  /** Requests it has met so far. */
  readonly times: () => number;
  readonly remove: () => void;
}

/** A proxy between a client and all daemons of a cluster. */
export interface HdfsProxy {
  readonly host: string;
  /** Takes what would go to the NameNode's HTTP port; redirects are rewritten so that the rest passes here, too. */
  readonly httpPort: number;
  /** `webhdfs://host:httpPort` */
  readonly webHdfsUri: string;
  readonly superuser: string;
  /** Every request so far, in the order they came in. */
  readonly requests: readonly ProxiedRequest[];
  /** Requests to the NameNode so far, by op. */
  countByOp(): ReadonlyMap<string, number>;
  /** Forgets the requests so far. */
  reset(): void;
  /**
   * Lays an ambush for the n-th (default: first) request from now on that `matches`, and for the `times - 1` (default 0;
   * Infinity for ever) next ones. Of several for one request the first laid acts.
   */
  ambush(
    matches: (request: ProxiedRequest) => boolean,
    fault: Fault,
    options?: { readonly nth?: number; readonly times?: number },
  ): Ambush;
  /** Breaks all connections and listens no more. */
  close(): Promise<void>;
}

/** Answers that HDFS gives when it will not. */
export const refusals = {
  unavailable: { kind: 'answer', status: 503, body: 'Service Unavailable' },
  safeMode: remoteException(
    403,
    'SafeModeException',
    'org.apache.hadoop.hdfs.server.namenode.SafeModeException',
    'Name node is in safe mode.',
  ),
  standby: remoteException(
    403,
    'StandbyException',
    'org.apache.hadoop.ipc.StandbyException',
    'Operation category WRITE is not supported in state standby.',
  ),
  retriable: remoteException(
    403,
    'RetriableException',
    'org.apache.hadoop.ipc.RetriableException',
    'NameNode still not started',
  ),
} as const satisfies Record<string, Fault>;

/** A refusal as WebHDFS words it. */
export function remoteException(
  status: number,
  exception: string,
  javaClassName: string,
  message: string,
): Extract<Fault, { kind: 'answer' }> {
  return {
    kind: 'answer',
    status,
    body: JSON.stringify({ RemoteException: { exception, javaClassName, message } }),
  };
}

const reads = new Set(['OPEN', 'LISTSTATUS', 'LISTSTATUS_BATCH']);

function isMutation(to: ProxiedRequest['to'], method: string, op: string): boolean {
  if (op.startsWith('GET') || reads.has(op) || op.startsWith('CHECK')) return false;
  // The NameNode only says where to write.
  if (op === 'CREATE' || op === 'APPEND') return to === 'datanode';
  return method !== 'GET';
}

interface LaidAmbush {
  readonly matches: (request: ProxiedRequest) => boolean;
  readonly fault: Fault;
  readonly from: number;
  readonly to: number;
  readonly spring: (request: ProxiedRequest) => void;
  seen: number;
  met: number;
}

/** Starts a proxy in front of a cluster; the caller closes it. */
export async function startProxy(
  cluster: Pick<HdfsCluster, 'host' | 'httpPort' | 'superuser'>,
): Promise<HdfsProxy> {
  const requests: ProxiedRequest[] = [];
  let received = 0;
  const laid: LaidAmbush[] = [];
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  /** Our port for each DataNode (`host:port`). */
  const dataNodePorts = new Map<string, Promise<number>>();

  function faultFor(asked: ProxiedRequest): Fault | undefined {
    let chosen: Fault | undefined;
    for (const ambush of laid) {
      if (!ambush.matches(asked)) continue;
      ambush.seen++;
      if (chosen !== undefined || ambush.seen < ambush.from || ambush.seen >= ambush.to) continue;
      chosen = ambush.fault;
      ambush.met++;
      ambush.spring(asked);
    }
    return chosen;
  }

  async function listen(to: ProxiedRequest['to'], upstream: { host: string; port: number }): Promise<number> {
    // The sources of a CONCAT stand in its URL.
    const server = createServer({ maxHeaderSize: 128 * 1024 }, (incoming, outgoing) => {
      const asked = understood(incoming, to, ++received);
      requests.push(asked);
      pass({ asked, fault: faultFor(asked), incoming, outgoing, upstream, viaProxy }).catch(() =>
        breakConnection(outgoing),
      );
    });
    server.keepAliveTimeout = 60_000;
    server.requestTimeout = 0;
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    // A client that is killed in mid-request is nothing that should end the test.
    server.on('clientError', (_error, socket) => socket.destroy());
    servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, cluster.host, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
    return address.port;
  }

  /** A URL of a DataNode as one of ours; everything else as it is. */
  async function viaProxy(location: string): Promise<string> {
    const url = new URL(location);
    if (!url.searchParams.has('namenoderpcaddress')) return location;
    const host = url.host;
    let port = dataNodePorts.get(host);
    if (port === undefined) {
      port = listen('datanode', { host: url.hostname, port: Number(url.port) });
      dataNodePorts.set(host, port);
    }
    url.host = `${cluster.host}:${await port}`;
    return url.href;
  }

  const httpPort = await listen('namenode', { host: cluster.host, port: cluster.httpPort });
  return {
    host: cluster.host,
    httpPort,
    webHdfsUri: `webhdfs://${cluster.host}:${httpPort}`,
    superuser: cluster.superuser,
    requests,
    countByOp() {
      const counts = new Map<string, number>();
      for (const { to, op } of requests) if (to === 'namenode') counts.set(op, (counts.get(op) ?? 0) + 1);
      return counts;
    },
    reset() {
      requests.length = 0;
    },
    ambush(matches, fault, { nth = 1, times = 1 } = {}) {
      let spring: (request: ProxiedRequest) => void = () => {};
      const sprung = new Promise<ProxiedRequest>((resolve) => {
        spring = resolve;
      });
      const ambush: LaidAmbush = { matches, fault, from: nth, to: nth + times, spring, seen: 0, met: 0 };
      laid.push(ambush);
      return {
        sprung,
        times: () => ambush.met,
        remove: () => {
          const at = laid.indexOf(ambush);
          if (at >= 0) laid.splice(at, 1);
        },
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const prefix = '/webhdfs/v1';

function understood(incoming: IncomingMessage, to: ProxiedRequest['to'], number: number): ProxiedRequest {
  const target = incoming.url ?? '/';
  const cut = target.indexOf('?');
  const rawPath = cut < 0 ? target : target.slice(0, cut);
  const params = new URLSearchParams(cut < 0 ? '' : target.slice(cut + 1));
  const path = decodeURIComponent(rawPath.startsWith(prefix) ? rawPath.slice(prefix.length) : rawPath);
  const op = (params.get('op') ?? '').toUpperCase();
  const method = incoming.method ?? 'GET';
  return {
    number,
    to,
    method,
    op,
    path: path === '' ? '/' : path,
    params,
    isMutation: isMutation(to, method, op),
  };
}

interface Passage {
  readonly asked: ProxiedRequest;
  readonly fault: Fault | undefined;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly upstream: { readonly host: string; readonly port: number };
  readonly viaProxy: (location: string) => Promise<string>;
}

async function pass({ asked, fault, incoming, outgoing, upstream, viaProxy }: Passage): Promise<void> {
  if (fault?.kind === 'reset') return breakConnection(outgoing);
  if (fault?.kind === 'answer') {
    incoming.resume();
    outgoing.writeHead(fault.status, {
      'content-type': fault.body.startsWith('{') ? 'application/json' : 'text/plain',
      'content-length': Buffer.byteLength(fault.body),
    });
    outgoing.end(fault.body);
    return;
  }
  if (fault?.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms));
  await atItsTime('before', fault, asked);
  if (breaksNow('before', fault)) return breakConnection(outgoing);
  const reply = await forward(incoming, upstream, fault?.kind === 'cut-upload' ? fault.afterBytes : Infinity);
  // What a DataNode sends may be long and goes on as it comes; what a NameNode says is short and may name a DataNode.
  const mustWait =
    asked.to === 'namenode' || fault?.kind === 'lose-reply' || (fault !== undefined && 'when' in fault);
  const body = mustWait ? await wholeBody(reply) : undefined;
  if (fault?.kind === 'lose-reply') return breakConnection(outgoing);
  await atItsTime('after', fault, asked);
  if (breaksNow('after', fault)) return breakConnection(outgoing);

  // One value for each line: a NameNode dates its replies twice.
  const headers: NodeJS.Dict<string | string[]> = { ...reply.headersDistinct };
  delete headers['transfer-encoding'];
  delete headers.connection;
  if (reply.headers.location !== undefined) headers.location = await viaProxy(reply.headers.location);
  if (body === undefined) {
    outgoing.writeHead(reply.statusCode ?? 502, headers);
    let left = fault?.kind === 'cut-download' ? fault.afterBytes : Infinity;
    for await (const chunk of reply as AsyncIterable<Buffer>) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0 && !outgoing.write(part)) await drained(outgoing);
      if (left === 0) {
        // What was written must have left before the connection breaks.
        await new Promise((resolve) => setTimeout(resolve, 20));
        return breakConnection(outgoing);
      }
    }
    outgoing.end();
    return;
  }
  const rewritten = await withRewrittenLocation(body, viaProxy);
  outgoing.writeHead(reply.statusCode ?? 502, { ...headers, 'content-length': rewritten.length });
  outgoing.end(rewritten);
}

async function atItsTime(
  when: 'before' | 'after',
  fault: Fault | undefined,
  asked: ProxiedRequest,
): Promise<void> {
  if (fault?.kind === 'pause' && fault.when === when) await fault.until;
  if (fault?.kind === 'call' && fault.when === when) await fault.action(asked);
}

function breaksNow(when: 'before' | 'after', fault: Fault | undefined): boolean {
  return fault?.kind === 'call' && fault.when === when && fault.andThen === 'break';
}

/** Sends the request on, its body as it comes in, and resolves with the head of the reply. */
function forward(
  incoming: IncomingMessage,
  upstream: { readonly host: string; readonly port: number },
  mostBytes: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const onward = request({
      host: upstream.host,
      port: upstream.port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host: `${upstream.host}:${upstream.port}`, connection: 'close' },
      // A connection of its own: one that a daemon has closed meanwhile would look like a fault.
      agent: false,
    });
    onward.on('response', resolve);
    onward.on('error', reject);
    // A client that has gone takes its request with it.
    incoming.on('close', () => {
      if (!incoming.complete) onward.destroy(new Error('the client has gone'));
    });
    let left = mostBytes;
    incoming.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (part.length > 0 && !onward.write(part)) {
        incoming.pause();
        onward.once('drain', () => incoming.resume());
      }
      if (left === 0) {
        incoming.pause();
        setTimeout(() => onward.destroy(new Error('cut')), 20);
      }
    });
    incoming.on('end', () => onward.end());
  });
}

async function wholeBody(reply: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      outgoing.off('close', onClose);
      resolve();
    };
    const onClose = (): void => {
      outgoing.off('drain', onDrain);
      reject(new Error('the client has gone'));
    };
    outgoing.once('drain', onDrain);
    outgoing.once('close', onClose);
  });
}

/** With `noredirect=true` the place of the bytes comes as JSON. */
async function withRewrittenLocation(
  body: Buffer,
  viaProxy: (location: string) => Promise<string>,
): Promise<Buffer> {
  if (!body.subarray(0, 20).includes('"Location"')) return body;
  const { Location: location } = JSON.parse(body.toString()) as { Location: string };
  return Buffer.from(JSON.stringify({ Location: await viaProxy(location) }));
}

function breakConnection(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  if (socket === null) outgoing.destroy();
  else if (outgoing.headersSent) socket.destroy();
  else socket.resetAndDestroy();
}
