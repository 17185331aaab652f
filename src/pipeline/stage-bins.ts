import { collectGarbage } from '../core/collect-garbage.ts';
import { withFields } from '../core/log.ts';
import type { Reservation } from '../core/memory-budget.ts';
import { bytesPerMb, formatSize } from '../core/units.ts';
import { foldKeyValues } from '../parquet/fold/fold-key-values.ts';
import { attemptsDirectory, stagedBinPath } from '../partition/names.ts';
import type { Bin, PartitionPlan } from '../plan/partition-plan.ts';
import type { FoldParts } from '../swap/fold/fold-parts.ts';
import { deleteDirectorySurely } from '../swap/sure-steps.ts';
import type { OutputFile } from '../telemetry/partition-result.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';
import type { VerifiedFile } from '../verify/verified-file.ts';
import { type BinAtWork, type BinWork, binHere, type RowGroupsBefore, rowGroupsOf } from './bin-at-work.ts';
import { createdBy, inputFilesOf, recipeOf } from './bin-recipe.ts';
import { type InStep, inStep } from './in-step.ts';
import { mergeElsewhere, type TakeMerged } from './merge-elsewhere.ts';
import { type OpenInputs, openInputs } from './open-inputs.ts';
import type { PartitionAtWork } from './partition-task.ts';
import type { ProgressStep } from './progress.ts';
import { sortingOutcome } from './sorting-outcome.ts';
import { stageBackup } from './stage-backup.ts';
import { type FoldStaging, stageFold } from './stage-fold.ts';
import { stoppableStore } from './stoppable-store.ts';
import { binNeedBytes } from './work-room.ts';
import type { WrittenFile } from './write-merged.ts';

/** A bin whose new files are staged, but not yet put in place. */
export interface StagedBin {
  readonly binIndex: number;
  /** The merged file; absent when the inputs are only folded. */
  readonly file?: VerifiedFile;
  /** What the inputs are folded with, where the store folds. */
  readonly fold?: FoldParts;
  /** All but the name, which the swap gives. */
  readonly facts: Omit<OutputFile, 'name'>;
  readonly rowGroupsBefore: number;
  readonly warnings: readonly string[];
}

/** Where the files of a run are staged, and by which run. */
export interface Staging {
  readonly runId: string;
  /** Full path of the run's directory. */
  readonly runDirectory: string;
}

/** Of bins beyond this the inputs are forgotten once they are merged and backed up, and before the merged file is verified. */
const forgetEarlyBytes = 80 * bytesPerMb;

/** One bin on its way. */
interface BinTask {
  readonly task: PartitionAtWork;
  readonly staging: Staging;
  readonly plan: PartitionPlan;
  readonly bin: Bin;
  readonly watch: Stopwatch;
  /** Waits until an executor has merged the bin; undefined: this process merges it. */
  readonly merged: TakeMerged | undefined;
}

/**
 * Merges and verifies every bin of a plan, one after the other, into the run's directory; where the store folds, all that
 * the fold needs is staged too, and in mode fold nothing else. With an executor all bins are merged there, at the same time
 * as far as it can, and the rest is done here. What is staged there when this fails goes with the release of the run's lock.
 * @throws StoreError, FormatError, VerifyError; the reason of `task.stop`
 */
export async function stageBins(
  task: PartitionAtWork,
  staging: Staging,
  plan: PartitionPlan,
  watch: Stopwatch,
): Promise<readonly StagedBin[]> {
  const isOver = new AbortController();
  const staged: StagedBin[] = [];
  try {
    const merging = mergeElsewhere(task, staging, plan, isOver.signal);
    for (const bin of plan.bins) {
      staged.push(await stageBin({ task, staging, plan, bin, watch, merged: merging.get(bin.index) }));
    }
  } finally {
    // When a bin fails, nobody needs the others any more.
    isOver.abort(new Error('the run needs it no more'));
  }
  // With the directory the ground goes from under executors that were given up and still write.
  if (task.executor !== undefined)
    await deleteDirectorySurely(task.store, attemptsDirectory(staging.runDirectory));
  collectGarbage(task.settings.consolidation.memoryBytes);
  // The last point at which to stop: from here on a swap runs to its end.
  task.stop.throwIfAborted();
  return staged;
}

