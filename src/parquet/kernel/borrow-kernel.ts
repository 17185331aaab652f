import type { Kernel } from './kernel.ts';
import { type Rooms, rooms } from './rooms.ts';
import { wasmKernel } from './wasm-kernel.ts';

/** A kernel whose memory has grown beyond this is not kept for the next piece of work: memory never shrinks. */
const keptBytes = 256 * 1024 * 1024;
const mostIdle = 2;
const idle: Kernel[] = [];

/**
 * A kernel of one's own with all of its memory free, until {@link giveBack}: in WebAssembly where that is possible.
 * @param pageBytes largest page that will be worked on
 */
export async function borrowKernel(pageBytes?: number): Promise<Rooms> {
  return rooms(idle.pop() ?? wasmKernel() ?? (await reference()), pageBytes);
}

// Hardly anywhere needed, so loaded there only.
async function reference(): Promise<Kernel> {
  const { referenceKernel } = await import('./reference/reference-kernel.ts');
  return referenceKernel();
}

/** Ends the use of a kernel and of every room in it. */
export function giveBack({ kernel }: Rooms): void {
  if (idle.length < mostIdle && kernel.memory.bytes.length <= keptBytes) idle.push(kernel);
}
