/** How long to wait for what, in milliseconds. */
export interface Timeouts {
  /** For a connection, TLS handshake included. */
  readonly connectMs: number;
  /** Longest silence on a connection that something is expected of. */
  readonly idleMs: number;
  /** From the request to the end of its reply; uploads, which go on as long as there are bytes, excepted. */
  readonly wholeMs: number;
}

/** The timeouts that go with a longest silence; 60 seconds unless told. */
export function timeoutsFor(idleMs = 60_000): Timeouts {
  return { connectMs: Math.min(idleMs, 15_000), idleMs, wholeMs: idleMs * 10 };
}
