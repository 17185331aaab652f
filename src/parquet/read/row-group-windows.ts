import type { ByteSource } from '../../core/byte-source.ts';
import { emptyRoom, type Room, type Rooms, release, reserve } from '../kernel/rooms.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import { type ChunkWindow, type MovingWindow, movingWindow } from './chunk-window.ts';
import type { RowGroupExtent } from './row-group-extent.ts';

/** The column chunks of a row group: all of them in the kernel's memory, or to be read through moving windows. */
export interface RowGroupWindows {
  readonly whole: { readonly startOffsetBytes: number; readonly room: Room } | undefined;
  readonly source: ByteSource;
  readonly stepBytes: number;
  /** The moving windows in use. */
  readonly windows: Map<ColumnChunk, MovingWindow>;
}

/** Of all row groups that are there whole. */
const noWindows: RowGroupWindows['windows'] = new Map();

/** A row group whose bytes were read in one piece; they are copied. */
export function wholeRowGroup(
  rooms: Rooms,
  source: ByteSource,
  extent: RowGroupExtent,
  bytes: Uint8Array,
): RowGroupWindows {
  const room = emptyRoom();
  const at = reserve(rooms, room, bytes.length);
  rooms.kernel.memory.bytes.set(bytes, at);
  const { startOffsetBytes } = extent;
  return { whole: { startOffsetBytes, room }, source, stepBytes: 0, windows: noWindows };
}

/**
 * The same, read straight into the kernel's memory from a source that need not wait.
 * @throws StoreError when it cannot be read
 */
export function wholeRowGroupNow(
  rooms: Rooms,
  source: ByteSource & Required<Pick<ByteSource, 'readNow'>>,
  extent: RowGroupExtent,
): RowGroupWindows {
  const room = emptyRoom();
  const at = reserve(rooms, room, extent.sizeBytes);
  source.readNow(extent.startOffsetBytes, rooms.kernel.memory.bytes.subarray(at, at + extent.sizeBytes));
  const { startOffsetBytes } = extent;
  return { whole: { startOffsetBytes, room }, source, stepBytes: 0, windows: noWindows };
}

/** Whether a source can be read without waiting for it. */
export function isAtHand(source: ByteSource): source is ByteSource & Required<Pick<ByteSource, 'readNow'>> {
  return source.readNow !== undefined;
}

/** A row group of which every chunk is read through a window, `stepBytes` at a time. */
export function movingRowGroup(source: ByteSource, stepBytes: number): RowGroupWindows {
  return { whole: undefined, source, stepBytes, windows: new Map() };
}

/** The window on a chunk of the row group, at its first byte unless it is in use. */
export function windowOf(rowGroup: RowGroupWindows, chunk: ColumnChunk): ChunkWindow | MovingWindow {
  const { whole, source, stepBytes, windows } = rowGroup;
  if (whole !== undefined) {
    const at = whole.room.at + chunk.startOffsetBytes - whole.startOffsetBytes;
    return { chunk, at, from: 0, to: chunk.compressedSizeBytes };
  }
  const known = windows.get(chunk);
  if (known !== undefined) return known;
  const window = movingWindow(source, chunk, emptyRoom(), stepBytes);
  windows.set(chunk, window);
  return window;
}

/** Gives back the window on a chunk that was read to its end. */
export function releaseWindow(rooms: Rooms, rowGroup: RowGroupWindows, chunk: ColumnChunk): void {
  const window = rowGroup.windows.get(chunk);
  if (window === undefined) return;
  release(rooms, window.room);
  rowGroup.windows.delete(chunk);
}

/** Gives back all memory of the row group. */
export function releaseRowGroup(rooms: Rooms, rowGroup: RowGroupWindows): void {
  if (rowGroup.whole !== undefined) release(rooms, rowGroup.whole.room);
  for (const { room } of rowGroup.windows.values()) release(rooms, room);
  rowGroup.windows.clear();
}
