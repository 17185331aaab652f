import { type Extremes, extendExtremes } from './extremes.ts';
import { emptyRoom, type Room, type Rooms, reserve } from './kernel/rooms.ts';
import type { ValueBlock } from './value-block.ts';

/** Rooms for finding the extremes of values that are told by indices. */
export interface IndexedRooms {
  /** A byte for each entry of the dictionary. */
  readonly used: Room;
  readonly bytes: Room;
  readonly offsets: Room;
}

/** Rooms without bytes. */
export function indexedRooms(): IndexedRooms {
  return { used: emptyRoom(), bytes: emptyRoom(), offsets: emptyRoom() };
}

/** A dictionary with more entries than so many times the values is not looked through for them. */
const entriesPerValue = 2;

/**
 * Takes the `count` values that indices of an i32 each name into the extremes. Entries of the dictionary that no index names
 * take no part.
 */
export function extendIndexed(
  extremes: Extremes,
  rooms: Rooms,
  dictionary: ValueBlock,
  indicesAt: number,
  count: number,
  tools: IndexedRooms,
): void {
  if (count === 0 || extremes.order === 'none') return;
  const { kernel } = rooms;
  if (dictionary.count <= count * entriesPerValue) {
    const at = reserve(rooms, tools.used, dictionary.count);
    kernel.memory.bytes.fill(0, at, at + dictionary.count);
    kernel.markUsed(indicesAt, count, at);
    const nansBefore = extremes.nanCount;
    extendExtremes(extremes, kernel, dictionary, at);
    if (extremes.nanCount === nansBefore) return;
    // How many values are NaN is not told by how many entries are.
    extremes.nanCount = nansBefore;
  }
  extendExtremes(extremes, kernel, gathered(rooms, dictionary, indicesAt, count, tools));
}

function gathered(
  rooms: Rooms,
  { widthBytes, bytesAt, offsetsAt }: ValueBlock,
  indicesAt: number,
  count: number,
  tools: IndexedRooms,
): ValueBlock {
  const { kernel } = rooms;
  if (widthBytes > 0) {
    const at = reserve(rooms, tools.bytes, count * widthBytes);
    kernel.gatherFixed(widthBytes, bytesAt, indicesAt, count, at);
    return { count, widthBytes, bytesAt: at, offsetsAt: 0 };
  }
  const at = reserve(rooms, tools.bytes, kernel.gatheredBytes(offsetsAt, indicesAt, count));
  const placesAt = reserve(rooms, tools.offsets, (count + 1) * 4);
  kernel.memory.words[placesAt / 4] = 0;
  kernel.gatherVariable(bytesAt, offsetsAt, indicesAt, count, at, placesAt);
  return { count, widthBytes, bytesAt: at, offsetsAt: placesAt };
}
