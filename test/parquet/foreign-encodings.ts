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

/**
 * DELTA_BINARY_PACKED: blocks of any shape, bit widths of any size that suffices, differences with or without wrapping
 * around in the width of the type.
 * @param bits of the type, 32 or 64
 * @param isPlain keeps to the shape and the widths that every writer makes
 */
export function deltaBytes(
  random: RandomSource,
  values: readonly bigint[],
  bits: number,
  isPlain = false,
): Uint8Array {
  const miniblocks = isPlain ? 4 : random.pick([1, 2, 4, 8]);
  const perMiniblock = isPlain ? 32 : random.pick([8, 32, 64]);
  const parts: Uint8Array[] = [
    varint64(BigInt(miniblocks * perMiniblock)),
    varint64(BigInt(miniblocks)),
    varint64(BigInt(values.length)),
    zigzag(values[0] ?? 0n),
  ];
  const wrapAt = isPlain || random.chance(50) ? bits : 64;
  const deltas = values.slice(1).map((value, i) => BigInt.asIntN(wrapAt, value - (values[i] ?? 0n)));
  for (let first = 0; first < deltas.length; first += miniblocks * perMiniblock) {
    const block = deltas.slice(first, first + miniblocks * perMiniblock);
    const least = block.reduce((a, b) => (b < a ? b : a));
    const widths = new Uint8Array(miniblocks);
    const packed: Uint8Array[] = [];
    for (let m = 0; m < miniblocks; m++) {
      const own = block
        .slice(m * perMiniblock, (m + 1) * perMiniblock)
        .map((delta) => BigInt.asUintN(wrapAt, delta - least));
      if (own.length === 0) {
        // Miniblocks that are not there have a bit width that means nothing.
        if (!isPlain) widths[m] = random.below(65);
        continue;
      }
      const needed = Math.max(...own.map((delta) => (delta === 0n ? 0 : delta.toString(2).length)));
      const width = isPlain || random.chance(70) ? needed : needed + random.below(wrapAt - needed + 1);
      widths[m] = width;
      while (own.length < perMiniblock)
        own.push(isPlain ? 0n : BigInt(random.below(2 ** Math.min(width, 30))));
      packed.push(packedBigBytes(own, width));
    }
    parts.push(zigzag(least), widths, ...packed);
  }
  return Buffer.concat(parts);
}

/** DELTA_LENGTH_BYTE_ARRAY. */
export function deltaLengthBytes(
  random: RandomSource,
  values: readonly Uint8Array[],
  isPlain = false,
): Uint8Array {
  const lengths = values.map(({ length }) => BigInt(length));
  return Buffer.concat([deltaBytes(random, lengths, 32, isPlain), ...values]);
}

/** DELTA_BYTE_ARRAY: each value takes over as much as it can of the one before, or less. */
export function deltaByteArrayBytes(
  random: RandomSource,
  values: readonly Uint8Array[],
  isPlain = false,
): Uint8Array {
  const prefixes = values.map((value, i) => {
    const before = values[i - 1] ?? new Uint8Array(0);
    let common = 0;
    while (common < Math.min(value.length, before.length) && value[common] === before[common]) common++;
    return isPlain || random.chance(80) ? common : random.below(common + 1);
  });
  return Buffer.concat([
    deltaBytes(random, prefixes.map(BigInt), 32, isPlain),
    deltaLengthBytes(
      random,
      values.map((value, i) => value.subarray(prefixes[i])),
      isPlain,
    ),
  ]);
}

/** BYTE_STREAM_SPLIT. */
export function splitBytes(values: readonly Uint8Array[]): Uint8Array {
  const width = values[0]?.length ?? 0;
  const bytes: number[] = [];
  for (let k = 0; k < width; k++) for (const value of values) bytes.push(value[k] ?? 0);
  return Uint8Array.from(bytes);
}

function packedBigBytes(values: readonly bigint[], width: number): Uint8Array {
  const bytes = new Uint8Array((values.length * width) / 8);
  for (const [i, value] of values.entries()) {
    for (let b = 0; b < width; b++) {
      const bit = i * width + b;
      if (((value >> BigInt(b)) & 1n) === 1n) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return bytes;
}

function varint64(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function zigzag(value: bigint): Uint8Array {
  return varint64(BigInt.asUintN(64, (value << 1n) ^ (value < 0n ? -1n : 0n)));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Uint8Array.from([...bytes, value]);
}
