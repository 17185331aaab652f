import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../core/errors.ts';

/** How often a call is tried again, and how long it waits before. */
export interface RetryPolicy {
  readonly maxRetries: number;
  /** Wait before the first repetition; each further one waits three times as long, up to 10 s. */
  readonly firstDelayMs: number;
}

const maxDelayMs = 10_000;

/**
 * Calls `work` until it succeeds, fails in a way that a repetition cannot mend (`retryable` false), or has been
 * repeated `maxRetries` times. Waits are random between half and the whole of their length, so that many callers that
 * failed together do not come back together. A mutation that may have been done is never `retryable`.
 */
export async function withRetries<T>(policy: RetryPolicy, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof StoreError) || !error.retryable || attempt >= policy.maxRetries) throw error;
      const delayMs = Math.min(maxDelayMs, policy.firstDelayMs * 3 ** attempt);
      await sleep(delayMs * (0.5 + Math.random() / 2));
    }
  }
}
