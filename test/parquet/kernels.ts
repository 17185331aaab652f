import assert from 'node:assert/strict';
import type { Kernel } from '../../src/parquet/kernel/kernel.ts';
import { referenceKernel } from '../../src/parquet/kernel/reference/reference-kernel.ts';
import { emptyRoom, type Room, type Rooms, reserve, rooms } from '../../src/parquet/kernel/rooms.ts';
import { wasmKernel } from '../../src/parquet/kernel/wasm-kernel.ts';

/** Both kernels, each with a memory of its own. What holds for the engine must hold on either. */
export function bothKernels(): readonly Kernel[] {
  const built = wasmKernel();
  assert.ok(built, 'there is no kernel.wasm: run `npm run build`');
  return [built, referenceKernel()];
}

/** The memory of a kernel, all of it free and filled with what nobody expects. */
export function freshRooms(kernel: Kernel): Rooms {
  kernel.memory.bytes.fill(0xa5);
  return rooms(kernel);
}

/** Puts bytes into a room of their own. */
export function placed(rooms: Rooms, bytes: Uint8Array): Room {
  const room = emptyRoom();
  const at = reserve(rooms, room, bytes.length);
  rooms.kernel.memory.bytes.set(bytes, at);
  return room;
}

/** Puts numbers of 32 bits into a room of their own. */
export function placedWords(rooms: Rooms, numbers: readonly number[]): Room {
  return placed(rooms, new Uint8Array(Int32Array.from(numbers).buffer));
}

/** A room for `sizeBytes` bytes. */
export function madeRoom(rooms: Rooms, sizeBytes: number): Room {
  const room = emptyRoom();
  reserve(rooms, room, sizeBytes);
  return room;
}

/** A copy of what stands at an address. */
export function bytesAt(kernel: Kernel, at: number, length: number): Uint8Array {
  return kernel.memory.bytes.slice(at, at + length);
}

/** The numbers of 32 bits that stand at an address, unsigned. */
export function wordsAt(kernel: Kernel, at: number, count: number): number[] {
  return [...new Uint32Array(bytesAt(kernel, at, count * 4).buffer)];
}
