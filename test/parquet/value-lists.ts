import type { LeafColumn } from '../../src/parquet/metadata/leaf-column.ts';
import { layout, layoutOf, type ValueBlock } from '../../src/parquet/value-block.ts';

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
