import type { ByteSource } from '../core/byte-source.ts';
import type { FileRef, Store } from './store.ts';

/** How much is remembered. */
export interface MemoryLimits {
  /** Bytes in all. Once they are spent, nothing more is remembered. */
  readonly budgetBytes: number;
  /** What is spent of them, for several memories that share them; absent: this one has them alone. */
  readonly spent?: { bytes: number };
  /** Files up to this length are read whole at their first read. */
  readonly wholeFileBytes: number;
  /** Of longer files, what is read within so many bytes of their end. */
  readonly tailBytes: number;
}

/** A store that remembers what was read. */
export interface RememberingStore extends Store {
  /** Remembers from now on at most so many bytes of its own, beyond which nothing more is kept; what is kept stays. */
  limitTo(bytes: number): void;
  /** Gives back the room of files that are not read any more; who reads one all the same, reads it anew. */
  forget(paths: readonly string[]): void;
  /** Gives back all room, once nothing is read any more. */
  forgetAll(): void;
}

interface Remembered {
  readonly path: string;
  readonly sizeBytes: number;
  readonly bytes: Promise<Uint8Array>;
}

/**
 * The same store, which remembers small files and the ends of longer ones, so that planning, planning again and merging
 * open a file on a remote store once. What is remembered is that of one generation, and given only to who expects it.
 */
export function rememberingStore(store: Store, limits: MemoryLimits): RememberingStore {
  const remembered = new Map<string, Remembered>();
  const spent = limits.spent ?? { bytes: 0 };
  let own = 0;
  let mostOwn = limits.budgetBytes;

  const drop = (key: string, one: Remembered): void => {
    if (remembered.get(key) !== one) return;
    remembered.delete(key);
    spent.bytes -= one.sizeBytes;
    own -= one.sizeBytes;
  };

  /** The bytes from `start` to the end of the file; undefined when there is no room for them. */
  const endOf = (
    path: string,
    ref: FileRef,
    start: number,
    read: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> | undefined => {
    const key = `${ref.fileId}/${ref.sizeBytes}/${ref.modifiedAtMs}/${path}/${start}`;
    const known = remembered.get(key);
    if (known !== undefined) return known.bytes;
    const sizeBytes = ref.sizeBytes - start;
    if (spent.bytes + sizeBytes > limits.budgetBytes || own + sizeBytes > mostOwn) return undefined;
    spent.bytes += sizeBytes;
    own += sizeBytes;
    const one = { path, sizeBytes, bytes: read() };
    remembered.set(key, one);
    // The next one who asks tries again.
    one.bytes.catch(() => drop(key, one));
    return one.bytes;
  };

  return {
    ...store,
    limitTo(bytes) {
      mostOwn = Math.min(limits.budgetBytes, bytes);
    },
    forget(paths) {
      const gone = new Set(paths);
      for (const [key, one] of remembered) if (gone.has(one.path)) drop(key, one);
    },
    forgetAll() {
      for (const [key, one] of remembered) drop(key, one);
    },
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
        name: `${store.uri}${path}`,
        sizeBytes: ref.sizeBytes,
        // Small files stay remembered; of longer ones only the end does, and is copied.
        givesAway: !isWhole,
        read: async (offsetBytes, lengthBytes) => {
          const end = offsetBytes + lengthBytes;
          if (!isOpen || offsetBytes < 0 || lengthBytes < 0 || end > ref.sizeBytes) {
            throw new RangeError(`${path}: bytes ${offsetBytes}..${end} of ${ref.sizeBytes}, or closed`);
          }
          const bytes =
            offsetBytes < start
              ? undefined
              : endOf(path, ref, start, async () => (await source()).read(start, ref.sizeBytes - start));
          if (bytes === undefined) {
            const inner = await source();
            const read = await inner.read(offsetBytes, lengthBytes);
            return isWhole || inner.givesAway === true ? read : read.slice();
          }
          const [from, to] = [offsetBytes - start, end - start];
          return isWhole ? (await bytes).subarray(from, to) : (await bytes).slice(from, to);
        },
        close: async () => {
          isOpen = false;
          if (opened !== undefined) await (await opened).close();
        },
      };
    },
  };
}
