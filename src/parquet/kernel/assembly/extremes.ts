import { setResult } from './result.ts';

// Numbers of the orders, as in ../../metadata/sort-order.ts and `orderNumber` of ../../extremes.ts.
const BOOLEAN: i32 = 0;
const SIGNED32: i32 = 1;
const UNSIGNED32: i32 = 2;
const SIGNED64: i32 = 3;
const UNSIGNED64: i32 = 4;
const FLOAT32: i32 = 5;
const FLOAT64: i32 = 6;
const FLOAT16: i32 = 7;
const SIGNED_BYTES: i32 = 9;

function isOut(used: usize, i: i32): bool {
  return used !== 0 && load<u8>(used + usize(i)) === 0;
}

function result(min: i32, max: i32, nans: i32): void {
  setResult(0, min);
  setResult(1, max);
  setResult(2, nans);
}

// A NaN is neither less nor greater than anything, so it never wins.
function findNumbers<T>(bytes: usize, count: i32, used: usize): void {
  let nans: i32 = 0;
  let min: i32 = -1;
  let max: i32 = -1;
  let least: T = 0;
  let greatest: T = 0;
  for (let i: i32 = 0; i < count; i++) {
    const value = load<T>(bytes + usize(i) * sizeof<T>());
    if (min >= 0 && value >= least && value <= greatest) continue;
    if (isOut(used, i)) continue;
    // biome-ignore lint/suspicious/noGlobalIsNan: this is AssemblyScript's, which knows the type.
    if (isNaN<T>(value)) {
      nans++;
      continue;
    }
    if (min < 0 || value < least) {
      least = value;
      min = i;
    }
    if (max < 0 || value > greatest) {
      greatest = value;
      max = i;
    }
  }
  result(min, max, nans);
}

// The same for many values that all count: sixteen bytes at a time for what is the least and the greatest, then where.
function findWide<T>(bytes: usize, count: i32): void {
  const lanes: i32 = 16 / sizeof<T>();
  const blocks: i32 = count / lanes;
  let low = v128.load(bytes);
  let high = low;
  let nans = v128.ne<T>(low, low);
  for (let i: i32 = 1; i < blocks; i++) {
    const values = v128.load(bytes + (usize(i) << 4));
    // In this order, where one of two is a NaN, the other stays; a NaN that comes first is found below.
    low = v128.bitselect(values, low, v128.lt<T>(values, low));
    high = v128.bitselect(values, high, v128.gt<T>(values, high));
    if (isFloat<T>()) nans = v128.or(nans, v128.ne<T>(values, values));
  }
  store<v128>(16, low);
  store<v128>(32, high);
  let least = load<T>(16);
  let greatest = load<T>(32);
  for (let lane: usize = 1; lane < usize(lanes); lane++) {
    least = min<T>(least, load<T>(16 + lane * sizeof<T>()));
    greatest = max<T>(greatest, load<T>(32 + lane * sizeof<T>()));
  }
  for (let i = blocks * lanes; i < count; i++) {
    const value = load<T>(bytes + usize(i) * sizeof<T>());
    least = min<T>(least, value);
    greatest = max<T>(greatest, value);
  }
  // biome-ignore lint/suspicious/noGlobalIsNan: this is AssemblyScript's, which knows the type.
  if ((isFloat<T>() && v128.any_true(nans)) || isNaN<T>(least) || isNaN<T>(greatest)) {
    findNumbers<T>(bytes, count, 0);
    return;
  }
  result(placeOf<T>(bytes, count, least), placeOf<T>(bytes, count, greatest), 0);
}

function placeOf<T>(bytes: usize, count: i32, wanted: T): i32 {
  const lanes: i32 = 16 / sizeof<T>();
  const target = v128.splat<T>(wanted);
  let i: i32 = 0;
  while (
    i + lanes <= count &&
    !v128.any_true(v128.eq<T>(v128.load(bytes + usize(i) * sizeof<T>()), target))
  ) {
    i += lanes;
  }
  while (load<T>(bytes + usize(i) * sizeof<T>()) !== wanted) i++;
  return i;
}

/** From so many values on it pays to look at several at a time. */
const WIDE: i32 = 64;

function findNumbersOf<T>(bytes: usize, count: i32, used: usize): void {
  if (used === 0 && count >= WIDE) findWide<T>(bytes, count);
  else findNumbers<T>(bytes, count, used);
}

// The bits of a half as a number of the same order; both zeros are 0.
function halfKey(bytes: usize): i32 {
  const bits = i32(load<u16>(bytes));
  return (bits & 0x8000) !== 0 ? -(bits & 0x7fff) : bits;
}

