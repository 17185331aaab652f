import type { ByteSink } from '../../core/byte-sink.ts';
import type { ByteSource } from '../../core/byte-source.ts';
import { type ColumnFingerprint, emptyDigests } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import { unsupported } from '../format-error.ts';
import { borrowKernel, giveBack } from '../kernel/borrow-kernel.ts';
import { emptyRoom, type Rooms } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { chunkEncoder } from '../write/chunk-encoder.ts';
import { abandonFile, appendChunk, beginFile, endFile, endRowGroup } from '../write/file-writer.ts';
import { chunkBuilder } from './chunk-builder.ts';
import {
  type ColumnTools,
  columnMerge,
  fetchColumnAhead,
  finishColumn,
  mergeColumnChunk,
} from './column-merge.ts';
import { defaultMemoryLimits, type MemoryLimits } from './memory-limits.ts';
import { commonChunkKeyValues, mergeKeyValues } from './merge-key-values.ts';
import { planOutputRowGroups } from './output-row-groups.ts';
import { sourceRowGroups } from './source-row-groups.ts';

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
  /** What is said here counts instead of {@link defaultMemoryLimits}. */
  readonly memory?: Partial<MemoryLimits>;
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
 * Memory: the stored bytes of the source row groups of one output row group, unless they are large; one decoded output
 * column chunk; and what `memory` says.
 * The sink is neither closed nor aborted here.
 * @throws FormatError when an input is damaged or uses what is not supported; the output is then not finished
 */
export async function mergeFiles(
  inputs: readonly MergeInput[],
  sink: ByteSink,
  options: MergeOptions,
): Promise<MergeResult> {
  const rooms = borrowKernel();
  try {
    return await mergeIn(rooms, inputs, sink, options);
  } finally {
    giveBack(rooms);
  }
}

async function mergeIn(
  rooms: Rooms,
  inputs: readonly MergeInput[],
  sink: ByteSink,
  options: MergeOptions,
): Promise<MergeResult> {
  const footers = inputs.map((input) => input.footer);
  const { elementBytes, leaves, firstLeaf } = commonSchema(footers);
  const warnings: string[] = [];
  if (rooms.kernel.name !== 'WebAssembly') {
    warnings.push('WebAssembly cannot be used here: merging takes several times as long as with it');
  }
  const haveKeyValues = footers.some(({ rowGroups }) => rowGroups.some((one) => one.hasChunkKeyValues));
  const columns = emptyDigests(rooms, emptyRoom(), leaves).map(({ leaf, digest }) =>
    Object.assign(columnMerge(rooms, leaf, digest), {
      keyValueBytes: haveKeyValues ? commonChunkKeyValues(footers, leaf, warnings) : undefined,
    }),
  );
  const rowsTotal = footers.reduce((sum, footer) => sum + footer.rows, 0);
  const writer = await beginFile(sink, elementBytes, leaves);
  const memory = { ...defaultMemoryLimits, ...options.memory };
  const plan = planOutputRowGroups(footers, options.rowGroupRows, options.rowGroupBytes);
  const sources = sourceRowGroups(rooms, inputs, plan, memory);
  const tools: ColumnTools = {
    builder: chunkBuilder(rooms, firstLeaf),
    encoder: chunkEncoder(rooms),
    useDictionary: options.useDictionary,
    memory,
    keptBytes: 0,
  };
  let rowsDone = 0;
  let rowGroups = 0;
  try {
    for (let output = await sources.next(); output !== undefined; output = await sources.next()) {
      const { slices } = output;
      for (const column of columns) {
        options.signal?.throwIfAborted();
        const next = columns[column.leaf.index + 1];
        if (next !== undefined) fetchColumnAhead(next, slices);
        const chunk = await mergeColumnChunk(column, slices, tools);
        await appendChunk(writer, { ...chunk, keyValueBytes: column.keyValueBytes });
      }
      endRowGroup(writer, output.rows);
      rowGroups++;
      sources.release(slices);
      rowsDone += output.rows;
      options.onProgress?.(rowsDone, rowsTotal);
    }
    const fingerprints = columns.map(finishColumn);
    const keyValues = mergeKeyValues(footers, options.keyValues, warnings);
    const sizeBytes = await endFile(writer, keyValues, options.createdBy);
    return { rows: rowsDone, rowGroups, sizeBytes, columns: fingerprints, warnings };
  } finally {
    await sources.stop();
    await abandonFile(writer);
  }
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
