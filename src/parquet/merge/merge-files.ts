import type { ByteSink } from '../../core/byte-sink.ts';
import type { ByteSource } from '../../core/byte-source.ts';
import type { ColumnFingerprint } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import { unsupported } from '../format-error.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { loadRowGroup, type RowGroupBytes } from '../read/row-group-bytes.ts';
import { appendChunk, beginFile, endFile, endRowGroup } from '../write/file-writer.ts';
import { chunkBuilder } from './chunk-builder.ts';
import { type ChunkRows, columnMerge, finishColumn, mergeColumnChunk } from './column-merge.ts';
import { commonChunkKeyValues, mergeKeyValues } from './merge-key-values.ts';
import { type OutputRowGroup, planOutputRowGroups, type RowSlice } from './output-row-groups.ts';

/** A file to merge: open, with its footer read. */
export interface MergeInput {
  readonly source: ByteSource;
  readonly footer: ParquetFooter;
}

/** How to merge. */
export interface MergeOptions {
  /** Most rows of an output row group, at least 1. */
  readonly rowGroupRows: number;
  /** Most bytes of an output row group, before compression. */
  readonly rowGroupBytes: number;
  readonly useDictionary: boolean;
  /** Added to the key-value metadata of the inputs; replaces an entry of the same key. */
  readonly keyValues: readonly { readonly key: string; readonly value: string }[];
  /** Written as `created_by`. */
  readonly createdBy: string;
  /** Stops between two column chunks when aborted; the error is the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told after every output row group. */
  readonly onProgress?: (rowsDone: number, rowsTotal: number) => void;
}

/** What was written. */
export interface MergeResult {
  readonly rows: number;
  readonly rowGroups: number;
  /** Length of the file. */
  readonly sizeBytes: number;
  /** What was read from the inputs, one per leaf: the output must hold exactly this. */
  readonly columns: readonly ColumnFingerprint[];
  /** What a person should know, e.g. key-value metadata that differed. */
  readonly warnings: readonly string[];
}

/**
 * Merges files of one schema into one file, column by column: rows in the order of the inputs. Schema elements are
 * written byte for byte as the first input has them.
 *
 * Memory: the stored bytes of the source row groups of one output row group, and one decoded output column chunk.
 * The sink is neither closed nor aborted here.
 * @throws FormatError when an input is damaged or uses what is not supported; the output is then not finished
 */
export async function mergeFiles(
  inputs: readonly MergeInput[],
  sink: ByteSink,
  options: MergeOptions,
): Promise<MergeResult> {
  const footers = inputs.map((input) => input.footer);
  const { elementBytes, leaves, firstLeaf } = commonSchema(footers);
  const warnings: string[] = [];
  const columns = leaves.map((leaf) => ({
    ...columnMerge(leaf),
    keyValueBytes: commonChunkKeyValues(footers, leaf, warnings),
  }));
  const rowsTotal = footers.reduce((sum, footer) => sum + footer.rows, 0);
  const writer = await beginFile(sink, elementBytes, leaves);
  const builder = chunkBuilder(firstLeaf);
  const loaded = new Map<string, Promise<RowGroupBytes>>();
  let rowsDone = 0;
  let rowGroups = 0;
  for (const output of planOutputRowGroups(footers, options.rowGroupRows, options.rowGroupBytes)) {
    const sources = await loadSources(inputs, output, loaded);
    for (const column of columns) {
      options.signal?.throwIfAborted();
      const rows = chunkRows(sources, column.leaf);
      const chunk = mergeColumnChunk(column, rows, builder, options.useDictionary);
      await appendChunk(writer, { ...chunk, keyValueBytes: column.keyValueBytes });
    }
    endRowGroup(writer, output.rows);
    rowGroups++;
    for (const slice of output.slices) if (slice.isLast) loaded.delete(keyOf(slice));
    rowsDone += output.rows;
    options.onProgress?.(rowsDone, rowsTotal);
  }
  const fingerprints = columns.map(finishColumn);
  const keyValues = mergeKeyValues(footers, options.keyValues, warnings);
  const sizeBytes = await endFile(writer, keyValues, options.createdBy);
  return { rows: rowsDone, rowGroups, sizeBytes, columns: fingerprints, warnings };
}

function commonSchema(footers: readonly ParquetFooter[]): {
  elementBytes: readonly Uint8Array[];
  leaves: readonly LeafColumn[];
  firstLeaf: LeafColumn;
} {
  const first = footers[0];
  if (first === undefined) throw new Error('nothing to merge');
  const other = footers.find((footer) => footer.schemaKey !== first.schemaKey);
  if (other !== undefined) {
    throw unsupported(`merging files of different schemas (that of ${first.file} is another)`, {
      file: other.file,
    });
  }
  const firstLeaf = first.leaves[0];
  if (firstLeaf === undefined) throw unsupported('a schema without columns', { file: first.file });
  return { elementBytes: first.elementBytes, leaves: first.leaves, firstLeaf };
}

interface SourceRows {
  readonly slice: RowSlice;
  readonly footer: ParquetFooter;
  readonly bytes: RowGroupBytes;
}

async function loadSources(
  inputs: readonly MergeInput[],
  output: OutputRowGroup,
  loaded: Map<string, Promise<RowGroupBytes>>,
): Promise<readonly SourceRows[]> {
  return Promise.all(
    output.slices.map(async (slice) => {
      const input = inputs[slice.input];
      const rowGroup = input?.footer.rowGroups[slice.rowGroup];
      if (input === undefined || rowGroup === undefined) throw new Error(`no row group ${keyOf(slice)}`);
      // A source row group may reach into several output row groups; its bytes stay until the last of them.
      const loading = loaded.get(keyOf(slice)) ?? loadRowGroup(input.source, rowGroup);
      loaded.set(keyOf(slice), loading);
      return { slice, footer: input.footer, bytes: await loading };
    }),
  );
}

function* chunkRows(sources: readonly SourceRows[], leaf: LeafColumn): Generator<ChunkRows> {
  for (const { slice, footer, bytes } of sources) {
    const chunk = footer.rowGroups[slice.rowGroup]?.chunks[leaf.index];
    if (chunk === undefined) throw new Error(`no column chunk ${leaf.path} in ${keyOf(slice)}`);
    yield {
      key: keyOf(slice),
      file: footer.file,
      rowGroup: slice.rowGroup,
      chunk,
      bytes: bytes.chunkBytes(chunk),
      rows: slice.rows,
    };
  }
}

function keyOf(slice: RowSlice): string {
  return `${slice.input}/${slice.rowGroup}`;
}
