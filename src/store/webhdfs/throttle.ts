import { setTimeout as sleepFor } from 'node:timers/promises';

/** Holds calls back so that a cluster is not asked too much. */
export interface Throttle {
  /** Resolves when the next call may be sent; in the order of asking. */
  turn(): Promise<void>;
  /** No call is sent for so long from now on. */
  pause(ms: number): void;
  /** A server said that it has too much to do: no call is sent for a while, the longer the more often it says so. */
  busy(): void;
  /** A server did what it was asked: the next pause is a short one again. */
  calm(): void;
}

/** Time as the throttle sees it; tests have their own. */
export interface ThrottleTime {
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

const realTime: ThrottleTime = { nowMs: () => performance.now(), sleep: (ms) => sleepFor(ms) };

/** Pauses after busy replies, the first and the longest. */
const [firstPauseMs, longestPauseMs] = [250, 10_000];

/** So much of unused time may be made up for. */
const burstMs = 1_000;

/**
 * Lets at most `perSecond` calls through in a second on average, a second's worth of them at once after a rest (the
 * generic cell rate algorithm).
 */
export function makeThrottle(perSecond: number, time: ThrottleTime = realTime): Throttle {
  const intervalMs = 1000 / perSecond;
  /** When the last call let through would have been due at an even pace. */
  let dueMs = -Infinity;
  let pausedUntilMs = -Infinity;
  let pauseMs = firstPauseMs;
  const pause = (ms: number): void => {
    pausedUntilMs = Math.max(pausedUntilMs, time.nowMs() + ms);
  };
  return {
    async turn() {
      const nowMs = time.nowMs();
      dueMs = Math.max(dueMs, nowMs) + intervalMs;
      const goMs = dueMs - Math.max(burstMs, intervalMs);
      if (goMs > nowMs) await time.sleep(goMs - nowMs);
      for (let at = time.nowMs(); at < pausedUntilMs; at = time.nowMs()) await time.sleep(pausedUntilMs - at);
    },
    pause,
    busy() {
      // Calls that were sent together are told so together.
      if (time.nowMs() < pausedUntilMs) return;
      pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    },
    calm() {
      if (time.nowMs() >= pausedUntilMs) pauseMs = firstPauseMs;
    },
  };
}

/** Longest wait that a server is granted when it asks for one. */
const maxRetryAfterMs = 300_000;

/**
 * How long the header `Retry-After` (RFC 9110, 10.2.3: seconds, or a date) asks to wait, at most five minutes; undefined
 * where it is absent or says nothing.
 * @param nowMs milliseconds since 1970
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(maxRetryAfterMs, Math.max(0, ms));
}
