const atATime = 500;

/**
 * Does `work` for every item, many at a time, started in order. When one fails, those already started are waited for,
 * so that nothing is still changing anything when this rejects; the error is that of the first item that failed.
 * @param most how many at a time
 */
export async function forAll<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  most = atATime,
): Promise<void> {
  for (let from = 0; from < items.length; from += most) {
    const settled = await Promise.allSettled(items.slice(from, from + most).map(work));
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
