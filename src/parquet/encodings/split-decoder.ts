import { corrupt } from '../format-error.ts';
import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import type { ValueBlock } from '../value-block.ts';

/**
 * Puts `count` values of BYTE_STREAM_SPLIT (parquet-format, Encodings) together, whose streams lie from address
 * `start` to `end`, and describes them in `block`.
 * @param room for the values
 * @throws FormatError when the streams have another length
 */
export function decodeSplit(
  rooms: Rooms,
  start: number,
  end: number,
  count: number,
  block: ValueBlock,
  room: Room,
): void {
  const sizeBytes = count * block.widthBytes;
  // Where a stream ends is known from the number of values alone.
  if (end - start !== sizeBytes) {
    throw corrupt(`${count} values in byte streams take ${sizeBytes} bytes, the page has ${end - start}`);
  }
  block.count = count;
  block.bytesAt = reserve(rooms, room, sizeBytes);
  rooms.kernel.splitDecode(start, block.widthBytes, count, block.bytesAt);
}
