import { closeSync, fsync, openSync } from 'node:fs';

/**
 * Makes changes of directories durable, many at a time: one fsync serves every caller that asked before it began.
 * Two thousand renames in one directory that are started together cost one fsync instead of two thousand.
 */
export interface DirectorySync {
  /** Resolves when everything done in `directory` before this call is durable. Rejects with errors of `node:fs`. */
  sync(directory: string): Promise<void>;
}

/** A {@link DirectorySync} that calls fsync(2). */
export function directorySync(): DirectorySync {
  const running = new Map<string, Promise<void>>();
  const queued = new Map<string, Promise<void>>();

  const begin = async (directory: string): Promise<void> => {
    // Callers of the same turn of the event loop are all in the queue before the fsync begins.
    await new Promise<void>((resolve) => setImmediate(resolve));
    await running.get(directory)?.catch(() => {});
    queued.delete(directory);
    const work = fsyncDirectory(directory);
    running.set(directory, work);
    try {
      await work;
    } finally {
      if (running.get(directory) === work) running.delete(directory);
    }
  };

  return {
    sync(directory) {
      const waiting = queued.get(directory);
      if (waiting !== undefined) return waiting;
      const work = begin(directory);
      queued.set(directory, work);
      return work;
    },
  };
}

function fsyncDirectory(directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const descriptor = openSync(directory, 'r');
    fsync(descriptor, (error) => {
      closeSync(descriptor);
      if (error) reject(error);
      else resolve();
    });
  });
}
