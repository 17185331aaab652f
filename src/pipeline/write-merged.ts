import type { SchemaMode, Settings } from '../config/settings.ts';
import type { ScratchSpace } from '../core/scratch-space.ts';
import type { SortTerm } from '../core/sort-order-text.ts';
import { stampKey, stampValue } from '../parquet/consolidation-stamp.ts';
import { writersOf } from '../parquet/created-by.ts';
import { memoryLimitsFor } from '../parquet/memory-limits.ts';
import { mergeFiles } from '../parquet/merge/merge-files.ts';
import type { ColumnThreads, MergeInput, MergeResult } from '../parquet/merge/merge-request.ts';
import type { Placement, Store } from '../store/store.ts';
import { createSurely } from '../swap/sure-steps.ts';
import { type BytesDigest, digestSink } from '../verify/digest-sink.ts';

/** How files are merged: with the inputs, all that the bytes of the new file depend on. Plain JSON, so that it may travel. */
export interface MergeRecipe {
  /** Which schemas the inputs may have. */
  readonly schema: SchemaMode;
  readonly compression: Settings['compression'];
  /** What the process may take; undefined: what the engine takes by itself. */
  readonly memoryBytes: number | undefined;
  /** What the file says about its making. */
  readonly stamp: Parameters<typeof stampValue>[0];
  /** What the file says about its writer. */
  readonly createdBy: string;
  readonly placement?: Placement | undefined;
  /** What the rows are sorted by, and where what does not fit into memory goes; absent: they keep their order. */
  readonly sort?: { readonly by: readonly SortTerm[]; readonly tempDirectory: string };
}

/** What is written, and where. */
export interface WriteMerged extends MergeRecipe {
  readonly store: Pick<Store, 'create' | 'deleteFile'>;
  /** Full path of the new file. */
  readonly path: string;
  readonly inputs: readonly MergeInput[];
  /** Threads that share the work; undefined: this one does it all. */
  readonly threads?: ColumnThreads | undefined;
  readonly stop: AbortSignal;
  readonly onRows: (done: number, total: number) => void;
}

/** What was written, and what must be found there when it is read back. */
export interface WrittenFile {
  readonly merged: MergeResult;
  readonly written: BytesDigest;
}

/**
 * Merges the inputs into a new file at `path`, durable when this resolves; once more when it is not known what became of
 * the first attempt. When it fails, a part of it may be left there, for the caller to delete.
 * @throws StoreError, FormatError; the reason of `stop`
 */
export async function writeMerged(args: WriteMerged): Promise<WrittenFile> {
  return await createSurely(args.store, args.path, () => writeOnce(args));
}

async function writeOnce(args: WriteMerged): Promise<WrittenFile> {
  const scratch =
    args.sort === undefined ? undefined : await scratchFor(args.sort.tempDirectory, args.inputs);
  try {
    return await writeTo(digestSink(await args.store.create(args.path, args.placement)), args, scratch);
  } finally {
    scratch?.close();
  }
}

/** What is sorted lies there once, compressed quickly, with the keys of the rows. */
async function scratchFor(directory: string, inputs: readonly MergeInput[]): Promise<ScratchSpace> {
  const { openScratchFile } = await import('../store/scratch-file.ts');
  const bytes = inputs.reduce((sum, { source }) => sum + source.sizeBytes, 0);
  return openScratchFile(directory, bytes);
}

async function writeTo(
  sink: ReturnType<typeof digestSink>,
  args: WriteMerged,
  scratch: ScratchSpace | undefined,
): Promise<WrittenFile> {
  const footers = args.inputs.map(({ footer }) => footer);
  const { bloomFilterColumns } = args.compression;
  try {
    const merged = await mergeFiles(args.inputs, sink, {
      schema: args.schema,
      rowGroupRows: args.compression.rowGroupRows,
      rowGroupBytes: args.compression.rowGroupBytes,
      useDictionary: args.compression.useDictionary,
      compression: args.compression.codec,
      ...(args.compression.level === undefined ? {} : { compressionLevel: args.compression.level }),
      encodings: args.compression.encodings,
      pages: { pageSizeBytes: args.compression.pageSizeBytes },
      ...(bloomFilterColumns === undefined ? {} : { bloomFilterColumns }),
      copyRowGroups: true,
      ...(args.sort === undefined || scratch === undefined
        ? {}
        : { sort: { by: args.sort.by, scratch, seed: args.stamp.runId } }),
      // Costs nothing where the inputs state no sorting columns.
      sortCheck: true,
      keyValues: [{ key: stampKey, value: stampValue({ ...args.stamp, writers: writersOf(footers) }) }],
      createdBy: args.createdBy,
      ...(args.memoryBytes === undefined ? {} : { memory: memoryLimitsFor(args.memoryBytes) }),
      ...(args.threads === undefined ? {} : { threads: args.threads }),
      signal: args.stop,
      onProgress: args.onRows,
    });
    await sink.close();
    return { merged, written: sink.written() };
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
