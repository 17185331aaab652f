import { readFileSync } from 'node:fs';
import { type Kernel, type LinearMemory, mostMemoryBytes } from './kernel.ts';

type Functions = Omit<Kernel, 'name' | 'memory'>;

interface Memory {
  readonly buffer: ArrayBuffer;
  /** @returns its length before, in pages */
  grow(pages: number): number;
}

// What is used of it.
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly CompileError: abstract new () => Error;
  readonly Instance: new (module: object) => { readonly exports: Functions & { readonly memory: Memory } };
}

// Absent where Node.js was started with --jitless.
const { WebAssembly }: { readonly WebAssembly?: WebAssemblyApi } = globalThis as object;

const pageBytes = 65_536;
/** The memory grows by at least this. */
const leastGrowthBytes = 16 * 1024 * 1024;

let compiled: object | undefined;

/**
 * A kernel in WebAssembly with a memory of its own, or undefined where the build has made none or this Node.js does
 * not run it. The build puts `kernel.wasm` beside this file.
 */
export function wasmKernel(): Kernel | undefined {
  if (WebAssembly === undefined) return undefined;
  if (compiled === undefined) {
    const bytes = kernelBytes();
    if (bytes === undefined) return undefined;
    try {
      compiled = new WebAssembly.Module(bytes);
    } catch (error) {
      // Where the processor's vectors are not known (SIMD).
      if (error instanceof WebAssembly.CompileError) return undefined;
      throw error;
    }
  }
  const { memory, ...functions } = new WebAssembly.Instance(compiled).exports;
  return { name: 'WebAssembly', memory: linearMemory(memory), ...functions };
}

function kernelBytes(): Uint8Array | undefined {
  try {
    return readFileSync(new URL('./kernel.wasm', import.meta.url));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function linearMemory(memory: Memory): LinearMemory {
  const result: LinearMemory = {
    bytes: new Uint8Array(memory.buffer),
    words: new Int32Array(memory.buffer),
    grow: (sizeBytes) => {
      const more = sizeBytes - result.bytes.length;
      if (more <= 0) return;
      if (sizeBytes > mostMemoryBytes) throw new RangeError(`a memory of ${sizeBytes} bytes is too large`);
      // Growing costs a collection of garbage; memory that nobody has touched costs nothing.
      const pages = Math.ceil(
        Math.max(more, Math.min(leastGrowthBytes, mostMemoryBytes - result.bytes.length)) / pageBytes,
      );
      memory.grow(pages);
      result.bytes = new Uint8Array(memory.buffer);
      result.words = new Int32Array(memory.buffer);
    },
  };
  return result;
}
