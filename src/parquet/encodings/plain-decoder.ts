import { physicalType } from '../format.ts';
import { corrupt } from '../format-error.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { layout, layoutOf, type ValueBlock } from '../value-block.ts';
import { grownTo } from './byte-buffer.ts';
import { unpackBits } from './hybrid-decoder.ts';

/**
 * Decodes `count` PLAIN values (parquet-format, Encodings, "Plain") of `bytes[start..end)` into `block`, whose
 * arrays are used again. FIXED and VARIABLE blocks are views of `bytes`.
 * @throws FormatError when the bytes end before `count` values
 */
export function decodePlain(
  leaf: LeafColumn,
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  block: ValueBlock,
  scratch: BooleanScratch,
): void {
  block.count = count;
  switch (layoutOf(leaf)) {
    case layout.WORD:
    case layout.LONG: {
      const sizeBytes = count * leaf.widthBytes;
      checkRoom(start, end, sizeBytes, count);
      block.words = grownTo(block.words, sizeBytes >> 2);
      new Uint8Array(block.words.buffer, block.words.byteOffset, sizeBytes).set(
        bytes.subarray(start, start + sizeBytes),
      );
      return;
    }
    case layout.FIXED:
      if (leaf.type === physicalType.BOOLEAN) {
        checkRoom(start, end, Math.ceil(count / 8), count);
        scratch.bits = grownTo(scratch.bits, count);
        unpackBits(bytes, start, 1, count, scratch.bits, 0);
        block.bytes = booleansOf(scratch, count);
        return;
      }
      checkRoom(start, end, count * leaf.widthBytes, count);
      block.bytes = bytes.subarray(start, start + count * leaf.widthBytes);
      return;
    default: {
      // Each value has its length at least: no room is made for a claim that the bytes cannot bear out.
      checkRoom(start, end, count * 4, count);
      block.bytes = bytes;
      block.offsets = grownTo(block.offsets, count + 1);
      const offsets = block.offsets;
      let position = start;
      for (let i = 0; i < count; i++) {
        offsets[i] = position;
        if (position + 4 > end) throw corrupt(`value ${i} of ${count} lies behind the end of the page`);
        const length =
          ((bytes[position] as number) |
            ((bytes[position + 1] as number) << 8) |
            ((bytes[position + 2] as number) << 16) |
            ((bytes[position + 3] as number) << 24)) >>>
          0;
        position += 4 + length;
        if (position > end) throw corrupt(`value ${i} of ${count} claims ${length} bytes`);
      }
      offsets[count] = position;
    }
  }
}

/** Room for unpacked booleans, used again from page to page. */
export interface BooleanScratch {
  bits: Int32Array;
  bytes: Uint8Array;
}

/** The first `count` numbers of the scratch as bytes 0 and 1. */
export function booleansOf(scratch: BooleanScratch, count: number): Uint8Array {
  if (scratch.bytes.length < count) scratch.bytes = new Uint8Array(Math.max(count, 1024));
  for (let i = 0; i < count; i++) scratch.bytes[i] = scratch.bits[i] as number;
  return scratch.bytes;
}

function checkRoom(start: number, end: number, sizeBytes: number, count: number): void {
  if (start + sizeBytes > end) {
    throw corrupt(`${count} PLAIN values take ${sizeBytes} bytes, the page has ${Math.max(0, end - start)}`);
  }
}
