import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/**
 * A gateway as Knox is seen from outside, but none: it stands under a path, sends everything on, and rewrites redirects
 * so that data passes through it too. As Knox does, it encodes commas in them twice, and calls the DataNode only when it has some bytes
 * for it. A real Knox is in `knox.ts`.
 */
export interface PrefixGateway {
  /** `http://127.0.0.1:port/gateway/default` */
  readonly url: string;
  /** Operations that it forbids, by name; may be changed at any time. */
  readonly forbidden: Set<string>;
  /** Requests that carried data. */
  readonly dataRequests: () => number;
  close(): Promise<void>;
}

const prefix = '/gateway/default';
const dataPrefix = `${prefix}/webhdfs/data/`;

/** Starts one in front of a NameNode. */
export async function startPrefixGateway(nameNode: {
  readonly host: string;
  readonly httpPort: number;
}): Promise<PrefixGateway> {
  const forbidden = new Set<string>();
  let dataRequests = 0;
  let own = '';
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const op = /[?&]op=(\w+)/.exec(path)?.[1] ?? '';
    if (path.startsWith(dataPrefix)) {
      dataRequests++;
      // The DataNode's address is nobody's business outside.
      const target = Buffer.from(path.slice(dataPrefix.length), 'base64url').toString();
      incoming.once('readable', () => forward(new URL(target), incoming, outgoing, (location) => location));
    } else if (!path.startsWith(`${prefix}/webhdfs/v1/`) || forbidden.has(op)) {
      outgoing.writeHead(forbidden.has(op) ? 403 : 404, { 'content-type': 'text/html' });
      outgoing.end('<html><body>not here</body></html>');
    } else {
      const target = new URL(`http://${nameNode.host}:${nameNode.httpPort}${path.slice(prefix.length)}`);
      forward(
        target,
        incoming,
        outgoing,
        (location) =>
          `${own}${dataPrefix}${Buffer.from(location.replaceAll('%2C', '%252C')).toString('base64url')}`,
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  own = `http://127.0.0.1:${address.port}`;
  return {
    url: `${own}${prefix}`,
    forbidden,
    dataRequests: () => dataRequests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function forward(
  target: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  rewritten: (location: string) => string,
): void {
  const onward = request(
    target,
    { method: incoming.method, headers: { ...incoming.headers, host: target.host }, agent: false },
    (reply) => {
      const headers: NodeJS.Dict<string | string[]> = { ...reply.headersDistinct };
      delete headers.connection;
      delete headers['transfer-encoding'];
      const { location } = reply.headers;
      outgoing.writeHead(reply.statusCode ?? 502, {
        ...headers,
        ...(location === undefined ? {} : { location: rewritten(location) }),
      });
      reply.pipe(outgoing);
    },
  );
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
