import type { ByteSource } from '../../core/byte-source.ts';
import { type Room, type Rooms, release, reserve } from '../kernel/rooms.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';

/** The stored bytes of a column chunk, or a window on them, in the memory of a kernel. */
export interface ChunkWindow {
  readonly chunk: ColumnChunk;
  /** Address of the chunk's byte number `from`. */
  at: number;
  /** Which bytes of the chunk are there: the first, and behind the last. */
  from: number;
  to: number;
}

/** A window that moves over a chunk too large to be held whole. */
export interface MovingWindow extends ChunkWindow {
  readonly source: ByteSource;
  readonly room: Room;
  /** Bytes that are fetched at a time. */
  readonly stepBytes: number;
  /** The bytes from `to` on, on their way. */
  ahead: Promise<Uint8Array> | undefined;
}

/** A window on nothing yet of a chunk. */
export function movingWindow(
  source: ByteSource,
  chunk: ColumnChunk,
  room: Room,
  stepBytes: number,
): MovingWindow {
  return { chunk, at: 0, from: 0, to: 0, source, room, stepBytes, ahead: undefined };
}

/**
 * Begins to fetch what lies behind the window, so that it is there when {@link advance} asks for it.
 * @param position from where on the chunk will be read: where enough is there, nothing is fetched
 */
export function fetchAhead(window: MovingWindow, position: number): void {
  const { chunk, to, stepBytes, source } = window;
  if (source.readNow !== undefined) return;
  const isThere = to >= chunk.compressedSizeBytes || to - position > stepBytes / 2;
  if (window.ahead !== undefined || isThere) return;
  window.ahead = fetch(window, Math.min(chunk.compressedSizeBytes, to + stepBytes));
  // Whoever waits for it learns of the failure.
  window.ahead.catch(() => {});
}

/**
 * Moves a window on, so that it has the bytes from `from` to `to` at least. Those that it has of them stay.
 * @throws StoreError when the source cannot be read
 */
export async function advance(rooms: Rooms, window: MovingWindow, from: number, to: number): Promise<void> {
  const end = Math.min(window.chunk.compressedSizeBytes, to);
  if (from < window.from || from > window.to) leave(rooms, window, from);
  while (window.to < end) {
    // A page larger than the step comes in several: what is fetched is copied, and is there twice until then.
    const { compressedSizeBytes } = window.chunk;
    const step = Math.max(from + window.stepBytes, Math.min(end, window.to + window.stepBytes));
    const stepEnd = Math.min(step, compressedSizeBytes);
    const { source, chunk } = window;
    if (source.readNow !== undefined) {
      const target = roomToAppend(rooms, window, from, stepEnd - window.to, end - from);
      source.readNow(chunk.startOffsetBytes + window.to, target);
      window.to = stepEnd;
      continue;
    }
    const bytes = await (window.ahead ?? fetch(window, stepEnd));
    window.ahead = undefined;
    roomToAppend(rooms, window, from, bytes.length, end - from).set(bytes);
    window.to += bytes.length;
  }
}

// Gives up what the window has, to begin anew at byte `from` of its chunk.
function leave(rooms: Rooms, window: MovingWindow, from: number): void {
  release(rooms, window.room);
  window.ahead = undefined;
  window.at = 0;
  window.from = from;
  window.to = from;
}

function fetch({ source, chunk, to }: MovingWindow, end: number): Promise<Uint8Array> {
  return source.read(chunk.startOffsetBytes + to, end - to);
}

// Lets the window begin at `from`, with room for so many bytes behind its last one. `wantedBytes`: how much it will have
// to hold soon.
function roomToAppend(
  rooms: Rooms,
  window: MovingWindow,
  from: number,
  lengthBytes: number,
  wantedBytes: number,
): Uint8Array {
  const { room } = window;
  const kept = window.to - from;
  const { memory } = rooms.kernel;
  if (kept > 0)
    memory.bytes.copyWithin(room.at, window.at + from - window.from, window.at + window.to - window.from);
  window.at = reserve(rooms, room, Math.max(wantedBytes, kept + lengthBytes), kept);
  window.from = from;
  return memory.bytes.subarray(window.at + kept, window.at + kept + lengthBytes);
}
