/** What is known of a server's clock from the times it puts on its replies. */
export interface ServerClock {
  /**
   * Takes notice of a reply: its Date header, and our monotonic time in ms when the request went out and when the reply
   * came. Replies without a date tell nothing.
   */
  observe(dateHeader: string | undefined, sentMs: number, receivedMs: number): void;
  /** The server's time at our monotonic time `atMs`, off by at most half a second; undefined when not known any more. */
  timeAt(atMs: number): number | undefined;
}

/** For so long a reply vouches for the clock: a clock that is set, or a machine that slept, is then noticed. */
const vouchedMs = 1_000;

/**
 * A Date header is the server's time with its milliseconds cut off, at some moment between our sending and receiving.
 * So each reply bounds the difference of the clocks from both sides, and many replies together narrow it to a few
 * milliseconds. A reply that contradicts the bounds (a clock was set) starts anew.
 */
export function serverClock(): ServerClock {
  let leastMs = -Infinity;
  let mostMs = Infinity;
  let lastMs = -Infinity;
  return {
    observe(dateHeader, sentMs, receivedMs) {
      const dateMs = Date.parse(dateHeader ?? '');
      if (Number.isNaN(dateMs)) return;
      const [least, most] = [dateMs - receivedMs, dateMs + 1000 - sentMs];
      leastMs = Math.max(leastMs, least);
      mostMs = Math.min(mostMs, most);
      if (leastMs > mostMs) [leastMs, mostMs] = [least, most];
      lastMs = Math.max(lastMs, receivedMs);
    },
    timeAt(atMs) {
      return atMs - lastMs > vouchedMs ? undefined : Math.floor(atMs + (leastMs + mostMs) / 2);
    },
  };
}
