import type { ByteSink } from '../../core/byte-sink.ts';
import { codecFor } from '../codec/output-codec.ts';
import { prepareCodecs } from '../codec/zstd.ts';
import { createdByOf, int96Writer, isMergedFile } from '../created-by.ts';
import { adaptedMetadata } from '../evolution/adapted-metadata.ts';
import { chunksOfLeaf, type EvolvedInputs, evolvedInputs } from '../evolution/evolved-inputs.ts';
import { schemasDiffer } from '../evolution/unify-schemas.ts';
import { type ColumnFingerprint, emptyDigests } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import { unsupported } from '../format-error.ts';
import { indexedRooms } from '../indexed-extremes.ts';
import { borrowKernel, giveBack } from '../kernel/borrow-kernel.ts';
import { emptyRoom, type Rooms } from '../kernel/rooms.ts';
import { defaultMemoryLimits, type MemoryLimits } from '../memory-limits.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { leastCopiedBytes } from '../metadata/merge-footer.ts';
import type { SortRequest } from '../sort/sort-request.ts';
import { type SortedMerge, sortedMerge } from '../sort/sorted-merge.ts';
import type { SortedMergeSettings } from '../sort/sorted-merge-settings.ts';
import { checkMovable, codecsOf } from '../supported-features.ts';
import { type ChunkFormat, chunkEncoder, defaultPageLimits } from '../write/chunk-encoder.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import { abandonFile, appendChunk, beginFile, endFile, endRowGroup } from '../write/file-writer.ts';
import { chunkBuilder } from './chunk-builder.ts';
import {
  type ColumnTools,
  columnMerge,
  copyColumnChunk,
  fetchColumnAhead,
  fetchCopyAhead,
  finishColumn,
  mergeColumnChunk,
} from './column-merge.ts';
import { compactChoice } from './compact-encoding.ts';
import { type CopiedRowGroups, copiedRowGroups } from './copied-row-groups.ts';
import { everyLeaf, type LeafRange, leafRanges } from './leaf-ranges.ts';
import { commonChunkKeyValues, mergeKeyValues } from './merge-key-values.ts';
import type { MergeInput, MergeOptions, MergeResult } from './merge-request.ts';
import { planOutputRowGroups } from './output-row-groups.ts';
import { finishSorting, type SortCheck, sortCheckFor } from './sort-check.ts';
import { type LoadedRowGroup, sourceRowGroups } from './source-row-groups.ts';
import { wholeChunks } from './whole-chunks.ts';

