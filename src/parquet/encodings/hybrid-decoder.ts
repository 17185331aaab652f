import { corrupt } from '../format-error.ts';

/**
 * Decodes `count` values of the RLE/bit-packed hybrid (parquet-format, Encodings, "RLE") into `out` from index 0.
 * @param bitWidth 0 to 32; values of 32 bits come out as signed numbers
 * @throws FormatError when the bytes end before `count` values
 */
export function decodeHybrid(
  bytes: Uint8Array,
  start: number,
  end: number,
  bitWidth: number,
  count: number,
  out: Int32Array,
): void {
  if (bitWidth > 32) throw corrupt(`bit width ${bitWidth} is above 32`);
  if (bitWidth === 0) {
    out.fill(0, 0, count);
    return;
  }
  const valueBytes = (bitWidth + 7) >> 3;
  let position = start;
  let done = 0;
  while (done < count) {
    let header = 0;
    let shift = 0;
    for (;;) {
      if (position >= end || shift > 28)
        throw corrupt(`run header ${done} of ${count} values is cut or too long`);
      const byte = bytes[position++] as number;
      header += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
      shift += 7;
    }
    if ((header & 1) === 0) {
      const length = Math.floor(header / 2);
      if (length === 0) throw corrupt('a run of length 0');
      if (position + valueBytes > end) throw corrupt('a run ends before its value');
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= (bytes[position++] as number) << (8 * i);
      const until = done + length;
      // Only bit-packed groups are filled up; a run that says more is damaged.
      if (until > count) throw corrupt(`a run of ${length} values where ${count - done} are left`);
      out.fill(value, done, until);
      done = until;
    } else {
      const values = Math.min(Math.floor(header / 2) * 8, count - done);
      if (values === 0) throw corrupt('a bit-packed run of length 0');
      const needed = Math.ceil((values * bitWidth) / 8);
      // Some writers cut the padding of the last group; the values themselves must be there.
      if (position + needed > end) throw corrupt(`a bit-packed run of ${values} values is cut`);
      unpackBits(bytes, position, bitWidth, values, out, done);
      done += values;
      position += Math.floor(header / 2) * bitWidth;
    }
  }
}

/**
 * The value of the run that the bytes begin with, when that run is of `count` values, else -1. What a run covers
 * needs no room: a few bytes may stand for any number of values.
 * @param bitWidth 1 to 31
 */
export function hybridConstant(
  bytes: Uint8Array,
  start: number,
  end: number,
  bitWidth: number,
  count: number,
): number {
  let header = 0;
  let position = start;
  for (let scale = 1; ; scale *= 128) {
    if (position >= end || scale > 128 ** 4) return -1;
    const byte = bytes[position++] as number;
    header += (byte & 127) * scale;
    if (byte < 128) break;
  }
  const valueBytes = (bitWidth + 7) >> 3;
  if (header % 2 === 1 || header / 2 !== count || position + valueBytes > end) return -1;
  let value = 0;
  for (let i = 0; i < valueBytes; i++) value += (bytes[position++] as number) * 256 ** i;
  return value;
}

/** Unpacks `count` values of `bitWidth` bits each, least significant bit first, into `out` from `outStart`. */
export function unpackBits(
  bytes: Uint8Array,
  start: number,
  bitWidth: number,
  count: number,
  out: Int32Array,
  outStart: number,
): void {
  let position = start;
  const outEnd = outStart + count;
  if (bitWidth === 1) {
    let o = outStart;
    while (o + 8 <= outEnd) {
      const byte = bytes[position++] as number;
      out[o] = byte & 1;
      out[o + 1] = (byte >> 1) & 1;
      out[o + 2] = (byte >> 2) & 1;
      out[o + 3] = (byte >> 3) & 1;
      out[o + 4] = (byte >> 4) & 1;
      out[o + 5] = (byte >> 5) & 1;
      out[o + 6] = (byte >> 6) & 1;
      out[o + 7] = byte >> 7;
      o += 8;
    }
    for (let bit = 0; o < outEnd; bit++) out[o++] = ((bytes[position] as number) >> bit) & 1;
    return;
  }
  if (bitWidth === 8) {
    for (let o = outStart; o < outEnd; o++) out[o] = bytes[position++] as number;
    return;
  }
  if (bitWidth <= 24) {
    // At most 23 bits are left over before a byte is added, so the accumulator stays within 31 bits.
    const mask = (1 << bitWidth) - 1;
    let accumulator = 0;
    let bits = 0;
    for (let o = outStart; o < outEnd; o++) {
      while (bits < bitWidth) {
        accumulator |= (bytes[position++] as number) << bits;
        bits += 8;
      }
      out[o] = accumulator & mask;
      accumulator >>>= bitWidth;
      bits -= bitWidth;
    }
    return;
  }
  const modulus = 2 ** bitWidth;
  let accumulator = 0;
  let bits = 0;
  for (let o = outStart; o < outEnd; o++) {
    while (bits < bitWidth) {
      accumulator += (bytes[position++] as number) * 2 ** bits;
      bits += 8;
    }
    out[o] = accumulator % modulus;
    accumulator = Math.floor(accumulator / modulus);
    bits -= bitWidth;
  }
}

/**
 * Unpacks levels of the deprecated BIT_PACKED encoding: most significant bit first, no header.
 * @returns the position after them
 */
export function decodeBitPackedLevels(
  bytes: Uint8Array,
  start: number,
  end: number,
  bitWidth: number,
  count: number,
  out: Int32Array,
): number {
  const needed = Math.ceil((count * bitWidth) / 8);
  if (start + needed > end) throw corrupt(`bit-packed levels of ${count} values are cut`);
  let bit = start * 8;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let b = 0; b < bitWidth; b++, bit++) {
      value = (value << 1) | (((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1);
    }
    out[i] = value;
  }
  return start + needed;
}
