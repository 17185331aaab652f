import { unsupported } from '../format-error.ts';
import { firstAddress, type Kernel, slackBytes } from './kernel.ts';

/** A piece of a kernel's memory. It may move when it grows, so its address is asked for anew after every call. */
export interface Room {
  /** Address, a multiple of 16; 0 while the room has no bytes. */
  at: number;
  /** Bytes it has, without the slack behind them. */
  sizeBytes: number;
}

/** Hands out a kernel's memory in pieces and takes them back. */
export interface Rooms {
  readonly kernel: Kernel;
  /** First address that was never handed out. */
  end: number;
  /** Addresses of free pieces, by the power of two that is their size. */
  readonly free: number[][];
}

const smallestBytes = 4096;

/** All of a kernel's memory, free. */
export function rooms(kernel: Kernel): Rooms {
  return { kernel, end: firstAddress, free: [] };
}

/** A room without bytes. */
export function emptyRoom(): Room {
  return { at: 0, sizeBytes: 0 };
}

/**
 * Makes a room at least `sizeBytes` large. Its first `keepBytes` stay as they are, the others are arbitrary.
 * @returns its address
 * @throws FormatError when the memory cannot be so large
 */
export function reserve(rooms: Rooms, room: Room, sizeBytes: number, keepBytes = 0): number {
  if (sizeBytes <= room.sizeBytes && room.at !== 0) return room.at;
  const power = 32 - Math.clz32(Math.max(sizeBytes + slackBytes, smallestBytes) - 1);
  const pieceBytes = 2 ** power;
  let at = rooms.free[power]?.pop();
  if (at === undefined) {
    at = rooms.end;
    try {
      rooms.kernel.memory.grow(at + pieceBytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw unsupported(`work on ${at + pieceBytes} bytes at once`);
    }
    rooms.end += pieceBytes;
  }
  if (keepBytes > 0) rooms.kernel.memory.bytes.copyWithin(at, room.at, room.at + keepBytes);
  release(rooms, room);
  room.at = at;
  room.sizeBytes = pieceBytes - slackBytes;
  return at;
}

/** Takes back the bytes of a room, which is then empty. */
export function release(rooms: Rooms, room: Room): void {
  if (room.at === 0) return;
  const power = 32 - Math.clz32(room.sizeBytes + slackBytes - 1);
  const pieces = rooms.free[power] ?? [];
  rooms.free[power] = pieces;
  pieces.push(room.at);
  room.at = 0;
  room.sizeBytes = 0;
}
