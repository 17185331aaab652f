import { mergedName, undoneName } from '../../partition/names.ts';
import type { Bin } from '../../plan/partition-plan.ts';
import { type FileAttributes, type FileRef, type FileStatus, refOf } from '../../store/store.ts';
import type { VerifiedFile } from '../../verify/verified-file.ts';
import type { FoldBin, FoldStep } from '../journal.ts';

/** A file in the run directory that a fold is made with. */
export interface StagedPart {
  /** Full path. */
  readonly path: string;
  readonly ref: FileRef;
  /** What it must have before it becomes visible; absent for what never does. */
  readonly attributes?: FileAttributes;
  /** It is seen only for a moment, or kept aside: what cannot be set is told of the file that stays. */
  readonly isPassing?: boolean;
}

/** What the fold of one bin is made with; all lies in the run directory. */
export interface FoldParts {
  /** A Parquet file without rows, of the inputs' schema. */
  readonly base: StagedPart;
  /** One footer tail for each CONCAT, and how many of the bin's inputs that takes. */
  readonly tails: readonly { readonly inputs: number; readonly part: StagedPart }[];
  /** All inputs as one Parquet file. */
  readonly backup?: StagedPart;
}

/** One bin, with everything its swap needs, all in the run directory. */
export interface BinToFold {
  readonly bin: FoldBin;
  /** Full paths and attributes of what becomes visible, or is kept. */
  readonly parts: readonly StagedPart[];
}

/** Puts together what the swap of one bin needs. `file` is absent when folding is all. */
export function binToFold(
  bin: Bin,
  runId: string,
  { base, tails, backup }: FoldParts,
  file: VerifiedFile | undefined,
): BinToFold {
  const { attributes } = bin;
  const foldBin: FoldBin = {
    binIndex: bin.index,
    name: mergedName(bin.inputs[0]?.name ?? '', runId, bin.index),
    inputs: bin.inputs,
    base: base.ref,
    steps: stepsOf({ base, tails }, bin.inputs),
    ...(file === undefined ? {} : { staged: file.ref }),
    ...(backup === undefined ? {} : { backup: backup.ref }),
  };
  const visible: StagedPart[] = [
    { ...base, isPassing: file !== undefined },
    ...(backup === undefined ? [] : [{ ...backup, isPassing: true }]),
    ...(file === undefined ? [] : [{ path: file.stagedPath, ref: file.ref }]),
  ];
  return {
    bin: foldBin,
    parts: [...visible.map((part) => ({ ...part, attributes })), ...tails.map(({ part }) => part)],
  };
}

/**
 * What an undo does to one merged file: it is folded, alone, into a file of another name, and the backup replaces that.
 * @param merged as it is found; what becomes visible for a moment gets its attributes
 * @param backup in the directory of the run that is undone; it has its own attributes
 */
export function binToUndo(
  binIndex: number,
  merged: FileStatus,
  { base, tails }: FoldParts,
  backup: FileRef,
): BinToFold {
  const { owner, group, mode, acl } = merged;
  const inputs = [refOf(merged)];
  return {
    bin: {
      binIndex,
      name: undoneName(merged.name),
      inputs,
      base: base.ref,
      steps: stepsOf({ base, tails }, inputs),
      staged: backup,
    },
    parts: [
      { ...base, isPassing: true, attributes: { owner, group, mode, acl } },
      ...tails.map(({ part }) => part),
    ],
  };
}

function stepsOf(
  { base, tails }: Omit<FoldParts, 'backup'>,
  inputs: readonly FileRef[],
): readonly FoldStep[] {
  const steps: FoldStep[] = [];
  let sizeBytes = base.ref.sizeBytes;
  let from = 0;
  for (const { inputs: count, part } of tails) {
    const folded = inputs.slice(from, from + count);
    from += count;
    sizeBytes += folded.reduce((sum, input) => sum + input.sizeBytes, 0) + part.ref.sizeBytes;
    steps.push({ inputs: count, tail: part.ref, sizeBytes });
  }
  return steps;
}
