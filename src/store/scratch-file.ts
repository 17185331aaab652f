import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../core/errors.ts';
import type { ScratchSpace } from '../core/scratch-space.ts';
import { bytesPerMb, formatSize } from '../core/units.ts';
import { errnoOf, localStoreError } from './local/errors.ts';

const prefix = 'parquet-consolidator-sort-';
const ownName = /^parquet-consolidator-sort-[0-9a-f]{16}\.tmp$/;
/** Files that somebody died over right after making them, which are empty, go after so long. */
const leftOverMs = 3_600_000;
/** What is appended is written about so much at a time. */
const writtenAtOnceBytes = 4 * bytesPerMb;

/**
 * Scratch space in a file without a name: it is taken out of its directory as soon as it is there, so that it is gone with
 * the process, however that ends. Only its user can read it.
 * @param directory made where it is not there
 * @param leastBytes what will be needed at least
 * @throws StoreError `scratch-full` when there is not so much room; others when the file cannot be made
 */
export function openScratchFile(directory: string, leastBytes: number): ScratchSpace {
  const fd = unnamedFile(directory);
  const name = `scratch space in ${directory}`;
  const buffer = new Uint8Array(writtenAtOnceBytes);
  let buffered = 0;
  let written = 0;
  try {
    checkRoom(directory, leastBytes);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const write = (bytes: Uint8Array): void => {
    try {
      for (let done = 0; done < bytes.length; ) {
        const length = writeSync(fd, bytes, done, bytes.length - done, written);
        done += length;
        written += length;
      }
    } catch (error) {
      const status = errnoOf(error);
      if (status === 'ENOSPC' || status === 'EDQUOT')
        throw full(directory, `${formatSize(written)} were written`);
      throw localStoreError('write', directory, `write to ${name}`, error);
    }
  };
  const flush = (): void => {
    write(buffer.subarray(0, buffered));
    buffered = 0;
  };
  return {
    name,
    get sizeBytes() {
      return written + buffered;
    },
    append: (bytes) => {
      const at = written + buffered;
      if (buffered + bytes.length > buffer.length) flush();
      if (bytes.length > buffer.length) {
        write(bytes);
      } else {
        buffer.set(bytes, buffered);
        buffered += bytes.length;
      }
      return at;
    },
    readNow: (offsetBytes, target) => {
      if (offsetBytes + target.length > written) flush();
      try {
        for (let done = 0; done < target.length; ) {
          const length = readSync(fd, target, done, target.length - done, offsetBytes + done);
          if (length === 0) throw new Error(`it ends after ${written} bytes`);
          done += length;
        }
      } catch (error) {
        throw localStoreError('read', directory, `read ${name}`, error);
      }
    },
    close: () => closeSync(fd),
  };
}

function unnamedFile(directory: string): number {
  try {
    mkdirSync(directory, { recursive: true });
    dropLeftOvers(directory);
    const path = join(directory, `${prefix}${randomBytes(8).toString('hex')}.tmp`);
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return fd;
  } catch (error) {
    const failure = localStoreError('create', directory, `make a file in ${directory} to sort with`, error);
    throw new StoreError(failure.message, {
      code: 'scratch-failed',
      op: 'create',
      path: directory,
      hint: 'Name a directory of this machine that can be written to with consolidation.temp_directory or TEMP_DIRECTORY.',
      dataState: 'the originals are untouched',
      cause: error,
    });
  }
}

function dropLeftOvers(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!ownName.test(name)) continue;
    const path = join(directory, name);
    try {
      const { mtimeMs, size } = statSync(path);
      if (size === 0 && Date.now() - mtimeMs > leftOverMs) unlinkSync(path);
    } catch (error) {
      // Another run was faster, or it is another user's.
      const status = errnoOf(error);
      if (status !== 'ENOENT' && status !== 'EPERM' && status !== 'EACCES') throw error;
    }
  }
}

function checkRoom(directory: string, leastBytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= leastBytes) return;
  throw full(
    directory,
    `sorting needs about ${formatSize(leastBytes)}, and ${formatSize(bavail * bsize)} are free`,
  );
}

function full(directory: string, found: string): StoreError {
  return new StoreError(`there is no room to sort in ${directory}: ${found}`, {
    code: 'scratch-full',
    op: 'write',
    path: directory,
    hint: 'Name a directory with more room with consolidation.temp_directory or TEMP_DIRECTORY, or leave sort_by away.',
    dataState: 'the originals are untouched',
  });
}
