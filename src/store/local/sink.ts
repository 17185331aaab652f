import { closeSync, fsync, openSync, write } from 'node:fs';
import type { ByteSink } from '../../core/byte-sink.ts';
import { localStoreError } from './errors.ts';

/**
 * A sink into a new file at `path`. `close` makes its bytes durable and then calls `syncParent` for its name.
 * @throws StoreError `exists` when the name is taken.
 */
export function localSink(path: string, syncParent: () => Promise<void>): ByteSink {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'wx', 0o666);
  } catch (error) {
    throw localStoreError('create', path, `create ${path}`, error);
  }

  const opened = (): number => {
    if (descriptor === undefined) throw new RangeError(`${path}: write after close`);
    return descriptor;
  };
  const closeDescriptor = (): void => {
    const open = descriptor;
    descriptor = undefined;
    if (open !== undefined) closeSync(open);
  };

  return {
    name: path,
    write: async (bytes) => {
      try {
        const target = opened();
        for (let done = 0; done < bytes.length; ) done += await writeSome(target, bytes, done);
      } catch (error) {
        throw localStoreError('write', path, `write ${bytes.length} bytes to ${path}`, error);
      }
    },
    close: async () => {
      try {
        await syncFile(opened());
        closeDescriptor();
        await syncParent();
      } catch (error) {
        throw localStoreError('close', path, `finish writing ${path}`, error);
      }
    },
    abort: async () => {
      try {
        closeDescriptor();
      } catch {
        // The file is given up; what its last close says changes nothing.
      }
    },
  };
}

function writeSome(descriptor: number, bytes: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, from, bytes.length - from, null, (error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });
}

function syncFile(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
