import { type Extremes, emptyExtremes, extendExtremes, mergeExtremes } from '../extremes.ts';
import { type ColumnFingerprint, digestText, emptyDigests } from '../fingerprint.ts';
import { extendIndexed, type IndexedRooms, indexedRooms } from '../indexed-extremes.ts';
import { emptyRoom, type Room, type Rooms, release, reserve } from '../kernel/rooms.ts';
import { type ChunkBuilder, chunkBuilder } from '../merge/chunk-builder.ts';
import { type ColumnTools, columnMerge, finishColumn, gatherColumnChunk } from '../merge/column-merge.ts';
import { everyLeaf } from '../merge/leaf-ranges.ts';
import type { MergeInput } from '../merge/merge-request.ts';
import { planOutputRowGroups } from '../merge/output-row-groups.ts';
import { type LoadedSlice, sourceRowGroups } from '../merge/source-row-groups.ts';
import { wholeChunks } from '../merge/whole-chunks.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ChunkContent } from '../write/chunk-content.ts';
import { chunkEncoder } from '../write/chunk-encoder.ts';
import { columnKeys, joinedKeys } from './column-keys.ts';
import type { Bounds } from './overlap.ts';
import { rowLayoutOf } from './permuted-content.ts';
import { orderOf } from './row-order.ts';
import {
  addCells,
  addedRowSums,
  columnPlace,
  emptyRowSum,
  endColumn,
  type RowHashes,
  rowHashes,
  rowSumOf,
  rowSumText,
} from './row-sums.ts';
import type { SortColumn } from './sort-columns.ts';
import type { SortedMergeSettings } from './sorted-merge-settings.ts';
import { appendColumn, appendKeys, blockRowsFor, emptyRun, runWriter, type SortedRun } from './sorted-run.ts';

/** The rows of all inputs in sorted runs, in the order of the inputs. */
export interface MadeRuns {
  readonly runs: readonly SortedRun[];
  readonly rows: number;
  /** What was read, page by page. */
  readonly fingerprints: readonly ColumnFingerprint[];
  /** See `rowSumText`. */
  readonly rowSum: string;
  /** For each column what the row groups of the inputs hold. */
  readonly bounds: readonly (readonly Bounds[])[];
}

/** What one run may hold, of `memory` as `memoryLimitsFor` divides it. */
function runLimits(chunkBytes: number): {
  readonly rows: number;
  readonly bytes: number;
  readonly chunkBytes: number;
} {
  // A row takes some hundred bytes beside its values, and values take more decoded than stored.
  return {
    rows: Math.max(1, Math.floor(chunkBytes / 256)),
    bytes: Math.floor(chunkBytes / 2),
    chunkBytes: Math.floor(chunkBytes / 4),
  };
}

/**
 * Reads the inputs once: stretch by stretch all columns are gathered, the order of the rows found, and the rows written in it.
 * What was gathered is held against the pages that it came from, column by column, and summed up row by row.
 * @throws FormatError, StoreError
 */
