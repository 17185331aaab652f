import { corrupt } from '../format-error.ts';
import { problem } from '../kernel/problems.ts';
import { emptyRoom, type Room, type Rooms, release, reserve } from '../kernel/rooms.ts';
import { limits } from '../limits.ts';
import type { ValueBlock } from '../value-block.ts';

/**
 * Decodes `count` DELTA_BINARY_PACKED numbers (parquet-format, Encodings, "Delta encoding") from address `start` on
 * and describes them in `block`.
 * @param room for the numbers
 * @throws FormatError when they are damaged or fewer
 */
export function decodeDelta(
  rooms: Rooms,
  start: number,
  end: number,
  count: number,
  block: ValueBlock,
  room: Room,
): void {
  block.count = count;
  block.bytesAt = reserve(rooms, room, count * block.widthBytes);
  const used = rooms.kernel.deltaDecode(start, end, block.widthBytes, count, block.bytesAt);
  if (used < 0) throw problem(rooms.kernel, used);
}

/** Where values that are put together from parts go. */
export interface JoinedRooms {
  readonly bytes: Room;
  /** For offsets, of values without a width. */
  readonly offsets: Room;
}

/**
 * Decodes `count` values of DELTA_LENGTH_BYTE_ARRAY, or of DELTA_BYTE_ARRAY when each takes a prefix over from the one
 * before (parquet-format, Encodings), and describes them in `block`.
 * @throws FormatError when they are damaged, fewer, or larger than a page may be
 */
export function decodeJoined(
  rooms: Rooms,
  start: number,
  end: number,
  count: number,
  hasPrefixes: boolean,
  block: ValueBlock,
  { bytes, offsets }: JoinedRooms,
): void {
  const { kernel } = rooms;
  const prefixes = emptyRoom();
  const suffixes = emptyRoom();
  try {
    const suffixesAt = hasPrefixes ? decodeLengths(rooms, start, end, count, prefixes) : start;
    const from = decodeLengths(rooms, suffixesAt, end, count, suffixes);
    const width = block.widthBytes;
    const sizeBytes = kernel.joinedBytes(prefixes.at, suffixes.at, count, end - from, width);
    if (sizeBytes < 0) throw problem(kernel, sizeBytes);
    const plainBytes = sizeBytes + (width === 0 ? count * 4 : 0);
    // A few bytes may stand for any number of them.
    if (plainBytes > limits.pageBytes) {
      throw corrupt(`values take ${plainBytes} bytes, more than the ${limits.pageBytes} allowed`);
    }
    block.count = count;
    block.bytesAt = reserve(rooms, bytes, plainBytes);
    if (width === 0) block.offsetsAt = reserve(rooms, offsets, (count + 1) * 4);
    kernel.joinValues(prefixes.at, suffixes.at, count, from, width, block.bytesAt, block.offsetsAt);
  } finally {
    release(rooms, prefixes);
    release(rooms, suffixes);
  }
}

// Returns where they end.
function decodeLengths(rooms: Rooms, start: number, end: number, count: number, room: Room): number {
  const { kernel } = rooms;
  const used = kernel.deltaDecode(start, end, 4, count, reserve(rooms, room, count * 4));
  if (used < 0) throw problem(kernel, used);
  // What follows begins behind the last length, so there must be none that is not looked at.
  const total = kernel.memory.words[0] as number;
  if (total !== count) throw corrupt(`${total} lengths of values where there must be ${count}`);
  return start + used;
}
