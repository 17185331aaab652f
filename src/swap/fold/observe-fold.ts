import { foldBasePath, join, parseTailName, stagedBinPath, tailName } from '../../partition/names.ts';
import { type FileRef, type FileStatus, sameGeneration } from '../../store/store.ts';
import type { FoldBin } from '../journal.ts';
import type { FoundBin } from './diagnose-fold.ts';
import type { FoldRun } from './fold-run.ts';

/** What is found of a swap by folding, all by one listing of the partition and one of the run directory. */
export interface FoundFold {
  /** In the order of the journal's bins. */
  readonly bins: readonly FoundBin[];
  /** What has the name of each bin in the partition. */
  readonly named: readonly (FileStatus | undefined)[];
  /** Tails of this run that lie in the partition. */
  readonly tails: readonly FileStatus[];
}

/** Where the files of the journal are now. */
export async function observeFold(run: FoldRun): Promise<FoundFold> {
  const { store, journal, runDirectory, partitionPath } = run;
  // The run directory first: what leaves it for the partition in between is then seen in both, not in neither.
  const own = byPath((await store.list(runDirectory)) ?? []);
  const partition = byPath((await store.list(partitionPath)) ?? []);
  const at = (name: string): FileStatus | undefined => partition.get(join(partitionPath, name));
  return {
    named: journal.bins.map((bin) => at(bin.name)),
    tails: [...partition.values()].filter((entry) => parseTailName(entry.name) === journal.runId),
    bins: journal.bins.map((bin) => {
      const named = at(bin.name);
      const staged = own.get(stagedBinPath(runDirectory, bin.binIndex));
      return {
        named: whatIs(bin, named),
        sizeBytes: named?.sizeBytes ?? 0,
        inputs: bin.inputs.map((input) => compare(input, at(input.name))),
        hasBase: own.get(foldBasePath(runDirectory, bin.binIndex))?.fileId === bin.base.fileId,
        hasStaged: bin.staged !== undefined && staged !== undefined && sameContent(bin.staged, staged),
        placedTails: bin.steps.flatMap((step, index) =>
          at(tailName(journal.runId, bin.binIndex, index))?.fileId === step.tail.fileId ? [index] : [],
        ),
      };
    }),
  };
}

/** The same bytes: a closed file of the same id and length. Attributes may have been set since. */
export function sameContent(ref: FileRef, found: FileStatus): boolean {
  return found.fileId === ref.fileId && found.sizeBytes === ref.sizeBytes;
}

function compare(input: FileRef, found: FileStatus | undefined): 'same' | 'changed' | 'gone' {
  if (found === undefined) return 'gone';
  return found.kind === 'file' && sameGeneration(input, found) ? 'same' : 'changed';
}

function whatIs(bin: FoldBin, named: FileStatus | undefined): FoundBin['named'] {
  if (named === undefined) return 'nothing';
  if (named.fileId === bin.base.fileId) return 'base';
  return bin.staged !== undefined && sameContent(bin.staged, named) ? 'staged' : 'other';
}

function byPath(entries: readonly FileStatus[]): ReadonlyMap<string, FileStatus> {
  return new Map(entries.map((entry) => [entry.path, entry]));
}
