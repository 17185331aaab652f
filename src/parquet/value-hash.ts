import { type Layout, layout, type ValueBlock } from './value-block.ts';

/**
 * Hashes the first `count` values of a block: two independent 32-bit hashes each, over the logical value's bytes
 * (so -0.0 and 0.0, or two NaNs with other bits, differ).
 * @param first filled with the hash that dictionaries use
 * @param second filled with the other half of a 64-bit hash
 */
export function hashValues(
  kind: Layout,
  widthBytes: number,
  block: ValueBlock,
  count: number,
  first: Int32Array,
  second: Int32Array,
): void {
  switch (kind) {
    case layout.WORD: {
      const words = block.words;
      for (let i = 0; i < count; i++) {
        const word = words[i] as number;
        first[i] = mix(word ^ 0x2545f491);
        second[i] = mix(Math.imul(word, 0x9e3779b1) + 0x7f4a7c15);
      }
      return;
    }
    case layout.LONG: {
      const words = block.words;
      for (let i = 0, w = 0; i < count; i++, w += 2) {
        const low = words[w] as number;
        const high = words[w + 1] as number;
        const mixed = mix(low ^ 0x2545f491);
        first[i] = mix(mixed + Math.imul(high, 0x85ebca6b));
        second[i] = mix(Math.imul(mixed ^ high, 0x9e3779b1) + Math.imul(high, 0x27d4eb2f) + low);
      }
      return;
    }
    case layout.FIXED: {
      const bytes = block.bytes;
      for (let i = 0, p = 0; i < count; i++, p += widthBytes)
        hashBytes(bytes, p, p + widthBytes, first, second, i);
      return;
    }
    default: {
      const bytes = block.bytes;
      const offsets = block.offsets;
      for (let i = 0; i < count; i++) {
        hashBytes(bytes, (offsets[i] as number) + 4, offsets[i + 1] as number, first, second, i);
      }
    }
  }
}

function hashBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  first: Int32Array,
  second: Int32Array,
  i: number,
): void {
  let a = 0x2545f491 ^ (end - start);
  let b = 0x7f4a7c15 + (end - start);
  let p = start;
  for (; p + 4 <= end; p += 4) {
    const word =
      (bytes[p] as number) |
      ((bytes[p + 1] as number) << 8) |
      ((bytes[p + 2] as number) << 16) |
      ((bytes[p + 3] as number) << 24);
    a = Math.imul(a ^ Math.imul(word, 0xcc9e2d51), 0x1b873593);
    a ^= a >>> 15;
    b = Math.imul(b ^ word, 0x9e3779b1);
    b = (b << 13) | (b >>> 19);
  }
  let tail = 0;
  for (let shift = 0; p < end; p++, shift += 8) tail |= (bytes[p] as number) << shift;
  a = Math.imul(a ^ Math.imul(tail, 0xcc9e2d51), 0x1b873593);
  b = Math.imul(b ^ tail, 0x9e3779b1);
  first[i] = mix(a);
  second[i] = mix(b);
}

// The finalizer of MurmurHash3: every bit of the input changes half of the result's.
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
