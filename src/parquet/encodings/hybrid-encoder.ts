import { type ByteBuffer, reserve } from './byte-buffer.ts';

/** Bits needed for values from 0 to `max`; at least 1. */
export function bitWidthOf(max: number): number {
  return Math.max(1, 32 - Math.clz32(max));
}

/**
 * Appends `values[from..to)` in the RLE/bit-packed hybrid (parquet-format, Encodings, "RLE"): a run where at least
 * eight equal values follow a full group of eight, bit-packed groups elsewhere.
 * @param bitWidth 1 to 32
 */
export function encodeHybrid(
  values: Int32Array,
  from: number,
  to: number,
  bitWidth: number,
  out: ByteBuffer,
): void {
  const valueBytes = (bitWidth + 7) >> 3;
  let literalFrom = from;
  let i = from;
  while (i < to) {
    const value = values[i] as number;
    let runEnd = i + 1;
    while (runEnd < to && values[runEnd] === value) runEnd++;
    if (runEnd - i >= 8) {
      const padding = (8 - ((i - literalFrom) & 7)) & 7;
      if (runEnd - i - padding >= 8) {
        i += padding;
        if (i > literalFrom) packGroups(values, literalFrom, i, bitWidth, out);
        reserve(out, 9);
        putVarint(out, (runEnd - i) * 2);
        for (let b = 0; b < valueBytes; b++) out.bytes[out.length++] = (value >>> (8 * b)) & 255;
        literalFrom = runEnd;
      }
    }
    i = runEnd;
  }
  if (literalFrom < to) packGroups(values, literalFrom, to, bitWidth, out);
}

function packGroups(values: Int32Array, from: number, to: number, bitWidth: number, out: ByteBuffer): void {
  const groups = (to - from + 7) >> 3;
  reserve(out, 5 + groups * bitWidth);
  putVarint(out, groups * 2 + 1);
  packBits(values, from, to, bitWidth, groups * bitWidth, out);
}

/** Appends values of `bitWidth` bits each, least significant bit first, filled up with zeros to `sizeBytes`. */
export function packBits(
  values: Int32Array,
  from: number,
  to: number,
  bitWidth: number,
  sizeBytes: number,
  out: ByteBuffer,
): void {
  reserve(out, sizeBytes);
  const bytes = out.bytes;
  const end = out.length + sizeBytes;
  let position = out.length;
  let bits = 0;
  if (bitWidth <= 24) {
    let accumulator = 0;
    for (let i = from; i < to; i++) {
      accumulator |= (values[i] as number) << bits;
      bits += bitWidth;
      while (bits >= 8) {
        bytes[position++] = accumulator & 255;
        accumulator >>>= 8;
        bits -= 8;
      }
    }
    if (bits > 0) bytes[position++] = accumulator & 255;
  } else {
    let accumulator = 0;
    for (let i = from; i < to; i++) {
      accumulator += ((values[i] as number) >>> 0) * 2 ** bits;
      bits += bitWidth;
      while (bits >= 8) {
        bytes[position++] = accumulator % 256;
        accumulator = Math.floor(accumulator / 256);
        bits -= 8;
      }
    }
    if (bits > 0) bytes[position++] = accumulator % 256;
  }
  bytes.fill(0, position, end);
  out.length = end;
}

function putVarint(out: ByteBuffer, value: number): void {
  while (value > 127) {
    out.bytes[out.length++] = (value % 128) | 128;
    value = Math.floor(value / 128);
  }
  out.bytes[out.length++] = value;
}
