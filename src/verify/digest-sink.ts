import { createHash } from 'node:crypto';
import type { ByteSink } from '../core/byte-sink.ts';
import type { ByteSource } from '../core/byte-source.ts';

/** The bytes of a whole file, told by their number and SHA-256. Plain data. */
export interface BytesDigest {
  readonly sizeBytes: number;
  /** 64 hex digits: what `sha256sum` prints for the file. */
  readonly sha256: string;
}

/**
 * A sink that passes everything on and hashes it on the way; `written()` tells what it was given so far. Closing and
 * aborting go to the inner sink.
 */
export function digestSink(inner: ByteSink): ByteSink & { written(): BytesDigest } {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  return {
    name: inner.name,
    write: async (bytes) => {
      hash.update(bytes);
      sizeBytes += bytes.length;
      await inner.write(bytes);
    },
    close: () => inner.close(),
    abort: () => inner.abort(),
    written: () => ({ sizeBytes, sha256: hash.copy().digest('hex') }),
  };
}

/** So little that it is still in the processor's cache when it is hashed; over a network more is fetched at a time. */
const blockBytesNow = 256 * 1024;
const blockBytes = 4 * 1024 * 1024;

/**
 * Reads a file from its first byte to its last and hashes it, a block at a time.
 * @throws StoreError when the source cannot be read
 */
export async function digestOf(source: ByteSource): Promise<BytesDigest> {
  const hash = createHash('sha256');
  const isNow = source.readNow !== undefined;
  const step = isNow ? blockBytesNow : blockBytes;
  const block = isNow ? new Uint8Array(Math.min(step, source.sizeBytes)) : undefined;
  for (let offset = 0; offset < source.sizeBytes; offset += step) {
    const length = Math.min(step, source.sizeBytes - offset);
    if (block === undefined) {
      hash.update(await source.read(offset, length));
      continue;
    }
    const part = block.subarray(0, length);
    source.readNow?.(offset, part);
    hash.update(part);
  }
  return { sizeBytes: source.sizeBytes, sha256: hash.digest('hex') };
}
