import type { SortOrder } from './metadata/sort-order.ts';
import type { ValueBlock } from './value-block.ts';

/** Whether one of the first `count` values of a floating-point column is a NaN; false for other orders. */
export function holdsNan(order: SortOrder, block: ValueBlock, count: number): boolean {
  const { buffer, byteOffset } = block.words;
  switch (order) {
    case 'float32':
      return holdsNanNumber(new Float32Array(buffer, byteOffset, count));
    case 'float64':
      return holdsNanNumber(new Float64Array(buffer, byteOffset, count));
    case 'float16': {
      const { bytes } = block;
      for (let i = 0; i < count; i++) {
        const high = bytes[i * 2 + 1] as number;
        if ((high & 0x7c) === 0x7c && ((high & 3) | (bytes[i * 2] as number)) !== 0) return true;
      }
      return false;
    }
    default:
      return false;
  }
}

function holdsNanNumber(values: Float32Array | Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}
