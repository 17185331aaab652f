import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A request that came. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** A real HTTP server on this machine that writes down what it is sent. */
export interface ListeningServer {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
}

/**
 * Starts one for a test; it ends with it.
 * @param answers status codes for the first requests; the last one also for all after it. 0: no answer at all
 */
export async function listeningServer(
  t: TestContext,
  answers: readonly number[] = [200],
): Promise<ListeningServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const status = answers[Math.min(seen.length, answers.length - 1)] ?? 200;
      const text = Buffer.concat(pieces).toString('utf8');
      seen.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
      if (status === 0) return;
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/elsewhere' } : {});
      response.end('the answer');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}
