import { compareNames } from '../core/name-order.ts';
import type { PartitionMarker } from '../plan/plan-input.ts';
import type { FileStatus, Store } from '../store/store.ts';
import {
  busyOwner,
  icebergDirectoryName,
  isIcebergMetadataName,
  summaryFileName,
  tableFormatNames,
  tableFormatOwner,
} from './marker-names.ts';
import { join, workspaceName, workspacePath } from './names.ts';

/**
 * Everything that says "others are at work here" or "this is a table format's": among the entries of the partition,
 * of the base and of the directories between, and in the directories above the base that may be the root of the table.
 * @param baseEntries of the base and of the directories between it and the partition
 * @throws StoreError when a directory cannot be listed
 */
export async function listMarkers(
  store: Store,
  basePath: string,
  baseEntries: readonly FileStatus[],
  partitionEntries: readonly FileStatus[],
): Promise<readonly PartitionMarker[]> {
  const markers = [...(await markersIn(store, [...partitionEntries, ...baseEntries]))];
  for (const entry of baseEntries) {
    if (entry.name === summaryFileName) {
      markers.push(marker('table-format', entry, 'a Parquet summary file of the whole dataset'));
    }
  }
  const workspace = workspacePath(basePath);
  for (const entry of baseEntries) {
    if (entry.name === workspaceName && entry.path !== workspace) {
      markers.push(marker('dataset-within', entry, 'another base path'));
    }
  }
  for (const root of rootsAbove(basePath)) markers.push(...(await rootMarkers(store, root)));
  return markers.toSorted((a, b) => compareNames(a.path, b.path));
}

/** The signs among these entries alone. @throws StoreError when a directory cannot be listed */
export async function markersIn(
  store: Store,
  entries: readonly FileStatus[],
): Promise<readonly PartitionMarker[]> {
  const markers: PartitionMarker[] = [];
  for (const entry of entries) {
    const busy = busyOwner(entry.name);
    if (busy !== undefined) markers.push(marker('busy', entry, busy));
    const format = tableFormatOwner(entry.name);
    if (format !== undefined) markers.push(marker('table-format', entry, format));
    if (entry.name === icebergDirectoryName) markers.push(...(await icebergMarkers(store, entry)));
  }
  return markers;
}

/**
 * Directories above the base that may be the root of the table: the one above `data` (where Iceberg keeps its
 * files), and those above `key=value` directories (when the date is not the first partition column).
 */
export function rootsAbove(basePath: string): readonly string[] {
  const roots: string[] = [];
  let path = basePath;
  for (;;) {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    if (slash < 0 || (name !== 'data' && !name.includes('='))) return roots;
    path = slash === 0 ? '/' : path.slice(0, slash);
    roots.push(path);
  }
}

async function rootMarkers(store: Store, root: string): Promise<readonly PartitionMarker[]> {
  const markers: PartitionMarker[] = [];
  for (const name of [...tableFormatNames, icebergDirectoryName]) {
    const entry = await store.stat(join(root, name));
    if (entry === undefined) continue;
    const format = tableFormatOwner(name);
    if (format !== undefined) markers.push(marker('table-format', entry, format));
    else markers.push(...(await icebergMarkers(store, entry)));
  }
  return markers;
}

async function icebergMarkers(store: Store, directory: FileStatus): Promise<readonly PartitionMarker[]> {
  if (directory.kind === 'file') return [];
  const entries = (await store.list(directory.path)) ?? [];
  const found = entries.find((entry) => isIcebergMetadataName(entry.name));
  return found === undefined ? [] : [marker('table-format', found, 'Apache Iceberg')];
}

function marker(kind: PartitionMarker['kind'], entry: FileStatus, owner: string): PartitionMarker {
  return { kind, path: entry.path, owner, modifiedAtMs: entry.modifiedAtMs };
}
