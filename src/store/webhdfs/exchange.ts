import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agents } from './agents.ts';
import type { Timeouts } from './timeouts.ts';

/** One request that was begun. */
export interface Exchange {
  readonly request: ClientRequest;
  /** The head of the reply. Rejects with the error of `node:http` or of a timeout (code `ETIMEDOUT`). */
  readonly response: Promise<IncomingMessage>;
  /** False while it is certain that the server got nothing of the request: no connection, no handshake. */
  wasSent(): boolean;
}

/** What to send. A request with a body is ended by the caller. */
export interface RequestHead {
  readonly url: URL;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** A body follows and takes its time: no limit on the whole. */
  readonly hasBody?: boolean;
}

/** Begins a request. Every wait for the other side is bounded by `timeouts`. */
export function beginExchange(head: RequestHead, agents: Agents, timeouts: Timeouts): Exchange {
  const isTls = head.url.protocol === 'https:';
  const request = (isTls ? httpsRequest : httpRequest)(head.url, {
    agent: isTls ? agents.https : agents.http,
    method: head.method,
    headers: head.headers ?? {},
    timeout: timeouts.idleMs,
  });
  let sent = false;
  const timers = new Set<NodeJS.Timeout>();
  const limit = (ms: number, what: string): NodeJS.Timeout => {
    const timer = setTimeout(() => request.destroy(timedOut(`${what} within ${ms} ms`)), ms);
    timers.add(timer);
    return timer;
  };

  request.on('socket', (socket) => {
    if (!socket.connecting) {
      sent = true;
      return;
    }
    const timer = limit(timeouts.connectMs, 'no connection');
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      sent = true;
      clearTimeout(timer);
    });
  });
  request.on('timeout', () => {
    // An upload may rest for as long as its bytes are being made; its sink watches what it waits for.
    if (head.hasBody !== true) request.destroy(timedOut(`nothing came for ${timeouts.idleMs} ms`));
  });
  if (head.hasBody !== true) limit(timeouts.wholeMs, 'no complete answer');
  request.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });

  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    // Stays: after the reply has begun a further error must not become an uncaught one.
    request.on('error', reject);
  });
  // Whoever waits for it later still gets the rejection.
  response.catch(() => {});
  if (head.hasBody !== true) request.end();
  return { request, response, wasSent: () => sent };
}

/** The whole body of a small reply. Rejects with the error of `node:http` when it is cut short. */
export async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await eachChunk(response, (chunk) => {
    chunks.push(chunk);
  });
  return Buffer.concat(chunks);
}

/** Hands on every chunk of a body; resolves at its end, rejects when it is cut short or `take` throws. */
export function eachChunk(response: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        response.destroy();
        reject(error);
      }
    });
    response.once('end', resolve);
    response.once('error', reject);
    response.once('close', () => reject(new Error('the connection was closed in the middle of the reply')));
  });
}

/** The error of a wait that took too long, in the form `node:net` has. */
export function timedOut(what: string): Error {
  return Object.assign(new Error(what), { code: 'ETIMEDOUT' });
}
