import type { ByteSink } from '../../core/byte-sink.ts';
import type { ByteSource } from '../../core/byte-source.ts';
import { codecFor, type OutputCodec } from '../codec/output-codec.ts';
import { prepareCodecs } from '../codec/zstd.ts';
import { createdByOf, int96Writer } from '../created-by.ts';
import { adaptedMetadata } from '../evolution/adapted-metadata.ts';
import { chunksOfLeaf, type EvolvedInputs, evolvedInputs } from '../evolution/evolved-inputs.ts';
import { schemasDiffer } from '../evolution/unify-schemas.ts';
import { type ColumnFingerprint, emptyDigests } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import { unsupported } from '../format-error.ts';
import { borrowKernel, giveBack } from '../kernel/borrow-kernel.ts';
import { emptyRoom, type Rooms } from '../kernel/rooms.ts';
import { defaultMemoryLimits, type MemoryLimits } from '../memory-limits.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { checkMovable, codecsOf } from '../supported-features.ts';
import {
  type ChunkFormat,
  chunkEncoder,
  defaultPageLimits,
  type PageLimits,
} from '../write/chunk-encoder.ts';
import { abandonFile, appendChunk, beginFile, endFile, endRowGroup } from '../write/file-writer.ts';
import { chunkBuilder } from './chunk-builder.ts';
import {
  type ColumnTools,
  columnMerge,
  fetchColumnAhead,
  finishColumn,
  mergeColumnChunk,
} from './column-merge.ts';
import { compactChoice } from './compact-encoding.ts';
import { commonChunkKeyValues, mergeKeyValues } from './merge-key-values.ts';
import { planOutputRowGroups } from './output-row-groups.ts';
import { sourceRowGroups } from './source-row-groups.ts';

const int96Warning =
  'INT96 timestamps of parquet-mr and of other writers go into one file: Hive reads them differently, by the name of the writer, ' +
  'and Impala and Spark do where they are told to; here all count as of another writer';

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
  /** How pages are compressed. Absent: Snappy. */
  readonly compression?: OutputCodec;
  /**
   * compact: also DELTA_BINARY_PACKED, DELTA_BYTE_ARRAY and BYTE_STREAM_SPLIT, for columns that become smaller by it;
   * not all readers have these. Absent: standard.
   */
  readonly encodings?: 'standard' | 'compact';
  /** Where pages end, instead of {@link defaultPageLimits}. */
  readonly pages?: Partial<PageLimits>;
  /**
   * exact: the inputs are of one schema, byte for byte. compatible: of schemas of which one can hold what all hold
   * (`schemaTraits`): the output has that one. Absent: exact.
   */
  readonly schema?: 'exact' | 'compatible';
  /** Added to the key-value metadata of the inputs; replaces an entry of the same key. */
  readonly keyValues: readonly { readonly key: string; readonly value: string }[];
  /** This program and its version, for `created_by`: see `createdByOf`. */
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
 * Merges files into one file, column by column: rows in the order of the inputs. Schema elements are written byte for
 * byte as the first input has them; those of a unified schema as `unifySchemas` says.
 *
 * Memory: what `memory` says, and the footers.
 * The sink is neither closed nor aborted here.
 * @throws FormatError when an input is damaged or uses what is not supported; the output is then not finished
 */
export async function mergeFiles(
  inputs: readonly MergeInput[],
  sink: ByteSink,
  options: MergeOptions,
): Promise<MergeResult> {
  const memory = { ...defaultMemoryLimits, ...options.memory };
  for (const { footer } of inputs) await prepareCodecs(codecsOf(footer));
  const rooms = await borrowKernel(memory.pageBytes);
  try {
    return await mergeIn(rooms, inputs, sink, options, memory);
  } finally {
    giveBack(rooms);
  }
}

