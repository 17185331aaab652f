import { basename, dirname, join } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { ConfigError, FormatError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { MergeInput, MergeResult } from '../../parquet/merge/merge-request.ts';
import { footerForMerge } from '../../parquet/metadata/merge-footer.ts';
import { readingMetadata } from '../../parquet/metadata/reading-metadata.ts';
import { sortOf } from '../../pipeline/bin-recipe.ts';
import { openInputs } from '../../pipeline/open-inputs.ts';
import type { ShowProgress } from '../../pipeline/progress.ts';
import { sortingOutcome } from '../../pipeline/sorting-outcome.ts';
import { stoppableStore } from '../../pipeline/stoppable-store.ts';
import { verifyMerged } from '../../pipeline/verify-merged.ts';
import { writeMerged } from '../../pipeline/write-merged.ts';
import { openLocalStore } from '../../store/open-local-store.ts';
import { type FileStatus, refOf } from '../../store/store.ts';
import type { SortingOutcome } from '../../telemetry/partition-result.ts';
import type { VerificationReceipt } from '../../verify/verified-file.ts';
import { columnThreads } from '../threads/column-threads.ts';

/** What to merge, and to where. */
export interface MergeToFile {
  readonly files: readonly FileStatus[];
  /** Absolute path of the new file. */
  readonly out: string;
  readonly settings: Settings;
  /** Whether a file is only made where the rows come in the order that all inputs state. */
  readonly sortCheck: boolean;
  readonly runId: string;
  readonly toolVersion: string;
  readonly log: Logger;
  readonly showProgress: ShowProgress;
  readonly stop: AbortSignal;
}

/** What a merge into one local file made. Plain data. */
export interface MergedToFile {
  readonly out: string;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly rowGroups: number;
  readonly rowGroupsBefore: number;
  readonly filesBefore: number;
  readonly bytesBefore: number;
  readonly verification: VerificationReceipt;
  /** Columns that the rows of each row group are sorted by, as the inputs said and the rows bear out; paths. */
  readonly sortedBy: readonly string[];
  /** Absent where the rows keep the order that they have. */
  readonly sorting?: SortingOutcome;
  readonly warnings: readonly string[];
}

/**
 * Merges local files into one new file, which appears under its name only when it is complete, durable and verified.
 * The inputs are only read.
 * @throws ConfigError `out-exists` when there is something at `out`; FormatError, `not-sorted` with `sortCheck`;
 * StoreError, VerifyError
 */
export async function mergeToFile(args: MergeToFile): Promise<MergedToFile> {
  const { files, out, settings, runId, toolVersion, log, stop } = args;
  if (args.sortCheck && settings.consolidation.sortBy !== undefined) {
    throw new ConfigError(
      '--sort-check looks at the order that rows have, and sort_by (--sort-by) gives them another',
      {
        code: 'sort-check-and-sort-by',
        hint: 'Leave one of the two away.',
        dataState: 'nothing was touched',
      },
    );
  }
  const store = stoppableStore(openLocalStore('/').store, stop);
  if ((await store.stat(out)) !== undefined) {
    throw new ConfigError(`${out} exists, and --out is never overwritten`, {
      code: 'out-exists',
      hint: 'Name a file that does not exist yet, or delete that one first.',
      dataState: 'nothing was touched',
    });
  }
  // Hidden, so that no reader takes it for data, and beside its final name, so that a rename is enough.
  const path = join(dirname(out), `.${basename(out)}.${runId}.tmp`);
  const inputFiles = files.map((file) => ({ path: file.path, ref: refOf(file) }));
  const opened = await openInputs(store, inputFiles, undefined, footerForMerge);
  const { inputs } = opened;
  const bytesBefore = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const show = (doing: 'merging' | 'verifying', of: 'rows' | 'bytes') => (done: number, total: number) =>
    args.showProgress({ date: basename(out), doing, amount: { of, done, total } });
  try {
    // A merge that may bring schemas together sees to it itself.
    if (settings.consolidation.schema === 'exact') assertReadAlike(inputs);
    const threads = columnThreads(inputFiles, settings.consolidation);
    const output = await writeMerged({
      store,
      path,
      inputs,
      schema: settings.consolidation.schema,
      compression: settings.compression,
      memoryBytes: settings.consolidation.memoryBytes,
      threads,
      stamp: { inputSizeBytes: bytesBefore, inputFiles: files.length, runId },
      createdBy: `parquet-consolidator version ${toolVersion}`,
      ...sortOf(settings.consolidation),
      stop,
      onRows: show('merging', 'rows'),
    });
    if (args.sortCheck) assertSorted(output.merged.sorting);
    const level = settings.safety.verifyIntegrity ? 'full' : 'counts';
    const verified = await verifyMerged({
      store,
      path,
      inputs,
      schema: settings.consolidation.schema,
      memoryBytes: settings.consolidation.memoryBytes,
      output,
      threads: threads?.rowGroups,
      level,
      sampleSeed: runId,
      log,
      onBytes: show('verifying', 'bytes'),
    });
    await store.rename(path, out);
    return {
      out,
      sizeBytes: output.merged.sizeBytes,
      rows: output.merged.rows,
      rowGroups: output.merged.rowGroups,
      rowGroupsBefore: inputs.reduce((sum, { footer }) => sum + footer.rowGroups.length, 0),
      filesBefore: files.length,
      bytesBefore,
      verification: verified.receipt,
      sortedBy: output.merged.sorting?.kept ?? [],
      ...sortingOutcome(output.merged),
      warnings: output.merged.warnings,
    };
  } catch (error) {
    await store.deleteFile(path);
    throw error;
  } finally {
    await opened.close();
  }
}

function assertSorted(sorting: MergeResult['sorting']): void {
  const { stated = [], kept = [] } = sorting ?? {};
  if (stated.length > 0 && kept.length === stated.length) return;
  const found = kept.length === 0 ? 'not sorted by it' : `sorted by ${kept.join(', ')} only`;
  throw new FormatError(
    stated.length === 0
      ? 'the files do not all state one order of their rows, so there is none to check'
      : `the files say that they are sorted by ${stated.join(', ')}, but one after the other their rows are ${found}`,
    {
      code: 'not-sorted',
      hint: 'Leave --sort-check away: the rows keep the order that they have, and the new file states what is true of it.',
      dataState: 'nothing was written',
    },
  );
}

/** One file can say only once how its values are to be read. */
function assertReadAlike(inputs: readonly MergeInput[]): void {
  const first = inputs[0];
  if (first === undefined) return;
  const one = readingMetadata(first.footer) ?? {};
  for (const { footer } of inputs) {
    // Another schema is the merge's own matter.
    if (footer.schemaKey !== first.footer.schemaKey) continue;
    const other = readingMetadata(footer) ?? {};
    const key = [...Object.keys(one), ...Object.keys(other)].find((name) => one[name] !== other[name]);
    if (key === undefined) continue;
    throw new FormatError(
      `cannot be merged with ${first.footer.file}: key-value metadata ${key}, which says how values are to be read, differs`,
      {
        code: 'metadata-differs',
        place: { file: footer.file },
        hint: 'Merge files with equal metadata with each other; inspect shows it.',
      },
    );
  }
}
