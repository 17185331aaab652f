import type { ByteSource } from '../core/byte-source.ts';
import type { SortTerm } from '../core/sort-order-text.ts';
import type { ColumnFingerprint } from '../parquet/fingerprint.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import type { MemoryLimits } from '../parquet/memory-limits.ts';
import { fingerprintRowGroups, type RowGroupRange } from '../parquet/read/fingerprint-file.ts';
import { pageIndexSource, readPageIndexes } from '../parquet/read/page-indexes.ts';
import type { FileRef } from '../store/store.ts';
import { checkBloomFilter } from './check-bloom-filters.ts';
import { checkPageIndexes } from './check-page-index.ts';
import { checkStatistics } from './check-statistics.ts';
import { type SortedStretch, sortedRowsWatch } from './sorted-rows.ts';

/** Other threads that decode row groups of a staged file: whoever calls the verification knows how to open it there. */
export interface RowGroupThreads {
  /** Threads that work at the same time, this one included. */
  readonly count: number;
  /** Begins {@link verifyRowGroups} in another thread. */
  begin(work: RowGroupWork): RowGroupThread;
}

/** What a thread is begun with. Plain data. */
export interface RowGroupWork {
  readonly stagedPath: string;
  readonly ref: FileRef;
  readonly memory: MemoryLimits | undefined;
  /** What the rows are sorted by; absent: they come in the order of the inputs. */
  readonly sortedBy?: readonly SortTerm[];
  /** How many stretches the row groups are divided into: see {@link stretchesOf}. */
  readonly stretches: number;
  /** Number of the next stretch that nobody has begun, shared by all threads. */
  readonly next: Int32Array<SharedArrayBuffer>;
}

/** A thread at work. */
export interface RowGroupThread {
  /** What it found, once no stretch is left. @throws what {@link verifyRowGroups} threw there */
  finish(): Promise<readonly VerifiedStretch[]>;
  /** Ends the thread's work, at any time and more than once. */
  stop(): Promise<void>;
}

/** Row groups that follow each other, decoded and found right in themselves. Plain data. */
export interface VerifiedStretch {
  readonly number: number;
  /** What they hold, one per leaf. */
  readonly columns: readonly ColumnFingerprint[];
  /** With `sortedBy`. */
  readonly sorted?: SortedStretch;
}

/** So many for each thread: the last ones end at about the same time. */
const stretchesPerThread = 8;

/** Into how many stretches the row groups of a file are divided for so many threads, this one included. */
export function stretchCount(rowGroups: number, threads: number): number {
  return threads === 1 ? 1 : Math.max(1, Math.min(rowGroups, threads * stretchesPerThread));
}

function stretchOf(rowGroups: number, stretches: number, number: number): RowGroupRange {
  const border = (i: number): number => Math.floor((rowGroups * i) / stretches);
  return { from: border(number), to: border(number + 1) };
}

/**
 * Decodes stretches of row groups, as long as there are any that no other thread has begun, and holds statistics, page index
 * and Bloom filters against what they hold.
 * @throws VerifyError at the first that is wrong; FormatError when a page does not decode; StoreError
 */
export async function verifyRowGroups(
  staged: ByteSource,
  footer: ParquetFooter,
  { memory, stretches, next, sortedBy }: Pick<RowGroupWork, 'memory' | 'stretches' | 'next' | 'sortedBy'>,
): Promise<readonly VerifiedStretch[]> {
  const indexes = await pageIndexSource(staged, footer);
  const found: VerifiedStretch[] = [];
  for (;;) {
    const number = Atomics.add(next, 0, 1);
    if (number >= stretches) return found;
    const range = stretchOf(footer.rowGroups.length, stretches, number);
    const rows = sortedBy === undefined ? undefined : sortedRowsWatch(staged.name, footer, sortedBy);
    const columns = await fingerprintRowGroups(staged, footer, range, memory, {
      onChunk: async (rowGroup, leaf) => {
        const filter = await checkBloomFilter(staged, footer, rowGroup, leaf);
        const row = rows?.chunk(rowGroup, leaf);
        if (row === undefined) return filter;
        return (page, number) => {
          filter?.(page, number);
          row(page);
        };
      },
      onRowGroup: async (rowGroup, chunks, pages) => {
        checkPageIndexes(footer, rowGroup, pages, await readPageIndexes(indexes, footer, rowGroup));
        checkStatistics(footer, rowGroup, chunks);
        rows?.rowGroup(rowGroup);
      },
    });
    found.push({ number, columns, ...(rows === undefined ? {} : { sorted: rows.found() }) });
  }
}
