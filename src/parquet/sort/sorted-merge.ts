import { createHash } from 'node:crypto';
import { emptyExtremes, mergeExtremes } from '../extremes.ts';
import type { ColumnFingerprint } from '../fingerprint.ts';
import type { Rooms } from '../kernel/rooms.ts';
import { chunkBuilder } from '../merge/chunk-builder.ts';
import { encodeCompactly, isSettled } from '../merge/compact-encoding.ts';
import type { MergeInput } from '../merge/merge-request.ts';
import { type SortCheck, takeForSorting } from '../merge/sort-check.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { chunkEncoder, encodeColumnChunk } from '../write/chunk-encoder.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import { gatherRuns, runReader } from './gather-runs.ts';
import { joinRuns } from './join-runs.ts';
import { makeRuns } from './make-runs.ts';
import { type Bounds, overlapOf } from './overlap.ts';
import { permutedContent, permutedRooms, rowLayoutOf } from './permuted-content.ts';
import { type MergedRows, nextRows, runMerge, type StretchLimits } from './run-merge.ts';
import { type SortColumn, sortColumnsOf } from './sort-columns.ts';
import type { SortedFacts } from './sort-request.ts';
import type { SortedMergeSettings } from './sorted-merge-settings.ts';

/** A merge whose rows come in the order of some columns. */
export interface SortedMerge {
  /** Holds every row group that is written against the order, by comparisons of its own. */
  readonly check: SortCheck;
  /** Goes on to the next output row group, and says how many rows it has; undefined after the last. */
  next(): number | undefined;
  /** One leaf of that row group; good until the next. */
  chunk(leaf: LeafColumn): EncodedChunk;
  /** After the last row group: what was read of the inputs, in their order. */
  fingerprints(): readonly ColumnFingerprint[];
  /** After the last row group. */
  facts(): SortedFacts;
}

/** Most level entries of an output row group's longest column. */
const mostEntries = 16 * 1024 * 1024;
/** Rows of the file that second readers look up in the inputs. */
const sampledRows = 10;
/** After a chunk for which a dictionary did not pay, so many are written without trying one. */
const chunksWithoutTrying = 7;

/**
 * Sorts the rows of all inputs: stretches of them in memory, each written to scratch space in its order, then merged. Rows of
 * equal values keep the order that they have in the inputs.
 *
 * Memory: as of a merge, and a few hundred rows of each of at most 32 stretches.
 * @throws ConfigError `cannot-sort`; FormatError when an input is damaged; StoreError when scratch space cannot be written
 */
export async function sortedMerge(
  rooms: Rooms,
  inputs: readonly MergeInput[],
  settings: SortedMergeSettings,
): Promise<SortedMerge> {
  const { request, leaves, formats, compact, memory } = settings;
  const { scratch } = request;
  const columns = sortColumnsOf(leaves, request.by, inputs[0]?.footer.file ?? '');
  const made = await makeRuns(rooms, inputs, columns, settings);
  const limits: StretchLimits = {
    rows: settings.rowGroupRows,
    bytes: settings.rowGroupBytes,
    columnBytes: memory.chunkBytes,
    entries: mostEntries,
  };
  const firstLeaf = leaves[0] as LeafColumn;
  const builder = chunkBuilder(rooms, firstLeaf);
  const reader = runReader(rooms, scratch);
  const runs = joinRuns(made.runs, {
    rooms,
    scratch,
    leaves,
    builder,
    reader,
    limits,
    signal: settings.signal,
  });
  const merge = runMerge(scratch, runs);
  const encoder = chunkEncoder(rooms);
  const permuted = permutedRooms(rooms);
  const plainChunksLeft = leaves.map(() => 0);
  const check: SortCheck = { stated: columns, steps: columns.map(() => new Int8Array(0)) };
  const wanted = sampleOf(request.seed, made.rows);
  const sample: { row: number; origin: number }[] = [];
  const after: Bounds[][] = columns.map(() => []);
  const extremes = leaves.map(({ sortOrder }) => emptyExtremes(sortOrder));
  let output: MergedRows | undefined;
  let rowsBefore = 0;
  return {
    check,
    next: () => {
      output = nextRows(merge, limits);
      if (output === undefined) return undefined;
      for (const row of wanted) {
        if (row < rowsBefore || row >= rowsBefore + output.rows) continue;
        sample.push({ row, origin: output.origins[row - rowsBefore] as number });
      }
      rowsBefore += output.rows;
      return output.rows;
    },
    chunk: (leaf) => {
      if (output === undefined) throw new Error('there is no row group');
      const choice = compact[leaf.index];
      const format = formats[leaf.index];
      if (format === undefined) throw new Error(`no layout for column ${leaf.path}`);
      const left = plainChunksLeft[leaf.index] ?? 0;
      const triesDictionary = settings.useDictionary && left === 0 && !isSettled(choice);
      const gathered = gatherRuns(reader, builder, leaf, output.slices, triesDictionary);
      if (triesDictionary) plainChunksLeft[leaf.index] = builder.usesDictionary ? 0 : chunksWithoutTrying;
      else if (left > 0) plainChunksLeft[leaf.index] = left - 1;
      const { memory } = rooms.kernel;
      const layout = rowLayoutOf(memory, gathered, output.rows);
      const content = permutedContent(permuted, gathered, layout, output.order, 0, output.rows, false);
      takeForSorting(check, rooms.kernel.memory, content);
      const encoded =
        choice === undefined
          ? encodeColumnChunk(encoder, content, format)
          : encodeCompactly(choice, encoder, content, builder.plain, format);
      const own = extremes[leaf.index];
      if (own !== undefined) mergeExtremes(own, encoded.min, encoded.max);
      const place = columns.findIndex((column) => column.of === leaf);
      if (place >= 0) after[place]?.push({ min: encoded.min, max: encoded.max });
      return encoded;
    },
    fingerprints: () =>
      made.fingerprints.map((column, i) => {
        const { min, max } = extremes[i] ?? {};
        return { ...column, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
      }),
    facts: () => {
      if (rowsBefore !== made.rows) throw new Error(`${rowsBefore} of ${made.rows} rows came out of sorting`);
      return {
        by: request.by,
        rowSum: made.rowSum,
        sample,
        overlap: columns.map(({ of }: SortColumn, i) => ({
          path: of.path,
          before: overlapOf(of.sortOrder, made.bounds[i] ?? []),
          after: overlapOf(of.sortOrder, after[i] ?? []),
        })),
        runs: made.runs.length,
        scratchBytes: scratch.sizeBytes,
      };
    },
  };
}

/** Rows of the file, by chance, in order: the first and the last, and some between. */
function sampleOf(seed: string, rows: number): readonly number[] {
  if (rows === 0) return [];
  const chosen = new Set([0, rows - 1]);
  for (let i = 0; i < sampledRows - 2; i++) {
    chosen.add(createHash('sha256').update(`${seed} ${i}`).digest().readUInt32LE() % rows);
  }
  return [...chosen].sort((a, b) => a - b);
}