const int96Warning =
  'INT96 timestamps of parquet-mr and of other writers go into one file: Hive reads them differently, by the name of the writer, ' +
  'and Impala and Spark do where they are told to; here all count as of another writer';

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
  await prepareCodecs(codecsOf(inputs.map(({ footer }) => footer)));
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
  const schema = commonSchema(footers, options.schema);
  const { elementBytes, leaves, evolved } = schema;
  const metadata = adaptedMetadata(footers, options.schema === 'compatible');
  const warnings: string[] = [];
  if (rooms.kernel.name !== 'WebAssembly') {
    warnings.push('WebAssembly cannot be used here: merging takes several times as long as with it');
  }
  const haveKeyValues = footers.some(({ rowGroups }) => rowGroups.some((one) => one.hasChunkKeyValues));
  const keyValueBytes = leaves.map((leaf) =>
    haveKeyValues ? commonChunkKeyValues(chunksOfLeaf(footers, leaf, evolved), leaf, warnings) : undefined,
  );
  for (const path of options.bloomFilterColumns ?? []) {
    if (leaves.some((leaf) => leaf.path === path)) continue;
    warnings.push(`there is no column ${path} to make Bloom filters of`);
  }
  const rowsTotal = footers.reduce((sum, footer) => sum + footer.rows, 0);
  const sortedRows =
    options.sort === undefined
      ? undefined
      : await sortedMerge(rooms, inputs, await sortSettings(footers, schema, options.sort, options, memory));
  const sortCheck =
    sortedRows?.check ??
    (options.sortCheck === true && evolved === undefined ? sortCheckFor(footers, leaves) : undefined);
  // Holds for the file as far as it holds for every row group.
  let sorted = sortCheck?.stated.length ?? 0;
  // What is compared row by row must be compared in one place.
  const isDivisible = sortCheck === undefined && evolved === undefined;
  const [own = everyLeaf, ...others] =
    options.threads === undefined || !isDivisible ? [] : leafRanges(footers, options.threads.count);
  const limits = { ...memory, keptPageBytes: Math.floor(memory.keptPageBytes / (others.length + 1)) };
  // Compared row by row, or written in other columns, none can stay as it is.
  const copied =
    options.copyRowGroups === true && isDivisible ? copiedOf(footers, schema, options, memory) : [];
  const merge =
    sortedRows === undefined
      ? await columnsMerge(rooms, inputs, schema, own, { ...options, copied }, limits, sortCheck)
      : sortedColumns(sortedRows);
  const writer = await beginFile(sink, elementBytes, leaves);
  const elsewhere = others.flatMap((range) => {
    return options.threads === undefined
      ? []
      : [{ range, thread: options.threads.begin(range, { ...options, copied, memory: limits }) }];
  });
  let rowsDone = 0;
  let rowGroups = 0;
  let rowGroupsCopied = 0;
  let chunksCopied = 0;
  try {
    for (let output = await merge.next(); output !== undefined; output = await merge.next()) {
      const chunksBefore = chunksCopied;
      for (const leaf of leaves.slice(own.from, own.to)) {
        options.signal?.throwIfAborted();
        const chunk = await merge.chunk(output, leaf);
        if (chunk.isCopied === true) chunksCopied++;
        await appendChunk(writer, { ...chunk, keyValueBytes: keyValueBytes[leaf.index] });
      }
      for (const { range, thread } of elsewhere) {
        for (const leaf of leaves.slice(range.from, range.to)) {
          options.signal?.throwIfAborted();
          const chunk = await thread.next();
          if (chunk.isCopied === true) chunksCopied++;
          await appendChunk(writer, { ...chunk, leaf, keyValueBytes: keyValueBytes[leaf.index] });
        }
      }
      const sortedBy = sortCheck === undefined ? [] : finishSorting(sortCheck, output.rows);
      sorted = Math.min(sorted, sortedBy.length);
      await endRowGroup(writer, output.rows, sortedBy);
      rowGroups++;
      if (chunksCopied - chunksBefore === leaves.length) rowGroupsCopied++;
      merge.release(output);
      rowsDone += output.rows;
      // Rows that are sorted are gone through twice.
      options.onProgress?.(sortedRows === undefined ? rowsDone : (rowsTotal + rowsDone) / 2, rowsTotal);
    }
    const fingerprints = [...merge.finish()];
    for (const { thread } of elsewhere) fingerprints.push(...(await thread.finish()));
    if (int96Writer(footers) === 'parquet-mr and others') warnings.push(int96Warning);
    const adapted = without(footers, metadata.dropped);
    const keyValues = mergeKeyValues(adapted, [...metadata.replaced, ...options.keyValues], warnings);
    const sizeBytes = await endFile(writer, keyValues, createdByOf(footers, options.createdBy));
    const stated = sortCheck?.stated.map(({ leaf }) => leaves[leaf]?.path ?? '') ?? [];
    const sorting = options.sortCheck === true ? { sorting: { stated, kept: stated.slice(0, sorted) } } : {};
    return {
      rows: rowsDone,
      rowGroups,
      ...(rowGroupsCopied === 0 ? {} : { rowGroupsCopied }),
      ...(chunksCopied === 0 ? {} : { chunksCopied }),
      sizeBytes,
      columns: fingerprints,
      ...sorting,
      ...(sortedRows === undefined ? {} : { sorted: sortedRows.facts() }),
      warnings,
    };
  } finally {
    await Promise.allSettled(elsewhere.map(({ thread }) => thread.stop()));
    await merge.stop();
    await abandonFile(writer);
  }
}

/**
 * Merges a range of the leaves and hands every column chunk to `take`, leaf after leaf, row group after row group: what a
 * {@link ColumnThread} does.
 * @param take the bytes of the chunk are good until it resolves
 * @returns what was read of the leaves
 * @throws FormatError as {@link mergeFiles} does
 */
export async function mergeLeaves(
  inputs: readonly MergeInput[],
  range: LeafRange,
  options: MergeOptions,
  take: (chunk: EncodedChunk) => Promise<void>,
): Promise<readonly ColumnFingerprint[]> {
  const memory = { ...defaultMemoryLimits, ...options.memory };
  const footers = inputs.map(({ footer }) => footer);
  await prepareCodecs(codecsOf(footers));
  const rooms = await borrowKernel(memory.pageBytes);
  try {
    const schema = commonSchema(footers, options.schema);
    const merge = await columnsMerge(rooms, inputs, schema, range, options, memory, undefined);
    try {
      for (let output = await merge.next(); output !== undefined; output = await merge.next()) {
        for (const leaf of schema.leaves.slice(range.from, range.to))
          await take(await merge.chunk(output, leaf));
        merge.release(output);
      }
      return merge.finish();
    } finally {
      await merge.stop();
    }
  } finally {
    giveBack(rooms);
  }
}

/** All columns of a merge in one thread, on their way from output row group to output row group. */
interface ColumnsMerge {
  next(): Promise<LoadedRowGroup | undefined>;
  chunk(output: LoadedRowGroup, leaf: LeafColumn): Promise<EncodedChunk>;
  release(output: LoadedRowGroup): void;
  finish(): readonly ColumnFingerprint[];
  stop(): Promise<void>;
}

