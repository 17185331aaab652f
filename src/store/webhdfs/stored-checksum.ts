import { createHash, type Hash } from 'node:crypto';
import { type CrcKind, crcOf } from './crc32.ts';

/** How HDFS sums up a file: a CRC of every so many bytes, and where one block ends and the next begins. */
export interface ChecksumShape {
  readonly crc: CrcKind;
  readonly bytesPerCrc: number;
  /** Block size of the file, a multiple of `bytesPerCrc`. */
  readonly blockBytes: number;
}

/** What GETFILECHECKSUM answers. */
export interface StoredChecksum {
  /** Such as `MD5-of-0MD5-of-512CRC32C` or `COMPOSITE-CRC32C`. */
  readonly algorithm: string;
  /** The value in hexadecimal digits. */
  readonly bytes: string;
}

/** Both checksums that HDFS may keep of a file, as hexadecimal digits. */
export interface FileChecksums {
  readonly shape: ChecksumShape;
  /** The MD5 over the MD5s of each block's CRCs (mode MD5MD5CRC of `FileChecksumHelper`). */
  readonly md5: string;
  /** The CRC of the whole file (mode COMPOSITE_CRC). */
  readonly crc: string;
}

/** Computes both from a file's bytes in order. */
export interface ChecksumMaker {
  update(bytes: Uint8Array): void;
  /** The checksums of all bytes; nothing may follow. */
  end(): FileChecksums;
}

/** True or false as `stored` is what these bytes must have; undefined when it is a checksum of another kind. */
export function agrees({ shape, md5, crc }: FileChecksums, stored: StoredChecksum): boolean | undefined {
  if (stored.algorithm === `COMPOSITE-${shape.crc}`) return stored.bytes === crc;
  const kind = /^MD5-of-\d+MD5-of-(\d+)(CRC32C?)$/.exec(stored.algorithm);
  if (kind?.[1] !== String(shape.bytesPerCrc) || kind[2] !== shape.crc) return undefined;
  // Before the MD5: bytes per CRC (4 bytes) and CRCs per block (8 bytes).
  return stored.bytes.slice(24, 56) === md5;
}

/** A maker for files of this shape. */
export function checksumMaker(shape: ChecksumShape): ChecksumMaker {
  const { bytesPerCrc, blockBytes } = shape;
  const crc = crcOf(shape.crc);
  const join = crc.joiner(bytesPerCrc);
  const blockDigests: Buffer[] = [];
  const pending = new DataView(new ArrayBuffer(32 * 1024));
  let pendingBytes = 0;
  let blockHash: Hash = createHash('md5');
  let inBlock = 0;
  let inChunk = 0;
  let chunkCrc = 0;
  let wholeCrc = 0;

  const flush = (): void => {
    blockHash.update(new Uint8Array(pending.buffer, 0, pendingBytes));
    pendingBytes = 0;
  };
  const endChunk = (): void => {
    wholeCrc = inChunk === bytesPerCrc ? join(wholeCrc, chunkCrc) : crc.joiner(inChunk)(wholeCrc, chunkCrc);
    pending.setInt32(pendingBytes, chunkCrc);
    pendingBytes += 4;
    if (pendingBytes === pending.byteLength) flush();
    inChunk = 0;
    chunkCrc = 0;
  };
  const endBlock = (): void => {
    flush();
    blockDigests.push(blockHash.digest());
    blockHash = createHash('md5');
    inBlock = 0;
  };

  return {
    update(bytes) {
      for (let from = 0; from < bytes.length; ) {
        const to = Math.min(bytes.length, from + bytesPerCrc - inChunk);
        chunkCrc = crc.extend(chunkCrc, bytes, from, to);
        inChunk += to - from;
        inBlock += to - from;
        from = to;
        if (inChunk === bytesPerCrc) endChunk();
        if (inBlock === blockBytes) endBlock();
      }
    },

    end() {
      if (inChunk > 0) endChunk();
      if (inBlock > 0) endBlock();
      return {
        shape,
        md5: digestOfDigests(blockDigests),
        crc: (wholeCrc >>> 0).toString(16).padStart(8, '0'),
      };
    },
  };
}

/** Hadoop digests the whole buffer it gathered the blocks' MD5s in: 32 bytes, doubled as they come. */
function digestOfDigests(digests: readonly Buffer[]): string {
  let size = 32;
  while (size < digests.length * 16) size *= 2;
  const padded = Buffer.alloc(size);
  Buffer.concat(digests).copy(padded);
  return createHash('md5').update(padded).digest('hex');
}