async function mergeIn(
  rooms: Rooms,
  inputs: readonly MergeInput[],
  sink: ByteSink,
  options: MergeOptions,
  memory: MemoryLimits,
): Promise<MergeResult> {
  const footers = inputs.map((input) => input.footer);
  for (const footer of footers) checkMovable(footer);
  const { elementBytes, leaves, firstLeaf, evolved } = commonSchema(footers, options.schema);
  const metadata = adaptedMetadata(options.schema === 'compatible' ? footers : []);
  const warnings: string[] = [];
  if (rooms.kernel.name !== 'WebAssembly') {
    warnings.push('WebAssembly cannot be used here: merging takes several times as long as with it');
  }
  const haveKeyValues = footers.some(({ rowGroups }) => rowGroups.some((one) => one.hasChunkKeyValues));
  const columns = emptyDigests(rooms, emptyRoom(), leaves).map(({ leaf, digest }) =>
    Object.assign(columnMerge(rooms, leaf, digest, evolved), {
      keyValueBytes: haveKeyValues
        ? commonChunkKeyValues(chunksOfLeaf(footers, leaf, evolved), leaf, warnings)
        : undefined,
    }),
  );
  const formats = leaves.map((leaf): ChunkFormat => {
    const chunks = chunksOfLeaf(footers, leaf, evolved);
    const codec = codecFor(
      options.compression ?? 'snappy',
      chunks.map((chunk) => chunk.codec),
    );
    return { ...defaultPageLimits, ...options.pages, codec };
  });
  await prepareCodecs(formats.map(({ codec }) => codec));
  const rowsTotal = footers.reduce((sum, footer) => sum + footer.rows, 0);
  const writer = await beginFile(sink, elementBytes, leaves);
  const plan = planOutputRowGroups(footers, options.rowGroupRows, options.rowGroupBytes, memory.chunkBytes);
  const sources = sourceRowGroups(rooms, inputs, plan, memory);
  const tools: ColumnTools = {
    builder: chunkBuilder(rooms, firstLeaf),
    encoder: chunkEncoder(rooms),
    useDictionary: options.useDictionary,
    formats,
    compact: options.encodings === 'compact' ? leaves.map(compactChoice) : [],
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
    if (int96Writer(footers) === 'parquet-mr and others') warnings.push(int96Warning);
    const adapted = without(footers, metadata.dropped);
    const keyValues = mergeKeyValues(adapted, [...metadata.replaced, ...options.keyValues], warnings);
    const sizeBytes = await endFile(writer, keyValues, createdByOf(footers, options.createdBy));
    return { rows: rowsDone, rowGroups, sizeBytes, columns: fingerprints, warnings };
  } finally {
    await sources.stop();
    await abandonFile(writer);
  }
}

function without(footers: readonly ParquetFooter[], dropped: ReadonlySet<string>): readonly ParquetFooter[] {
  if (dropped.size === 0) return footers;
  return footers.map((footer) => ({
    ...footer,
    keyValues: footer.keyValues.filter(({ key }) => !dropped.has(key)),
  }));
}

interface CommonSchema {
  readonly elementBytes: readonly Uint8Array[];
  readonly leaves: readonly LeafColumn[];
  readonly firstLeaf: LeafColumn;
  /** How the inputs get there, when they are of several schemas. */
  readonly evolved?: EvolvedInputs;
}

function commonSchema(footers: readonly ParquetFooter[], schema: MergeOptions['schema']): CommonSchema {
  const first = footers[0];
  if (first === undefined) throw new Error('nothing to merge');
  const firstLeaf = first.leaves[0];
  if (firstLeaf === undefined) throw unsupported('a schema without columns', { file: first.file });
  const other = footers.find((footer) => footer.schemaKey !== first.schemaKey);
  if (other === undefined) return { elementBytes: first.elementBytes, leaves: first.leaves, firstLeaf };
  if (schema !== 'compatible') throw schemasDiffer(first, other);
  const evolved = evolvedInputs(footers);
  return { elementBytes: evolved.elementBytes, leaves: evolved.leaves, firstLeaf, evolved };
}
