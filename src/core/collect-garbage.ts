import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process may take where nothing else is said, and the share of it below which memory is nobody's concern. */
const usualBytes = 512 * 1024 * 1024;
const freeShare = 0.65;

/** What may have come since it was last collected. */
const garbageBytes = 48 * 1024 * 1024;

let collect: (() => void) | undefined;
let keptBytes = 0;

/**
 * Collects garbage, if the process has grown beyond two thirds of what it may take (of 512 MB, where nothing is said) and
 * much has come since the last time. To be called between pieces of
 * work that leave much behind, such as listings of many thousand files: V8 by itself lets the heap grow to several times
 * of what is in use before it looks, and bytes outside of it count little.
 */
export function collectGarbage(mayTakeBytes: number = usualBytes): void {
  const before = process.memoryUsage();
  const used = inUse(before);
  keptBytes = Math.min(keptBytes, used);
  if (before.rss < freeShare * mayTakeBytes || used < keptBytes + garbageBytes) return;
  collect ??= collector();
  collect();
  keptBytes = inUse(process.memoryUsage());
}

function inUse({ heapUsed, external }: NodeJS.MemoryUsage): number {
  return heapUsed + external;
}

/** V8's own collector, which contexts made from now on have as `gc`. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return () => {
    if (typeof gc === 'function') gc();
  };
}
