import { unsupported } from '../format-error.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import { limits } from '../limits.ts';
import type { ValueBlock } from '../value-block.ts';

/** Values of an output column chunk, one behind the other as PLAIN has them. */
export interface PlainValues {
  readonly rooms: Rooms;
  count: number;
  widthBytes: number;
  readonly bytes: Room;
  readonly offsets: Room;
}

/** No values; {@link resetPlain} says of which width they will be. */
export function plainValues(rooms: Rooms): PlainValues {
  return { rooms, count: 0, widthBytes: 0, bytes: emptyRoom(), offsets: emptyRoom() };
}

/** Empties it for another chunk and keeps its room. */
export function resetPlain(plain: PlainValues, widthBytes: number): void {
  plain.count = 0;
  plain.widthBytes = widthBytes;
  const at = reserve(plain.rooms, plain.offsets, 4);
  plain.rooms.kernel.memory.words[at / 4] = 0;
}

/** The values, good until more are added. */
export function plainBlock(plain: PlainValues): ValueBlock {
  const { count, widthBytes, bytes, offsets } = plain;
  return { count, widthBytes, bytesAt: bytes.at, offsetsAt: offsets.at };
}

/**
 * Appends values `from` to `to` of a block.
 * @throws FormatError when the chunk grows beyond the limits
 */
export function copyValues(plain: PlainValues, source: ValueBlock, from: number, to: number): void {
  const { kernel } = plain.rooms;
  const count = to - from;
  if (plain.widthBytes > 0) {
    const width = plain.widthBytes;
    const start = source.bytesAt + from * width;
    const at = roomFor(plain, plain.count * width, count * width);
    kernel.memory.bytes.copyWithin(at, start, start + count * width);
  } else {
    const { words } = kernel.memory;
    const place = source.offsetsAt / 4;
    const start = words[place + from] as number;
    const end = words[place + to] as number;
    const used = usedBytes(plain);
    const at = roomFor(plain, used, end - start);
    kernel.memory.bytes.copyWithin(at, source.bytesAt + start, source.bytesAt + end);
    const offsetsAt = roomForOffsets(plain, count);
    kernel.shiftOffsets(
      source.offsetsAt + (from + 1) * 4,
      count,
      used - start,
      offsetsAt + (plain.count + 1) * 4,
    );
  }
  plain.count += count;
}

/**
 * Appends the `count` values of a block that the indices from address `indicesAt` on name.
 * @throws FormatError when the chunk grows beyond the limits
 */
export function gatherValues(plain: PlainValues, source: ValueBlock, indicesAt: number, count: number): void {
  const { kernel } = plain.rooms;
  if (plain.widthBytes > 0) {
    const width = plain.widthBytes;
    const at = roomFor(plain, plain.count * width, count * width);
    kernel.gatherFixed(width, source.bytesAt, indicesAt, count, at);
  } else {
    const used = usedBytes(plain);
    roomFor(plain, used, kernel.gatheredBytes(source.offsetsAt, indicesAt, count));
    const offsetsAt = roomForOffsets(plain, count) + plain.count * 4;
    kernel.gatherVariable(source.bytesAt, source.offsetsAt, indicesAt, count, plain.bytes.at, offsetsAt);
  }
  plain.count += count;
}

/**
 * Makes room for `sizeBytes` bytes of values in all.
 * @throws FormatError when the chunk grows beyond the limits
 */
export function reserveBytes(plain: PlainValues, sizeBytes: number): void {
  const { count, widthBytes } = plain;
  const used = widthBytes > 0 ? count * widthBytes : usedBytes(plain);
  roomFor(plain, used, Math.max(0, sizeBytes - used));
}

/** Makes room for the offsets of `more` values. */
export function reserveOffsets(plain: PlainValues, more: number): void {
  roomForOffsets(plain, more);
}

function usedBytes({ rooms, offsets, count }: PlainValues): number {
  return rooms.kernel.memory.words[offsets.at / 4 + count] as number;
}

function roomForOffsets({ rooms, offsets, count }: PlainValues, more: number): number {
  return reserve(rooms, offsets, (count + more + 1) * 4, (count + 1) * 4);
}

// Returns the address behind the bytes that are used.
function roomFor({ rooms, bytes }: PlainValues, used: number, more: number): number {
  if (used + more > limits.chunkBytes) {
    throw unsupported(`a column of more than ${limits.chunkBytes} bytes in one row group`);
  }
  return reserve(rooms, bytes, used + more, used) + used;
}
