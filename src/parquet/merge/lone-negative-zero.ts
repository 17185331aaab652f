import type { LinearMemory } from '../kernel/kernel.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ValueBlock } from '../value-block.ts';

/**
 * Whether −0.0 is among the values of a floating-point dictionary and 0.0 is not. parquet-java takes the two for different
 * values when it looks in a dictionary for what is asked: it would pass over the chunk when asked for 0.0, and its rows would be
 * missing.
 */
export function hasLoneNegativeZero(memory: LinearMemory, leaf: LeafColumn, dictionary: ValueBlock): boolean {
  const { sortOrder } = leaf;
  if (sortOrder !== 'float32' && sortOrder !== 'float64' && sortOrder !== 'float16') return false;
  const { count, widthBytes, bytesAt } = dictionary;
  const { bytes, words } = memory;
  let hasNegative = false;
  if (widthBytes > 2 && bytesAt % 4 === 0) {
    const step = widthBytes / 4;
    const end = bytesAt / 4 + count * step;
    for (let i = bytesAt / 4 + step - 1; i < end; i += step) {
      const high = words[i] as number;
      // Sign and zeros: few values get beyond it.
      if ((high & 0x7fffffff) !== 0 || (step === 2 && words[i - 1] !== 0)) continue;
      if (high === 0) return false;
      hasNegative = true;
    }
    return hasNegative;
  }
  for (let at = bytesAt; at < bytesAt + count * widthBytes; at += widthBytes) {
    // The last byte has the sign: few values get beyond it.
    const last = bytes[at + widthBytes - 1] as number;
    if ((last & 127) !== 0 || !isZero(bytes, at, at + widthBytes - 1)) continue;
    if (last === 0) return false;
    hasNegative = true;
  }
  return hasNegative;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
