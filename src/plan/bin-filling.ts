import { countedSizeBytes, type DataFile, isFolded, isOurs } from './data-file.ts';
import { type LargestFirst, largestFirst } from './largest-first.ts';
import { isSettled } from './newness.ts';
import { minimumLateFiles, type PlanPolicy } from './policy.ts';

/** A bin while it is filled, with its sums. */
export interface BinFilling {
  readonly policy: PlanPolicy;
  /** In the order in which they were put in. */
  readonly files: Set<DataFile>;
  sizeBytes: number;
  rowGroups: number;
  tailBytes: number;
  newFiles: number;
  newRows: number;
  oursRows: number;
  readonly ours: LargestFirst<DataFile>;
  readonly folded: LargestFirst<DataFile>;
}

/** A bin without files. */
export function emptyBin(policy: PlanPolicy): BinFilling {
  return {
    policy,
    files: new Set(),
    sizeBytes: 0,
    rowGroups: 0,
    tailBytes: 0,
    newFiles: 0,
    newRows: 0,
    oursRows: 0,
    ours: largestFirst(countedSizeBytes),
    folded: largestFirst(countedSizeBytes),
  };
}

/** Puts a file in if the policy's limits allow; the first in any case, whatever its size. */
export function putIfFits(bin: BinFilling, file: DataFile): boolean {
  const { policy } = bin;
  const fits =
    bin.sizeBytes + sizeOf(file, policy) <= policy.targetSizeBytes &&
    bin.rowGroups + file.footer.rowGroups <= policy.maxRowGroupsPerBin &&
    bin.tailBytes + tailBytesOf(file, policy) <= policy.maxFooterTailBytes &&
    bin.files.size < policy.maxFilesPerBin;
  if (!fits && bin.files.size > 0) return false;
  bin.files.add(file);
  count(bin, file, 1);
  if (isSettled(file, policy)) (isOurs(file) ? bin.ours : bin.folded).put(file);
  return true;
}

/**
 * Takes out the largest settled file when the new ones are too few, or have too few rows, to write it again with them. False
 * when nothing had to go.
 */
export function dropBurden(bin: BinFilling): boolean {
  const { policy, ours, folded } = bin;
  const areEnough = bin.newFiles >= minimumLateFiles(policy);
  // To fold a folded file again costs nothing; a merged one will have to be written anew.
  if (areEnough && bin.newRows >= policy.late.minRowShare * bin.oursRows) return false;
  const burden = areEnough ? ours.take() : takeLarger(ours, folded);
  if (burden === undefined) return false;
  bin.files.delete(burden);
  count(bin, burden, -1);
  return true;
}

/** True when it is worth doing: two files at least, or one folded file that is encoded anew. */
export function isWorthwhile({ files, policy }: BinFilling): boolean {
  return files.size >= 2 || (policy.mode === 'rewrite' && [...files].some(isFolded));
}

function count(bin: BinFilling, file: DataFile, sign: 1 | -1): void {
  const { policy } = bin;
  bin.sizeBytes += sign * sizeOf(file, policy);
  bin.rowGroups += sign * file.footer.rowGroups;
  bin.tailBytes += sign * tailBytesOf(file, policy);
  if (!isSettled(file, policy)) {
    // A folded file stands for the files it was made of.
    bin.newFiles += sign * (file.footer.folded?.inputFiles ?? 1);
    bin.newRows += sign * file.footer.rows;
  } else if (isOurs(file)) {
    bin.oursRows += sign * file.footer.rows;
  }
}

/** Folding makes a file as long as its inputs, merging one of at most what they count with. */
function sizeOf(file: DataFile, { mode }: PlanPolicy): number {
  return mode === 'fold' ? file.sizeBytes : countedSizeBytes(file);
}

function tailBytesOf({ footer }: DataFile, policy: PlanPolicy): number {
  return footer.rowGroupBytes + footer.columnChunks * policy.footerGrowthPerColumnChunk;
}

function takeLarger(a: LargestFirst<DataFile>, b: LargestFirst<DataFile>): DataFile | undefined {
  const [one, other] = [a.first(), b.first()];
  if (one === undefined || other === undefined) return one === undefined ? b.take() : a.take();
  return countedSizeBytes(one) >= countedSizeBytes(other) ? a.take() : b.take();
}
