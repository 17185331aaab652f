import { unsupported } from '../format-error.ts';
import { limits } from '../limits.ts';
import { firstAddress, type Kernel, slackBytes } from './kernel.ts';
import { freePiece, type LargePieces, largePieces, resizePiece, takePiece } from './large-pieces.ts';

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
  /** Largest page that may be worked on. */
  readonly pageBytes: number;
  /** All of the memory, in pieces of half a megabyte and more. */
  readonly large: LargePieces;
  /** What small pieces are cut from next. */
  slabAt: number;
  slabEnd: number;
  /** Addresses of free small pieces, by the power of two that is their size. */
  readonly free: number[][];
}

const smallestBytes = 4096;
const slabBytes = 1024 * 1024;
/** From so many bytes on a piece is a large one. */
const largeBytes = slabBytes / 2;
/** Large pieces are multiples of this. */
const stepBytes = 65_536;

/** All of a kernel's memory, free. */
export function rooms(kernel: Kernel, pageBytes: number = limits.pageBytes): Rooms {
  return { kernel, pageBytes, large: largePieces(firstAddress), slabAt: 0, slabEnd: 0, free: [] };
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
  const neededBytes = Math.max(sizeBytes + slackBytes, smallestBytes);
  if (neededBytes < largeBytes) {
    const power = 32 - Math.clz32(neededBytes - 1);
    return moveTo(rooms, room, takeSmall(rooms, power), 2 ** power, keepBytes);
  }
  const isLarge = isLargeRoom(room);
  // What grows will grow again: half as much more, so that little is copied.
  const wantedBytes = keepBytes > 0 ? Math.max(neededBytes, Math.ceil(room.sizeBytes * 1.5)) : neededBytes;
  const pieceBytes = Math.ceil(wantedBytes / stepBytes) * stepBytes;
  if (isLarge && resizePiece(rooms.large, room.at, room.sizeBytes + slackBytes, pieceBytes)) {
    growTo(rooms, rooms.large.end);
    room.sizeBytes = pieceBytes - slackBytes;
    return room.at;
  }
  return moveTo(rooms, room, takeLarge(rooms, pieceBytes), pieceBytes, keepBytes);
}

/** Takes back the bytes of a room, which is then empty. */
export function release(rooms: Rooms, room: Room): void {
  if (room.at === 0) return;
  const pieceBytes = room.sizeBytes + slackBytes;
  if (isLargeRoom(room)) {
    freePiece(rooms.large, room.at, pieceBytes);
  } else {
    const power = 32 - Math.clz32(pieceBytes - 1);
    const pieces = rooms.free[power] ?? [];
    rooms.free[power] = pieces;
    pieces.push(room.at);
  }
  room.at = 0;
  room.sizeBytes = 0;
}

function isLargeRoom(room: Room): boolean {
  return room.sizeBytes + slackBytes >= largeBytes;
}

function moveTo(rooms: Rooms, room: Room, at: number, pieceBytes: number, keepBytes: number): number {
  if (keepBytes > 0) rooms.kernel.memory.bytes.copyWithin(at, room.at, room.at + keepBytes);
  release(rooms, room);
  room.at = at;
  room.sizeBytes = pieceBytes - slackBytes;
  return at;
}

function takeSmall(rooms: Rooms, power: number): number {
  const known = rooms.free[power]?.pop();
  if (known !== undefined) return known;
  const sizeBytes = 2 ** power;
  // What is left of a slab is smaller than the piece, so less than half of it: given up.
  if (rooms.slabAt + sizeBytes > rooms.slabEnd) {
    rooms.slabAt = takeLarge(rooms, slabBytes);
    rooms.slabEnd = rooms.slabAt + slabBytes;
  }
  const at = rooms.slabAt;
  rooms.slabAt += sizeBytes;
  return at;
}

function takeLarge(rooms: Rooms, sizeBytes: number): number {
  const at = takePiece(rooms.large, sizeBytes);
  growTo(rooms, rooms.large.end);
  return at;
}

function growTo({ kernel }: Rooms, sizeBytes: number): void {
  try {
    kernel.memory.grow(sizeBytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unsupported(`work on ${sizeBytes} bytes at once`);
  }
}
