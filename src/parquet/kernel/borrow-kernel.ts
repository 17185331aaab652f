import type { Kernel } from './kernel.ts';
import { referenceKernel } from './reference/reference-kernel.ts';
import { type Rooms, rooms } from './rooms.ts';
import { wasmKernel } from './wasm-kernel.ts';

/** A kernel whose memory has grown beyond this is not kept for the next piece of work: memory never shrinks. */
const keptBytes = 256 * 1024 * 1024;
const mostIdle = 2;
const idle: Kernel[] = [];

/** A kernel of one's own with all of its memory free, until {@link giveBack}: in WebAssembly where that is possible. */
export function borrowKernel(): Rooms {
  return rooms(idle.pop() ?? wasmKernel() ?? referenceKernel());
}

/** Ends the use of a kernel and of every room in it. */
export function giveBack({ kernel }: Rooms): void {
  if (idle.length < mostIdle && kernel.memory.bytes.length <= keptBytes) idle.push(kernel);
}
