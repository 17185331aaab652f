import { setTimeout as sleep } from 'node:timers/promises';
import { memorySource } from '../../src/core/byte-source.ts';
import { addDays } from '../../src/partition/partition-dates.ts';
import type { FileStatus, Store } from '../../src/store/store.ts';
import { memoryHdfs } from './memory-hdfs.ts';

/**
 * Milliseconds that a real NameNode (3.4.2, on a machine that was busy ten times over) took to list a directory of 100 files over WebHDFS:
 * 300 listings, every fortieth part of them, from the fastest to the slowest.
 */
const listingMs = [
  1.9, 2.2, 2.3, 2.6, 2.7, 2.8, 2.9, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 3.6, 3.7, 3.8, 3.8, 4, 4.1, 4.2, 4.3, 4.4,
  4.6, 4.9, 5, 5.3, 5.4, 5.6, 5.8, 6.2, 6.5, 6.7, 7.2, 8.4, 9.7, 13.8, 19, 26.7, 36, 61.5,
];

/** Entries that a NameNode tells with one call. */
const entriesOfCall = 1000;

/** What a NameNode would have been asked. */
export interface Asked {
  /** Calls for listings: one for each 1,000 entries. */
  listings: number;
  looks: number;
  opens: number;
  /** What the listings took by the recorded times, one after the other. */
  listingMs: number;
}

/** A dataset whose listings and files exist only while they are looked at. */
export interface LargeLake {
  readonly store: Store;
  readonly basePath: string;
  readonly nowMs: number;
  /** Of the partitions, oldest first, `YYYY-MM-DD`. */
  readonly dates: readonly string[];
  readonly asked: Asked;
}

/** How large it is. */
export interface LakeSize {
  readonly partitions: number;
  readonly filesOfPartition: number;
  /** What every file holds; absent: opening one is an error, and files of a day are a little larger than those of the day before. */
  readonly content?: Uint8Array;
}

/** A dataset of so many partitions on a simulated HDFS that answers as slowly as a real one did. */
export function largeLake({ partitions, filesOfPartition, content }: LakeSize): LargeLake {
  const basePath = '/data';
  const nowMs = Date.UTC(2026, 0, 2);
  const dates = Array.from({ length: partitions }, (_, index) => addDays('1998-01-01', index));
  const indexes = new Map(dates.map((date, index) => [date, index]));
  const asked: Asked = { listings: 0, looks: 0, opens: 0, listingMs: 0 };

  const status = (path: string, kind: 'file' | 'directory', sizeBytes: number): FileStatus => ({
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    kind,
    sizeBytes,
    modifiedAtMs: nowMs - 10 * 86_400_000,
    fileId: path,
    owner: 'lake',
    group: 'analysts',
    mode: 0o644,
    acl: [],
    ...(kind === 'file' ? { placement: { blockSizeBytes: 128 * 2 ** 20, replication: 3 } } : {}),
  });
  const answer = async <T extends readonly unknown[] | undefined>(entries: T): Promise<T> => {
    const calls = Math.max(1, Math.ceil((entries?.length ?? 0) / entriesOfCall));
    asked.listings += calls;
    const ms = (listingMs[asked.listings % listingMs.length] ?? 0) * calls;
    asked.listingMs += ms;
    await sleep(ms);
    return entries;
  };
  const indexOf = (path: string): number | undefined =>
    path.startsWith(`${basePath}/date=`) ? indexes.get(path.slice(`${basePath}/date=`.length)) : undefined;

  const inner = memoryHdfs().store;
  const store: Store = {
    ...inner,
    abilities: { ...inner.abilities, remote: true },
    nowMs: async () => nowMs,
    stat: async (path) => {
      asked.looks++;
      return path === basePath || indexOf(path) !== undefined ? status(path, 'directory', 0) : undefined;
    },
    list: async (path) => {
      if (path === basePath) {
        return await answer(dates.map((date) => status(`${basePath}/date=${date}`, 'directory', 0)));
      }
      const index = indexOf(path);
      if (index === undefined) return await answer(undefined);
      const sizeBytes = content?.length ?? 10_000 + index;
      return await answer(
        Array.from({ length: filesOfPartition }, (_, file) =>
          status(`${path}/telemetry-${String(file).padStart(6, '0')}.parquet`, 'file', sizeBytes),
        ),
      );
    },
    open: async (path) => {
      asked.opens++;
      if (content === undefined) throw new Error('a scan by listings opens no file');
      return memorySource(path, content);
    },
  };
  return { store, basePath, nowMs, dates, asked };
}
