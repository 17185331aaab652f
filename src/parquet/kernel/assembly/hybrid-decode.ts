import { fail } from './result.ts';

// The RLE/bit-packed hybrid (parquet-format, Encodings, "RLE"). Codes as in ../problems.ts.
const CUT_HEADER: i32 = -1;
const EMPTY_RUN: i32 = -2;
const CUT_RUN: i32 = -3;
const LONG_RUN: i32 = -4;
const EMPTY_GROUPS: i32 = -5;
const CUT_GROUPS: i32 = -6;
const ABOVE_MAX: i32 = -7;

// Found on the way, by decodeHybrid: the greatest value, and how many values are equal to `wanted`.
let greatest: u32 = 0;
let wanted: u32 = 0;
let equal: i32 = 0;

function decodeHybrid<T>(from: usize, end: usize, bitWidth: i32, count: i32, to: usize): i32 {
  greatest = 0;
  equal = 0;
  if (bitWidth === 0) {
    memory.fill(to, 0, usize(count) * sizeof<T>());
    if (wanted === 0) equal = count;
    return 0;
  }
  const valueBytes: i32 = (bitWidth + 7) >> 3;
  let position = from;
  let done: i32 = 0;
  while (done < count) {
    let header: u64 = 0;
    let shift: i32 = 0;
    for (;;) {
      if (position >= end || shift > 28) return fail(CUT_HEADER, done, count);
      const byte = load<u8>(position++);
      header |= (u64(byte) & 127) << u64(shift);
      if (byte < 128) break;
      shift += 7;
    }
    const left = count - done;
    const length = header >> 1;
    if ((header & 1) === 0) {
      if (length === 0) return EMPTY_RUN;
      if (position + usize(valueBytes) > end) return CUT_RUN;
      let value: u32 = 0;
      for (let i = 0; i < valueBytes; i++) value |= u32(load<u8>(position++)) << u32(8 * i);
      // Only bit-packed groups are filled up; a run that says more is damaged.
      if (length > u64(left)) return fail(LONG_RUN, i32(min<u64>(length, 0x7fffffff)), left);
      const run = i32(length);
      fillValues<T>(to + usize(done) * sizeof<T>(), value, run);
      if (value > greatest) greatest = value;
      if (value === wanted) equal += run;
      done += run;
    } else {
      if (length === 0) return EMPTY_GROUPS;
      const values: i32 = length >= u64(left + 7) >> 3 ? left : i32(length) << 3;
      // Some writers cut the padding of the last group; the values themselves must be there.
      const needed = (u64(values) * u64(bitWidth) + 7) >> 3;
      if (u64(position) + needed > u64(end)) return fail(CUT_GROUPS, values, 0);
      unpack<T>(position, bitWidth, values, to + usize(done) * sizeof<T>());
      done += values;
      if (done < count) position += usize(length) * usize(bitWidth);
    }
  }
  return 0;
}

function fillValues<T>(to: usize, value: u32, count: i32): void {
  if (sizeof<T>() === 1) {
    // A call to the engine's own fill pays for long runs only.
    if (count > 32) memory.fill(to, u8(value), usize(count));
    else for (let i: usize = 0; i < usize(count); i++) store<u8>(to + i, u8(value));
  } else {
    for (let i: usize = 0; i < usize(count); i++) store<u32>(to + (i << 2), value);
  }
}

// Loads may reach fifteen bytes behind the last value: every room has that much slack.
function unpack<T>(from: usize, bitWidth: i32, count: i32, to: usize): void {
  let i: i32 = 0;
  if (sizeof<T>() === 1) {
    if (bitWidth === 1) {
      unpackBits(from, count, to);
      return;
    }
    i = unpackEights<T>(from, bitWidth, count, to);
    unpackRest<T>(from, bitWidth, i, count, to);
    lookAtLevels(to, count);
  } else {
    // Its vectors are made anew each time, which pays for more than a few groups only.
    const isWide = bitWidth <= 25 && count >= 64;
    i = isWide ? unpackWide(from, bitWidth, count, to) : unpackEights<T>(from, bitWidth, count, to);
    unpackRest<T>(from, bitWidth, i, count, to);
    if (isWide) lookAtIndices(to + (usize(i) << 2), count - i);
    else lookAtIndices(to, count);
  }
}

