import { createHash } from 'node:crypto';
import { SwapError } from '../core/errors.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';
import type { FileAttributes, FileRef, Store } from '../store/store.ts';
import type { VerificationReceipt } from '../verify/verified-file.ts';
import { readText, writeInPlace } from './sure-steps.ts';

/** A file a swap puts into the partition. */
export interface AddedRef extends FileRef {
  /** The bin it was made of, for merged files. */
  readonly binIndex?: number;
}

/** What every journal says, whichever way the swap goes. */
interface JournalBase {
  /** replicate: files of another place, already verified, were put in. */
  readonly kind: 'consolidate' | 'undo' | 'replicate';
  /** Key of the partition: `partitionKey`. */
  readonly date: string;
  readonly runId: string;
  readonly toolVersion: string;
  /** Store time, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** When the run began with the partition: before it listed, merged and verified. Absent in records of undos, and of old versions. */
  readonly begunAtMs?: number;
  /** Data files that are taken out of the partition: the inputs, or for an undo the merged files. */
  readonly removed: readonly FileRef[];
  /** Files that describe removed ones (checksum sidecars, `_metadata`) and leave with them. */
  readonly sidecars: readonly FileRef[];
  /** Files that are put into the partition. */
  readonly added: readonly AddedRef[];
  /** Proofs of the merged files, in the order of `added`. */
  readonly verification: readonly VerificationReceipt[];
  readonly plan?: PartitionPlan;
  /** The run whose swap is taken back, for an undo. */
  readonly undoneRunId?: string;
  readonly keepBackup: boolean;
}

/** A swap by two renames: the partition directory is replaced by one that was built beside it. */
export interface DirectorySwapJournal extends JournalBase {
  readonly way: 'directories';
  /** The partition directory as it was. */
  readonly partition: FileAttributes & { readonly fileId: string };
  /** The directory that takes its place. */
  readonly newDirectory: { readonly fileId: string };
  /** Everything else in the partition: in the new directory under the same name, as the same file. */
  readonly carried: readonly FileRef[];
}

/** One CONCAT of a fold. */
export interface FoldStep {
  /** How many of the bin's inputs it takes, in their order. */
  readonly inputs: number;
  /** The footer tail it ends with; its name is the one in the run directory. */
  readonly tail: FileRef;
  /** Length of the folded file afterwards. */
  readonly sizeBytes: number;
}

/** The files of one bin, and what they become. */
export interface FoldBin {
  readonly binIndex: number;
  /** Name of the folded, then the merged file in the partition; no file had it before. */
  readonly name: string;
  /** In the order in which they are folded. */
  readonly inputs: readonly FileRef[];
  /** The file without rows that the inputs are folded into; its name is the one in the run directory. */
  readonly base: FileRef;
  readonly steps: readonly FoldStep[];
  /**
   * What replaces the folded file: the verified merged one, or for an undo the backup of the run that is undone, named as it lies
   * there. Absent when folding is all.
   */
  readonly staged?: FileRef;
  /** All inputs as one Parquet file, in the run directory. */
  readonly backup?: FileRef;
}

/** A file that an undo of the earlier form puts back. */
export interface RestoredFile {
  /** Name in the partition. */
  readonly name: string;
  /** The merged file that is there now. */
  readonly current: FileRef;
  /** The backup; its name is the one in the directory of the run that is undone. */
  readonly backup: FileRef;
}

/** A swap by CONCAT and RENAME with OVERWRITE: the partition directory stays, its files change places. */
export interface FoldSwapJournal extends JournalBase {
  readonly way: 'fold';
  /** Of an undo: for each bin of the run that is undone one whose only input is the merged file. */
  readonly bins: readonly FoldBin[];
  /**
   * Always empty, but in an undo of the earlier form, which has no bins: it renamed each backup over the merged file itself. Who
   * listed that before and went by its length then read a part of the backup.
   */
  readonly restored: readonly RestoredFile[];
}

