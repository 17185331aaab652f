import type { Logger } from '../core/log.ts';
import { binBackupPath, journalPath, oldDirectory, parseRunEntry } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { sortOldEntries } from './directories/compare-listing.ts';
import { forAll } from './for-all.ts';
import type { DirectorySwapJournal, SwapReceipt } from './journal.ts';
import { deleteDirectorySurely, deleteFileSurely, removeEmptySurely } from './sure-steps.ts';

/** What is left to do once a receipt is there: journal and remnants go, and the backup when the receipt says so. */
export async function tidyReceipted(
  store: Store,
  runDirectory: string,
  receipt: SwapReceipt,
  log: Logger,
): Promise<void> {
  await deleteFileSurely(store, journalPath(runDirectory));
  const backups = backupsOf(runDirectory, receipt);
  for (const entry of (await store.list(runDirectory)) ?? []) {
    const kind = parseRunEntry(entry.name);
    const isUseless =
      kind === 'staged' ||
      (kind === 'backup' && !backups.has(entry.path)) ||
      (kind === 'taken' && receipt.kind === 'consolidate' && backups.size === 0);
    if (isUseless && entry.kind === 'file') await deleteFileSurely(store, entry.path);
    if (kind === 'attempts' || kind === 'trash' || kind === 'lock-transit')
      await deleteDirectorySurely(store, entry.path);
  }
  if (receipt.way === 'directories' && receipt.backup === 'none') {
    await deleteOld(store, runDirectory, receipt, log);
  }
}

/** True when a run directory holds nothing but what its receipt says it keeps. */
export function isTidy(receipt: SwapReceipt, names: readonly string[]): boolean {
  return names.every((name) => {
    if (name === 'receipt.json') return true;
    if (receipt.backup === 'none') return false;
    if (receipt.way === 'directories') return name === 'old';
    const kind = parseRunEntry(name);
    return kind === 'backup' || kind === 'taken';
  });
}

/** Full paths of the files that a fold keeps as backup. */
function backupsOf(runDirectory: string, receipt: SwapReceipt): ReadonlySet<string> {
  if (receipt.way !== 'fold' || receipt.backup === 'none') return new Set();
  return new Set(
    receipt.bins
      .filter((bin) => bin.backup !== undefined)
      .map((bin) => binBackupPath(runDirectory, bin.binIndex)),
  );
}

/** Deletes the old files the receipt names, and nothing else. */
async function deleteOld(
  store: Store,
  runDirectory: string,
  receipt: DirectorySwapJournal,
  log: Logger,
): Promise<void> {
  const old = oldDirectory(runDirectory);
  const entries = await store.list(old);
  if (entries === undefined) return;
  const { toVeil, strays } = sortOldEntries(entries, receipt);
  const unknown = new Set([...toVeil, ...strays]);
  await forAll(
    entries.filter((entry) => !unknown.has(entry)),
    (entry) => deleteFileSurely(store, entry.path),
  );
  if (!(await removeEmptySurely(store, old))) {
    log.warn(`${old} holds files that no receipt names; they were left there`);
  }
}