// Each of these returns how many values it unpacked: a multiple of eight.

function unpackEights<T>(from: usize, bitWidth: i32, count: i32, to: usize): i32 {
  if (bitWidth > 14) return 0;
  const width = u64(bitWidth);
  const mask: u64 = (u64(1) << width) - 1;
  // Eight values take as many bytes as a value has bits; four of them lie in one load, the other four in the next.
  const half = usize(bitWidth) >> 1;
  const shift = u64((bitWidth & 1) << 2);
  let i: i32 = 0;
  for (; i + 8 <= count; i += 8) {
    putFour<T>(load<u64>(from), width, mask, to);
    putFour<T>(load<u64>(from + half) >> shift, width, mask, to + 4 * sizeof<T>());
    from += usize(bitWidth);
    to += 8 * sizeof<T>();
  }
  return i;
}

/** Where the vectors are made that unpackWide works with. */
const SCRATCH: usize = 16;

// What brings the bytes of four values, of which the first begins at bit `shift`, into four lanes.
function lanesOf(bitWidth: i32, shift: i32): v128 {
  for (let lane = 0; lane < 4; lane++) {
    const byte = (shift + lane * bitWidth) >> 3;
    for (let k = 0; k < 4; k++) store<u8>(SCRATCH + usize(lane * 4 + k), u8(byte + k));
  }
  return v128.load(SCRATCH);
}

// What shifts them in their lanes to the left, so that nothing is above them: there is no shift by lanes.
function factorsOf(bitWidth: i32, shift: i32): v128 {
  for (let lane = 0; lane < 4; lane++) {
    const bit = (shift + lane * bitWidth) & 7;
    store<u32>(SCRATCH + usize(lane * 4), u32(1) << u32(32 - bitWidth - bit));
  }
  return v128.load(SCRATCH);
}

// Four indices of at most 25 bits at a time; the greatest is found on the way.
function unpackWide(from: usize, bitWidth: i32, count: i32, to: usize): i32 {
  const second = (bitWidth & 1) << 2;
  const lanes = lanesOf(bitWidth, 0);
  const factors = factorsOf(bitWidth, 0);
  const secondLanes = lanesOf(bitWidth, second);
  const secondFactors = factorsOf(bitWidth, second);
  const half = usize(bitWidth) >> 1;
  const rest = 32 - bitWidth;
  let top = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 8 <= count; i += 8) {
    const a = i32x4.shr_u(i32x4.mul(i8x16.swizzle(v128.load(from), lanes), factors), rest);
    const b = i32x4.shr_u(i32x4.mul(i8x16.swizzle(v128.load(from + half), secondLanes), secondFactors), rest);
    v128.store(to, a);
    v128.store(to, b, 16);
    top = i32x4.max_u(top, i32x4.max_u(a, b));
    from += usize(bitWidth);
    to += 32;
  }
  takeGreatest(top);
  return i;
}

// All levels of one bit, sixteen at a time; those that are wanted are counted on the way. Nulls make many short groups.
function unpackBits(from: usize, count: i32, to: usize): void {
  let ones: i32 = 0;
  for (let i: i32 = 0; i < count; i += 16) {
    let word = load<u16>(from + usize(i >> 3));
    if (count - i < 16) word &= u16((u32(1) << u32(count - i)) - 1);
    ones += popcnt(u32(word));
    putBits(word, to + usize(i));
  }
  if (ones > 0) greatest = max<u32>(greatest, 1);
  if (wanted === 1) equal += ones;
  else if (wanted === 0) equal += count - ones;
}