export async function makeRuns(
  rooms: Rooms,
  inputs: readonly MergeInput[],
  columns: readonly SortColumn[],
  { request, leaves, evolved, useDictionary, memory, signal, onProgress }: SortedMergeSettings,
): Promise<MadeRuns> {
  const footers = inputs.map(({ footer }) => footer);
  const limits = runLimits(memory.chunkBytes);
  const plan = planOutputRowGroups(footers, limits.rows, limits.bytes, limits.chunkBytes);
  const sources = sourceRowGroups(rooms, inputs, plan, memory, everyLeaf);
  const firstLeaf = leaves[0] as LeafColumn;
  const tools: ColumnTools = {
    builder: chunkBuilder(rooms, firstLeaf),
    whole: wholeChunks(rooms),
    encoder: chunkEncoder(rooms),
    useDictionary,
    formats: [],
    compact: [],
    sortCheck: undefined,
    memory,
    copied: emptyRoom(),
    ownInputs: new Set(),
    indexed: indexedRooms(),
    keptBytes: 0,
  };
  const read = emptyDigests(rooms, emptyRoom(), leaves).map(({ leaf, digest }) =>
    columnMerge(rooms, leaf, digest, evolved),
  );
  const gathered = emptyDigests(rooms, emptyRoom(), leaves);
  const hashes = emptyRoom();
  const writer = runWriter(rooms, request.scratch);
  const keyBuilders = columns.map(({ of }) => chunkBuilder(rooms, of));
  const bounds = columns.map(() => new Map<string, Extremes>());
  const runs: SortedRun[] = [];
  let rowSum = emptyRowSum;
  let rowsDone = 0;
  try {
    for (let stretch = await sources.next(); stretch !== undefined; stretch = await sources.next()) {
      const { rows, slices } = stretch;
      const cells = rowHashes(rows);
      const look = (content: ChunkContent): void => lookAt(rooms, content, hashes, cells, gathered);
      const gather = async (leaf: LeafColumn, builder: ChunkBuilder): Promise<ChunkContent> => {
        const column = read[leaf.index];
        if (column === undefined) throw new Error(`no column ${leaf.path}`);
        return await gatherColumnChunk(column, builder, slices, tools, useDictionary);
      };
      const keyed: ChunkContent[] = [];
      for (const [i, { of }] of columns.entries()) {
        signal?.throwIfAborted();
        const content = await gather(of, keyBuilders[i] as ChunkBuilder);
        look(content);
        takeBounds(rooms, content, slices, bounds[i] as Map<string, Extremes>, tools.indexed);
        keyed.push(content);
      }
      const keys = joinedKeys(
        columns.map((column, i) => {
          const content = keyed[i] as ChunkContent;
          const { definitionAt, values, indicesAt } = content;
          const constantDefinition = column.of.maxDefinitionLevel === 0 ? 0 : -1;
          return columnKeys(rooms.kernel.memory, column, {
            rows,
            definitionAt,
            constantDefinition,
            values,
            indicesAt,
          });
        }),
      );
      const order = orderOf(keys);
      const origins = new Float64Array(rows);
      for (let row = 0; row < rows; row++) origins[row] = rowsDone + row;
      const bytes = slices.reduce((sum, { from, rows: taken }) => {
        return sum + (from.rowGroup.totalSizeBytes * taken) / Math.max(1, from.rowGroup.rows);
      }, 0);
      const blockRows = blockRowsFor(rows, keys.bytes.length, bytes);
      const run = emptyRun(leaves);
      appendKeys(writer, run, { ...keys, origins }, order, blockRows);
      const write = (content: ChunkContent): void => {
        const layout = rowLayoutOf(rooms.kernel.memory, content, rows);
        appendColumn(writer, run, content, layout, order, blockRows);
      };
      for (const content of keyed) write(content);
      for (const leaf of leaves) {
        if (columns.some(({ of }) => of === leaf)) continue;
        signal?.throwIfAborted();
        const content = await gather(leaf, tools.builder);
        look(content);
        write(content);
      }
      rowSum = addedRowSums(rowSum, rowSumOf(cells));
      sources.release(slices);
      runs.push(run);
      rowsDone += rows;
      onProgress(rowsDone);
    }
    const fingerprints = read.map(finishColumn);
    for (const [i, { leaf, digest }] of gathered.entries()) {
      const own = digestText(rooms, digest);
      const found = fingerprints[i];
      if (own.levelDigest === found?.levelDigest && own.valueDigest === found.valueDigest) continue;
      throw new Error(`what was gathered of ${leaf.path} to be sorted is not what its pages hold`);
    }
    return {
      runs,
      rows: rowsDone,
      fingerprints,
      rowSum: rowSumText(rowSum),
      bounds: bounds.map((ofColumn) => [...ofColumn.values()]),
    };
  } finally {
    await sources.stop();
    for (const builder of [...keyBuilders, tools.builder]) releaseBuilder(rooms, builder);
    for (const room of [hashes, tools.whole.scratch, writer.permuted.plain.bytes]) release(rooms, room);
  }
}

