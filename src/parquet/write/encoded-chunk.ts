import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { PageFacts } from './page-facts.ts';

/**
 * A column chunk as it will lie in the file, with what the footer says about it. Either encoded from values
 * (`encodeColumnChunk`) or taken over from another file as it is: the writer does not ask.
 */
export interface EncodedChunk {
  readonly leaf: LeafColumn;
  /** Page headers and bodies in order; their lengths add up to `compressedSizeBytes`. */
  readonly pages: readonly Uint8Array[];
  readonly codec: number;
  readonly encodings: readonly number[];
  readonly valueCount: number;
  readonly nullCount: number;
  readonly uncompressedSizeBytes: number;
  readonly compressedSizeBytes: number;
  /** Stored bytes of the dictionary page with its header, which then comes first; 0 when there is none. */
  readonly dictionarySizeBytes: number;
  readonly dataPages: number;
  /** Encoding of the values of all data pages. */
  readonly valueEncoding: number;
  /** Exact extremes as PLAIN bytes without length; undefined when there are none or the type has no order. */
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
  /**
   * NaNs among the values. Where there is one the extremes are not written as statistics: bounds say nothing of it, and
   * readers that rank NaN above all numbers (Spark, DuckDB for FLOAT16) would skip its row.
   */
  readonly nanCount: number;
  /** What each data page holds, in order, for a page index; without it there is none. */
  readonly pageFacts: readonly PageFacts[] | undefined;
  /** The Bloom filter as it will stand in the file, header first. */
  readonly bloomFilter?: Uint8Array | undefined;
  /** The chunk's own key-value list as thrift bytes, when it has one. */
  readonly keyValueBytes: Uint8Array | undefined;
  /** Whether the bodies of its pages are those of a source chunk. */
  readonly isCopied?: boolean;
}
