import { copyShort } from './copy.ts';
import { fail, setResult } from './result.ts';

const NO_LENGTH: i32 = -8;
const LONG_VALUE: i32 = -9;

/** See `Kernel.readOffsets`. */
export function readOffsets(from: usize, end: usize, count: i32, to: usize): i32 {
  let position = from;
  for (let i: i32 = 0; i < count; i++) {
    store<u32>(to + (usize(i) << 2), u32(position - from));
    if (end - position < 4) return fail(NO_LENGTH, i, count);
    const length = load<u32>(position);
    position += 4;
    if (length > u32(end - position)) {
      setResult(2, i32(length));
      return fail(LONG_VALUE, i, count);
    }
    position += usize(length);
  }
  store<u32>(to + (usize(count) << 2), u32(position - from));
  return 0;
}

/** See `Kernel.shiftOffsets`. */
export function shiftOffsets(from: usize, count: i32, delta: i32, to: usize): void {
  for (let i: usize = 0; i < usize(count) << 2; i += 4) store<u32>(to + i, load<u32>(from + i) + u32(delta));
}

/** See `Kernel.gatherFixed`. */
export function gatherFixed(width: i32, bytes: usize, indices: usize, count: i32, to: usize): void {
  const end = indices + (usize(count) << 2);
  if (width === 4) {
    for (; indices < end; indices += 4, to += 4)
      store<u32>(to, load<u32>(bytes + (usize(load<u32>(indices)) << 2)));
  } else if (width === 8) {
    for (; indices < end; indices += 4, to += 8)
      store<u64>(to, load<u64>(bytes + (usize(load<u32>(indices)) << 3)));
  } else {
    for (; indices < end; indices += 4, to += usize(width)) {
      copyShort(to, bytes + usize(load<u32>(indices)) * usize(width), u32(width));
    }
  }
}

/** See `Kernel.gatheredBytes`. */
export function gatheredBytes(offsets: usize, indices: usize, count: i32): f64 {
  let sum: u64 = 0;
  for (let i: usize = 0; i < usize(count) << 2; i += 4) {
    const at = offsets + (usize(load<u32>(indices + i)) << 2);
    sum += u64(load<u32>(at + 4) - load<u32>(at));
  }
  return f64(sum);
}

/** See `Kernel.gatherVariable`. */
export function gatherVariable(
  bytes: usize,
  offsets: usize,
  indices: usize,
  count: i32,
  toBytes: usize,
  toOffsets: usize,
): void {
  let o = load<u32>(toOffsets);
  for (let i: usize = 0; i < usize(count) << 2; i += 4) {
    const at = offsets + (usize(load<u32>(indices + i)) << 2);
    const start = load<u32>(at);
    const length = load<u32>(at + 4) - start;
    copyShort(toBytes + usize(o), bytes + usize(start), length);
    o += length;
    store<u32>(toOffsets + i + 4, o);
  }
}

/** See `Kernel.markUsed`. */
export function markUsed(indices: usize, count: i32, used: usize): void {
  for (let i: usize = 0; i < usize(count) << 2; i += 4) store<u8>(used + usize(load<u32>(indices + i)), 1);
}
