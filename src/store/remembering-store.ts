import type { ByteSource } from '../core/byte-source.ts';
import type { FileRef, Store } from './store.ts';

/** How much is remembered. */
export interface MemoryLimits {
  /** Bytes in all. Once they are spent, nothing more is remembered. */
  readonly budgetBytes: number;
  /** Files up to this length are read whole at their first read. */
  readonly wholeFileBytes: number;
  /** Of longer files, what is read within so many bytes of their end. */
  readonly tailBytes: number;
}

/**
 * The same store, which remembers small files and the ends of longer ones, so that planning, planning again and merging
 * open a file on a remote store once. What is remembered is that of one generation, and given only to who expects it.
 */
export function rememberingStore(store: Store, limits: MemoryLimits): Store {
  const remembered = new Map<string, Promise<Uint8Array>>();
  let spentBytes = 0;

  /** The bytes from `start` to the end of the file; undefined when there is no room for them. */
  const endOf = (
    path: string,
    ref: FileRef,
    start: number,
    read: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> | undefined => {
    const key = `${ref.fileId}/${ref.sizeBytes}/${ref.modifiedAtMs}/${path}/${start}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const sizeBytes = ref.sizeBytes - start;
    if (spentBytes + sizeBytes > limits.budgetBytes) return undefined;
    spentBytes += sizeBytes;
    const bytes = read();
    remembered.set(key, bytes);
    bytes.catch(() => {
      // The next one who asks tries again.
      remembered.delete(key);
      spentBytes -= sizeBytes;
    });
    return bytes;
  };

  return {
    ...store,
    open: async (path, expected) => {
      const ref: FileRef = { ...expected };
      let opened: Promise<ByteSource> | undefined;
      let isOpen = true;
      const source = (): Promise<ByteSource> => {
        opened ??= store.open(path, expected);
        return opened;
      };
      const isWhole = ref.sizeBytes <= limits.wholeFileBytes;
      const start = isWhole ? 0 : Math.max(0, ref.sizeBytes - limits.tailBytes);
      return {
        name: path,
        sizeBytes: ref.sizeBytes,
        read: async (offsetBytes, lengthBytes) => {
          const end = offsetBytes + lengthBytes;
          if (!isOpen || offsetBytes < 0 || lengthBytes < 0 || end > ref.sizeBytes) {
            throw new RangeError(`${path}: bytes ${offsetBytes}..${end} of ${ref.sizeBytes}, or closed`);
          }
          const bytes =
            offsetBytes < start
              ? undefined
              : endOf(path, ref, start, async () => (await source()).read(start, ref.sizeBytes - start));
          if (bytes === undefined) return (await source()).read(offsetBytes, lengthBytes);
          return (await bytes).subarray(offsetBytes - start, end - start);
        },
        close: async () => {
          isOpen = false;
          if (opened !== undefined) await (await opened).close();
        },
      };
    },
  };
}
