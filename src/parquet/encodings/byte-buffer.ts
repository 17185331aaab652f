/** Bytes under construction: kept and used again from page to page. */
export interface ByteBuffer {
  bytes: Uint8Array;
  length: number;
}

/** An empty buffer with room for `capacityBytes`. */
export function byteBuffer(capacityBytes = 4096): ByteBuffer {
  return { bytes: new Uint8Array(capacityBytes), length: 0 };
}

/** Makes room for `more` bytes behind `length`. */
export function reserve(buffer: ByteBuffer, more: number): void {
  const needed = buffer.length + more;
  if (needed <= buffer.bytes.length) return;
  const grown = new Uint8Array(Math.max(needed, buffer.bytes.length * 2));
  grown.set(buffer.bytes.subarray(0, buffer.length));
  buffer.bytes = grown;
}

/** Appends bytes. */
export function append(buffer: ByteBuffer, bytes: Uint8Array): void {
  reserve(buffer, bytes.length);
  buffer.bytes.set(bytes, buffer.length);
  buffer.length += bytes.length;
}

/**
 * The same bytes as a plain `Uint8Array`. Sources and codecs hand out Buffers, whose `slice` is a view where that
 * of an array is a copy; decoded bytes must not depend on which of them came.
 */
export function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** An array of at least `needed` numbers: `array` itself, or a larger copy of it. */
export function grownTo(array: Int32Array, needed: number): Int32Array {
  if (needed <= array.length) return array;
  const grown = new Int32Array(Math.max(needed, array.length * 2, 1024));
  grown.set(array);
  return grown;
}
