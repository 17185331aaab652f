/** Reproducible randomness: the same seed gives the same numbers (mulberry32). */
export interface RandomSource {
  /** An unsigned 32-bit number. */
  word(): number;
  /** An integer from 0 to `below - 1`. */
  below(below: number): number;
  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean;
  /** One of the items. */
  pick<T>(items: readonly T[]): T;
  /** Random bytes. */
  bytes(length: number): Uint8Array;
}

/** A source of randomness for one test case. */
export function randomSource(seed: number): RandomSource {
  let state = seed | 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (bound: number): number => Math.floor((word() / 2 ** 32) * bound);
  return {
    word,
    below,
    chance: (percent) => below(100) < percent,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
