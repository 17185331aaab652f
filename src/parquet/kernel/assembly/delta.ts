import { fail } from './result.ts';

// DELTA_BINARY_PACKED (parquet-format, Encodings, "Delta encoding"). Codes as in ../problems.ts.
const CUT_DELTA: i32 = -15;
const WRONG_BLOCKS: i32 = -16;
const FEW_DELTAS: i32 = -17;
const WIDE_DELTA: i32 = -18;

const BLOCK: i32 = 128;
const MINIBLOCKS: i32 = 4;
const MINIBLOCK: i32 = 32;

let position: usize = 0;
let isCut: bool = false;

// At most ten bytes; bits beyond the 64th are lost.
function takeVarint(end: usize): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (position >= end) break;
    const byte = load<u8>(position++);
    if (shift < 64) value |= (u64(byte) & 127) << shift;
    if (byte < 128) return value;
  }
  isCut = true;
  return 0;
}

function takeZigzag(end: usize): u64 {
  const value = takeVarint(end);
  return (value >> 1) ^ (0 - (value & 1));
}

/** See `Kernel.deltaDecode`. */
export function deltaDecode(from: usize, end: usize, width: i32, count: i32, to: usize): i32 {
  position = from;
  isCut = false;
  const blockValues = takeVarint(end);
  const miniblocks = takeVarint(end);
  const total = takeVarint(end);
  let value = takeZigzag(end);
  if (isCut) return fail(CUT_DELTA, 0, count);
  if (
    miniblocks === 0 ||
    blockValues === 0 ||
    blockValues > 0x7fffffff ||
    blockValues % (miniblocks * 8) !== 0
  ) {
    return fail(WRONG_BLOCKS, i32(min<u64>(blockValues, 0x7fffffff)), i32(min<u64>(miniblocks, 0x7fffffff)));
  }
  if (total < u64(count)) return fail(FEW_DELTAS, i32(total), count);
  if (count > 0) putNumber(to, width, value);
  const values = i32(blockValues / miniblocks);
  let out = to + usize(width);
  let done: i32 = 1;
  while (done < count) {
    const least = takeZigzag(end);
    const widths = position;
    if (isCut || u64(end - position) < miniblocks) return fail(CUT_DELTA, done, count);
    position += usize(miniblocks);
    for (let m: usize = 0; m < usize(miniblocks) && done < count; m++) {
      const bits = u64(load<u8>(widths + m));
      if (bits > 64) return fail(WIDE_DELTA, i32(bits), 0);
      const n = min(values, count - done);
      // The last values must be there; what fills up their miniblock may be cut.
      if ((u64(n) * bits + 7) >> 3 > u64(end - position)) return fail(CUT_DELTA, done, count);
      value = width === 4 ? unpack<u32>(bits, n, value, least, out) : unpack<u64>(bits, n, value, least, out);
      position = usize(min<u64>(u64(position) + ((u64(values) * bits) >> 3), u64(end)));
      out += usize(n) * usize(width);
      done += n;
    }
  }
  store<i32>(0, i32(min<u64>(total, 0x7fffffff)));
  return i32(position - from);
}

function putNumber(at: usize, width: i32, value: u64): void {
  if (width === 4) store<u32>(at, u32(value));
  else store<u64>(at, value);
}

// Adds up `n` deltas of so many bits from `position` on. Loads may reach eight bytes behind the last: that is slack.
function unpack<T>(bits: u64, n: i32, before: u64, least: u64, to: usize): u64 {
  let value = before;
  let out = to;
  const mask: u64 = bits === 64 ? ~(<u64>0) : (u64(1) << bits) - 1;
  let bit: u64 = 0;
  for (let i: i32 = 0; i < n; i++) {
    const at = position + usize(bit >> 3);
    const shift = bit & 7;
    let delta = load<u64>(at) >> shift;
    if (bits > 56 && shift > 0) delta |= u64(load<u8>(at, 8)) << (64 - shift);
    value += least + (delta & mask);
    bit += bits;
    if (sizeof<T>() === 4) store<u32>(out, u32(value));
    else store<u64>(out, value);
    out += sizeof<T>();
  }
  return value;
}

let out: usize = 0;

function putVarint(value: u64): void {
  let rest = value;
  while (rest >= 128) {
    store<u8>(out++, u8(rest) | 128);
    rest >>= 7;
  }
  store<u8>(out++, u8(rest));
}

function putZigzag(value: i64): void {
  putVarint(u64((value << 1) ^ (value >> 63)));
}

function numberAt(from: usize, width: i32, i: i32): i64 {
  return width === 4 ? i64(load<i32>(from + (usize(i) << 2))) : load<i64>(from + (usize(i) << 3));
}

// Differences wrap around in the width of the type, so that 32 bits hold those of 32-bit numbers.
function deltaAt(from: usize, width: i32, i: i32): i64 {
  const delta = numberAt(from, width, i) - numberAt(from, width, i - 1);
  return width === 4 ? i64(i32(delta)) : delta;
}

/** See `Kernel.deltaEncode`. */
export function deltaEncode(from: usize, width: i32, count: i32, to: usize): i32 {
  out = to;
  putVarint(BLOCK);
  putVarint(MINIBLOCKS);
  putVarint(u64(count));
  putZigzag(count > 0 ? numberAt(from, width, 0) : 0);
  for (let first: i32 = 1; first < count; first += BLOCK) {
    const last = min(first + BLOCK, count);
    let least = i64.MAX_VALUE;
    for (let i = first; i < last; i++) least = min(least, deltaAt(from, width, i));
    putZigzag(least);
    const widths = out;
    store<u32>(widths, 0);
    out += MINIBLOCKS;
    for (let m: i32 = 0; m < MINIBLOCKS; m++) {
      const begin = first + m * MINIBLOCK;
      if (begin >= last) break;
      pack(from, width, begin, min(begin + MINIBLOCK, last), least, widths + usize(m));
    }
  }
  return i32(out - to);
}

// One miniblock: its bit width goes to `widthAt`, its deltas to `out`, filled up with zeros.
function pack(from: usize, width: i32, begin: i32, end: i32, least: i64, widthAt: usize): void {
  const narrow: u64 = width === 4 ? 0xffffffff : ~(<u64>0);
  let all: u64 = 0;
  for (let i = begin; i < end; i++) all |= u64(deltaAt(from, width, i) - least) & narrow;
  const bits = 64 - clz(all);
  store<u8>(widthAt, u8(bits));
  if (bits === 0) return;
  const target = out + usize(bits << 2);
  let word: u64 = 0;
  let used: u64 = 0;
  for (let i = begin; i < end; i++) {
    const delta = u64(deltaAt(from, width, i) - least) & narrow;
    word |= delta << used;
    used += bits;
    if (used < 64) continue;
    store<u64>(out, word);
    out += 8;
    used -= 64;
    word = used === 0 ? 0 : delta >> (bits - used);
  }
  while (out < target) {
    // What lies behind the room's last byte is slack.
    store<u64>(out, word);
    out += 8;
    word = 0;
  }
  out = target;
}
