import { limits } from './limits.ts';

/** How a merge divides the memory it may take. */
export interface MemoryLimits {
  /** Source row groups up to this many stored bytes are read whole, larger ones column by column. */
  readonly wholeRowGroupBytes: number;
  /** Bytes that are fetched before they are needed. */
  readonly aheadBytes: number;
  /** Bytes of the windows on the column chunks of one large row group, all together. */
  readonly windowBytes: number;
  /** Bytes of decoded pages that are kept where an output row group ends inside them; others are decoded again. */
  readonly keptPageBytes: number;
  /** An output row group ends where one of its column chunks would have more bytes than this before compression. */
  readonly chunkBytes: number;
  /** Largest source page, before or after decompression: it cannot be taken in pieces, and is refused beyond. */
  readonly pageBytes: number;
}

const mib = 1024 * 1024;

/** What Node.js itself, the program and the footers of a bin take. */
export const baseBytes = 128 * mib;

/** What a process may take when nothing else is said: 512 MiB. */
export const defaultMemoryBytes = 512 * mib;
/** Least that a process may be told to take. */
export const leastMemoryBytes = 256 * mib;

/**
 * Divides what a process may take.
 * @param memoryBytes of the whole process, at least {@link leastMemoryBytes}
 */
export function memoryLimitsFor(memoryBytes: number): MemoryLimits {
  const part = Math.max(leastMemoryBytes, memoryBytes) - baseBytes;
  return {
    wholeRowGroupBytes: Math.floor(Math.min(8 * mib, part / 32)),
    aheadBytes: Math.floor(Math.min(24 * mib, part / 16)),
    windowBytes: Math.floor(part / 12),
    keptPageBytes: Math.floor(part / 8),
    chunkBytes: Math.floor(part / 6),
    // See memoryForPage.
    pageBytes: Math.min(limits.pageBytes, Math.floor(part / 6)),
  };
}

/** The limits of {@link defaultMemoryBytes}, but no page is refused: taking more for one than was meant is better. */
export const defaultMemoryLimits: MemoryLimits = {
  ...memoryLimitsFor(defaultMemoryBytes),
  pageBytes: limits.pageBytes,
};

/** What a process must be allowed to take so that a page of `pageBytes` can be worked on. */
export function memoryForPage(pageBytes: number): number {
  return pageBytes * 6 + baseBytes;
}
