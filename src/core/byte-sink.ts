/** Write access to one new file: bytes in order, then `close` or `abort`, by whoever opened it. */
export interface ByteSink {
  /** What messages call it: the full path or URI. */
  readonly name: string;
  /** Appends. Resolves when the next chunk may come; `bytes` must stay unchanged until then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes everything written durable and ends the file. */
  close(): Promise<void>;
  /** Gives up: releases what is open. The partial file may stay behind. Never throws. */
  abort(): Promise<void>;
}

/** A sink that gathers its bytes in memory; `bytes()` gives them after `close`. */
export function memorySink(name: string): ByteSink & { bytes(): Uint8Array } {
  const chunks: Uint8Array[] = [];
  return {
    name,
    write: async (bytes) => {
      chunks.push(bytes.slice());
    },
    close: async () => {},
    abort: async () => {},
    bytes: () => Buffer.concat(chunks),
  };
}
