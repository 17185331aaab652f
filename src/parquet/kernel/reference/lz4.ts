import { code } from '../codes.ts';
import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

const lastLiterals = 5;
const matchLimit = 12;
const hashBits = 13;
const farthest = 65_535;

/** LZ4's block format (lz4/lz4, doc/lz4_Block_format.md) of the kernel in TypeScript; the same bytes come out. */
export function lz4Reference(views: Views): Pick<Kernel, 'lz4Decode' | 'lz4Encode'> {
  const fail = (number: number, first: number, second: number): number => {
    views.words[0] = first;
    views.words[1] = second;
    return number;
  };
  let position = 0;
  // What a length of 15 is continued by, or -1 where it is cut.
  const takeLength = (end: number): number => {
    let length = 0;
    for (;;) {
      if (position >= end) return -1;
      const byte = views.bytes[position++] as number;
      length += byte;
      if (byte !== 255) return length;
    }
  };

  let out = 0;
  const put = (byte: number): void => {
    views.bytes[out++] = byte;
  };
  const putLength = (length: number): void => {
    let rest = length;
    for (; rest >= 255; rest -= 255) put(255);
    put(rest);
  };
  const putLiterals = (from: number, length: number, matchCode: number): void => {
    put((Math.min(length, 15) << 4) | matchCode);
    if (length >= 15) putLength(length - 15);
    views.bytes.copyWithin(out, from, from + length);
    out += length;
  };

  return {
    lz4Decode: (window, from, end, to, roomBytes) => {
      const { bytes } = views;
      const stop = to + roomBytes;
      position = from;
      let at = to;
      while (position < end) {
        const token = bytes[position++] as number;
        let length = token >> 4;
        if (length === 15) {
          const more = takeLength(end);
          if (more < 0) return code.cutLz4;
          length += more;
        }
        if (position + length > end) return code.cutLz4;
        if (at + length > stop) return code.muchLz4;
        bytes.copyWithin(at, position, position + length);
        at += length;
        position += length;
        if (position === end) return at - to;
        if (end - position < 2) return code.cutLz4;
        const offset = views.view.getUint16(position, true);
        position += 2;
        length = (token & 15) + 4;
        if (length === 19) {
          const more = takeLength(end);
          if (more < 0) return code.cutLz4;
          length += more;
        }
        if (offset === 0 || offset > at - window) return fail(code.wrongLz4Offset, offset, at - window);
        if (at + length > stop) return code.muchLz4;
        // Source and target may overlap: byte by byte is what the format means.
        for (let i = 0; i < length; i++, at++) bytes[at] = bytes[at - offset] as number;
      }
      return code.cutLz4;
    },
    lz4Encode: (from, sizeBytes, to) => {
      const word = (at: number): number => views.view.getUint32(at, true);
      const hashAt = (at: number): number => Math.imul(word(at), 0x9e3779b1) >>> (32 - hashBits);
      out = to;
      const end = from + sizeBytes;
      let literals = from;
      if (sizeBytes > matchLimit) {
        const table = new Map<number, number>();
        const lastEnd = end - lastLiterals;
        let misses = 0;
        let at = from;
        while (at <= end - matchLimit) {
          const hash = hashAt(at);
          const candidate = table.get(hash);
          table.set(hash, at);
          if (candidate === undefined || at - candidate > farthest || word(candidate) !== word(at)) {
            at += 1 + (misses++ >> 6);
            continue;
          }
          misses = 0;
          let length = 0;
          while (
            at + 4 + length < lastEnd &&
            views.bytes[candidate + 4 + length] === views.bytes[at + 4 + length]
          )
            length++;
          putLiterals(literals, at - literals, Math.min(length, 15));
          put((at - candidate) & 255);
          put((at - candidate) >> 8);
          if (length >= 15) putLength(length - 15);
          at += length + 4;
          literals = at;
          if (at <= end - matchLimit) table.set(hashAt(at - 2), at - 2);
        }
      }
      putLiterals(literals, end - literals, 0);
      return out - to;
    },
  };
}
