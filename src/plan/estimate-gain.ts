import { inNameOrder } from '../core/name-order.ts';
import { bytesPerMb } from '../core/units.ts';
import type { FileAttributes, Placement } from '../store/store.ts';
import { endingOf } from './cohorts.ts';
import { minimumFiles, type PlanPolicy, smallBelowBytes } from './policy.ts';

/** A data file as a listing shows it. */
export interface ListedDataFile extends FileAttributes {
  readonly name: string;
  readonly sizeBytes: number;
  readonly placement?: Placement;
  /** Its name is one this program gives: it is no reason to merge anything. */
  readonly isMerged: boolean;
}

/** Files that become one. */
export interface MergeGroup {
  readonly files: number;
  readonly sizeBytes: number;
  /** Objects of the NameNode that they are: a file and each of its blocks count as one. */
  readonly objects: number;
  /** Block size of the merged file; absent where the store has no blocks. */
  readonly blockSizeBytes?: number;
}

/** What a consolidation would bring, and what it would cost. */
export interface Gain {
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly bytesBefore: number;
  /** An estimate, by {@link expectedShare}. */
  readonly bytesSaved: number;
  /** Files and blocks that the NameNode no longer keeps in memory. */
  readonly objectsFreed: number;
  /** Files that a query over the partition need no longer open. */
  readonly opensSaved: number;
  /** Bytes read and written to get there: the inputs, the merged files, verification, the backup. */
  readonly bytesMoved: number;
  /** Objects freed per MB moved; the run itself counts as one MB, so that tiny partitions do not come first. */
  readonly score: number;
}

/**
 * Which files of a partition would probably be merged with each other, by what a listing tells: length, name, and how they are
 * kept. Schemas and stamps, which only footers tell, may part files that go together here, or make a folded file worth a merge.
 */
export function groupsByListing(files: readonly ListedDataFile[], policy: PlanPolicy): readonly MergeGroup[] {
  const cohorts = new Map<string, ListedDataFile[]>();
  for (const file of inNameOrder(files)) {
    if (file.isMerged || file.sizeBytes >= smallBelowBytes(policy)) continue;
    const key = cohortKey(file);
    const cohort = cohorts.get(key);
    if (cohort === undefined) cohorts.set(key, [file]);
    else cohort.push(file);
  }
  return [...cohorts.values()].flatMap((cohort) =>
    cohort.length < minimumFiles(policy) ? [] : stretches(cohort, policy),
  );
}

/** Objects of the NameNode that a file is: itself, and a block for each stretch of its block size. */
export function objectsOf(sizeBytes: number, blockSizeBytes: number | undefined): number {
  return 1 + (blockSizeBytes === undefined ? 0 : Math.ceil(sizeBytes / blockSizeBytes));
}

/**
 * Sums up what merging these groups would bring; undefined when there is none.
 * @param fold the files become one without being encoded anew: no byte is saved, and none is moved
 */
export function gainOf(
  groups: readonly MergeGroup[],
  { keepsBackup, fold }: { readonly keepsBackup: boolean; readonly fold: boolean },
): Gain | undefined {
  if (groups.length === 0) return undefined;
  let filesBefore = 0;
  let bytesBefore = 0;
  let bytesAfter = 0;
  let objectsFreed = 0;
  for (const { files, sizeBytes, objects, blockSizeBytes } of groups) {
    const merged = fold ? sizeBytes : Math.ceil(sizeBytes * (1 - expectedShare(sizeBytes / files)));
    filesBefore += files;
    bytesBefore += sizeBytes;
    bytesAfter += merged;
    // CONCAT keeps the blocks as they are.
    objectsFreed += fold ? files - 1 : objects - objectsOf(merged, blockSizeBytes);
  }
  // Read once, written, read back; with a backup the inputs are written once more.
  const bytesMoved = fold ? 0 : bytesBefore + 2 * bytesAfter + (keepsBackup ? bytesBefore : 0);
  return {
    filesBefore,
    filesAfter: groups.length,
    bytesBefore,
    bytesSaved: bytesBefore - bytesAfter,
    objectsFreed,
    opensSaved: filesBefore - groups.length,
    bytesMoved,
    score: objectsFreed / (bytesMoved / bytesPerMb + 1),
  };
}

/** Mean size of the files merged, and the share of their bytes that was saved, as measured on telemetry (README, Performance). */
const measuredShares = [
  { meanBytes: 40 * 1024, share: 0.39 },
  { meanBytes: bytesPerMb, share: 0.2 },
  { meanBytes: 64 * bytesPerMb, share: 0.07 },
] as const;

/**
 * The share of the bytes that a merge will probably save, between 0.07 and 0.39: the smaller the files, the more of them is footers and
 * dictionaries that become one. Between what was measured, by the logarithm of the mean size.
 */
export function expectedShare(meanBytes: number): number {
  const [first] = measuredShares;
  let below: { readonly meanBytes: number; readonly share: number } = first;
  for (const above of measuredShares) {
    if (meanBytes <= above.meanBytes) {
      if (above === below) return above.share;
      const way = Math.log(meanBytes / below.meanBytes) / Math.log(above.meanBytes / below.meanBytes);
      return below.share + way * (above.share - below.share);
    }
    below = above;
  }
  return below.share;
}

function stretches(cohort: readonly ListedDataFile[], policy: PlanPolicy): readonly MergeGroup[] {
  const groups: (MergeGroup & { blockSizeBytes?: number })[] = [];
  let open: { files: number; sizeBytes: number; objects: number; blockSizeBytes: number | undefined } =
    none();
  const close = (): void => {
    const { files, sizeBytes, objects, blockSizeBytes } = open;
    if (files >= 2) {
      groups.push({ files, sizeBytes, objects, ...(blockSizeBytes === undefined ? {} : { blockSizeBytes }) });
    }
    open = none();
  };
  for (const { sizeBytes, placement } of cohort) {
    const isFull = open.sizeBytes + sizeBytes > policy.targetSizeBytes || open.files >= policy.maxFilesPerBin;
    if (isFull) close();
    const blockSizeBytes = placement?.blockSizeBytes;
    open.files++;
    open.sizeBytes += sizeBytes;
    open.objects += objectsOf(sizeBytes, blockSizeBytes);
    open.blockSizeBytes = Math.max(open.blockSizeBytes ?? 0, blockSizeBytes ?? 0) || undefined;
  }
  close();
  return groups;
}

function none(): { files: number; sizeBytes: number; objects: number; blockSizeBytes: number | undefined } {
  return { files: 0, sizeBytes: 0, objects: 0, blockSizeBytes: undefined };
}

function cohortKey({ name, owner, group, mode, acl, placement }: ListedDataFile): string {
  const kept = [placement?.replication, placement?.storagePolicy];
  return JSON.stringify([endingOf(name), owner, group, mode, acl.toSorted(), ...kept]);
}