async function stageBin(binTask: BinTask): Promise<StagedBin> {
  const { task, plan, bin, watch } = binTask;
  const store = stoppableStore(task.store, task.stop);
  const files = inputFilesOf(plan, bin);
  collectGarbage(task.settings.consolidation.memoryBytes);
  if (!store.abilities.fold && task.beginBin !== undefined && binTask.merged === undefined) {
    return await mergeBin(binTask, undefined, undefined).finally(() => task.forget(files));
  }
  const opened = await watch.time('merge', () => openInputs(store, files, task.footers));
  try {
    if (!store.abilities.fold) return await mergeBin(binTask, opened, undefined);
    const warnings: string[] = [];
    const folding = foldStaging(binTask, opened, warnings);
    if (task.settings.consolidation.mode === 'fold') return await foldOnly(binTask, folding, warnings);
    const step = task.settings.safety.backupBeforeDelete ? inStepOf(binTask, opened) : undefined;
    const backup = task.settings.safety.backupBeforeDelete ? startBackup(folding, step) : undefined;
    try {
      const { fold, ...merged } = await mergeBin(binTask, opened, step, (sizeBytes) => {
        step?.over();
        // Verification looks at few of them: of a large bin the room is worth more to it than those are.
        if (bin.sizeBytes > forgetEarlyBytes)
          void Promise.allSettled([backup]).then(() => task.forget(files));
        return stageFold(folding, sizeBytes);
      });
      const part = await watch.time('merge', async () => backup);
      if (fold === undefined) return merged;
      return { ...merged, fold: part === undefined ? fold : { ...fold, backup: part } };
    } finally {
      step?.over();
      await Promise.allSettled([backup]);
    }
  } finally {
    await opened.close();
    task.forget(files);
  }
}

/** The backup of a large bin reads no further before the merge than this, so that what both read need not be kept for long. */
const backupAheadBytes = 16 * bytesPerMb;

/**
 * Has merge and backup of a bin that is larger than what can be remembered read it at the same time, and each file forgotten once
 * both have gone by; undefined for small bins, and for those that this thread does not merge.
 */
function inStepOf({ task, plan, bin, merged }: BinTask, { inputs }: OpenInputs): InStep | undefined {
  if (bin.sizeBytes <= forgetEarlyBytes || merged !== undefined || task.beginBin !== undefined)
    return undefined;
  const files = inputFilesOf(plan, bin);
  return inStep(inputs, {
    aheadBytes: backupAheadBytes,
    done: (from, to) => task.forget(files.slice(from, to)),
  });
}

/** The backup is written while the merge is under way; both mostly wait for the store. */
function startBackup(folding: FoldStaging, step: InStep | undefined): ReturnType<typeof stageBackup> {
  const backup = stageBackup(folding, step);
  // Seen to once the merge is through.
  backup.catch(() => {});
  return backup;
}

function foldStaging(
  { task, staging, plan, bin }: BinTask,
  { inputs }: OpenInputs,
  warnings: string[],
): FoldStaging {
  const making = { runId: staging.runId, inputSizeBytes: bin.inputSizeBytes };
  const keyValues = foldKeyValues(
    inputs.map(({ footer }) => footer),
    making,
    warnings,
  );
  return {
    store: stoppableStore(task.store, task.stop),
    partitionPath: plan.partitionPath,
    ...staging,
    bin,
    inputs,
    createdBy: createdBy(task),
    keyValues,
  };
}

async function foldOnly(
  { bin, watch }: BinTask,
  folding: FoldStaging,
  warnings: readonly string[],
): Promise<StagedBin> {
  const fold = await watch.time('merge', () => stageFold(folding, 0));
  const rowGroups = rowGroupsOf(folding.inputs);
  const parts = [fold.base, ...fold.tails.map(({ part }) => part)];
  return {
    binIndex: bin.index,
    fold,
    facts: {
      sizeBytes: bin.sizeBytes + parts.reduce((sum, { ref }) => sum + ref.sizeBytes, 0),
      rows: bin.rows,
      rowGroups,
      inputFiles: bin.inputs.length,
      inputSizeBytes: bin.sizeBytes,
    },
    rowGroupsBefore: rowGroups,
    warnings,
  };
}

/** A bin in another thread where there is one for it, else in this one, which then has its inputs open. */
function beginBin(
  { task, staging, plan, bin }: BinTask,
  opened: OpenInputs | undefined,
  step: InStep | undefined,
): BinAtWork {
  const { settings, log, stop } = task;
  const files = inputFilesOf(plan, bin);
  const store = stoppableStore(task.store, stop);
  const work: BinWork = {
    files,
    path: stagedBinPath(staging.runDirectory, bin.index),
    recipe: recipeOf(task, staging.runId, bin),
    level: settings.safety.verifyIntegrity ? 'full' : 'counts',
    sampleSeed: staging.runId,
  };
  const elsewhere = task.beginBin?.(work, { store, log, stop });
  if (elsewhere !== undefined) return elsewhere;
  if (opened === undefined) throw new Error(`bin ${bin.index} has its inputs open nowhere`);
  const inputsToMerge = step?.inputs;
  return binHere({ ...work, store, opened, inputsToMerge, threads: task.columnThreads?.(files), log, stop });
}

/**
 * Merges a bin, and verifies what was written.
 * @param opened its inputs; undefined: another thread opens them
 * @param step has them read together with the backup; undefined: it goes its own way
 * @param stageBeside what else is to be staged that goes by the length of the merged file; done while that is verified
 */
