import { copyWide } from './copy.ts';
import { fail } from './result.ts';

// LZ4's block format (lz4/lz4, doc/lz4_Block_format.md). Codes as in ../problems.ts.
const CUT: i32 = -23;
const TOO_MUCH: i32 = -24;
const WRONG_OFFSET: i32 = -25;

/** See `Kernel.lz4Decode`. */
export function lz4Decode(window: usize, from: usize, end: usize, to: usize, roomBytes: u32): i32 {
  const stop = to + usize(roomBytes);
  let position = from;
  let out = to;
  while (position < end) {
    const token = u32(load<u8>(position++));
    let length = u64(token >> 4);
    if (length === 15) {
      let byte: u32 = 255;
      while (byte === 255) {
        if (position >= end) return CUT;
        byte = load<u8>(position++);
        length += byte;
      }
    }
    if (length > u64(end - position)) return CUT;
    if (length > u64(stop - out)) return TOO_MUCH;
    copyWide(out, position, usize(length));
    out += usize(length);
    position += usize(length);
    // The last sequence is a literal alone.
    if (position === end) return i32(out - to);
    if (end - position < 2) return CUT;
    const offset = u32(load<u16>(position));
    position += 2;
    length = u64(token & 15) + 4;
    if (length === 19) {
      let byte: u32 = 255;
      while (byte === 255) {
        if (position >= end) return CUT;
        byte = load<u8>(position++);
        length += byte;
      }
    }
    if (offset === 0 || offset > u32(out - window)) return fail(WRONG_OFFSET, i32(offset), i32(out - window));
    if (length > u64(stop - out)) return TOO_MUCH;
    let source = out - usize(offset);
    const target = out + usize(length);
    if (offset >= 16) {
      for (; out < target; out += 16, source += 16) v128.store(out, v128.load(source));
    } else if (offset >= 8) {
      for (; out < target; out += 8, source += 8) store<u64>(out, load<u64>(source));
    } else {
      // Source and target overlap: byte by byte is what the format means.
      for (; out < target; out++, source++) store<u8>(out, load<u8>(source));
    }
    out = target;
  }
  return CUT;
}

// The last five bytes are literals, and the last match begins twelve bytes before the end at the latest.
const LAST_LITERALS: usize = 5;
const MATCH_LIMIT: usize = 12;
const HASH_BITS: u32 = 13;
const FARTHEST: usize = 65_535;

let out: usize = 0;

function hashAt(at: usize): usize {
  return usize((load<u32>(at) * 0x9e3779b1) >> (32 - HASH_BITS)) << 2;
}

function putLength(length: usize): void {
  let rest = length;
  while (rest >= 255) {
    store<u8>(out++, 255);
    rest -= 255;
  }
  store<u8>(out++, u8(rest));
}

function putLiterals(from: usize, length: usize, matchCode: u32): void {
  store<u8>(out++, u8((u32(min<usize>(length, 15)) << 4) | matchCode));
  if (length >= 15) putLength(length - 15);
  copyWide(out, from, length);
  out += length;
}

// How many bytes from a and b on are the same, at most up to `end` of b, which lies behind a.
function matching(a: usize, b: usize, end: usize): usize {
  const start = b;
  while (b + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference !== 0) return b - start + usize(ctz(difference) >> 3);
    a += 8;
    b += 8;
  }
  while (b < end && load<u8>(a) === load<u8>(b)) {
    a++;
    b++;
  }
  return b - start;
}

/** See `Kernel.lz4Encode`. */
export function lz4Encode(from: usize, sizeBytes: u32, to: usize, table: usize): i32 {
  out = to;
  const end = from + usize(sizeBytes);
  let literals = from;
  if (usize(sizeBytes) > MATCH_LIMIT) {
    memory.fill(table, 0, usize(4) << HASH_BITS);
    const lastBegin = end - MATCH_LIMIT;
    const lastEnd = end - LAST_LITERALS;
    // Places in the table count from one byte before the first, so that 0 is none.
    const base = from - 1;
    let position = from;
    let misses: usize = 0;
    while (position <= lastBegin) {
      const slot = table + hashAt(position);
      const seen = load<u32>(slot);
      store<u32>(slot, u32(position - base));
      const candidate = base + usize(seen);
      if (seen === 0 || position - candidate > FARTHEST || load<u32>(candidate) !== load<u32>(position)) {
        // The longer nothing is found, the fewer places are looked at.
        position += 1 + (misses++ >> 6);
        continue;
      }
      misses = 0;
      const length = matching(candidate + 4, position + 4, lastEnd);
      putLiterals(literals, position - literals, u32(min<usize>(length, 15)));
      store<u16>(out, u16(position - candidate));
      out += 2;
      if (length >= 15) putLength(length - 15);
      position += length + 4;
      literals = position;
      if (position <= lastBegin) store<u32>(table + hashAt(position - 2), u32(position - 2 - base));
    }
  }
  putLiterals(literals, end - literals, 0);
  return i32(out - to);
}
