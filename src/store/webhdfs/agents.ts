import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { TlsMaterial } from './cluster.ts';

/** Connections kept for further requests, by protocol. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * Idle connections are given up after this time, long before a NameNode does so (60 s): one that the server closes just
 * when a request is sent on it would lose that request's reply.
 */
const keepIdleMs = 10_000;

/**
 * Agents with at most `maxSockets` connections to each server. A request beyond them waits, so whoever holds a
 * connection must not wait for another one of the same agents. Certificates and the names in them are always checked,
 * whatever NODE_TLS_REJECT_UNAUTHORIZED says.
 */
export function makeAgents(maxSockets: number, tls: TlsMaterial = {}): Agents {
  const options: AgentOptions = { keepAlive: true, maxSockets, timeout: keepIdleMs, scheduling: 'lifo' };
  return {
    http: new HttpAgent(options),
    https: new HttpsAgent({
      ...options,
      rejectUnauthorized: true,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
    }),
  };
}
