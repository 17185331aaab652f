import { corrupt } from '../format-error.ts';

/**
 * Unpacks levels of the deprecated BIT_PACKED encoding, most significant bit first and without header, to a byte each,
 * from `bytes[start..end)` to `bytes[to..]`.
 * @returns the position after them
 * @throws FormatError when the bytes end too early
 */
export function decodeBitPackedLevels(
  bytes: Uint8Array,
  start: number,
  end: number,
  bitWidth: number,
  count: number,
  to: number,
): number {
  const needed = Math.ceil((count * bitWidth) / 8);
  if (start + needed > end) throw corrupt(`bit-packed levels of ${count} values are cut`);
  let bit = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let b = 0; b < bitWidth; b++, bit++) {
      value = (value << 1) | (((bytes[start + (bit >> 3)] as number) >> (7 - (bit & 7))) & 1);
    }
    bytes[to + i] = value;
  }
  return start + needed;
}