function putBits(word: u16, to: usize): void {
  const both = i16x8.splat(i16(word));
  const bytes = i8x16.shuffle(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  v128.store(to, i8x16.neg(i8x16.eq(v128.and(bytes, bits), bits)));
}

function unpackRest<T>(from: usize, bitWidth: i32, first: i32, count: i32, to: usize): void {
  const width = u64(bitWidth);
  const mask: u64 = (u64(1) << width) - 1;
  let bit = u64(first) * width;
  for (let i = first; i < count; i++) {
    const value = u32((load<u64>(from + usize(bit >> 3)) >> (bit & 7)) & mask);
    bit += width;
    if (sizeof<T>() === 1) store<u8>(to + usize(i), u8(value));
    else store<u32>(to + (usize(i) << 2), value);
  }
}

function putFour<T>(word: u64, width: u64, mask: u64, out: usize): void {
  const a = word & mask;
  const b = (word >> width) & mask;
  const c = (word >> (width * 2)) & mask;
  const d = (word >> (width * 3)) & mask;
  if (sizeof<T>() === 1) {
    store<u32>(out, u32(a | (b << 8) | (c << 16) | (d << 24)));
  } else {
    store<u64>(out, a | (b << 32));
    store<u64>(out, c | (d << 32), 8);
  }
}

function lookAtLevels(from: usize, count: i32): void {
  let most = greatest;
  let same: i32 = 0;
  let i: i32 = 0;
  const target = i8x16.splat(i8(wanted));
  let top = i8x16.splat(0);
  for (; i + 16 <= count; i += 16) {
    const values = v128.load(from + usize(i));
    top = i8x16.max_u(top, values);
    same += popcnt(i8x16.bitmask(i8x16.eq(values, target)));
  }
  for (let k = 0; k < 16; k++) {
    most = max(most, u32(i8x16.extract_lane_u(top, 0)));
    top = i8x16.shuffle(top, top, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0);
  }
  for (; i < count; i++) {
    const value = u32(load<u8>(from + usize(i)));
    most = max(most, value);
    same += i32(value === wanted);
  }
  greatest = most;
  equal += same;
}

function lookAtIndices(from: usize, count: i32): void {
  let i: i32 = 0;
  let top = i32x4.splat(0);
  for (; i + 4 <= count; i += 4) top = i32x4.max_u(top, v128.load(from + (usize(i) << 2)));
  takeGreatest(top);
  for (; i < count; i++) greatest = max<u32>(greatest, load<u32>(from + (usize(i) << 2)));
}

function takeGreatest(top: v128): void {
  const low = max<u32>(i32x4.extract_lane(top, 0), i32x4.extract_lane(top, 1));
  const high = max<u32>(i32x4.extract_lane(top, 2), i32x4.extract_lane(top, 3));
  greatest = max<u32>(greatest, max<u32>(low, high));
}

/** See `Kernel.decodeLevels`. */
export function decodeLevels(from: usize, end: usize, bitWidth: i32, count: i32, max: i32, to: usize): i32 {
  wanted = u32(max);
  const code = decodeHybrid<u8>(from, end, bitWidth, count, to);
  if (code < 0) return code;
  if (greatest > u32(max)) return fail(ABOVE_MAX, i32(greatest), max);
  return equal;
}

/** See `Kernel.decodeIndices`. */
export function decodeIndices(
  from: usize,
  end: usize,
  bitWidth: i32,
  count: i32,
  entries: i32,
  to: usize,
): i32 {
  wanted = 0;
  const code = decodeHybrid<u32>(from, end, bitWidth, count, to);
  if (code < 0) return code;
  if (count > 0 && greatest >= u32(entries)) return fail(ABOVE_MAX, i32(greatest), entries);
  return 0;
}

/** See `Kernel.levelRun`. */
export function levelRun(from: usize, end: usize, count: i32): i32 {
  let header: u64 = 0;
  let shift: i32 = 0;
  let position = from;
  for (;;) {
    if (position >= end || shift > 28) return -1;
    const byte = load<u8>(position++);
    header |= (u64(byte) & 127) << u64(shift);
    if (byte < 128) break;
    shift += 7;
  }
  if ((header & 1) !== 0 || header >> 1 !== u64(count) || position >= end) return -1;
  return i32(load<u8>(position));
}

/** See `Kernel.unpackBooleans`. */
export function unpackBooleans(from: usize, count: i32, to: usize): void {
  let i: i32 = 0;
  for (; i + 16 <= count; i += 16) putBits(load<u16>(from + usize(i >> 3)), to + usize(i));
  for (; i < count; i++) {
    store<u8>(to + usize(i), (load<u8>(from + usize(i >> 3)) >> u8(i & 7)) & 1);
  }
}
