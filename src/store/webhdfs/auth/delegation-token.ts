import { StoreError } from '../../../core/errors.ts';
import { memberAt, numberAt, textAt } from '../../../core/json-fields.ts';
import { replyError } from '../call-errors.ts';
import type { Endpoint } from '../cluster.ts';
import type { SignedCalls } from './signed-calls.ts';

/** What `performance` is of: milliseconds that only go up. */
export interface MonotonicClock {
  now(): number;
}

/** A delegation token: it says who somebody is, for a while, without Kerberos. */
export interface HeldToken {
  /** What goes into the query. Secret. */
  readonly secret: string;
  /** By our monotonic clock: from when on it may be refused. */
  readonly endsAtMs: number;
  /** How long it was good for when it was got or last renewed. */
  readonly grantedMs: number;
}

/** How long a token counts as good whose end the server would not say. */
const unknownLifetimeMs = 600_000;

/**
 * Gets a token (GETDELEGATIONTOKEN) and its end (RENEWDELEGATIONTOKEN tells it). Undefined where the server gives none.
 * @throws StoreError
 */
export async function fetchToken(
  calls: SignedCalls,
  endpoint: Endpoint,
  clock: MonotonicClock,
): Promise<HeldToken | undefined> {
  const reply = await calls.send(endpoint, 'GET', '/?op=GETDELEGATIONTOKEN');
  if (reply.status === 400 || reply.status === 404 || reply.status === 405 || reply.status === 501) {
    return undefined;
  }
  if (reply.status !== 200) throw refused(endpoint, reply.status, reply.body);
  const secret = textAt(memberAt(jsonOf(reply.body), 'Token'), 'urlString');
  // What a cluster without Kerberos answers.
  if (secret === undefined || secret === '') return undefined;
  try {
    return await renewToken(calls, endpoint, secret, clock);
  } catch (error) {
    // Good, but not for us to renew: then another one is got in time.
    if (!(error instanceof StoreError) || isOtherwiseLater(error)) throw error;
    return {
      secret,
      endsAtMs: clock.now() + unknownLifetimeMs,
      grantedMs: unknownLifetimeMs,
    };
  }
}

/** Prolongs a token; resolves to it with its new end. @throws StoreError */
export async function renewToken(
  calls: SignedCalls,
  endpoint: Endpoint,
  secret: string,
  clock: MonotonicClock,
): Promise<HeldToken> {
  const askedMs = clock.now();
  const reply = await calls.send(endpoint, 'PUT', `/?op=RENEWDELEGATIONTOKEN&token=${secret}`);
  if (reply.status !== 200) throw refused(endpoint, reply.status, reply.body);
  const endMs = numberAt(jsonOf(reply.body), 'long');
  // The server's clock counts, whose seconds are cut off in its replies.
  const serverMs = Date.parse(reply.headers.date ?? '') + 1_000;
  if (endMs === undefined || Number.isNaN(serverMs)) {
    return { secret, endsAtMs: askedMs + unknownLifetimeMs, grantedMs: unknownLifetimeMs };
  }
  const leftMs = Math.max(0, endMs - serverMs);
  return { secret, endsAtMs: askedMs + leftMs, grantedMs: leftMs };
}

/** Makes a token worthless. Whether that succeeds matters little: it ends by itself. */
export async function cancelToken(calls: SignedCalls, endpoint: Endpoint, secret: string): Promise<void> {
  await calls.send(endpoint, 'PUT', `/?op=CANCELDELEGATIONTOKEN&token=${secret}`);
}

const passing = new Set(['standby', 'busy', 'safe-mode', 'unreachable', 'no-answer', 'unavailable']);

/** What may be otherwise at the next attempt, at another NameNode, or with a new ticket. */
export function isOtherwiseLater({ code }: StoreError): boolean {
  return passing.has(code) || code.startsWith('kerberos-');
}

function refused(endpoint: Endpoint, status: number, body: Buffer): StoreError {
  const facts = {
    op: 'authenticate',
    path: '/',
    attempt: `get a delegation token from ${endpoint.origin}`,
    isMutation: false,
  };
  return replyError(facts, endpoint.origin, { statusCode: status }, body);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // A page of a proxy: no token is in it.
    return undefined;
  }
}
