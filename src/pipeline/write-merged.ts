import type { Settings } from '../config/settings.ts';
import { bytesPerMb } from '../core/units.ts';
import { stampKey, stampValue } from '../parquet/consolidation-stamp.ts';
import { type MergeInput, type MergeResult, mergeFiles } from '../parquet/merge/merge-files.ts';
import type { Placement, Store } from '../store/store.ts';
import { type BytesDigest, digestSink } from '../verify/digest-sink.ts';

/** Most bytes of an output row group: one HDFS block, so that one task reads it from one place. */
const rowGroupBytes = 128 * bytesPerMb;

/** What is written, and how. */
export interface WriteMerged {
  readonly store: Store;
  /** Full path of the new file. */
  readonly path: string;
  readonly inputs: readonly MergeInput[];
  readonly compression: Settings['compression'];
  /** What the file says about its making. */
  readonly stamp: Parameters<typeof stampValue>[0];
  /** What the file says about its writer. */
  readonly createdBy: string;
  readonly placement?: Placement | undefined;
  readonly stop: AbortSignal;
  readonly onRows: (done: number, total: number) => void;
}

/** What was written, and what must be found there when it is read back. */
export interface WrittenFile {
  readonly merged: MergeResult;
  readonly written: BytesDigest;
}

/**
 * Merges the inputs into a new file at `path`, durable when this resolves. When it fails, a part of it
 * may be left there, for the caller to delete.
 * @throws StoreError, FormatError; the reason of `stop`
 */
export async function writeMerged(args: WriteMerged): Promise<WrittenFile> {
  const sink = digestSink(await args.store.create(args.path, args.placement));
  try {
    const merged = await mergeFiles(args.inputs, sink, {
      rowGroupRows: args.compression.rowGroupRows,
      rowGroupBytes,
      useDictionary: args.compression.useDictionary,
      keyValues: [{ key: stampKey, value: stampValue(args.stamp) }],
      createdBy: args.createdBy,
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
