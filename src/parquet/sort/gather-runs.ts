import type { ScratchSpace } from '../../core/scratch-space.ts';
import { codec } from '../format.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import { appendPage, beginChunk, type ChunkBuilder, finishChunk } from '../merge/chunk-builder.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { DecodedPage } from '../read/decoded-page.ts';
import { nextPage } from '../read/next-page.ts';
import { openChunk, type PageReader, pageReader, releaseRooms } from '../read/page-reader.ts';
import type { ChunkContent } from '../write/chunk-content.ts';
import type { RunSlice } from './run-merge.ts';
import type { SortedRun } from './sorted-run.ts';

/** What reads the columns of runs back. */
export interface RunReader {
  readonly rooms: Rooms;
  readonly scratch: ScratchSpace;
  readonly stored: Room;
  /** What of scratch space lies in `stored`. */
  readonly loaded: { from: number; to: number };
}

/** Blocks of a column that follow each other are read up to so many bytes at a time. */
const readAtOnceBytes = 1024 * 1024;

/** A reader of runs in the memory of a kernel. */
export function runReader(rooms: Rooms, scratch: ScratchSpace): RunReader {
  return { rooms, scratch, stored: emptyRoom(), loaded: { from: 0, to: 0 } };
}

/**
 * Gathers the rows of slices, one slice behind the other.
 * @returns content in the builder's rooms
 * @throws FormatError when scratch space holds something else than was written there
 */
export function gatherRuns(
  reader: RunReader,
  builder: ChunkBuilder,
  leaf: LeafColumn,
  slices: readonly RunSlice[],
  triesDictionary: boolean,
): ChunkContent {
  beginChunk(builder, leaf, triesDictionary);
  const pages = pageReader(reader.rooms, leaf);
  for (const slice of slices) {
    let block = blockOf(slice.run, slice.from);
    for (let row = slice.from; row < slice.to; block++) {
      const end = Math.min(slice.to, slice.run.blockRows[block + 1] ?? slice.run.rows);
      const skip = row - (slice.run.blockRows[block] as number);
      openBlock(reader, pages, slice.run, block, slice.to);
      takeRows(pages, builder, skip, end - row);
      row = end;
    }
  }
  releaseRooms(pages);
  return finishChunk(builder);
}

// The last block that begins at the row or before.
function blockOf({ blockRows }: SortedRun, row: number): number {
  let low = 0;
  let high = blockRows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((blockRows[middle] as number) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

function openBlock(
  { rooms, scratch, stored, loaded }: RunReader,
  pages: PageReader,
  run: SortedRun,
  block: number,
  endRow: number,
): void {
  const column = run.columns[pages.leaf.index];
  if (column === undefined) throw new Error(`a run has no column ${pages.leaf.path}`);
  const sizeBytes = column.sizeBytes[block] as number;
  const startOffsetBytes = column.at[block] as number;
  if (startOffsetBytes < loaded.from || startOffsetBytes + sizeBytes > loaded.to) {
    let end = startOffsetBytes + sizeBytes;
    for (let next = block + 1; column.at[next] === end && (run.blockRows[next] as number) < endRow; next++) {
      const after = end + (column.sizeBytes[next] as number);
      if (after - startOffsetBytes > readAtOnceBytes) break;
      end = after;
    }
    const to = reserve(rooms, stored, end - startOffsetBytes);
    scratch.readNow(startOffsetBytes, rooms.kernel.memory.bytes.subarray(to, to + end - startOffsetBytes));
    loaded.from = startOffsetBytes;
    loaded.to = end;
  }
  const at = stored.at + startOffsetBytes - loaded.from;
  const chunk: ColumnChunk = {
    type: pages.leaf.type,
    encodings: [],
    codec: codec.SNAPPY,
    valueCount: column.entries[block] as number,
    uncompressedSizeBytes: column.plainBytes[block] as number,
    compressedSizeBytes: sizeBytes,
    startOffsetBytes,
    dataPageOffsetBytes: startOffsetBytes,
    hasBloomFilter: false,
    hasPageIndex: false,
  };
  openChunk(pages, { chunk, at, from: 0, to: sizeBytes }, scratch.name, block);
}

// Pages of a block are of whole rows.
function takeRows(pages: PageReader, builder: ChunkBuilder, skip: number, rows: number): void {
  let toSkip = skip;
  let left = rows;
  while (left > 0) {
    if (nextPage(pages) !== 'page') {
      throw new Error(`scratch space has ${left} rows of ${pages.leaf.path} less than were written`);
    }
    const from = entryOf(pages, 0, toSkip);
    toSkip = from.rowsLeft;
    const to = entryOf(pages, from.entry, left);
    left = to.rowsLeft;
    if (to.entry === from.entry) continue;
    const valueFrom = presentBetween(pages, 0, from.entry);
    const valueTo = valueFrom + presentBetween(pages, from.entry, to.entry);
    appendPage(builder, pages, from.entry, to.entry, valueFrom, valueTo);
  }
}

function entryOf(
  { leaf, rooms, repetition, entryCount }: DecodedPage,
  from: number,
  rows: number,
): { readonly entry: number; readonly rowsLeft: number } {
  if (leaf.maxRepetitionLevel === 0) {
    const entry = Math.min(entryCount, from + rows);
    return { entry, rowsLeft: rows - (entry - from) };
  }
  const entry = rooms.kernel.rowEnd(repetition.at, from, entryCount, rows);
  return { entry, rowsLeft: rooms.kernel.memory.words[0] as number };
}

function presentBetween(page: DecodedPage, from: number, to: number): number {
  const max = page.leaf.maxDefinitionLevel;
  if (max === 0) return to - from;
  if (page.constantDefinition >= 0) return page.constantDefinition === max ? to - from : 0;
  return page.rooms.kernel.countLevels(page.definition.at + from, to - from, max);
}