/**
 * Everything that is needed to finish a swap or take it back, written once, complete, before the partition is touched.
 * Plain JSON. Names are relative to the partition and the run directory, so the dataset may be moved or mounted elsewhere.
 */
export type SwapJournal = DirectorySwapJournal | FoldSwapJournal;

/** What a finished swap leaves: its journal and how it ended. Plain JSON. */
export type SwapReceipt = SwapJournal & SwapEnding;

/** How a swap ended. */
export interface SwapEnding {
  /** Store time, milliseconds since 1970. */
  readonly finishedAtMs: number;
  /**
   * overwritten: the swap was done, but somebody replaced the partition before it was acknowledged. folded: files that
   * were to be replaced by merged ones are only folded, since others of the partition changed or went meanwhile.
   */
  readonly outcome: 'done' | 'overwritten' | 'folded';
  /** kept: the removed files' bytes lie in the run's directory. removed: by `cleanup`. none: not wanted, or lost. */
  readonly backup: 'kept' | 'none' | 'removed';
  /** Files of writers that came while the swap was under way, and the name each has in the partition now. */
  readonly broughtAlong: readonly { readonly name: string; readonly as: string }[];
  /** Things a person should look at. */
  readonly warnings: readonly string[];
  /** The undo that took this swap back. */
  readonly undoneBy?: string;
}

const format = 1;

/**
 * Writes a journal or receipt, with a checksum over its content; `staged` as in `writeInPlace`.
 * @throws StoreError `exists`
 */
export async function writeRecord(
  store: Store,
  path: string,
  record: SwapJournal | SwapReceipt,
  staged?: string,
): Promise<void> {
  // As bytes, once: a record names each of maybe tens of thousands of files several times.
  const utf8 = new TextEncoder();
  const body = utf8.encode(JSON.stringify(record));
  const head = utf8.encode(`{"format":${format},"sha256":"${sha256(body)}","record":`);
  await writeInPlace(store, path, [head, body, utf8.encode('}\n')], staged);
}

/** The journal at `path`; undefined when there is none. @throws SwapError `journal-unreadable` */
export async function readJournal(store: Store, path: string): Promise<SwapJournal | undefined> {
  const record = await readRecord(store, path);
  // The checksum says that these are the bytes `writeRecord` made of a SwapJournal at this format.
  return record === undefined ? undefined : (record as SwapJournal);
}

/** The receipt at `path`; undefined when there is none. @throws SwapError `journal-unreadable` */
export async function readReceipt(store: Store, path: string): Promise<SwapReceipt | undefined> {
  const record = await readRecord(store, path);
  if (record === undefined) return undefined;
  if (typeof record !== 'object' || record === null || !('finishedAtMs' in record)) {
    throw unreadable(path, 'it is a journal, not a receipt');
  }
  return record as SwapReceipt;
}

async function readRecord(store: Store, path: string): Promise<unknown> {
  const text = await readText(store, path);
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, 'it is not JSON', error);
  }
  if (typeof parsed !== 'object' || parsed === null || !('format' in parsed) || !('record' in parsed)) {
    throw unreadable(path, 'it is not a record of this program');
  }
  if (parsed.format !== format) {
    throw unreadable(path, `expected format ${format}, found ${String(parsed.format)}`);
  }
  const found = sha256(JSON.stringify(parsed.record));
  const expected = 'sha256' in parsed ? parsed.sha256 : undefined;
  if (found !== expected) {
    throw unreadable(path, `its checksum is ${found}, it should be ${String(expected)}`);
  }
  return parsed.record;
}

function unreadable(path: string, problem: string, cause?: unknown): SwapError {
  return new SwapError(`cannot read ${path}: ${problem}`, {
    code: 'journal-unreadable',
    dataState: 'nothing was changed; what the run left is still where it was',
    hint: 'a file written by a newer version needs that version; a damaged one must be settled by hand: see DESIGN.md',
    cause,
  });
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