function findHalves(bytes: usize, count: i32, used: usize): void {
  let nans: i32 = 0;
  let min: i32 = -1;
  let max: i32 = -1;
  let least: i32 = 0;
  let greatest: i32 = 0;
  for (let i: i32 = 0; i < count; i++) {
    if (isOut(used, i)) continue;
    const key = halfKey(bytes + (usize(i) << 1));
    if (key > 0x7c00 || key < -0x7c00) {
      nans++;
      continue;
    }
    if (min < 0 || key < least) {
      least = key;
      min = i;
    }
    if (max < 0 || key > greatest) {
      greatest = key;
      max = i;
    }
  }
  result(min, max, nans);
}

function compareUnsigned(a: usize, aLength: u32, b: usize, bLength: u32): i32 {
  const length = usize(min(aLength, bLength));
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) {
    const x = load<u64>(a + i);
    const y = load<u64>(b + i);
    if (x !== y) return bswap(x) < bswap(y) ? -1 : 1;
  }
  for (; i < length; i++) {
    const difference = i32(load<u8>(a + i)) - i32(load<u8>(b + i));
    if (difference !== 0) return difference;
  }
  return aLength < bLength ? -1 : i32(aLength > bLength);
}

// Big-endian two's complement numbers of any length (DECIMAL); an empty one counts as zero. Of two equal ones the shorter
// comes first, so that there is one least and one greatest.
function compareSigned(a: usize, aLength: u32, b: usize, bLength: u32): i32 {
  const aFill: i32 = aLength > 0 && load<u8>(a) > 127 ? 255 : 0;
  const bFill: i32 = bLength > 0 && load<u8>(b) > 127 ? 255 : 0;
  if (aFill !== bFill) return aFill === 255 ? -1 : 1;
  for (let i = max(aLength, bLength); i > 0; i--) {
    const left: i32 = i <= aLength ? i32(load<u8>(a + usize(aLength - i))) : aFill;
    const right: i32 = i <= bLength ? i32(load<u8>(b + usize(bLength - i))) : bFill;
    if (left !== right) return left - right;
  }
  return aLength < bLength ? -1 : i32(aLength > bLength);
}

function findBytes(isSigned: bool, width: u32, bytes: usize, offsets: usize, count: i32, used: usize): void {
  let min: i32 = -1;
  let max: i32 = -1;
  let minAt: usize = 0;
  let minLength: u32 = width;
  let maxAt: usize = 0;
  let maxLength: u32 = width;
  for (let i: i32 = 0; i < count; i++) {
    if (isOut(used, i)) continue;
    let at = bytes + usize(i) * usize(width);
    let length = width;
    if (width === 0) {
      const start = load<u32>(offsets + (usize(i) << 2)) + 4;
      at = bytes + usize(start);
      length = load<u32>(offsets + (usize(i) << 2), 4) - start;
    }
    const below =
      min < 0 ||
      (isSigned
        ? compareSigned(at, length, minAt, minLength)
        : compareUnsigned(at, length, minAt, minLength)) < 0;
    if (below) {
      min = i;
      minAt = at;
      minLength = length;
    }
    const above =
      max < 0 ||
      (!below &&
        (isSigned
          ? compareSigned(at, length, maxAt, maxLength)
          : compareUnsigned(at, length, maxAt, maxLength)) > 0);
    if (above) {
      max = i;
      maxAt = at;
      maxLength = length;
    }
  }
  result(min, max, 0);
}

/** See `Kernel.findExtremes`. */
export function findExtremes(
  order: i32,
  width: i32,
  bytes: usize,
  offsets: usize,
  count: i32,
  used: usize,
): void {
  switch (order) {
    case BOOLEAN:
      findNumbersOf<u8>(bytes, count, used);
      break;
    case SIGNED32:
      findNumbersOf<i32>(bytes, count, used);
      break;
    case UNSIGNED32:
      findNumbersOf<u32>(bytes, count, used);
      break;
    case SIGNED64:
      findNumbersOf<i64>(bytes, count, used);
      break;
    case UNSIGNED64:
      findNumbers<u64>(bytes, count, used);
      break;
    case FLOAT32:
      findNumbersOf<f32>(bytes, count, used);
      break;
    case FLOAT64:
      findNumbersOf<f64>(bytes, count, used);
      break;
    case FLOAT16:
      findHalves(bytes, count, used);
      break;
    default:
      findBytes(order === SIGNED_BYTES, u32(width), bytes, offsets, count, used);
  }
}
