import type { FileStatus, Store } from '../store/store.ts';
import { listBase } from './list-base.ts';

/** Tells what lies in the dataset's directory beside the partitions. @throws as `listBase` does */
export type BaseEntries = () => Promise<readonly FileStatus[]>;

/** A listing is good for so much longer than it took, so that no more than a twentieth of a run goes into listing the base. */
const timesItsCost = 20;
const [leastAgeMs, mostAgeMs] = [1_000, 10_000];

/** Names of partitions; no other program's marker looks like this. */
const partitionLike = /^[^._=][^=]*=/;

/**
 * What lies beside the partitions, for a run over many, each of which must know it: listed anew
 * when the last listing is older than a second, or than twenty times what it took, at most ten seconds. With 10,000 partitions a
 * listing each would be a hundred million entries.
 * @param nowMs a clock that does not jump
 */
export function rememberedBase(
  store: Store,
  basePath: string,
  nowMs: () => number = () => performance.now(),
): BaseEntries {
  let known: { readonly entries: Promise<readonly FileStatus[]>; goodUntilMs: number } | undefined;
  return () => {
    if (known !== undefined && nowMs() < known.goodUntilMs) return known.entries;
    const begunMs = nowMs();
    const entries = listBase(store, basePath).then((all) =>
      all.filter(({ name }) => !partitionLike.test(name)),
    );
    // Who asks meanwhile gets this one too.
    const listing = { entries, goodUntilMs: Number.POSITIVE_INFINITY };
    known = listing;
    entries.then(
      () => {
        const costMs = nowMs() - begunMs;
        listing.goodUntilMs =
          begunMs + costMs + Math.min(mostAgeMs, Math.max(leastAgeMs, timesItsCost * costMs));
      },
      () => {
        // Whoever waits for it is told; the next one who asks tries again.
        listing.goodUntilMs = Number.NEGATIVE_INFINITY;
      },
    );
    return entries;
  };
}
