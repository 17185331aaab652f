import { FormatError } from '../../core/errors.ts';
import { corrupt } from '../format-error.ts';
import { problem } from '../kernel/problems.ts';
import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import { lz4FrameBlocks, lz4FrameMagic } from './lz4-frame.ts';

/** LZ4 never makes data smaller than this part of it. */
const ratioLimit = 255;

/** Where compressed bytes lie in the kernel's memory, what they are to hold, and the room for it. */
export interface Lz4Page {
  readonly from: number;
  readonly end: number;
  readonly sizeBytes: number;
  readonly room: Room;
}

/**
 * Undoes LZ4_RAW: one block.
 * @returns the address of the result
 * @throws FormatError when the block is damaged or holds another number of bytes
 */
export function decodeLz4Raw(rooms: Rooms, page: Lz4Page): number {
  const { from, end, sizeBytes } = page;
  const to = reserveFor(rooms, page);
  const size = decodeBlock(rooms, to, from, end, to, sizeBytes);
  if (size !== sizeBytes) throw corrupt(`LZ4 data holds ${size} bytes, the page header says ${sizeBytes}`);
  return to;
}

/**
 * Undoes the codec LZ4, which was never specified: Hadoop's blocks, each with its sizes before it, or an LZ4 frame, or
 * one block, whichever the bytes are. The first two say their sizes, so that one is not taken for the other.
 * @returns the address of the result
 * @throws FormatError when they are none of these, or hold another number of bytes
 */
export function decodeLz4(rooms: Rooms, page: Lz4Page): number {
  const { from, end } = page;
  if (end - from >= 4 && wordAt(rooms, from, true) === lz4FrameMagic) return decodeFrame(rooms, page);
  try {
    return decodeHadoop(rooms, page);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return decodeLz4Raw(rooms, page);
  }
}

// Blocks: how many bytes they hold, then parts of them, with the bytes a part takes before each (Hadoop's
// BlockCompressorStream), big-endian.
function decodeHadoop(rooms: Rooms, page: Lz4Page): number {
  const { from, end, sizeBytes } = page;
  const to = reserveFor(rooms, page);
  let position = from;
  let done = 0;
  const take = (): number => {
    if (end - position < 4) throw corrupt('LZ4 data of Hadoop is cut');
    position += 4;
    return wordAt(rooms, position - 4, false);
  };
  while (position < end) {
    let blockBytes = take();
    if (blockBytes > sizeBytes - done) throw corrupt('LZ4 data of Hadoop holds more than it says');
    while (blockBytes > 0) {
      const partEnd = position + 4 + take();
      if (partEnd > end) throw corrupt('LZ4 data of Hadoop is cut');
      const size = decodeBlock(rooms, to + done, position, partEnd, to + done, blockBytes);
      if (size === 0) throw corrupt('LZ4 data of Hadoop has an empty part');
      blockBytes -= size;
      done += size;
      position = partEnd;
    }
  }
  if (done !== sizeBytes) throw corrupt(`LZ4 data of Hadoop holds ${done} bytes, not ${sizeBytes}`);
  return to;
}

function decodeFrame(rooms: Rooms, page: Lz4Page): number {
  const { from, end, sizeBytes } = page;
  const blocks = lz4FrameBlocks(rooms.kernel.memory.bytes.subarray(from, end));
  const to = reserveFor(rooms, page);
  let done = 0;
  for (const block of blocks) {
    const [start, stop] = [from + block.start, from + block.end];
    if (block.isStored) {
      if (stop - start > sizeBytes - done) throw corrupt('an LZ4 frame holds more than it says');
      rooms.kernel.memory.bytes.copyWithin(to + done, start, stop);
      done += stop - start;
    } else {
      done += decodeBlock(rooms, to, start, stop, to + done, sizeBytes - done);
    }
  }
  if (done !== sizeBytes) throw corrupt(`an LZ4 frame holds ${done} bytes, not ${sizeBytes}`);
  return to;
}

function reserveFor(rooms: Rooms, { from, end, sizeBytes, room }: Lz4Page): number {
  if (sizeBytes > (end - from) * ratioLimit) {
    throw corrupt(`${end - from} bytes of LZ4 data cannot hold ${sizeBytes}`);
  }
  return reserve(rooms, room, sizeBytes);
}

function decodeBlock(
  { kernel }: Rooms,
  window: number,
  from: number,
  end: number,
  to: number,
  roomBytes: number,
): number {
  const size = kernel.lz4Decode(window, from, end, to, roomBytes);
  if (size < 0) throw problem(kernel, size);
  return size;
}

function wordAt({ kernel }: Rooms, at: number, isLittleEndian: boolean): number {
  const { bytes } = kernel.memory;
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, isLittleEndian);
}
