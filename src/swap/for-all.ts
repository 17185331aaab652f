import pLimit from 'p-limit';

const atATime = 500;

/**
 * Does `work` for every item, many at a time, started in order. When one fails, no further one is started and those already
 * started are waited for, so that nothing is still changing anything when this rejects; the error is that of the first
 * item that failed.
 * @param most how many at a time
 */
export async function forAll<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  most = atATime,
): Promise<void> {
  const slots = pLimit(most);
  let hasFailed = false;
  const settled = await Promise.allSettled(
    items.map((item) =>
      slots(async () => {
        if (hasFailed) return;
        try {
          await work(item);
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      }),
    ),
  );
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
