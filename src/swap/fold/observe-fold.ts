import { basename } from 'node:path/posix';
import { compareNames } from '../../core/name-order.ts';
import { foldBasePath, join, parseTailName, tailName } from '../../partition/names.ts';
import { type FileRef, type FileStatus, type NameRange, sameGeneration } from '../../store/store.ts';
import type { FoldBin } from '../journal.ts';
import { type FoundBin, stepsDone } from './diagnose-fold.ts';
import type { FoldRun } from './fold-run.ts';
import { sameContent } from './same-content.ts';
import { backupAtUndone, stagedPathOf } from './undone-backup.ts';

/** What is found of a swap by folding, by one listing of the partition and one of the run directory; of an undo also where the backups are. */
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
  const own = byName((await store.list(runDirectory)) ?? []);
  const entries = (await store.list(partitionPath)) ?? [];
  const partition = byName(entries);
  return {
    named: journal.bins.map((bin) => partition.get(bin.name)),
    tails: entries.filter((entry) => parseTailName(entry.name) === journal.runId),
    bins: await Promise.all(journal.bins.map((bin) => foundBin(run, bin, own, partition))),
  };
}

/**
 * The same, looking anew at one bin only: at the stretch of names in which its files lie, and the tail of its next step.
 * In a partition of many bins a swap would else list the whole of it before every CONCAT.
 */
export async function observeBin(run: FoldRun, known: FoundFold, index: number): Promise<FoundFold> {
  const { store, journal, runDirectory, partitionPath } = run;
  const bin = journal.bins[index];
  if (bin === undefined) return await observeFold(run);
  const own = byName((await store.list(runDirectory)) ?? []);
  const partition = new Map(byName((await store.list(partitionPath, rangeOf(bin))) ?? []));
  const steps = stepsDone(bin, partition.get(bin.name)?.sizeBytes ?? bin.base.sizeBytes) ?? 0;
  const tail = await store.stat(join(partitionPath, tailName(journal.runId, bin.binIndex, steps)));
  if (tail !== undefined) partition.set(tail.name, tail);
  return {
    named: known.named.with(index, partition.get(bin.name)),
    tails: known.tails,
    bins: known.bins.with(index, await foundBin(run, bin, own, partition)),
  };
}

/**
 * The stretch of names, in byte order, in which the inputs of a bin and the bin's own name lie. That one has `.merged-…` where the first
 * input has its extension, a mark of an earlier run, or nothing: it may come before all inputs, and also behind them.
 */
export function rangeOf({ name, inputs }: Pick<FoldBin, 'name' | 'inputs'>): NameRange {
  const names = [name, ...inputs.map((input) => input.name)].toSorted(compareNames);
  // By characters: half of one could not be sent. What begins with it comes behind it.
  return { after: [...(names[0] ?? '')].slice(0, -1).join(''), upTo: names.at(-1) ?? '' };
}

type ByName = ReadonlyMap<string, FileStatus>;

async function foundBin(run: FoldRun, bin: FoldBin, own: ByName, partition: ByName): Promise<FoundBin> {
  const { journal } = run;
  const named = partition.get(bin.name);
  return {
    named: whatIs(bin, named),
    sizeBytes: named?.sizeBytes ?? 0,
    inputs: bin.inputs.map((input) => compare(input, partition.get(input.name))),
    hasBase: own.get(basename(foldBasePath('', bin.binIndex)))?.fileId === bin.base.fileId,
    staged: await whereStaged(run, bin, own),
    placedTails: bin.steps.flatMap((step, index) =>
      partition.get(tailName(journal.runId, bin.binIndex, index))?.fileId === step.tail.fileId ? [index] : [],
    ),
  };
}

async function whereStaged(run: FoldRun, bin: FoldBin, own: ByName): Promise<FoundBin['staged']> {
  if (bin.staged === undefined) return 'none';
  const found = own.get(basename(stagedPathOf(run, bin)));
  if (found !== undefined && sameContent(bin.staged, found)) return 'here';
  if (run.journal.kind !== 'undo') return 'none';
  return (await backupAtUndone(run, bin)) === undefined ? 'none' : 'at undone run';
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

function byName(entries: readonly FileStatus[]): ByName {
  return new Map(entries.map((entry) => [entry.name, entry]));
}
