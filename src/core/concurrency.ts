/**
 * `work` for every item, at most `limit` at a time; results in the order of the items. After the first failure no
 * further item is begun; once those already begun have ended, it rejects with that failure.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = new Array(items.length);
  const failures: unknown[] = [];
  let next = 0;
  // One loop a slot, and nothing an item: there may be 100,000s.
  const slot = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, slot));
  if (failures.length > 0) throw failures[0];
  return results;
}

/** How far {@link mapAhead} goes ahead. */
export interface AheadLimits {
  /** Items worked on, or waiting to be taken, at the same time. */
  readonly items: number;
  /** Sum of their weights; a single item may be heavier. */
  readonly weight: number;
}

/**
 * The results of `work` in the order of the items, while the next items are already worked on. After a failure no
 * further item is begun; it rejects with the failure of the first item, in order, that failed.
 */
export async function* mapAhead<T, R>(
  items: readonly T[],
  limits: AheadLimits,
  weightOf: (item: T) => number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: { readonly weight: number; readonly result: Promise<R> }[] = [];
  let weight = 0;
  let next = 0;
  try {
    while (next < items.length || underWay.length > 0) {
      while (next < items.length && underWay.length < limits.items) {
        const item = items[next] as T;
        const itemWeight = weightOf(item);
        if (underWay.length > 0 && weight + itemWeight > limits.weight) break;
        next++;
        weight += itemWeight;
        const result = work(item);
        // Seen to when its turn comes, which may be after it has failed.
        result.catch(() => {});
        underWay.push({ weight: itemWeight, result });
      }
      const first = underWay[0];
      if (first === undefined) return;
      const result = await first.result;
      underWay.shift();
      weight -= first.weight;
      yield result;
    }
  } finally {
    await Promise.allSettled(underWay.map(({ result }) => result));
  }
}
