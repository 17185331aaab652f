import type { ByteSource } from '../core/byte-source.ts';
import { collectGarbage } from '../core/collect-garbage.ts';

/** How a file is read ahead, and how much of it is kept. */
export interface ReadAheadLimits {
  /** Length of the windows in which the file is read, from its first byte on. */
  readonly windowBytes: number;
  /** Windows begun beyond the one that is asked for, where one window is read after the other. */
  readonly windowsAhead: number;
  /** Bytes kept; what was used last stays. A file of this length is read from the store once. */
  readonly keepBytes: number;
  /** What the process may take; undefined: what is usual. */
  readonly memoryBytes?: number | undefined;
}

/**
 * The same file, read in few large pieces: for one that lies behind a network and is read from front to back,
 * perhaps more than once, in small pieces. Closing it closes `source`.
 */
export function readAheadSource(source: ByteSource, limits: ReadAheadLimits): ByteSource {
  const { windowBytes, windowsAhead } = limits;
  const windowCount = Math.ceil(source.sizeBytes / windowBytes);
  const mostWindows = Math.max(1 + windowsAhead, Math.floor(limits.keepBytes / windowBytes));
  // In the order of their last use.
  const windows = new Map<number, Promise<Uint8Array>>();
  let lastUsed = -1;

  const windowAt = (index: number): Promise<Uint8Array> => {
    const known = windows.get(index);
    windows.delete(index);
    const start = index * windowBytes;
    const bytes = known ?? source.read(start, Math.min(windowBytes, source.sizeBytes - start));
    windows.set(index, bytes);
    if (known === undefined) {
      // What is outside of V8's heap, as these are, makes it collect late.
      collectGarbage(limits.memoryBytes);
      // Whoever waits for it is told; the next one who asks tries again.
      bytes.catch(() => {
        if (windows.get(index) === bytes) windows.delete(index);
      });
      for (const oldest of windows.keys()) {
        if (windows.size <= mostWindows) break;
        windows.delete(oldest);
      }
    }
    return bytes;
  };

  const use = (index: number): Promise<Uint8Array> => {
    const bytes = windowAt(index);
    if (index === lastUsed + 1) {
      const last = Math.min(index + windowsAhead, windowCount - 1);
      for (let next = index + 1; next <= last; next++) windowAt(next);
    }
    lastUsed = index;
    return bytes;
  };

  return {
    name: source.name,
    sizeBytes: source.sizeBytes,
    async read(offsetBytes, lengthBytes) {
      const endBytes = offsetBytes + lengthBytes;
      // Whatever is wrong about such a range, the source itself says it.
      if (offsetBytes < 0 || lengthBytes <= 0 || endBytes > source.sizeBytes) {
        return source.read(offsetBytes, lengthBytes);
      }
      const first = Math.floor(offsetBytes / windowBytes);
      const last = Math.floor((endBytes - 1) / windowBytes);
      if (last - first + 1 + windowsAhead > mostWindows) return source.read(offsetBytes, lengthBytes);
      const parts: Promise<Uint8Array>[] = [];
      for (let index = first; index <= last; index++) parts.push(use(index));
      const got = await Promise.all(parts);
      const start = offsetBytes - first * windowBytes;
      if (got.length === 1 && got[0] !== undefined) return got[0].subarray(start, start + lengthBytes);
      const bytes = new Uint8Array(lengthBytes);
      let done = 0;
      for (const part of got) {
        const from = done === 0 ? start : 0;
        const piece = part.subarray(from, Math.min(part.length, from + lengthBytes - done));
        bytes.set(piece, done);
        done += piece.length;
      }
      return bytes;
    },
    async close() {
      await Promise.allSettled(windows.values());
      windows.clear();
      await source.close();
    },
  };
}
