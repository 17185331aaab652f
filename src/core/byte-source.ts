/** Read access to the bytes of one file, at one generation of it. Whoever opened it closes it. */
export interface ByteSource {
  /** What messages call it: the full path or URI. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Exactly `lengthBytes` bytes from `offsetBytes`. The array belongs to the caller and is never written again.
   * @throws StoreError when the range cannot be read whole, or the file is no longer the one that was opened.
   */
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /**
   * Fills `target` with the bytes from `offsetBytes` on before it returns. Only sources that never wait for anybody have
   * it: a file on this machine's disk.
   * @throws StoreError as `read` does; `target` then holds anything
   */
  readNow?(offsetBytes: number, target: Uint8Array): void;
  /** Set where nobody but the caller has the bytes that `read` gives: their buffer may be transferred to another thread. */
  readonly givesAway?: boolean;
  close(): Promise<void>;
}

/** A source over bytes in memory. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    sizeBytes: bytes.length,
    read: async (offsetBytes, lengthBytes) => {
      if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes + lengthBytes > bytes.length) {
        throw new RangeError(
          `${name}: bytes ${offsetBytes}..${offsetBytes + lengthBytes} lie outside its ${bytes.length} bytes`,
        );
      }
      return bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
    },
    close: async () => {},
  };
}
