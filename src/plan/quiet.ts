import type { PartitionListing } from './plan-input.ts';

/** Whether a partition has lain still long enough. */
export interface Quiet {
  readonly isQuiet: boolean;
  /** When it will have, in milliseconds since 1970, if nothing changes until then. */
  readonly qualifiesAtMs: number;
  /** The last change of a possible data file or of the directory. */
  readonly changedAtMs: number;
  /** Full path of what changed last. */
  readonly changedPath: string;
}

/**
 * Looks for the last change. Files whose name makes them no data do not count; the directory does, because a rename
 * into it keeps the file's own time.
 */
export function quietOf(listing: PartitionListing, quietMs: number): Quiet {
  let changedAtMs = listing.modifiedAtMs;
  let changedPath = listing.partitionPath;
  for (const entry of listing.entries) {
    if (entry.notData === undefined && entry.modifiedAtMs > changedAtMs) {
      changedAtMs = entry.modifiedAtMs;
      changedPath = entry.path;
    }
  }
  const qualifiesAtMs = changedAtMs + quietMs;
  return {
    isQuiet: quietMs <= 0 || listing.storeNowMs >= qualifiesAtMs,
    qualifiesAtMs,
    changedAtMs,
    changedPath,
  };
}
