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

// Loads of eight bytes may reach seven bytes behind the last value: every room has that much slack.
function unpack<T>(from: usize, bitWidth: i32, count: i32, to: usize): void {
  const mask: u64 = (u64(1) << u64(bitWidth)) - 1;
  const target = wanted;
  let most = greatest;
  let same: i32 = 0;
  let out = to;
  let i: i32 = 0;
  if (bitWidth <= 8) {
    // Eight values of at most eight bits lie in as many bytes as a value has bits.
    let p = from;
    for (; i + 8 <= count; i += 8) {
      let word = load<u64>(p);
      p += usize(bitWidth);
      for (let k: usize = 0; k < 8; k++) {
        const value = u32(word & mask);
        word >>= u64(bitWidth);
        if (sizeof<T>() === 1) store<u8>(out + k, u8(value));
        else store<u32>(out + (k << 2), value);
        most = value > most ? value : most;
        same += i32(value === target);
      }
      out += 8 * sizeof<T>();
    }
  }
  let bit = u64(i) * u64(bitWidth);
  for (; i < count; i++) {
    const value = u32((load<u64>(from + usize(bit >> 3)) >> (bit & 7)) & mask);
    bit += u64(bitWidth);
    if (sizeof<T>() === 1) store<u8>(out, u8(value));
    else store<u32>(out, value);
    out += sizeof<T>();
    most = value > most ? value : most;
    same += i32(value === target);
  }
  greatest = most;
  equal += same;
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
  for (let i: i32 = 0; i < count; i++) {
    store<u8>(to + usize(i), (load<u8>(from + usize(i >> 3)) >> u8(i & 7)) & 1);
  }
}
