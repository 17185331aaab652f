import pLimit from 'p-limit';

/**
 * `work` for every item, at most `limit` at a time; results in the order of the items. After the first failure no
 * further item is begun; once those already begun have ended, it rejects with that failure.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const slots = pLimit(limit);
  const results: R[] = [];
  const failures: unknown[] = [];
  await Promise.all(
    items.map((item, index) =>
      slots(async () => {
        if (failures.length > 0) return;
        try {
          results[index] = await work(item);
        } catch (error) {
          failures.push(error);
        }
      }),
    ),
  );
  if (failures.length > 0) throw failures[0];
  return results;
}
