// Runs where at least eight equal values follow a full group of eight, bit-packed groups elsewhere.

let out: usize = 0;
/** Where the run ends that nextRunOf found. */
let runEnd: i32 = 0;

function putVarint(value: u32): void {
  while (value > 127) {
    store<u8>(out++, u8(value & 127) | 128);
    value >>= 7;
  }
  store<u8>(out++, u8(value));
}

function valueAt<T>(from: usize, i: i32): u32 {
  return sizeof<T>() === 1 ? u32(load<u8>(from + usize(i))) : load<u32>(from + (usize(i) << 2));
}

// May write up to seven bytes behind the last one: they are slack, or written again.
function packGroups<T>(from: usize, start: i32, end: i32, bitWidth: i32): void {
  const groups = (end - start + 7) >> 3;
  putVarint((u32(groups) << 1) | 1);
  const stop = out + usize(groups) * usize(bitWidth);
  let i = start;
  if (sizeof<T>() === 1 && bitWidth === 1) {
    for (; i + 16 <= end; i += 16) {
      store<u16>(out, u16(bitsOf(from + usize(i))));
      out += 2;
    }
  }
  if (bitWidth <= 16) {
    // Eight values take as many bytes as a value has bits: at most two words of eight bytes.
    const width = u64(bitWidth);
    for (; i + 8 <= end; i += 8) {
      const low = fourOf<T>(from, i, width);
      const high = fourOf<T>(from, i + 4, width);
      const shift = width << 2;
      if (bitWidth === 16) {
        store<u64>(out, low);
        store<u64>(out, high, 8);
      } else {
        store<u64>(out, low | (high << shift));
        // In two steps, since a shift by 64 would be one by 0.
        if (bitWidth > 8) store<u64>(out, (high >> 1) >> (63 - shift), 8);
      }
      out += usize(bitWidth);
    }
  }
  let accumulator: u64 = 0;
  let bits: i32 = 0;
  for (; i < end; i++) {
    accumulator |= u64(valueAt<T>(from, i)) << u64(bits);
    bits += bitWidth;
    if (bits >= 32) {
      store<u32>(out, u32(accumulator));
      out += 4;
      accumulator >>= 32;
      bits -= 32;
    }
  }
  while (bits > 0) {
    store<u8>(out++, u8(accumulator));
    accumulator >>= 8;
    bits -= 8;
  }
  while (out < stop) store<u8>(out++, 0);
}

// The lowest bits of sixteen bytes.
function bitsOf(from: usize): i32 {
  return i8x16.bitmask(i8x16.shl(v128.load(from), 7));
}

function fourOf<T>(from: usize, i: i32, width: u64): u64 {
  const low = u64(valueAt<T>(from, i)) | (u64(valueAt<T>(from, i + 1)) << width);
  const high = u64(valueAt<T>(from, i + 2)) | (u64(valueAt<T>(from, i + 3)) << width);
  return low | (high << (width << 1));
}

function runEndOf<T>(from: usize, start: i32, count: i32, value: u32): i32 {
  let i = start;
  if (i >= count || valueAt<T>(from, i) !== value) return i;
  const lanes: i32 = 16 / sizeof<T>();
  const all = v128.splat<T>(<T>value);
  while (i + lanes <= count && v128.all_true<T>(v128.eq<T>(v128.load(from + usize(i) * sizeof<T>()), all)))
    i += lanes;
  while (i < count && valueAt<T>(from, i) === value) i++;
  return i;
}

function areFive<T>(from: usize, i: i32): bool {
  const at = from + usize(i) * sizeof<T>();
  return v128.all_true<T>(v128.eq<T>(v128.load(at), v128.load(at + sizeof<T>())));
}

// A bit for each of sixteen bytes: whether the next one is the same.
function sameAsNext(at: usize): u64 {
  return u64(i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(at, 1))));
}

// Where the next run of at least eight equal values begins, from `start` on; `count` when there is none.
function nextRunOf<T>(from: usize, start: i32, count: i32): i32 {
  return sizeof<T>() === 1 ? nextRunOfBytes(from, start, count) : nextRunOfWords<T>(from, start, count);
}

function nextRunOfBytes(from: usize, start: i32, count: i32): i32 {
  let i = start;
  // At first a few, since behind a null there often is one at once.
  let step: i32 = 10;
  while (i + 8 <= count) {
    const at = from + usize(i);
    let same = sameAsNext(at);
    // What lies behind the last value may be read, but says nothing.
    const left = count - 1 - i;
    if (left < 16) same &= (u64(1) << u64(left)) - 1;
    if (left < 32) step = 10;
    if (step > 10) same |= sameAsNext(at + 16) << 16;
    // Seven in a row make a run of eight.
    same &= same >> 1;
    same &= same >> 2;
    same &= same >> 3;
    if (same !== 0) {
      const begin = i + i32(ctz(same));
      runEnd = runEndOf<u8>(from, begin + 8, count, valueAt<u8>(from, begin));
      return begin;
    }
    i += step;
    step = 26;
  }
  return count;
}

// Any such run holds one of the fives that are looked at, since every fourth value begins one.
function nextRunOfWords<T>(from: usize, start: i32, count: i32): i32 {
  let i = start;
  while (i + 5 <= count) {
    if (!areFive<T>(from, i)) {
      i += 4;
      continue;
    }
    const value = valueAt<T>(from, i);
    let begin = i;
    while (begin > start && valueAt<T>(from, begin - 1) === value) begin--;
    runEnd = runEndOf<T>(from, i + 5, count, value);
    if (runEnd - begin >= 8) return begin;
    i = runEnd;
  }
  return count;
}

function encodeHybrid<T>(from: usize, count: i32, bitWidth: i32, to: usize): i32 {
  out = to;
  const valueBytes: i32 = (bitWidth + 7) >> 3;
  let literalFrom: i32 = 0;
  let i = nextRunOf<T>(from, 0, count);
  while (i < count) {
    const value = valueAt<T>(from, i);
    const padding = (8 - ((i - literalFrom) & 7)) & 7;
    if (runEnd - i - padding >= 8) {
      i += padding;
      if (i > literalFrom) packGroups<T>(from, literalFrom, i, bitWidth);
      putVarint(u32(runEnd - i) << 1);
      for (let b = 0; b < valueBytes; b++) store<u8>(out++, u8(value >> u32(8 * b)));
      literalFrom = runEnd;
    }
    i = nextRunOf<T>(from, runEnd, count);
  }
  if (literalFrom < count) packGroups<T>(from, literalFrom, count, bitWidth);
  return i32(out - to);
}

/** See `Kernel.encodeLevels`. */
export function encodeLevels(from: usize, count: i32, bitWidth: i32, to: usize): i32 {
  return encodeHybrid<u8>(from, count, bitWidth, to);
}

/** See `Kernel.encodeIndices`. */
export function encodeIndices(from: usize, count: i32, bitWidth: i32, to: usize): i32 {
  return encodeHybrid<u32>(from, count, bitWidth, to);
}

/** See `Kernel.packBooleans`. */
export function packBooleans(from: usize, count: i32, to: usize): void {
  let i: i32 = 0;
  for (; i + 16 <= count; i += 16) store<u16>(to + usize(i >> 3), u16(bitsOf(from + usize(i))));
  for (; i < count; i += 8) {
    let byte: u32 = 0;
    const left = min(count - i, 8);
    for (let k = 0; k < left; k++) byte |= u32(load<u8>(from + usize(i + k)) & 1) << u32(k);
    store<u8>(to + usize(i >> 3), u8(byte));
  }
}
