import { backupName, parseBackupName } from '../../partition/names.ts';
import { type FileRef, type FileStatus, sameGeneration } from '../../store/store.ts';
import type { DirectorySwapJournal } from '../journal.ts';

/** How a listing of the partition as it was differs from the journal. */
export interface Difference {
  /** Sentences about files that must not have changed: with one of these the swap does not go on. */
  readonly changed: readonly string[];
  /** Files that came since: they are brought along. */
  readonly strays: readonly FileStatus[];
}

type Known = Pick<DirectorySwapJournal, 'removed' | 'sidecars' | 'carried'>;

/** Compares the entries of the partition (or of `old/`, names not yet veiled) with what the journal says. */
export function compareListing(entries: readonly FileStatus[], known: Known): Difference {
  const changed: string[] = [];
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  for (const input of known.removed) {
    const found = byName.get(input.name);
    if (found === undefined) changed.push(`${input.name} is gone`);
    else if (!sameGeneration(found, input))
      changed.push(`${input.name} was changed (${differences(input, found)})`);
  }
  // A carried file may grow: the new directory has the very same file, not a copy.
  for (const file of [...known.carried, ...known.sidecars]) {
    const found = byName.get(file.name);
    if (found === undefined) changed.push(`${file.name} is gone`);
    else if (found.fileId !== file.fileId) changed.push(`${file.name} was replaced`);
  }
  const names = new Set([...known.removed, ...known.sidecars, ...known.carried].map((file) => file.name));
  const strays = entries.filter((entry) => !names.has(entry.name));
  for (const stray of strays) {
    if (stray.kind !== 'file') changed.push(`${stray.name} appeared, which is no file`);
  }
  return { changed, strays };
}

/** The entries of `old/` by what is to be done with them. */
export interface OldEntries {
  /** Files of the journal under their own names. */
  readonly toVeil: readonly FileStatus[];
  /** Anything the journal does not know. */
  readonly strays: readonly FileStatus[];
}

/** Sorts the entries of `old/`, some of which may have their backup names already. */
export function sortOldEntries(entries: readonly FileStatus[], known: Known): OldEntries {
  const key = (fileId: string, name: string): string => `${fileId}/${name}`;
  const keys = new Set(
    [...known.removed, ...known.sidecars, ...known.carried].map((file) => key(file.fileId, file.name)),
  );
  const toVeil: FileStatus[] = [];
  const strays: FileStatus[] = [];
  for (const entry of entries) {
    const below = parseBackupName(entry.name);
    if (below !== undefined && keys.has(key(entry.fileId, below))) continue;
    if (keys.has(key(entry.fileId, entry.name))) toVeil.push(entry);
    else strays.push(entry);
  }
  return { toVeil, strays };
}

/**
 * Removed files, by their refs, whose file in `old/` was written to after it was merged: what came since is in no merged
 * file.
 */
export function writtenSince(
  entries: readonly FileStatus[],
  removed: readonly FileRef[],
): readonly FileStatus[] {
  const byName = new Map(
    removed.flatMap((file) => [[file.name, file] as const, [backupName(file.name), file] as const]),
  );
  return entries.filter((entry) => {
    const ref = byName.get(entry.name);
    return ref !== undefined && ref.fileId === entry.fileId && !sameGeneration(ref, entry);
  });
}

function differences(expected: FileRef, found: FileRef): string {
  const parts: string[] = [];
  if (expected.fileId !== found.fileId) parts.push('another file has its name now');
  if (expected.sizeBytes !== found.sizeBytes) {
    parts.push(`expected ${expected.sizeBytes} bytes, found ${found.sizeBytes} bytes`);
  }
  if (expected.modifiedAtMs !== found.modifiedAtMs) {
    parts.push(`expected modified ${time(expected.modifiedAtMs)}, found ${time(found.modifiedAtMs)}`);
  }
  return parts.join(', ');
}

function time(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
