import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ValueBlock } from '../value-block.ts';

/**
 * Everything one output column chunk will hold, decoded, in the memory of a kernel: what `encodeColumnChunk` turns
 * into pages.
 */
export interface ChunkContent {
  readonly leaf: LeafColumn;
  /** Level entries; rows, for a leaf that is not repeated. */
  readonly entryCount: number;
  /** Entries with a value. */
  readonly presentCount: number;
  /** Address of `entryCount` levels of a byte each, when the leaf has definition levels. */
  readonly definitionAt: number;
  /** The same for repetition levels. */
  readonly repetitionAt: number;
  /**
   * The `presentCount` values: themselves, or as indices into them, none of which is unused. The first offset of values
   * without a width is 0.
   */
  readonly values: ValueBlock;
  /** Address of `presentCount` indices of an i32 each, when the values are told by them. */
  readonly indicesAt: number | undefined;
}
