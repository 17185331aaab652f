/**
 * Decoded values of one column, in order, without nulls, in the memory of a kernel: bytes as PLAIN has them, except
 * that booleans take a byte each. Floating point is never turned into a JavaScript number on its way, so the bits of
 * every NaN survive.
 */
export interface ValueBlock {
  count: number;
  /** Bytes of a value; 0 for BYTE_ARRAY. */
  widthBytes: number;
  /** Address of the first value. */
  bytesAt: number;
  /**
   * Width 0: address, a multiple of 4, of `count + 1` places of 32 bits, relative to `bytesAt`: value i, its 4-byte
   * length first, lies between places i and i + 1.
   */
  offsetsAt: number;
}

/** A block without values. */
export function emptyBlock(widthBytes: number): ValueBlock {
  return { count: 0, widthBytes, bytesAt: 0, offsetsAt: 0 };
}
