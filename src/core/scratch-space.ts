/**
 * Room for bytes that are needed for a while only: appended in order, read back at any place. Nothing of it outlives the
 * process. Whoever opened it closes it.
 */
export interface ScratchSpace {
  /** What messages call it. */
  readonly name: string;
  /** Bytes that were appended. */
  readonly sizeBytes: number;
  /**
   * Appends; `bytes` may be changed afterwards.
   * @returns where they begin
   * @throws StoreError `scratch-full` and others when they cannot be written
   */
  append(bytes: Uint8Array): number;
  /** Fills `target` with what was appended from `offsetBytes` on. @throws StoreError when that cannot be read */
  readNow(offsetBytes: number, target: Uint8Array): void;
  close(): void;
}

/** Scratch space in memory. */
export function memoryScratch(name = 'scratch'): ScratchSpace {
  const pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let sizeBytes = 0;
  return {
    name,
    get sizeBytes() {
      return sizeBytes;
    },
    append: (bytes) => {
      const at = sizeBytes;
      pieces.push({ at, bytes: bytes.slice() });
      sizeBytes += bytes.length;
      return at;
    },
    readNow: (offsetBytes, target) => {
      if (offsetBytes + target.length > sizeBytes) throw new RangeError(`${name} has ${sizeBytes} bytes`);
      for (const { at, bytes } of pieces) {
        const from = Math.max(at, offsetBytes);
        const to = Math.min(at + bytes.length, offsetBytes + target.length);
        if (from < to) target.set(bytes.subarray(from - at, to - at), from - offsetBytes);
      }
    },
    close: () => {
      pieces.length = 0;
    },
  };
}