async function mergeBin(
  binTask: BinTask,
  opened: OpenInputs | undefined,
  step: InStep | undefined,
  stageBeside?: (mergedSizeBytes: number) => Promise<FoldParts>,
): Promise<StagedBin> {
  const atWork = beginBin(binTask, opened, step);
  try {
    return await mergeAndVerify(binTask, atWork, opened, stageBeside);
  } finally {
    await atWork.stop();
  }
}

async function mergeAndVerify(
  { task, staging, plan, bin, watch, merged }: BinTask,
  atWork: BinAtWork,
  opened: OpenInputs | undefined,
  stageBeside: ((mergedSizeBytes: number) => Promise<FoldParts>) | undefined,
): Promise<StagedBin> {
  const { date } = task;
  const path = stagedBinPath(staging.runDirectory, bin.index);
  const show = (doing: ProgressStep['doing'], done: number, total: number): void =>
    task.showProgress({
      date,
      doing,
      bin: { number: bin.index + 1, of: plan.bins.length },
      amount: { of: 'bytes', done, total },
    });
  const log = withFields(task.log, { runId: staging.runId, bin: bin.index });

  show('merging', 0, bin.sizeBytes);
  const begunMs = performance.now();
  const mergeHere = (): Promise<WrittenFile & RowGroupsBefore> =>
    // The merge goes by rows; of what lies in front of it people know the size.
    atWork.write((done, total) =>
      show('merging', Math.round((bin.sizeBytes * done) / Math.max(1, total)), bin.sizeBytes),
    );
  const takeMerged = async (take: TakeMerged): Promise<WrittenFile & RowGroupsBefore> => ({
    ...(await take(path)),
    rowGroupsBefore: rowGroupsOf(opened?.inputs ?? []),
  });
  const output = await watch.time('merge', () => (merged === undefined ? mergeHere() : takeMerged(merged)));
  const mergedMs = performance.now();
  log.info(
    `merged ${bin.inputs.length} files (${formatSize(bin.sizeBytes)}) into ${formatSize(output.merged.sizeBytes)}, ` +
      `${output.merged.rows} rows${copiedText(output.merged)}`,
    { date, step: 'merge', durationMs: Math.round(mergedMs - begunMs) },
  );
  const [file, fold] = await watch.time('verify', async () => {
    const staged = stageBeside?.(output.merged.sizeBytes);
    // Each takes its memory: those of a large bin not at the same time.
    if (bin.sizeBytes > forgetEarlyBytes) await Promise.allSettled([staged]);
    collectGarbage(task.settings.consolidation.memoryBytes);
    const room = merged === undefined ? undefined : await roomToVerify(task, bin);
    try {
      const verified = atWork.verify(output, (done, total) => show('verifying', done, total));
      return await bothOf(verified, staged);
    } finally {
      room?.release();
    }
  });
  log.info(
    file.receipt.level === 'full'
      ? `verified: every value of ${file.receipt.columns.length} columns decoded again and equal`
      : 'verified: bytes, rows and schema',
    { date, step: 'verify', durationMs: Math.round(performance.now() - mergedMs) },
  );
  return {
    binIndex: bin.index,
    file,
    ...(fold === undefined ? {} : { fold }),
    facts: {
      sizeBytes: output.merged.sizeBytes,
      rows: output.merged.rows,
      rowGroups: output.merged.rowGroups,
      inputFiles: bin.inputs.length,
      inputSizeBytes: bin.sizeBytes,
      ...sortingOutcome(output.merged),
      verification: file.receipt,
    },
    rowGroupsBefore: output.rowGroupsBefore,
    warnings: output.merged.warnings,
  };
}

/** What was merged elsewhere took no memory here so far; many of them may come at once. */
async function roomToVerify(
  { room, footers, settings, stop }: PartitionAtWork,
  bin: Bin,
): Promise<Reservation | undefined> {
  const isSorted = settings.consolidation.sortBy !== undefined;
  return await room?.bins.reserve(binNeedBytes(bin, footers.uncompressedBytesOf(bin.inputs), isSorted), stop);
}

/** Both results; rejects as the first, or else the second did, and only once both have come to an end. */
async function bothOf<A, B>(a: Promise<A>, b: Promise<B> | undefined): Promise<[A, B | undefined]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

function copiedText(merged: WrittenFile['merged']): string {
  const { rowGroups, rowGroupsCopied = 0, chunksCopied = 0, columns } = merged;
  if (chunksCopied === 0) return '';
  return rowGroupsCopied * columns.length === chunksCopied
    ? `, ${rowGroupsCopied} of ${rowGroups} row groups copied as they were`
    : `, ${chunksCopied} of ${rowGroups * columns.length} column chunks copied as they were`;
}