async function columnsMerge(
  rooms: Rooms,
  inputs: readonly MergeInput[],
  { leaves, firstLeaf, evolved }: CommonSchema,
  range: LeafRange,
  options: MergeOptions,
  memory: MemoryLimits,
  sortCheck: SortCheck | undefined,
): Promise<ColumnsMerge> {
  const footers = inputs.map((input) => input.footer);
  const columns = emptyDigests(rooms, emptyRoom(), leaves).map(({ leaf, digest }) =>
    columnMerge(rooms, leaf, digest, evolved),
  );
  const formats = formatsOf(footers, leaves, evolved, options);
  await prepareCodecs(formats.map(({ codec }) => codec));
  const { rowGroupRows, rowGroupBytes, copied } = options;
  const plan = planOutputRowGroups(footers, rowGroupRows, rowGroupBytes, memory.chunkBytes, copied);
  const sources = sourceRowGroups(rooms, inputs, plan, memory, range);
  const tools: ColumnTools = {
    builder: chunkBuilder(rooms, firstLeaf),
    whole: wholeChunks(rooms),
    encoder: chunkEncoder(rooms),
    useDictionary: options.useDictionary,
    formats,
    compact: options.encodings === 'compact' ? leaves.map(compactChoice) : [],
    sortCheck,
    memory,
    copied: emptyRoom(),
    ownInputs: new Set(
      footers.flatMap((footer, i) => (copied?.[i]?.length && isMergedFile(footer) ? [i] : [])),
    ),
    indexed: indexedRooms(),
    keptBytes: 0,
  };
  return {
    next: () => sources.next(),
    chunk: (output, leaf) => {
      const column = columns[leaf.index];
      const next = leaf.index + 1 < range.to ? columns[leaf.index + 1] : undefined;
      if (column === undefined) throw new Error(`no column ${leaf.path}`);
      const copy = output.isCopied ? output.slices[0]?.from : undefined;
      if (copy !== undefined) {
        if (next !== undefined) fetchCopyAhead(next, copy);
        return copyColumnChunk(column, copy, output.slices, tools);
      }
      if (next !== undefined) fetchColumnAhead(next, output.slices);
      return mergeColumnChunk(column, output.slices, tools);
    },
    release: ({ slices }) => sources.release(slices),
    finish: () => columns.slice(range.from, range.to).map(finishColumn),
    stop: () => sources.stop(),
  };
}

async function sortSettings(
  footers: readonly ParquetFooter[],
  { leaves, evolved }: CommonSchema,
  request: SortRequest,
  options: MergeOptions,
  memory: MemoryLimits,
): Promise<SortedMergeSettings> {
  const formats = formatsOf(footers, leaves, evolved, options);
  await prepareCodecs(formats.map(({ codec }) => codec));
  const rowsTotal = footers.reduce((sum, footer) => sum + footer.rows, 0);
  return {
    request,
    leaves,
    evolved,
    formats,
    compact: options.encodings === 'compact' ? leaves.map(compactChoice) : [],
    useDictionary: options.useDictionary,
    rowGroupRows: options.rowGroupRows,
    rowGroupBytes: options.rowGroupBytes,
    memory,
    signal: options.signal,
    onProgress: (rowsDone) => options.onProgress?.(rowsDone / 2, rowsTotal),
  };
}

// Sorted rows are read already, and there is nothing to be given back.
function sortedColumns(sorted: SortedMerge): ColumnsMerge {
  return {
    next: async () => {
      const rows = sorted.next();
      return rows === undefined ? undefined : { rows, slices: [], isCopied: false };
    },
    chunk: async (_, leaf) => sorted.chunk(leaf),
    release: () => {},
    finish: () => sorted.fingerprints(),
    stop: async () => {},
  };
}

function formatsOf(
  footers: readonly ParquetFooter[],
  leaves: readonly LeafColumn[],
  evolved: EvolvedInputs | undefined,
  options: MergeOptions,
): readonly ChunkFormat[] {
  return leaves.map((leaf): ChunkFormat => {
    const wanted = options.compression ?? 'snappy';
    const chunks = wanted === 'keep' ? chunksOfLeaf(footers, leaf, evolved) : [];
    const codec = codecFor(
      wanted,
      chunks.map((chunk) => chunk.codec),
    );
    const hasBloomFilter = options.bloomFilterColumns?.includes(leaf.path) ?? false;
    // Of what the inputs chose by themselves nobody said a level.
    const level = wanted === 'keep' ? undefined : options.compressionLevel;
    const levelled = level === undefined ? { codec } : { codec, level };
    return { ...defaultPageLimits, ...options.pages, ...levelled, hasBloomFilter };
  });
}

function copiedOf(
  footers: readonly ParquetFooter[],
  { leaves, evolved }: CommonSchema,
  options: MergeOptions,
  { chunkBytes }: MemoryLimits,
): CopiedRowGroups {
  const { rowGroupRows, rowGroupBytes, useDictionary, encodings = 'standard' } = options;
  const formats = formatsOf(footers, leaves, evolved, options);
  const leastBytes = options.copiedFromBytes ?? leastCopiedBytes;
  const rule = { formats, useDictionary, encodings, rowGroupRows, rowGroupBytes, chunkBytes, leastBytes };
  return copiedRowGroups(footers, rule);
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
