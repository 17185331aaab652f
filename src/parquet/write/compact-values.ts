import { encoding, nameOf } from '../format.ts';
import { deltaRoom } from '../kernel/kernel.ts';
import { emptyRoom, release, reserve } from '../kernel/rooms.ts';
import type { ValueBlock } from '../value-block.ts';
import { type PageBody, roomFor } from './page-body.ts';

/**
 * Encodes values `from` to `to` of a block at address `at` of a page's body, with DELTA_BINARY_PACKED (of 4 or 8
 * bytes), DELTA_BYTE_ARRAY (without a width) or BYTE_STREAM_SPLIT (with one).
 * @returns the address behind them
 */
export function putCompact(
  page: PageBody,
  valueEncoding: number,
  block: ValueBlock,
  from: number,
  to: number,
  at: number,
): number {
  const { kernel } = page.rooms;
  const { widthBytes: width } = block;
  const count = to - from;
  switch (valueEncoding) {
    case encoding.DELTA_BINARY_PACKED: {
      const start = roomFor(page, at, deltaRoom(count, width));
      return start + kernel.deltaEncode(block.bytesAt + from * width, width, count, start);
    }
    case encoding.BYTE_STREAM_SPLIT: {
      const start = roomFor(page, at, count * width);
      kernel.splitEncode(block.bytesAt + from * width, width, count, start);
      return start + count * width;
    }
    case encoding.DELTA_BYTE_ARRAY:
      return putDeltaByteArray(page, block, from, to, at);
    default:
      throw new Error(`values are not written with encoding ${nameOf(encoding, valueEncoding)}`);
  }
}

function putDeltaByteArray(page: PageBody, block: ValueBlock, from: number, to: number, at: number): number {
  const { rooms } = page;
  const { kernel } = rooms;
  const count = to - from;
  const prefixes = emptyRoom();
  const suffixes = emptyRoom();
  const own = emptyRoom();
  const { words } = kernel.memory;
  const place = block.offsetsAt / 4;
  const sizeBytes = (words[place + to] as number) - (words[place + from] as number);
  reserve(rooms, prefixes, count * 4);
  reserve(rooms, suffixes, count * 4);
  reserve(rooms, own, sizeBytes);
  const { bytesAt, offsetsAt } = block;
  const ownBytes = kernel.cutPrefixes(bytesAt, offsetsAt, from, count, prefixes.at, suffixes.at, own.at);
  let end = roomFor(page, at, deltaRoom(count, 4) * 2 + ownBytes);
  end += kernel.deltaEncode(prefixes.at, 4, count, end);
  end += kernel.deltaEncode(suffixes.at, 4, count, end);
  kernel.memory.bytes.copyWithin(end, own.at, own.at + ownBytes);
  for (const room of [prefixes, suffixes, own]) release(rooms, room);
  return end + ownBytes;
}
