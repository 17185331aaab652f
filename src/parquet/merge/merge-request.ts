import type { ByteSource } from '../../core/byte-source.ts';
import type { OutputCodec } from '../codec/output-codec.ts';
import type { ColumnFingerprint } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import type { MemoryLimits } from '../memory-limits.ts';
import type { SortedFacts, SortRequest } from '../sort/sort-request.ts';
import type { PageLimits } from '../write/chunk-encoder.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import type { CopiedRowGroups } from './copied-row-groups.ts';
import type { LeafRange } from './leaf-ranges.ts';

/** A file to merge: open, with its footer read. */
export interface MergeInput {
  readonly source: ByteSource;
  readonly footer: ParquetFooter;
}

/** How to merge. */
export interface MergeOptions {
  /** Most rows of an output row group, at least 1. */
  readonly rowGroupRows: number;
  /** Most bytes of an output row group, before compression. */
  readonly rowGroupBytes: number;
  readonly useDictionary: boolean;
  /** How pages are compressed. Absent: Snappy. */
  readonly compression?: OutputCodec;
  /** Of `zstd` (1 to 22) and `gzip` (1 to 9). Absent: the usual one. */
  readonly compressionLevel?: number;
  /**
   * compact: also DELTA_BINARY_PACKED, DELTA_BYTE_ARRAY and BYTE_STREAM_SPLIT, for columns that become smaller by it;
   * not all readers have these. Absent: standard.
   */
  readonly encodings?: 'standard' | 'compact';
  /** Where pages end, instead of `defaultPageLimits`. */
  readonly pages?: Partial<PageLimits>;
  /**
   * exact: the inputs are of one schema, byte for byte. compatible: of schemas of which one can hold what all hold
   * (`schemaTraits`): the output has that one. Absent: exact.
   */
  readonly schema?: 'exact' | 'compatible';
  /** Dotted paths of the leaves that get Bloom filters, for readers that look for single values. Absent: none. */
  readonly bloomFilterColumns?: readonly string[];
  /**
   * Whether sorting columns that all inputs state are held against the values, and stated of each output row group as far as
   * they are true. Absent: they are left out, since nobody knows.
   */
  readonly sortCheck?: boolean;
  /**
   * Whether the chunks of large row groups are copied as they are, where nothing of them would change but how they are cut: see
   * `copiedRowGroups`. Footers come whole then, or from `footerForCopying`. Absent: all are encoded anew.
   */
  readonly copyRowGroups?: boolean;
  /** Least stored bytes of a row group of another writer that is copied. Absent: `leastCopiedBytes`. */
  readonly copiedFromBytes?: number;
  /** Which ones these are, where that was decided already: for other threads. */
  readonly copied?: CopiedRowGroups;
  /** Sorts the rows by some columns; absent: they come in the order of the inputs. Then one thread does it all. */
  readonly sort?: SortRequest;
  /** Added to the key-value metadata of the inputs; replaces an entry of the same key. */
  readonly keyValues: readonly { readonly key: string; readonly value: string }[];
  /** This program and its version, for `created_by`: see `createdByOf`. */
  readonly createdBy: string;
  /** Stops between two column chunks when aborted; the error is the signal's reason. */
  readonly signal?: AbortSignal;
  /** What is said here counts instead of `defaultMemoryLimits`. */
  readonly memory?: Partial<MemoryLimits>;
  /** Told after every output row group. */
  readonly onProgress?: (rowsDone: number, rowsTotal: number) => void;
  /** Other threads that take their share of the columns; what is written is the same, byte for byte. Absent: none. */
  readonly threads?: ColumnThreads;
}

/** What was written. */
export interface MergeResult {
  readonly rows: number;
  readonly rowGroups: number;
  /** Of those, how many were copied as they were, chunk by chunk; absent: none. */
  readonly rowGroupsCopied?: number;
  /** How many column chunks were, also of other row groups; absent: none. */
  readonly chunksCopied?: number;
  /** Length of the file. */
  readonly sizeBytes: number;
  /** What was read from the inputs, one per leaf: the output must hold exactly this. */
  readonly columns: readonly ColumnFingerprint[];
  /** With `sortCheck`: paths of the sorting columns that all inputs state, and those of them that all rows follow. */
  readonly sorting?: { readonly stated: readonly string[]; readonly kept: readonly string[] };
  /** With `sort`: `columns` then hold the digests of the inputs in their order, which is another one in the file. */
  readonly sorted?: SortedFacts;
  /** What a person should know, e.g. key-value metadata that differed. */
  readonly warnings: readonly string[];
}

/** A column chunk that another thread has merged: its leaf and the chunk's own key-value list are added here. */
export type DetachedChunk = Omit<EncodedChunk, 'leaf' | 'keyValueBytes'>;

/** Other threads that merge columns of the same inputs: whoever calls the engine knows how to open those there. */
export interface ColumnThreads {
  /** Threads that work at the same time, this one included. */
  readonly count: number;
  /** Begins merging a range of leaves in another thread, by the same options. */
  begin(range: LeafRange, options: MergeOptions): ColumnThread;
}

/** A range of leaves on its way through another thread. */
export interface ColumnThread {
  /**
   * The next column chunk: leaf after leaf, row group after row group. Its bytes are good until the next call.
   * @throws what the merge there threw
   */
  next(): Promise<DetachedChunk>;
  /** What was read of the leaves, after the last chunk. @throws what the merge there threw */
  finish(): Promise<readonly ColumnFingerprint[]>;
  /** Ends the thread, at any time and more than once. */
  stop(): Promise<void>;
}
