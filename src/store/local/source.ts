import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../../core/byte-source.ts';
import { StoreError } from '../../core/errors.ts';
import type { FileRef } from '../store.ts';
import { localStoreError } from './errors.ts';
import { localFileId, modifiedAtMs } from './status.ts';

/** Opens local files pinned to a generation, with a bound on the descriptors held at a time. */
export interface LocalSources {
  /**
   * A source whose reads reject with `changed` when the file is not, or no longer, the generation `expected`.
   * @throws StoreError `not-found`; `changed` already here when an empty file is expected
   */
  open(path: string, expected: FileRef): ByteSource;
}

/** An open file; what was found there last, once it was found to be as expected. */
interface OpenFile {
  readonly descriptor: number;
  found: { readonly sizeBytes: number; readonly modifiedAtMs: number } | undefined;
}

/**
 * Sources that share at most `maxDescriptors` open descriptors. The one unused for longest is closed and opened
 * again when it is needed; that loses nothing, since every read is held against the generation.
 */
export function localSources(maxDescriptors: number): LocalSources {
  // In order of last use, the oldest first.
  const files = new Map<object, OpenFile>();

  const release = (source: object): void => {
    const file = files.get(source);
    files.delete(source);
    if (file !== undefined) closeSync(file.descriptor);
  };

  const fileOf = (source: object, path: string): OpenFile => {
    let file = files.get(source);
    if (file !== undefined) {
      files.delete(source);
    } else {
      const oldest = files.size >= maxDescriptors ? files.keys().next().value : undefined;
      if (oldest !== undefined) release(oldest);
      // Non-blocking: a named pipe that took the name is refused below instead of waited for.
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      file = { descriptor: openSync(path, flags), found: undefined };
    }
    files.set(source, file);
    return file;
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
          const file = fileOf(source, path);
          try {
            readWhole(file.descriptor, path, offsetBytes, target);
          } catch (error) {
            // What is no file any more, or another one, fails in ways of its own.
            check(file);
            throw error;
          }
          // After the read, so that what was read before a change was seen is never handed on.
          if (!isAsFound(file)) check(file);
        } catch (error) {
          throw localStoreError('read', path, `read ${path}`, error);
        }
      };
      const check = (file: OpenFile): void => {
        const stats = fstatSync(file.descriptor, { bigint: true });
        if (!isSame(stats, known)) assertGeneration(path, stats, expected);
        known = stats;
        file.found = { sizeBytes: Number(stats.size), modifiedAtMs: millisecondsOf(stats.mtimeNs) };
      };
      let closed = false;
      let known: BigIntStats | undefined;
      try {
        const file = fileOf(source, path);
        // Of nothing nobody reads anything.
        if (expected.sizeBytes === 0) check(file);
      } catch (error) {
        release(source);
        throw localStoreError('open', path, `open ${path}`, error);
      }
      return source;
    },
  };
}

// A descriptor leads to one file for as long as it is open: what can change are its bytes, and then one of these.
function isAsFound({ descriptor, found }: OpenFile): boolean {
  if (found === undefined) return false;
  const { size, mtimeMs } = fstatSync(descriptor);
  return size === found.sizeBytes && mtimeMs === found.modifiedAtMs;
}

// As `fs.Stats` has it.
function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000_000n) * 1000 + Number(nanoseconds % 1_000_000_000n) / 1_000_000;
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
