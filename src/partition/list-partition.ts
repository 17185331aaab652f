import { ConfigError } from '../core/errors.ts';
import { relativePathOf } from '../core/partition-key.ts';
import type { ListedEntry, PartitionListing } from '../plan/plan-input.ts';
import type { FileStatus, Store } from '../store/store.ts';
import type { BaseEntries } from './base-entries.ts';
import { notDataByName } from './data-names.ts';
import { listBase } from './list-base.ts';
import { listMarkers } from './list-markers.ts';
import { join, partitionPath as pathOfPartition } from './names.ts';
import { obstaclesOf } from './swap-obstacles.ts';

/** What is listed. */
export interface ListPartitionArgs {
  readonly store: Store;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
  /** Key of the partition. */
  readonly date: string;
  /** Who knows what lies in the base; absent: it is listed. */
  readonly baseEntries?: BaseEntries | undefined;
}

/**
 * Looks at one partition: its entries, the signs of other programs in and around it, and how old all of it is.
 * @throws ConfigError `base-path-absent` when the base is no directory, `partition-not-a-directory` when something
 * else has the partition's name; StoreError when the store fails.
 */
export async function listPartition({
  store,
  basePath,
  date,
  baseEntries: knownBase,
}: ListPartitionArgs): Promise<PartitionListing> {
  const partitionPath = pathOfPartition(basePath, date);
  const baseEntries = await (knownBase === undefined ? listBase(store, basePath) : knownBase());
  const between = await entriesBetween(store, basePath, date);

  const found = await store.stat(partitionPath);
  if (found !== undefined && found.kind !== 'directory') throw notADirectory(store, found);
  const entries = await store.list(partitionPath);
  // Only after the listing: a file that came too late for it makes the directory look changed, never still.
  const directory = await store.stat(partitionPath);
  if (entries === undefined || directory === undefined) {
    return absentPartition(date, partitionPath, await store.nowMs());
  }

  const markers = await listMarkers(store, basePath, [...baseEntries, ...between], entries);
  return {
    date,
    partitionPath,
    absent: false,
    entries: entries.map(classified),
    markers,
    obstacles: await obstaclesOf(store, basePath, partitionPath, entries),
    modifiedAtMs: directory.modifiedAtMs,
    storeNowMs: await store.nowMs(),
  };
}

/** What lies in the directories between the base and the partition. */
async function entriesBetween(store: Store, basePath: string, key: string): Promise<readonly FileStatus[]> {
  const entries: FileStatus[] = [];
  let path = basePath;
  for (const name of relativePathOf(key).split('/').slice(0, -1)) {
    path = join(path, name);
    entries.push(...((await store.list(path)) ?? []));
  }
  return entries;
}

function classified(entry: FileStatus): ListedEntry {
  const notData = notDataByName(entry.name, entry.kind);
  return notData === undefined ? entry : { ...entry, notData };
}

function absentPartition(date: string, partitionPath: string, storeNowMs: number): PartitionListing {
  return {
    date,
    partitionPath,
    absent: true,
    entries: [],
    markers: [],
    obstacles: [],
    modifiedAtMs: 0,
    storeNowMs,
  };
}

function notADirectory(store: Store, found: FileStatus): ConfigError {
  const what = found.kind === 'file' ? 'a file' : 'a link or special file';
  return new ConfigError(`The partition ${found.path} (${store.uri}) is ${what}; a directory was expected`, {
    code: 'partition-not-a-directory',
    hint:
      found.kind === 'file'
        ? 'Move it away, or name another dataset with --base-path.'
        : 'A linked partition can be consolidated where it really lies, if it is called by the layout there, with --base-path.',
    dataState: 'nothing was touched',
  });
}
