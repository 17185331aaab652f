import { copyWide } from './copy.ts';
import { fail } from './result.ts';

// Snappy's block format (google/snappy, format_description.txt). Codes as in ../problems.ts.
const CUT_LITERAL: i32 = -10;
const TOO_MUCH: i32 = -11;
const CUT_COPY: i32 = -12;
const WRONG_OFFSET: i32 = -13;
const TOO_LITTLE: i32 = -14;

/** See `Kernel.snappyDecode`. */
export function snappyDecode(from: usize, end: usize, to: usize, sizeBytes: u32): i32 {
  const stop = to + usize(sizeBytes);
  let position = from;
  let out = to;
  while (position < end) {
    const tag = u32(load<u8>(position++));
    const kind = tag & 3;
    if (kind === 0) {
      let length = usize(tag >> 2) + 1;
      if (length <= 16) {
        // Most are short: sixteen bytes at once, of which those too far are slack or written again.
        if (length > end - position) return CUT_LITERAL;
        if (length > stop - out) return TOO_MUCH;
        v128.store(out, v128.load(position));
        out += length;
        position += length;
        continue;
      }
      if (length > 60) {
        const extra = u32(length) - 60;
        if (u32(end - position) < extra) return CUT_LITERAL;
        // Behind the end is slack, so four bytes can be read where fewer are meant.
        const long = u64(load<u32>(position) & (u32(0xffffffff) >> ((4 - extra) << 3))) + 1;
        position += usize(extra);
        if (long > u64(end - position)) return CUT_LITERAL;
        length = usize(long);
      }
      if (length > end - position) return CUT_LITERAL;
      if (length > stop - out) return TOO_MUCH;
      copyWide(out, position, length);
      out += length;
      position += length;
      continue;
    }
    let length = usize(tag >> 2) + 1;
    let offset: u32;
    if (kind === 1) {
      length = usize((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | u32(load<u8>(position));
      position += 1;
    } else if (kind === 2) {
      offset = u32(load<u16>(position));
      position += 2;
    } else {
      offset = load<u32>(position);
      position += 4;
    }
    if (position > end) return CUT_COPY;
    if (offset === 0 || offset > u32(out - to)) return fail(WRONG_OFFSET, i32(offset), i32(out - to));
    if (length > stop - out) return TOO_MUCH;
    let source = out - usize(offset);
    const target = out + length;
    if (offset >= 16) {
      v128.store(out, v128.load(source));
      if (length > 16) {
        for (out += 16, source += 16; out < target; out += 16, source += 16)
          v128.store(out, v128.load(source));
      }
    } else if (offset >= 8) {
      for (; out < target; out += 8, source += 8) store<u64>(out, load<u64>(source));
    } else {
      // Source and target overlap: byte by byte is what the format means.
      for (; out < target; out++, source++) store<u8>(out, load<u8>(source));
    }
    out = target;
  }
  if (out !== stop) return fail(TOO_LITTLE, i32(out - to), i32(sizeBytes));
  return 0;
}
