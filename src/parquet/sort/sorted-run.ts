import type { ScratchSpace } from '../../core/scratch-space.ts';
import { codec } from '../format.ts';
import type { Rooms } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ChunkContent } from '../write/chunk-content.ts';
import { type ChunkEncoder, chunkEncoder, encodeColumnChunk } from '../write/chunk-encoder.ts';
import type { Keys } from './column-keys.ts';
import { type PermutedRooms, permutedContent, permutedRooms, type RowLayout } from './permuted-content.ts';

/**
 * Rows in their order in scratch space, in blocks of some hundred rows: of each block its keys, and a column chunk of every
 * leaf (PLAIN, Snappy). A run is read from front to back.
 */
export interface SortedRun {
  rows: number;
  /** First row of each block. */
  readonly blockRows: number[];
  /** Where the keys of each block lie, and how many bytes they have. */
  readonly keysAt: number[];
  readonly keysBytes: number[];
  /** By leaf. */
  readonly columns: readonly RunColumn[];
}

/** Where the chunks of a leaf lie, block by block. */
export interface RunColumn {
  readonly at: number[];
  readonly sizeBytes: number[];
  readonly plainBytes: number[];
  readonly entries: number[];
}

/** What runs are written with. */
export interface RunWriter {
  readonly scratch: ScratchSpace;
  readonly encoder: ChunkEncoder;
  readonly permuted: PermutedRooms;
}

/** Keys of the rows of one block, with the number that each row had in the inputs. */
export interface KeyBlock extends Keys {
  readonly origins: Float64Array;
}

/** Most rows of a block, and about how many bytes of keys and values, as they are stored, one has. */
const mostBlockRows = 1024;
const blockKeyBytes = 256 * 1024;
const blockBytes = 1024 * 1024;
/** Pages are small: one of a value as large as pages may be is hardly larger than that. */
const pageBytes = 128 * 1024;

/** A writer of runs that works in the memory of a kernel. */
export function runWriter(rooms: Rooms, scratch: ScratchSpace): RunWriter {
  return { scratch, encoder: chunkEncoder(rooms), permuted: permutedRooms(rooms) };
}

/** A run without rows. */
export function emptyRun(leaves: readonly LeafColumn[]): SortedRun {
  const columns = leaves.map((): RunColumn => ({ at: [], sizeBytes: [], plainBytes: [], entries: [] }));
  return { rows: 0, blockRows: [], keysAt: [], keysBytes: [], columns };
}

/** How many rows the blocks of so many rows have. @param bytes about what their values take */
export function blockRowsFor(rows: number, keyBytes: number, bytes: number): number {
  const byKeys = Math.floor((blockKeyBytes * rows) / Math.max(1, keyBytes));
  const byBytes = Math.floor((blockBytes * rows) / Math.max(1, bytes));
  return Math.max(1, Math.min(mostBlockRows, byKeys, byBytes));
}

/**
 * Appends the keys of rows, in blocks; {@link appendColumn} must follow for every leaf.
 * @param order numbers of the rows in their order
 * @throws StoreError when there is no room
 */
export function appendKeys(
  { scratch }: RunWriter,
  run: SortedRun,
  keys: KeyBlock,
  order: Uint32Array,
  blockRows: number,
): void {
  for (let from = 0; from < order.length; from += blockRows) {
    const rows = order.subarray(from, from + blockRows);
    let keyBytes = 0;
    for (const row of rows) keyBytes += (keys.offsets[row + 1] as number) - (keys.offsets[row] as number);
    const { bytes, origins, offsets, whole } = keyRoom(rows.length, keyBytes);
    let end = 0;
    for (const [i, row] of rows.entries()) {
      const start = keys.offsets[row] as number;
      const stop = keys.offsets[row + 1] as number;
      bytes.set(keys.bytes.subarray(start, stop), end);
      end += stop - start;
      offsets[i + 1] = end;
      origins[i] = keys.origins[row] as number;
    }
    run.blockRows.push(run.rows + from);
    run.keysAt.push(scratch.append(whole));
    run.keysBytes.push(whole.length);
  }
  run.rows += order.length;
}

/** Appends the same rows of one leaf. */
export function appendColumn(
  { scratch, encoder, permuted }: RunWriter,
  run: SortedRun,
  content: ChunkContent,
  layout: RowLayout,
  order: Uint32Array,
  blockRows: number,
): void {
  const column = run.columns[content.leaf.index];
  if (column === undefined) throw new Error(`a run has no column ${content.leaf.path}`);
  for (let from = 0; from < order.length; from += blockRows) {
    const to = Math.min(order.length, from + blockRows);
    const block = permutedContent(permuted, content, layout, order, from, to, true);
    const format = { codec: codec.SNAPPY, pageRows: mostBlockRows, pageSizeBytes: pageBytes };
    const { pages, compressedSizeBytes, uncompressedSizeBytes } = encodeColumnChunk(encoder, block, format);
    let at = scratch.sizeBytes;
    for (const [i, page] of pages.entries()) {
      const start = scratch.append(page);
      if (i === 0) at = start;
    }
    column.at.push(at);
    column.sizeBytes.push(compressedSizeBytes);
    column.plainBytes.push(uncompressedSizeBytes);
    column.entries.push(block.entryCount);
  }
}

/** The keys of a block. */
export function readKeys(scratch: ScratchSpace, run: SortedRun, block: number): KeyBlock {
  const rows = (run.blockRows[block + 1] ?? run.rows) - (run.blockRows[block] as number);
  const sizeBytes = run.keysBytes[block] as number;
  const { bytes, origins, offsets, whole } = keyRoom(rows, sizeBytes - rows * 8 - (rows + 1) * 4);
  scratch.readNow(run.keysAt[block] as number, whole);
  return { rows, bytes, offsets, origins };
}

function keyRoom(rows: number, keyBytes: number): Omit<KeyBlock, 'rows'> & { readonly whole: Uint8Array } {
  const offsetsAt = rows * 8;
  const bytesAt = offsetsAt + (rows + 1) * 4;
  const whole = new Uint8Array(bytesAt + keyBytes);
  return {
    whole,
    origins: new Float64Array(whole.buffer, 0, rows),
    offsets: new Uint32Array(whole.buffer, offsetsAt, rows + 1),
    bytes: whole.subarray(bytesAt),
  };
}
