import type { RandomSource } from './random-source.ts';

/** Values of `width` bits, the lowest bit first. */
export function packedBytes(values: readonly number[], width: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((values.length * width) / 8));
  for (const [i, value] of values.entries()) {
    for (let b = 0; b < width; b++) {
      const bit = i * width + b;
      if ((value / 2 ** b) % 2 >= 1) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return bytes;
}

/** Levels of the deprecated BIT_PACKED encoding: the highest bit first. */
export function bitPackedLevelBytes(values: readonly number[], width: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((values.length * width) / 8));
  for (const [i, value] of values.entries()) {
    for (let b = 0; b < width; b++) {
      const bit = i * width + b;
      if (((value >> (width - 1 - b)) & 1) === 1)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (128 >> (bit & 7));
    }
  }
  return bytes;
}

/**
 * The hybrid encoding, cut into runs and literal groups by chance: any cut that the format allows.
 * @param mayEndEarly leaves out what fills the last group in some cases, as some writers do
 */
export function hybridBytes(
  random: RandomSource,
  values: readonly number[],
  width: number,
  mayEndEarly = true,
): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < values.length; ) {
    let same = i + 1;
    while (same < values.length && values[same] === values[i]) same++;
    if (random.chance(same - i >= 4 ? 80 : 20)) {
      const length = 1 + random.below(same - i);
      const value = new Uint8Array(Math.ceil(width / 8));
      for (let b = 0; b < value.length; b++) value[b] = Math.floor((values[i] ?? 0) / 256 ** b) & 255;
      parts.push(varint(length * 2), value);
      i += length;
    } else {
      const groups = Math.min(1 + random.below(5), Math.ceil((values.length - i) / 8));
      const literal = values.slice(i, i + groups * 8);
      const isLast = i + literal.length === values.length;
      // What fills up the last group means nothing.
      while (literal.length < groups * 8) literal.push(random.below(2));
      const packed = packedBytes(literal, width);
      const used = isLast ? Math.ceil(((values.length - i) * width) / 8) : packed.length;
      parts.push(
        varint(groups * 2 + 1),
        isLast && mayEndEarly && random.chance(20) ? packed.subarray(0, used) : packed,
      );
      i += groups * 8;
    }
  }
  return Buffer.concat(parts);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Uint8Array.from([...bytes, value]);
}
