/** Reads bytes of a file; the array is the caller's. */
export type Read = (offset: number, length: number) => Promise<ArrayBuffer>;

/** The bytes of one column chunk, of which only those are read that are asked for, and some behind them. */
export interface ChunkBytes {
  readonly sizeBytes: number;
  /** A view that begins at a place of the chunk and reaches as far as what was read; `atLeast` bytes, or to its end. */
  from(offset: number, atLeast: number): Promise<DataView>;
}

/** Read at a time: several pages of a small chunk, or the head of a large one. */
const stepBytes = 256 * 1024;

/** @param start where the chunk lies in its file */
export function chunkBytes(read: Read, start: number, sizeBytes: number): ChunkBytes {
  let window = { offset: 0, bytes: new ArrayBuffer(0) };
  return {
    sizeBytes,
    from: async (offset, atLeast) => {
      const end = Math.min(sizeBytes, offset + atLeast);
      if (offset < window.offset || end > window.offset + window.bytes.byteLength) {
        const length = Math.min(sizeBytes - offset, Math.max(atLeast, stepBytes));
        window = { offset, bytes: await read(start + offset, length) };
      }
      return new DataView(window.bytes, offset - window.offset);
    },
  };
}
