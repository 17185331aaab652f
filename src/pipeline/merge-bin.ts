import { join, stagedBinPath } from '../partition/names.ts';
import type { Bin, PartitionPlan } from '../plan/partition-plan.ts';
import type { OutputFile } from '../telemetry/partition-result.ts';
import type { Stopwatch } from '../telemetry/stopwatch.ts';
import type { VerifiedFile } from '../verify/verified-file.ts';
import { openInputs } from './open-inputs.ts';
import type { PartitionTask } from './partition-task.ts';
import type { ProgressStep } from './progress.ts';
import { stoppableStore } from './stoppable-store.ts';
import { verifyMerged } from './verify-merged.ts';
import { writeMerged } from './write-merged.ts';

/** A bin that was merged, staged and verified, but not yet put in place. */
export interface MergedBin {
  readonly binIndex: number;
  readonly file: VerifiedFile;
  /** All but the name, which the swap gives. */
  readonly facts: Omit<OutputFile, 'name'>;
  readonly rowGroupsBefore: number;
  readonly warnings: readonly string[];
}

/** Where the merged files of a run are staged, and by which run. */
export interface Staging {
  readonly runId: string;
  /** Full path of the run's directory. */
  readonly runDirectory: string;
}

/**
 * Merges and verifies every bin of a plan, one after the other, into the run's directory. What is staged there when
 * this fails goes with the release of the run's lock.
 * @throws StoreError, FormatError, VerifyError; the reason of `task.stop`
 */
export async function mergeBins(
  task: PartitionTask,
  staging: Staging,
  plan: PartitionPlan,
  watch: Stopwatch,
): Promise<readonly MergedBin[]> {
  const merged: MergedBin[] = [];
  for (const bin of plan.bins) merged.push(await mergeBin(task, staging, plan, bin, watch));
  // The last point at which to stop: from here on a swap runs to its end.
  task.stop.throwIfAborted();
  return merged;
}

async function mergeBin(
  task: PartitionTask,
  staging: Staging,
  plan: PartitionPlan,
  bin: Bin,
  watch: Stopwatch,
): Promise<MergedBin> {
  const { settings, date } = task;
  const store = stoppableStore(task.store, task.stop);
  const path = stagedBinPath(staging.runDirectory, bin.index);
  const files = bin.inputs.map((ref) => ({ path: join(plan.partitionPath, ref.name), ref }));
  const show = (doing: ProgressStep['doing'], of: 'rows' | 'bytes', done: number, total: number): void =>
    task.showProgress({
      date,
      doing,
      bin: { number: bin.index + 1, of: plan.bins.length },
      amount: { of, done, total },
    });

  const opened = await watch.time('merge', () => openInputs(store, files));
  try {
    show('merging', 'rows', 0, bin.rows);
    const output = await watch.time('merge', () =>
      writeMerged({
        store,
        path,
        inputs: opened.inputs,
        compression: settings.compression,
        stamp: { inputSizeBytes: bin.inputSizeBytes, inputFiles: files.length, runId: staging.runId },
        toolVersion: task.toolVersion,
        stop: task.stop,
        onRows: (done, total) => show('merging', 'rows', done, total),
      }),
    );
    const file = await watch.time('verify', () =>
      verifyMerged({
        store,
        path,
        inputs: opened.inputs,
        output,
        level: settings.safety.verifyIntegrity ? 'full' : 'counts',
        sampleSeed: staging.runId,
        onBytes: (done, total) => show('verifying', 'bytes', done, total),
        log: task.log,
      }),
    );
    return {
      binIndex: bin.index,
      file,
      facts: {
        sizeBytes: output.merged.sizeBytes,
        rows: output.merged.rows,
        rowGroups: output.merged.rowGroups,
        inputFiles: files.length,
        inputSizeBytes: bin.sizeBytes,
        verification: file.receipt,
      },
      rowGroupsBefore: opened.inputs.reduce((sum, input) => sum + input.footer.rowGroups.length, 0),
      warnings: output.merged.warnings,
    };
  } finally {
    await opened.close();
  }
}
