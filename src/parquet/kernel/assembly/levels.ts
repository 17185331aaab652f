import { setResult } from './result.ts';

/** See `Kernel.countLevels`. */
export function countLevels(from: usize, count: i32, level: i32): i32 {
  let found: i32 = 0;
  let i: i32 = 0;
  const wanted = i8x16.splat(i8(level));
  for (; i + 16 <= count; i += 16) {
    found += popcnt(i8x16.bitmask(i8x16.eq(v128.load(from + usize(i)), wanted)));
  }
  for (; i < count; i++) found += i32(load<u8>(from + usize(i)) === u8(level));
  return found;
}

/** See `Kernel.rowEnd`. */
export function rowEnd(repetition: usize, from: i32, count: i32, rows: i32): i32 {
  let left = rows;
  let to = from;
  for (; to < count; to++) {
    if (load<u8>(repetition + usize(to)) !== 0) continue;
    if (left === 0) break;
    left--;
  }
  setResult(0, left);
  return to;
}

/** See `Kernel.pageEnd`. */
export function pageEnd(
  repetition: usize,
  definition: usize,
  max: i32,
  entry: i32,
  entryCount: i32,
  value: i32,
  offsets: usize,
  valueBits: i32,
  pageRows: i32,
  pageSizeBytes: i32,
): i32 {
  const firstOffset: u32 = offsets === 0 ? 0 : load<u32>(offsets + (usize(value) << 2));
  let e = entry;
  let v = value;
  let rows: i32 = 0;
  for (; e < entryCount; e++) {
    if (repetition === 0 || load<u8>(repetition + usize(e)) === 0) {
      const sizeBytes: u64 =
        offsets === 0
          ? (u64(v - value) * u64(valueBits)) >> 3
          : u64(load<u32>(offsets + (usize(v) << 2)) - firstOffset);
      if (rows > 0 && (rows >= pageRows || sizeBytes >= u64(pageSizeBytes))) break;
      rows++;
    }
    if (definition === 0 || load<u8>(definition + usize(e)) === u8(max)) v++;
  }
  setResult(0, v);
  return e;
}
