import { physicalType } from '../format.ts';
import { corrupt } from '../format-error.ts';
import { problem } from '../kernel/problems.ts';
import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ValueBlock } from '../value-block.ts';

/**
 * Finds `count` PLAIN values (parquet-format, Encodings, "Plain") from address `start` on and describes them in
 * `block`. Their bytes stay where they are, but for booleans, which are unpacked.
 * @param room for unpacked booleans or for offsets
 * @throws FormatError when the bytes end before `count` values
 */
export function decodePlain(
  rooms: Rooms,
  leaf: LeafColumn,
  start: number,
  end: number,
  count: number,
  block: ValueBlock,
  room: Room,
): void {
  const { kernel } = rooms;
  block.count = count;
  block.bytesAt = start;
  if (leaf.type === physicalType.BOOLEAN) {
    checkRoom(start, end, Math.ceil(count / 8), count);
    block.bytesAt = reserve(rooms, room, count);
    kernel.unpackBooleans(start, count, block.bytesAt);
  } else if (leaf.widthBytes > 0) {
    checkRoom(start, end, count * leaf.widthBytes, count);
  } else {
    // Each value has its length at least: no room is made for a claim that the bytes cannot bear out.
    checkRoom(start, end, count * 4, count);
    block.offsetsAt = reserve(rooms, room, (count + 1) * 4);
    const code = kernel.readOffsets(start, end, count, block.offsetsAt);
    if (code < 0) throw problem(kernel, code);
  }
}

function checkRoom(start: number, end: number, sizeBytes: number, count: number): void {
  if (start + sizeBytes > end) {
    throw corrupt(`${count} PLAIN values take ${sizeBytes} bytes, the page has ${Math.max(0, end - start)}`);
  }
}
