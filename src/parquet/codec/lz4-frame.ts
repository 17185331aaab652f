import { corrupt, unsupported } from '../format-error.ts';

/** What an LZ4 frame begins with, little-endian. */
export const lz4FrameMagic = 0x184d2204;

/** A block of a frame, by its first byte and the one behind its last. */
export interface Lz4FrameBlock {
  readonly start: number;
  readonly end: number;
  /** Whether it is not compressed. */
  readonly isStored: boolean;
}

/**
 * Finds the blocks of an LZ4 frame (lz4/lz4, doc/lz4_Frame_format.md). Checksums are passed over: a page has its own.
 * @throws FormatError when it is cut, of another version, or followed by something
 */
export function lz4FrameBlocks(bytes: Uint8Array): readonly Lz4FrameBlock[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 11) throw corrupt('an LZ4 frame is cut');
  const flags = view.getUint8(4);
  if (flags >> 6 !== 1) throw unsupported(`LZ4 frames of version ${flags >> 6}`);
  if ((flags & 1) !== 0) throw unsupported('LZ4 frames with a dictionary');
  const hasBlockChecksums = (flags & 16) !== 0;
  const hasSize = (flags & 8) !== 0;
  const hasChecksum = (flags & 4) !== 0;
  // Magic number, flags, block size, content size, a checksum of these.
  let position = 7 + (hasSize ? 8 : 0);
  const blocks: Lz4FrameBlock[] = [];
  for (;;) {
    if (position + 4 > bytes.length) throw corrupt('an LZ4 frame is cut');
    const head = view.getUint32(position, true);
    position += 4;
    if (head === 0) break;
    const end = position + (head & 0x7fffffff);
    if (end > bytes.length) throw corrupt('an LZ4 frame is cut');
    blocks.push({ start: position, end, isStored: head > 0x7fffffff });
    position = end + (hasBlockChecksums ? 4 : 0);
  }
  if (position + (hasChecksum ? 4 : 0) !== bytes.length)
    throw corrupt('an LZ4 frame is followed by something');
  return blocks;
}
