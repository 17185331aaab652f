import { gunzipSync } from 'node:zlib';
import { codec, nameOf } from '../format.ts';
import { corrupt, unsupported } from '../format-error.ts';
import { snappyRoom, snappyTableBytes } from '../kernel/kernel.ts';
import { problem } from '../kernel/problems.ts';
import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';

/** Refuses a codec that {@link decompress} does not know, before anything is read. */
export function checkCodec(number: number): void {
  if (number !== codec.UNCOMPRESSED && number !== codec.SNAPPY && number !== codec.GZIP) {
    throw unsupported(`compression ${nameOf(codec, number)}`);
  }
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
    case codec.GZIP: {
      if (length === 0 && sizeBytes === 0) return from;
      const result = gunzip(rooms.kernel.memory.bytes.subarray(from, end), sizeBytes);
      if (result.length !== sizeBytes) throw wrongSize(result.length, sizeBytes);
      const to = reserve(rooms, room, sizeBytes);
      rooms.kernel.memory.bytes.set(result, to);
      return to;
    }
    default:
      throw unsupported(`compression ${nameOf(codec, number)}`);
  }
}

/** Where {@link compressSnappy} works. */
export interface SnappyRooms {
  readonly compressed: Room;
  readonly table: Room;
}

/**
 * Compresses what lies from `from` to `end` in the kernel's memory with Snappy, into a room of its own.
 * @param before bytes that are left free in front of the result
 * @returns the address of the result and the one behind it; good until the next call
 */
export function compressSnappy(
  rooms: Rooms,
  from: number,
  end: number,
  { compressed, table }: SnappyRooms,
  before = 0,
): { readonly at: number; readonly end: number } {
  const at = reserve(rooms, compressed, before + snappyRoom(end - from)) + before;
  const tableAt = reserve(rooms, table, snappyTableBytes);
  return { at, end: at + rooms.kernel.snappyEncode(from, end - from, at, tableAt) };
}

// Where the data begins behind the preamble that says how much it holds.
function snappyStart(bytes: Uint8Array, from: number, end: number, sizeBytes: number): number {
  let stated = 0;
  for (let i = 0; i < 5 && from + i < end; i++) {
    const byte = bytes[from + i] as number;
    stated += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) {
      if (stated === sizeBytes) return from + i + 1;
      throw corrupt(`Snappy data says it holds ${stated} bytes, the page header says ${sizeBytes}`);
    }
  }
  throw corrupt('Snappy data has no length');
}

function gunzip(compressed: Uint8Array, sizeBytes: number): Uint8Array {
  try {
    return gunzipSync(compressed, { maxOutputLength: Math.max(sizeBytes, 1) });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw corrupt(`gzip data is damaged or holds more than ${sizeBytes} bytes (${why})`);
  }
}

function wrongSize(found: number, expected: number): Error {
  return corrupt(`page has ${found} bytes uncompressed, its header says ${expected}`);
}