// Takes the cells into the hashes of their rows, and values and levels into the digests of what was gathered.
function lookAt(
  rooms: Rooms,
  content: ChunkContent,
  room: Room,
  cells: RowHashes,
  gathered: ReturnType<typeof emptyDigests>,
): void {
  const { leaf, entryCount, presentCount, definitionAt, repetitionAt, values, indicesAt } = content;
  const { kernel } = rooms;
  const digest = gathered[leaf.index]?.digest;
  if (digest === undefined) throw new Error(`no column ${leaf.path}`);
  const hashesAt = reserve(rooms, room, Math.max(1, values.count) * 8);
  if (values.widthBytes > 0) kernel.hashFixed(values.widthBytes, values.bytesAt, values.count, hashesAt);
  else kernel.hashVariable(values.bytesAt, values.offsetsAt, values.count, hashesAt);
  const isRepeated = leaf.maxRepetitionLevel > 0;
  if (leaf.maxDefinitionLevel === 0 && !isRepeated) kernel.digestLevelRun(digest.levelsAt, 0, entryCount);
  else kernel.digestLevels(digest.levelsAt, isRepeated ? repetitionAt : 0, definitionAt, entryCount);
  if (presentCount > 0) {
    if (indicesAt === undefined) kernel.digestHashes(digest.valuesAt, hashesAt, presentCount);
    else kernel.digestIndexed(digest.valuesAt, indicesAt, hashesAt, presentCount);
  }
  const place = columnPlace(leaf.index);
  addCells(cells, place, kernel.memory, {
    entryCount,
    maxDefinition: leaf.maxDefinitionLevel,
    definitionAt,
    constantDefinition: leaf.maxDefinitionLevel === 0 ? 0 : -1,
    repetitionAt: isRepeated ? repetitionAt : 0,
    hashesAt,
    indicesAt,
  });
  endColumn(cells, place, isRepeated);
}

// Of each source row group the least and the greatest value: a row is one entry here.
function takeBounds(
  rooms: Rooms,
  { leaf, definitionAt, values, indicesAt }: ChunkContent,
  slices: readonly LoadedSlice[],
  bounds: Map<string, Extremes>,
  indexed: IndexedRooms,
): void {
  const { kernel } = rooms;
  let entry = 0;
  let value = 0;
  for (const { from, rows } of slices) {
    const max = leaf.maxDefinitionLevel;
    const count = max === 0 ? rows : kernel.countLevels(definitionAt + entry, rows, max);
    const own = emptyExtremes(leaf.sortOrder);
    if (indicesAt !== undefined) extendIndexed(own, rooms, values, indicesAt + value * 4, count, indexed);
    else {
      const { widthBytes, bytesAt, offsetsAt } = values;
      const block =
        widthBytes > 0
          ? { count, widthBytes, bytesAt: bytesAt + value * widthBytes, offsetsAt: 0 }
          : { count, widthBytes, bytesAt, offsetsAt: offsetsAt + value * 4 };
      extendExtremes(own, kernel, block);
    }
    const known = bounds.get(from.key) ?? emptyExtremes(leaf.sortOrder);
    mergeExtremes(known, own.min, own.max);
    bounds.set(from.key, known);
    entry += rows;
    value += count;
  }
}

function releaseBuilder(
  rooms: Rooms,
  { definition, repetition, indices, dictionary, plain }: ChunkBuilder,
): void {
  const { bytes, offsets, slots, map } = dictionary;
  for (const room of [
    definition,
    repetition,
    indices,
    bytes,
    offsets,
    slots,
    map,
    plain.bytes,
    plain.offsets,
  ]) {
    release(rooms, room);
  }
}
