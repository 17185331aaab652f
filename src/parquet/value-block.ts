import { physicalType } from './format.ts';
import type { LeafColumn } from './metadata/leaf-column.ts';

/**
 * How the values of a column lie in a {@link ValueBlock}. WORD: one 32-bit number each (INT32, FLOAT). LONG: two,
 * low half first (INT64, DOUBLE). FIXED: `widthBytes` bytes each (BOOLEAN unpacked to 0 or 1, INT96,
 * FIXED_LEN_BYTE_ARRAY). VARIABLE: PLAIN BYTE_ARRAY, a 4-byte length before each.
 */
export const layout = { WORD: 0, LONG: 1, FIXED: 2, VARIABLE: 3 } as const;

/** One of the numbers of {@link layout}. */
export type Layout = (typeof layout)[keyof typeof layout];

/** The layout of a leaf's values. */
export function layoutOf(leaf: LeafColumn): Layout {
  switch (leaf.type) {
    case physicalType.INT32:
    case physicalType.FLOAT:
      return layout.WORD;
    case physicalType.INT64:
    case physicalType.DOUBLE:
      return layout.LONG;
    case physicalType.BYTE_ARRAY:
      return layout.VARIABLE;
    default:
      return layout.FIXED;
  }
}

/**
 * Decoded values of one column, in order, without nulls. Numbers are little-endian as in the file, which is the
 * byte order of every platform Node runs this program on; floating point is never turned into a JavaScript number
 * on its way, so that the bits of every NaN survive.
 */
export interface ValueBlock {
  count: number;
  /** Layouts WORD and LONG. */
  words: Int32Array;
  /** Layouts FIXED (from 0) and VARIABLE (with the length prefixes). */
  bytes: Uint8Array;
  /** Layout VARIABLE: `count + 1` places; value i is `bytes[offsets[i] + 4 .. offsets[i + 1])`. */
  offsets: Int32Array;
}

const noBytes = new Uint8Array(0);
const noWords = new Int32Array(0);

/** A block without values. */
export function emptyBlock(): ValueBlock {
  return { count: 0, words: noWords, bytes: noBytes, offsets: noWords };
}
