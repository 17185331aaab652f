import type { ByteSource } from '../core/byte-source.ts';

/**
 * Reads the end of a file once and answers what lies inside it from memory, so that looking at a small file costs one
 * read. Closing it closes `source`.
 * @param tailBytes how much of the end is read; the whole file when it is shorter
 * @throws StoreError when the file cannot be read
 */
export async function withTail(source: ByteSource, tailBytes: number): Promise<ByteSource> {
  const start = Math.max(0, source.sizeBytes - tailBytes);
  const tail = await source.read(start, source.sizeBytes - start);
  return {
    name: source.name,
    sizeBytes: source.sizeBytes,
    read: async (offsetBytes, lengthBytes) =>
      offsetBytes >= start && lengthBytes >= 0 && offsetBytes + lengthBytes <= source.sizeBytes
        ? tail.slice(offsetBytes - start, offsetBytes - start + lengthBytes)
        : source.read(offsetBytes, lengthBytes),
    close: () => source.close(),
  };
}
