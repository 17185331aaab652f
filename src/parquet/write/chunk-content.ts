import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ValueBlock } from '../value-block.ts';

/** Everything one output column chunk will hold, decoded: what {@link encodeColumnChunk} turns into pages. */
export interface ChunkContent {
  readonly leaf: LeafColumn;
  /** Level entries; rows, for a leaf that is not repeated. */
  readonly entryCount: number;
  /** Entries with a value. */
  readonly presentCount: number;
  /** `entryCount` levels when the leaf has definition levels. */
  readonly definition: Int32Array;
  /** `entryCount` levels when the leaf has repetition levels. */
  readonly repetition: Int32Array;
  /**
   * The `presentCount` values: themselves, or as `indices` into the entries of `values`. `values` must lie as PLAIN
   * bytes do when its arrays are written from their start (offsets[0] = 0).
   */
  readonly values: ValueBlock;
  readonly indices: Int32Array | undefined;
}
