import { StoreError } from '../../../core/errors.ts';
import type { Endpoint } from '../cluster.ts';
import type { Authentication, AuthTransport } from './authentication.ts';
import {
  cancelToken,
  fetchToken,
  type HeldToken,
  isOtherwiseLater,
  type MonotonicClock,
  renewToken,
} from './delegation-token.ts';
import { signedCalls } from './signed-calls.ts';
import type { Negotiator } from './spnego.ts';

/** What a swap may take, and some: with a proof that ends sooner none is begun. */
const swapMs = 5 * 60_000;

/** For so long after a failed attempt a token that is still good is used without asking for another. */
const pauseAfterFailureMs = 5_000;

/**
 * Kerberos as Hadoop's own clients do it: a proof (SPNEGO) gets a delegation token, and that is what all calls are made
 * with, so that neither the KDC nor the NameNode is asked for a proof, or for a token for each redirect, again and again. The
 * token is renewed when a quarter of its time is left, another one is got where that does not help, and it is
 * cancelled at the end. Where a server gives no tokens (Knox), calls go with its cookie.
 */
export function kerberosAuthentication(
  transport: AuthTransport,
  negotiator: Negotiator,
  proxyUser: string | undefined,
  clock: MonotonicClock = performance,
): Authentication {
  const calls = signedCalls(transport, negotiator, proxyUser);
  let token: HeldToken | undefined;
  /** Origins that do not know this token. A standby may not have read of it yet at which another NameNode takes it. */
  const refusedAt = new Set<string>();
  /** Who last did what it was asked for: a standby does nothing. */
  let source: Endpoint | undefined;
  let givesTokens = true;
  const pending = new Map<string, Promise<void>>();
  let failedAtMs = -Infinity;

  const leftMs = (): number => (token === undefined ? 0 : token.endsAtMs - clock.now());

  /** Sees to it that the token is good for `ms`, as far as the server gives so much; rejects when none can be had. */
  const prolong = async (endpoint: Endpoint, ms: number): Promise<void> => {
    if (token !== undefined && !refusedAt.has(endpoint.origin)) {
      const renewed = await renewToken(calls, endpoint, token.secret, clock).catch((error: unknown) => {
        // It is not known there, or cannot be renewed any more: then another one.
        if (error instanceof StoreError && !isOtherwiseLater(error)) return undefined;
        throw error;
      });
      if (renewed !== undefined && renewed.grantedMs >= ms) {
        token = renewed;
        source = endpoint;
        return;
      }
    }
    const old = token;
    const fresh = await fetchToken(calls, endpoint, clock);
    source = endpoint;
    givesTokens = fresh !== undefined;
    token = fresh;
    refusedAt.clear();
    // Calls that are under way may still have the old one with them; so it is left to its end.
    if (fresh === undefined && old !== undefined) token = old;
  };

  /** One at a time for each endpoint, for what a standby refuses the active one may give; who comes meanwhile waits. */
  const prolongOnce = (endpoint: Endpoint, ms: number): Promise<void> => {
    const { origin } = endpoint;
    const mine = pending.get(origin) ?? prolong(endpoint, ms).finally(() => pending.delete(origin));
    pending.set(origin, mine);
    return mine;
  };

  /** Without tokens it is a cookie that calls go with: a new one is as good as can be had. */
  const proveForSwap = async (endpoint: Endpoint): Promise<void> => {
    try {
      await calls.proveAnew(endpoint);
    } catch (error) {
      throw ending('cannot begin to replace files: no new proof of who asks can be had', error);
    }
  };

  const tokenFor = async (endpoint: Endpoint): Promise<string | undefined> => {
    if (!givesTokens) return undefined;
    const isGood = leftMs() > 0 && !refusedAt.has(endpoint.origin);
    const isAging = token === undefined || leftMs() < token.grantedMs / 4;
    if (!isGood || (isAging && clock.now() - failedAtMs > pauseAfterFailureMs)) {
      try {
        await prolongOnce(endpoint, Math.min(swapMs, (token?.grantedMs ?? 0) / 2));
      } catch (error) {
        // It will have read of the token by the time it is active.
        if (error instanceof StoreError && error.code === 'standby') refusedAt.delete(endpoint.origin);
        else failedAtMs = clock.now();
        // While the token is good, a KDC that is away for a moment does no harm.
        if (!isGood || leftMs() <= 0) throw error;
      }
    }
    return token?.secret;
  };

  return {
    async credentialsFor({ endpoint, operation }) {
      const isServlet = operation.startsWith('/');
      const secret = isServlet ? undefined : await tokenFor(endpoint);
      if (secret !== undefined) return { parameters: { delegation: secret } };
      const headers = await calls.headersFor(endpoint);
      return proxyUser === undefined || isServlet
        ? { headers }
        : { headers, parameters: { doas: proxyUser } };
    },

    async replied({ endpoint }, { headers, parameters }, reply) {
      if (reply.status < 400) source = endpoint;
      if (headers !== undefined) return calls.replied(endpoint, headers, reply);
      const isRefused =
        reply.status === 401 ||
        /InvalidToken/.test(`${reply.exception?.name ?? ''} ${reply.exception?.message ?? ''}`);
      if (!isRefused) return false;
      // Another call may have been told the same, and have a new one by now.
      if (token?.secret === parameters?.delegation) refusedAt.add(endpoint.origin);
      return true;
    },

    async describe() {
      const principal = calls.principal() ?? 'the ticket of KRB5CCNAME';
      const who = proxyUser === undefined ? principal : `${proxyUser}, by ${principal}`;
      return token === undefined
        ? { kind: 'kerberos', who }
        : { kind: 'delegation-token', who, expiresAtMs: Math.round(Date.now() + leftMs()) };
    },

    async assureForSwap() {
      // Before the first call there is nothing that could end.
      if (source === undefined) return;
      if (!givesTokens) return await proveForSwap(source);
      if (token === undefined || leftMs() >= swapMs) return;
      let why: unknown;
      try {
        await prolongOnce(source, swapMs);
      } catch (error) {
        why = error;
      }
      // Where the cluster gives tokens for less than that, a fresh one must do.
      const enoughMs = Math.min(swapMs, (token?.grantedMs ?? 0) / 2);
      if (why === undefined && leftMs() >= enoughMs) return;
      const left = Math.max(0, Math.round(leftMs() / 1000));
      throw ending(
        `cannot begin to replace files: the delegation token ends in ${left} s and no other one can be had`,
        why,
      );
    },

    async close() {
      if (token === undefined || source === undefined) return;
      const { secret } = token;
      token = undefined;
      try {
        await cancelToken(calls, source, secret);
      } catch (error) {
        // It ends by itself, when it is not renewed.
        if (!(error instanceof StoreError)) throw error;
      }
    },
  };
}

/** The refusal to begin a swap with what ends too soon. */
function ending(message: string, why: unknown): StoreError {
  return new StoreError(`${message}${why instanceof Error ? `: ${why.message}` : ''}`, {
    code: 'credentials-ending',
    op: 'authenticate',
    path: '/',
    cause: why,
    dataState: 'the originals are untouched',
    hint:
      why instanceof StoreError && why.hint !== undefined
        ? why.hint
        : 'get a new ticket (kinit), or name a keytab (--keytab FILE --principal NAME), then run again',
  });
}
