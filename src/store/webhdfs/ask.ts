import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { StoreError } from '../../core/errors.ts';
import { encodeQueryValue } from '../encode-query-value.ts';
import type { Agents } from './agents.ts';
import type { Authentication, AuthRequest, AuthTransport, Credentials } from './auth/authentication.ts';
import { type CallFacts, noReplyError } from './call-errors.ts';
import type { ServerClock } from './clock.ts';
import type { CsrfHeader, Endpoint } from './cluster.ts';
import { beginExchange, bodyOf, type RequestHead } from './exchange.ts';
import { meaningOf, remoteExceptionIn } from './remote-exception.ts';
import { retryAfterMs, type Throttle } from './throttle.ts';
import type { Timeouts } from './timeouts.ts';

/** One request to an endpoint. */
export interface Question {
  readonly endpoint: Endpoint;
  readonly method: RequestHead['method'];
  /** Name of the WebHDFS operation, or path of a servlet. */
  readonly operation: string;
  /** Path below the endpoint's origin, encoded, without a query. */
  readonly target: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly facts: CallFacts;
}

/** A whole reply. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What is needed to ask. */
export interface Asking {
  readonly agents: Agents;
  readonly timeouts: Timeouts;
  readonly throttle: Throttle;
  readonly csrfHeader?: CsrfHeader;
}

/** What asks in the client's name has beside that. */
export interface AskingAs extends Asking {
  readonly authentication: Authentication;
  /** Told of every reply. */
  readonly clock: ServerClock;
}

/**
 * Asks an endpoint in the client's name; once, and once more where its credentials had to be made anew.
 * @param look sees the head of the reply before its body is read; may throw
 * @throws StoreError
 */
export async function ask(
  question: Question,
  asking: AskingAs,
  look: (response: IncomingMessage) => void = () => {},
): Promise<Reply> {
  const { authentication, clock } = asking;
  const { endpoint, method, operation } = question;
  const request: AuthRequest = { endpoint, method, operation };
  for (let attempt = 1; ; attempt++) {
    const credentials = await authentication.credentialsFor(request);
    const reply = await send(question, credentials, asking, (response, sentMs) => {
      // A NameNode dates its replies twice.
      clock.observe(response.headersDistinct.date?.[0], sentMs, performance.now());
      look(response);
    });
    const { status, headers, body } = reply;
    const exception = status < 400 ? undefined : remoteExceptionIn(body);
    if (exception !== undefined && meaningOf(exception).code === 'busy') asking.throttle.busy();
    const isRefused = await authentication.replied(request, credentials, {
      status,
      headers,
      ...(exception === undefined ? {} : { exception }),
    });
    if (!isRefused || attempt === 2) return reply;
  }
}

/** What authentication itself may send. */
export function transportOver(asking: Asking, uri: string): AuthTransport {
  return {
    send({ endpoint, method, target, headers = {} }) {
      const [path = '', query = ''] = target.split('?');
      const operation = /(?:^|&)op=(\w+)/.exec(query)?.[1] ?? path;
      const facts = { op: 'authenticate', path: '/', attempt: `authenticate to ${uri}`, isMutation: false };
      const question: Question = {
        endpoint,
        method,
        operation,
        target: `${endpoint.basePath ?? ''}/webhdfs/v1${path}`,
        parameters: Object.fromEntries(new URLSearchParams(query)),
        facts,
      };
      return send(question, { headers }, asking, () => {});
    },
  };
}

/** Sends one request, when its turn has come, and reads the whole reply. */
async function send(
  { endpoint, method, target, parameters, facts }: Question,
  credentials: Credentials,
  { agents, timeouts, throttle, csrfHeader }: Asking,
  look: (response: IncomingMessage, sentMs: number) => void,
): Promise<Reply> {
  const url = urlOf({ endpoint, target, parameters }, credentials);
  const headers = { ...csrfHeaders(csrfHeader, method), ...credentials.headers };
  await throttle.turn();
  const sentMs = performance.now();
  const exchange = beginExchange({ url, method, headers }, agents, timeouts);
  try {
    const response = await exchange.response;
    look(response, sentMs);
    heed(response, throttle);
    return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) };
  } catch (cause) {
    if (cause instanceof StoreError) {
      exchange.request.destroy();
      throw cause;
    }
    throw noReplyError(facts, {
      server: endpoint.origin,
      role: endpoint.kind === 'gateway' ? 'gateway' : 'NameNode',
      wasSent: exchange.wasSent(),
      cause,
    });
  }
}

/** Where a question goes, and with what in its query. */
export function urlOf(
  { endpoint, target, parameters }: Pick<Question, 'endpoint' | 'target' | 'parameters'>,
  credentials: Credentials,
): URL {
  const query = Object.entries({ ...parameters, ...credentials.parameters })
    .map(([name, value]) => `${name}=${encodeQueryValue(value)}`)
    .join('&');
  return new URL(`${endpoint.origin}${target}${query === '' ? '' : `?${query}`}`);
}

/** The headers with which a cluster tells a program from a page in a browser (`RestCsrfPreventionFilter`). */
export function csrfHeaders(
  header: CsrfHeader | undefined,
  method: string,
): Readonly<Record<string, string>> {
  return header === undefined || header.methodsToIgnore.includes(method) ? {} : { [header.name]: '""' };
}

/** Waits as long as a server asks for that is overloaded, and for a while where it does not say how long. */
export function heed({ statusCode = 0, headers }: IncomingMessage, throttle: Throttle): void {
  if (statusCode < 400) throttle.calm();
  if (statusCode !== 503 && statusCode !== 429) return;
  const ms = retryAfterMs(headers['retry-after'], Date.now());
  if (ms === undefined) throttle.busy();
  else throttle.pause(ms);
}
