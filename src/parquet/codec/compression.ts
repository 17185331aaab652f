import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';
import { codec, nameOf } from '../format.ts';
import { corrupt, unsupported } from '../format-error.ts';
import { lz4Room, lz4TableBytes, snappyRoom, snappyTableBytes } from '../kernel/kernel.ts';
import { problem } from '../kernel/problems.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import { decodeLz4, decodeLz4Raw } from './lz4.ts';
import { zstdCompress, zstdDecompress } from './zstd.ts';

const readable: ReadonlySet<number> = new Set([
  codec.UNCOMPRESSED,
  codec.SNAPPY,
  codec.GZIP,
  codec.BROTLI,
  codec.LZ4,
  codec.ZSTD,
  codec.LZ4_RAW,
]);

/** Whether {@link decompress} knows a codec. */
export function isReadableCodec(number: number): boolean {
  return readable.has(number);
}

/** Refuses a codec that {@link decompress} does not know, before anything is read. */
export function checkCodec(number: number): void {
  if (!isReadableCodec(number)) throw unsupported(`compression ${nameOf(codec, number)}`);
}

/** Snappy never makes data smaller than this part of it (a copy of 64 bytes takes 3). */
const snappyLimit = 64;

/**
 * Undoes the compression of a page body that lies from `from` to `end` in the kernel's memory.
 * @param sizeBytes what the page header says the result has; anything else is an error
 * @param room where the result goes, unless the body is not compressed
 * @returns the address of the result
 * @throws FormatError when the bytes are damaged, have another size, or the codec is not supported
 */
export function decompress(
  rooms: Rooms,
  number: number,
  from: number,
  end: number,
  sizeBytes: number,
  room: Room,
): number {
  const length = end - from;
  switch (number) {
    case codec.UNCOMPRESSED:
      if (length !== sizeBytes) throw wrongSize(length, sizeBytes);
      return from;
    case codec.SNAPPY: {
      if (length === 0 && sizeBytes === 0) return from;
      if (sizeBytes > length * snappyLimit) {
        throw corrupt(`${length} bytes of Snappy data cannot hold ${sizeBytes}`);
      }
      const to = reserve(rooms, room, sizeBytes);
      const { kernel } = rooms;
      const start = snappyStart(kernel.memory.bytes, from, end, sizeBytes);
      const code = kernel.snappyDecode(start, end, to, sizeBytes);
      if (code < 0) throw problem(kernel, code);
      return to;
    }
    case codec.GZIP:
      return copied(rooms, from, end, sizeBytes, room, gunzip);
    case codec.BROTLI:
      return copied(rooms, from, end, sizeBytes, room, unbrotli);
    case codec.ZSTD:
      return copied(rooms, from, end, sizeBytes, room, zstdDecompress);
    case codec.LZ4:
    case codec.LZ4_RAW: {
      if (length === 0 && sizeBytes === 0) return from;
      const page = { from, end, sizeBytes, room };
      return number === codec.LZ4 ? decodeLz4(rooms, page) : decodeLz4Raw(rooms, page);
    }
    default:
      throw unsupported(`compression ${nameOf(codec, number)}`);
  }
}

/** Where {@link compress} works. */
export interface CompressionRooms {
  readonly compressed: Room;
  readonly table: Room;
}

/** Rooms that {@link compress} may use, without bytes yet. */
export function compressionRooms(): CompressionRooms {
  return { compressed: emptyRoom(), table: emptyRoom() };
}

/** As good as the default of 6 to a few percent, and twice as fast. */
const usualGzipLevel = 5;
/** The default of 11 takes a hundred times as long. */
const brotliQuality = 5;

/**
 * Compresses what lies from `from` to `end` in the kernel's memory, into a room of its own. Zstd must have been made
 * ready (`prepareCodecs`).
 * @param number a codec that {@link checkCodec} accepts, but not LZ4
 * @param before bytes that are left free in front of the result
 * @param level of gzip (1 to 9) and Zstd (1 to 22); where it is not said, the usual one. Others have none
 * @returns the address of the result and the one behind it; good until the next call
 */
export function compress(
  rooms: Rooms,
  number: number,
  from: number,
  end: number,
  { compressed, table }: CompressionRooms,
  before = 0,
  level?: number,
): { readonly at: number; readonly end: number } {
  const { kernel } = rooms;
  const length = end - from;
  switch (number) {
    case codec.SNAPPY: {
      const at = reserve(rooms, compressed, before + snappyRoom(length)) + before;
      const tableAt = reserve(rooms, table, snappyTableBytes);
      return { at, end: at + kernel.snappyEncode(from, length, at, tableAt) };
    }
    case codec.LZ4_RAW: {
      const at = reserve(rooms, compressed, before + lz4Room(length)) + before;
      const tableAt = reserve(rooms, table, lz4TableBytes);
      return { at, end: at + kernel.lz4Encode(from, length, at, tableAt) };
    }
    default: {
      const result = compressOutside(number, kernel.memory.bytes.subarray(from, end), level);
      const at = reserve(rooms, compressed, before + result.length) + before;
      kernel.memory.bytes.set(result, at);
      return { at, end: at + result.length };
    }
  }
}

function compressOutside(number: number, bytes: Uint8Array, level: number | undefined): Uint8Array {
  switch (number) {
    case codec.UNCOMPRESSED:
      return bytes.slice();
    case codec.GZIP:
      return gzipSync(bytes, { level: level ?? usualGzipLevel });
    case codec.BROTLI:
      return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } });
    case codec.ZSTD:
      return zstdCompress(bytes, level);
    default:
      throw new Error(`pages are not written with compression ${nameOf(codec, number)}`);
  }
}

// Where the data begins behind the preamble that says how much it holds.
function snappyStart(bytes: Uint8Array, from: number, end: number, sizeBytes: number): number {
  let stated = 0;
  let scale = 1;
  for (let i = 0; i < 5 && from + i < end; i++) {
    const byte = bytes[from + i] as number;
    stated += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      if (stated === sizeBytes) return from + i + 1;
      throw corrupt(`Snappy data says it holds ${stated} bytes, the page header says ${sizeBytes}`);
    }
  }
  throw corrupt('Snappy data has no length');
}

// Undone outside of the kernel's memory.
function copied(
  rooms: Rooms,
  from: number,
  end: number,
  sizeBytes: number,
  room: Room,
  undo: (stored: Uint8Array, sizeBytes: number) => Uint8Array,
): number {
  if (from === end && sizeBytes === 0) return from;
  const result = undo(rooms.kernel.memory.bytes.subarray(from, end), sizeBytes);
  if (result.length !== sizeBytes) throw wrongSize(result.length, sizeBytes);
  const to = reserve(rooms, room, sizeBytes);
  rooms.kernel.memory.bytes.set(result, to);
  return to;
}

function gunzip(compressed: Uint8Array, sizeBytes: number): Uint8Array {
  try {
    return gunzipSync(compressed, { maxOutputLength: Math.max(sizeBytes, 1) });
  } catch (cause) {
    throw damaged('gzip', sizeBytes, cause);
  }
}

function unbrotli(compressed: Uint8Array, sizeBytes: number): Uint8Array {
  try {
    return brotliDecompressSync(compressed, { maxOutputLength: Math.max(sizeBytes, 1) });
  } catch (cause) {
    throw damaged('Brotli', sizeBytes, cause);
  }
}

function damaged(name: string, sizeBytes: number, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return corrupt(`${name} data is damaged or holds more than ${sizeBytes} bytes (${why})`);
}

function wrongSize(found: number, expected: number): Error {
  return corrupt(`page has ${found} bytes uncompressed, its header says ${expected}`);
}
