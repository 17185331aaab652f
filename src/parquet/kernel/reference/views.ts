import { type LinearMemory, mostMemoryBytes } from '../kernel.ts';

/** A memory in an ordinary buffer, with the view that the reference reads and writes at any address through. */
export interface Views extends LinearMemory {
  view: DataView;
}

/** An empty memory. */
export function views(): Views {
  const buffer = new ArrayBuffer(65_536);
  const memory: Views = {
    ...viewsOf(buffer),
    grow: (sizeBytes) => {
      if (sizeBytes <= memory.bytes.length) return;
      if (sizeBytes > mostMemoryBytes) throw new RangeError(`a memory of ${sizeBytes} bytes is too large`);
      const bytes = new Uint8Array(Math.min(mostMemoryBytes, Math.max(sizeBytes, memory.bytes.length * 2)));
      bytes.set(memory.bytes);
      Object.assign(memory, viewsOf(bytes.buffer));
    },
  };
  return memory;
}

function viewsOf(buffer: ArrayBuffer): { bytes: Uint8Array; words: Int32Array; view: DataView } {
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer), view: new DataView(buffer) };
}
