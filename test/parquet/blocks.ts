import type { LeafColumn } from '../../src/parquet/metadata/leaf-column.ts';
import { layout, layoutOf, type ValueBlock } from '../../src/parquet/value-block.ts';

/** A block of values given as PLAIN bytes without length. */
export function blockOf(leaf: LeafColumn, values: readonly Uint8Array[]): ValueBlock {
  const count = values.length;
  const none = { words: new Int32Array(0), bytes: new Uint8Array(0), offsets: new Int32Array(1) };
  switch (layoutOf(leaf)) {
    case layout.WORD:
    case layout.LONG: {
      const words = new Int32Array((count * leaf.widthBytes) / 4);
      new Uint8Array(words.buffer).set(Buffer.concat(values));
      return { ...none, count, words };
    }
    case layout.FIXED:
      return { ...none, count, bytes: new Uint8Array(Buffer.concat(values)) };
    default: {
      const offsets = new Int32Array(count + 1);
      const parts = values.flatMap((value, i) => {
        offsets[i + 1] = (offsets[i] ?? 0) + 4 + value.length;
        const length = new Uint8Array(4);
        new DataView(length.buffer).setUint32(0, value.length, true);
        return [length, value];
      });
      return { ...none, count, bytes: new Uint8Array(Buffer.concat(parts)), offsets };
    }
  }
}

/** The values of a block as PLAIN bytes without length. */
export function valuesOf(leaf: LeafColumn, block: ValueBlock): readonly Uint8Array[] {
  const width = leaf.widthBytes;
  return Array.from({ length: block.count }, (_, i) => {
    switch (layoutOf(leaf)) {
      case layout.WORD:
      case layout.LONG:
        return new Uint8Array(block.words.buffer, block.words.byteOffset + i * width, width).slice();
      case layout.FIXED:
        return block.bytes.slice(i * width, (i + 1) * width);
      default:
        return block.bytes.slice((block.offsets[i] ?? 0) + 4, block.offsets[i + 1] ?? 0);
    }
  });
}
