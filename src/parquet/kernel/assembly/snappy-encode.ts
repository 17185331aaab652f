import { copyWide } from './copy.ts';

// Snappy's block format: each 64 KB are compressed alone, with a table of where four bytes were seen last.
const BLOCK: u32 = 65_536;
const LEAST_INPUT: u32 = 16;

// Where the compressed bytes go is handed on and returned: a variable of the module would be kept in memory.

function hashOf(bytes: u32, shift: u32): u32 {
  return (bytes * 0x1e35a7bd) >> shift;
}

function putLiteral(to: usize, from: usize, length: u32): usize {
  const n = length - 1;
  if (n < 16) {
    store<u8>(to, u8(n << 2));
    v128.store(to, v128.load(from), 1);
    return to + 1 + usize(length);
  }
  if (n < 60) {
    store<u8>(to, u8(n << 2));
    to += 1;
  } else if (n < 256) {
    store<u8>(to, 60 << 2);
    store<u8>(to, u8(n), 1);
    to += 2;
  } else {
    store<u8>(to, 61 << 2);
    store<u16>(to, u16(n), 1);
    to += 3;
  }
  copyWide(to, from, usize(length));
  return to + usize(length);
}

function putCopyOf64(to: usize, offset: u32, length: u32): usize {
  if (length < 12 && offset < 2048) {
    store<u16>(to, u16(1 | ((length - 4) << 2) | ((offset >> 8) << 5) | (offset << 8)));
    return to + 2;
  }
  store<u32>(to, 2 | ((length - 1) << 2) | (offset << 8));
  return to + 3;
}

function putCopy(to: usize, offset: u32, length: u32): usize {
  while (length >= 68) {
    to = putCopyOf64(to, offset, 64);
    length -= 64;
  }
  if (length > 64) {
    to = putCopyOf64(to, offset, 60);
    length -= 60;
  }
  return putCopyOf64(to, offset, length);
}

// How many bytes from a and b on are the same, at most up to `end` of b, which lies behind a.
function matching(a: usize, b: usize, end: usize): u32 {
  const start = b;
  while (b + 8 <= end) {
    const difference = load<u64>(a) ^ load<u64>(b);
    if (difference !== 0) return u32(b - start) + (u32(ctz(difference)) >> 3);
    a += 8;
    b += 8;
  }
  while (b < end && load<u8>(a) === load<u8>(b)) {
    a++;
    b++;
  }
  return u32(b - start);
}

function encodeBlock(from: usize, length: u32, to: usize, table: usize): usize {
  let nextLiteral = from;
  const end = from + usize(length);
  if (length >= LEAST_INPUT) {
    // A table no larger than the block needs.
    let bits: u32 = 8;
    while (bits < 14 && u32(1) << bits < length) bits++;
    const shift = 32 - bits;
    memory.fill(table, 0, usize(2) << bits);
    const limit = end - 15;
    let position = from + 1;
    let nextHash = hashOf(load<u32>(position), shift);
    let skip: u32 = 32;
    for (;;) {
      // The longer nothing is found, the fewer places are looked at; and what was learnt so is not forgotten at once when
      // something is found. Coordinates, noise and packed indices have matches by chance that save next to nothing: on vehicle
      // telemetry a third less time for 1.3 % larger files. Faster growth makes larger files still.
      skip = max<u32>(32, skip - (skip >> 2));
      let nextPosition = position;
      let candidate: usize;
      do {
        position = nextPosition;
        const hash = nextHash;
        const step = skip >> 5;
        skip += 2;
        nextPosition = position + usize(step);
        if (nextPosition > limit) {
          return putLiteral(to, nextLiteral, u32(end - nextLiteral));
        }
        nextHash = hashOf(load<u32>(nextPosition), shift);
        candidate = from + usize(load<u16>(table + (usize(hash) << 1)));
        store<u16>(table + (usize(hash) << 1), u16(position - from));
      } while (load<u32>(position) !== load<u32>(candidate));
      to = putLiteral(to, nextLiteral, u32(position - nextLiteral));
      do {
        const length = 4 + matching(candidate + 4, position + 4, end);
        to = putCopy(to, u32(position - candidate), length);
        position += usize(length);
        nextLiteral = position;
        if (position >= limit) {
          return nextLiteral < end ? putLiteral(to, nextLiteral, u32(end - nextLiteral)) : to;
        }
        const before = hashOf(load<u32>(position - 1), shift);
        store<u16>(table + (usize(before) << 1), u16(position - 1 - from));
        const hash = hashOf(load<u32>(position), shift);
        candidate = from + usize(load<u16>(table + (usize(hash) << 1)));
        store<u16>(table + (usize(hash) << 1), u16(position - from));
      } while (load<u32>(position) === load<u32>(candidate));
      position++;
      nextHash = hashOf(load<u32>(position), shift);
    }
  }
  return putLiteral(to, nextLiteral, u32(end - nextLiteral));
}

/** See `Kernel.snappyEncode`. */
export function snappyEncode(from: usize, sizeBytes: u32, to: usize, table: usize): i32 {
  let out = to;
  let rest = sizeBytes;
  while (rest >= 128) {
    store<u8>(out++, u8(rest) | 128);
    rest >>= 7;
  }
  store<u8>(out++, u8(rest));
  for (let done: u32 = 0; done < sizeBytes; done += BLOCK) {
    out = encodeBlock(from + usize(done), min(sizeBytes - done, BLOCK), out, table);
  }
  return i32(out - to);
}
