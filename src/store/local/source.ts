import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../../core/byte-source.ts';
import { StoreError } from '../../core/errors.ts';
import type { FileRef } from '../store.ts';
import { localStoreError } from './errors.ts';
import { localFileId, modifiedAtMs } from './status.ts';

/** Opens local files pinned to a generation, with a bound on the descriptors held at a time. */
export interface LocalSources {
  /** @throws StoreError `not-found`, or `changed` when the file is not the generation `expected`. */
  open(path: string, expected: FileRef): ByteSource;
}

/**
 * Sources that share at most `maxDescriptors` open descriptors. The one unused for longest is closed and opened
 * again when it is needed; that loses nothing, since every open and every read is held against the generation.
 */
export function localSources(maxDescriptors: number): LocalSources {
  // In order of last use, the oldest first.
  const descriptors = new Map<object, number>();

  const release = (source: object): void => {
    const descriptor = descriptors.get(source);
    descriptors.delete(source);
    if (descriptor !== undefined) closeSync(descriptor);
  };

  const descriptorOf = (source: object, path: string): number => {
    let descriptor = descriptors.get(source);
    if (descriptor !== undefined) {
      descriptors.delete(source);
    } else {
      const oldest = descriptors.size >= maxDescriptors ? descriptors.keys().next().value : undefined;
      if (oldest !== undefined) release(oldest);
      // Non-blocking: a named pipe that took the name is refused below instead of waited for.
      descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    }
    descriptors.set(source, descriptor);
    return descriptor;
  };

  return {
    open(path, expected) {
      const source: ByteSource = {
        name: path,
        sizeBytes: expected.sizeBytes,
        read: async (offsetBytes, lengthBytes) => {
          checkRange(offsetBytes, lengthBytes);
          // Not from Buffer's shared pool: the array belongs to the caller for as long as he likes.
          const bytes = new Uint8Array(lengthBytes);
          readNow(offsetBytes, bytes);
          return bytes;
        },
        readNow: (offsetBytes, target) => {
          checkRange(offsetBytes, target.length);
          readNow(offsetBytes, target);
        },
        close: async () => {
          closed = true;
          release(source);
        },
      };
      const checkRange = (offsetBytes: number, lengthBytes: number): void => {
        if (closed) throw new RangeError(`${path}: read after close`);
        if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes + lengthBytes > expected.sizeBytes) {
          throw new RangeError(
            `${path}: bytes ${offsetBytes}..${offsetBytes + lengthBytes} lie outside its ${expected.sizeBytes} bytes`,
          );
        }
      };
      const readNow = (offsetBytes: number, target: Uint8Array): void => {
        try {
          const descriptor = descriptorOf(source, path);
          readWhole(descriptor, path, offsetBytes, target);
          // After the read, so that what was read before a change was seen is never handed on.
          const stats = fstatSync(descriptor, { bigint: true });
          if (!isSame(stats, known)) assertGeneration(path, stats, expected);
        } catch (error) {
          throw localStoreError('read', path, `read ${path}`, error);
        }
      };
      let closed = false;
      let known: BigIntStats | undefined;
      try {
        const stats = fstatSync(descriptorOf(source, path), { bigint: true });
        assertGeneration(path, stats, expected);
        known = stats;
      } catch (error) {
        release(source);
        throw localStoreError('open', path, `open ${path}`, error);
      }
      return source;
    },
  };
}

function readWhole(descriptor: number, path: string, offsetBytes: number, target: Uint8Array): void {
  let done = 0;
  while (done < target.length) {
    const got = readSync(descriptor, target, done, target.length - done, offsetBytes + done);
    if (got === 0) {
      throw new StoreError(
        `cannot read ${path}: it ends at byte ${offsetBytes + done}, ${target.length - done} bytes too early`,
        { code: 'changed', op: 'read', path, hint: changedHint },
      );
    }
    done += got;
  }
}

const changedHint = 'a writer is still at work on it; run again when it is done';

function assertGeneration(path: string, stats: BigIntStats, expected: FileRef): void {
  const found = {
    fileId: localFileId(stats),
    sizeBytes: Number(stats.size),
    modifiedAtMs: modifiedAtMs(stats),
  };
  if (
    stats.isFile() &&
    found.fileId === expected.fileId &&
    found.sizeBytes === expected.sizeBytes &&
    found.modifiedAtMs === expected.modifiedAtMs
  ) {
    return;
  }
  throw new StoreError(
    `cannot read ${path}: it is no longer the file that was listed ` +
      `(expected id ${expected.fileId}, ${expected.sizeBytes} bytes, modified ${isoTime(expected.modifiedAtMs)}; ` +
      `found id ${found.fileId}, ${found.sizeBytes} bytes, modified ${isoTime(found.modifiedAtMs)})`,
    { code: 'changed', op: 'read', path, hint: changedHint },
  );
}

// The same that was found to be as expected before: nearly always, and found out without making anything of the numbers.
function isSame(stats: BigIntStats, known: BigIntStats | undefined): boolean {
  return (
    known !== undefined &&
    stats.ino === known.ino &&
    stats.birthtimeNs === known.birthtimeNs &&
    stats.size === known.size &&
    stats.mtimeNs === known.mtimeNs &&
    stats.mode === known.mode
  );
}

function isoTime(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? `${timeMs} ms` : time.toISOString();
}
