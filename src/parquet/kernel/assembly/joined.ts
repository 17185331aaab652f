import { copyShort } from './copy.ts';
import { fail } from './result.ts';

// DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY (parquet-format, Encodings), once their lengths are decoded. Codes as
// in ../problems.ts.
const WRONG_LENGTH: i32 = -19;
const LONG_PREFIX: i32 = -20;
const CUT_BYTES: i32 = -21;
const OTHER_WIDTH: i32 = -22;

/** See `Kernel.joinedBytes`. */
export function joinedBytes(prefixes: usize, suffixes: usize, count: i32, sizeBytes: u32, width: i32): f64 {
  let stored: u64 = 0;
  let sum: u64 = 0;
  let before: u32 = 0;
  for (let i: i32 = 0; i < count; i++) {
    const at = usize(i) << 2;
    const prefix: u32 = prefixes === 0 ? 0 : load<u32>(prefixes + at);
    const suffix = load<u32>(suffixes + at);
    if (i32(suffix) < 0) return f64(fail(WRONG_LENGTH, i, i32(suffix)));
    if (prefix > before) return f64(fail(LONG_PREFIX, i32(prefix), i32(before)));
    stored += suffix;
    if (stored > sizeBytes) return f64(fail(CUT_BYTES, i, count));
    // At most what is stored, and what the value before had, so it stays below 2^32.
    before = prefix + suffix;
    if (width > 0 && before !== u32(width)) return f64(fail(OTHER_WIDTH, i32(before), width));
    sum += before;
  }
  return f64(sum);
}

/** See `Kernel.joinValues`. */
export function joinValues(
  prefixes: usize,
  suffixes: usize,
  count: i32,
  from: usize,
  width: i32,
  to: usize,
  offsets: usize,
): void {
  let out = to;
  let data = from;
  let before: usize = 0;
  for (let i: i32 = 0; i < count; i++) {
    const at = usize(i) << 2;
    const prefix: u32 = prefixes === 0 ? 0 : load<u32>(prefixes + at);
    const suffix = load<u32>(suffixes + at);
    if (width === 0) {
      store<u32>(offsets + at, u32(out - to));
      store<u32>(out, prefix + suffix);
      out += 4;
    }
    const start = out;
    // The value before ends where this one begins, or its length.
    copyShort(out, before, prefix);
    out += usize(prefix);
    copyShort(out, data, suffix);
    out += usize(suffix);
    data += usize(suffix);
    before = start;
  }
  if (width === 0) store<u32>(offsets + (usize(count) << 2), u32(out - to));
}

/** See `Kernel.cutPrefixes`. */
export function cutPrefixes(
  bytes: usize,
  offsets: usize,
  first: i32,
  count: i32,
  prefixes: usize,
  suffixes: usize,
  to: usize,
): i32 {
  let out = to;
  let before: usize = 0;
  let beforeLength: u32 = 0;
  for (let i: i32 = 0; i < count; i++) {
    const place = offsets + (usize(first + i) << 2);
    const start = load<u32>(place) + 4;
    const length = load<u32>(place, 4) - start;
    const value = bytes + usize(start);
    const most = min(length, beforeLength);
    let prefix: u32 = 0;
    while (prefix < most && load<u8>(value + usize(prefix)) === load<u8>(before + usize(prefix))) prefix++;
    store<u32>(prefixes + (usize(i) << 2), prefix);
    store<u32>(suffixes + (usize(i) << 2), length - prefix);
    copyShort(out, value + usize(prefix), length - prefix);
    out += usize(length - prefix);
    before = value;
    beforeLength = length;
  }
  return i32(out - to);
}
