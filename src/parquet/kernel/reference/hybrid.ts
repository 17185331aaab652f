import { code } from '../codes.ts';
import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

type Hybrid = Pick<
  Kernel,
  | 'decodeLevels'
  | 'levelRun'
  | 'decodeIndices'
  | 'unpackBooleans'
  | 'encodeLevels'
  | 'encodeIndices'
  | 'packBooleans'
>;

/** How values of a byte or of four lie in memory. */
interface Values {
  get(i: number): number;
  set(i: number, value: number): void;
}

/** The RLE/bit-packed hybrid (parquet-format, Encodings, "RLE") of the kernel in TypeScript. */
export function hybridReference(views: Views): Hybrid {
  const fail = (number: number, first = 0, second = 0): number => {
    views.words[0] = first;
    views.words[1] = second;
    return number;
  };
  const bytesAt = (at: number): Values => ({
    get: (i) => views.view.getUint8(at + i),
    set: (i, value) => views.view.setUint8(at + i, value),
  });
  const wordsAt = (at: number): Values => ({
    get: (i) => views.view.getUint32(at + i * 4, true),
    set: (i, value) => views.view.setUint32(at + i * 4, value, true),
  });

  const decode = (from: number, end: number, bitWidth: number, count: number, out: Values): number => {
    const { view } = views;
    if (bitWidth === 0) {
      for (let i = 0; i < count; i++) out.set(i, 0);
      return 0;
    }
    const valueBytes = (bitWidth + 7) >> 3;
    let greatest = 0;
    let position = from;
    let done = 0;
    while (done < count) {
      let header = 0;
      for (let shift = 0; ; shift += 7) {
        if (position >= end || shift > 28) return fail(code.cutHeader, done, count);
        const byte = view.getUint8(position++);
        header += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
      const left = count - done;
      const length = Math.floor(header / 2);
      if (header % 2 === 0) {
        if (length === 0) return code.emptyRun;
        if (position + valueBytes > end) return code.cutRun;
        let value = 0;
        for (let i = 0; i < valueBytes; i++) value += view.getUint8(position++) * 256 ** i;
        if (length > left) return fail(code.longRun, Math.min(length, 2 ** 31 - 1), left);
        for (let i = 0; i < length; i++) out.set(done + i, value);
        greatest = Math.max(greatest, value);
        done += length;
      } else {
        if (length === 0) return code.emptyGroups;
        const values = Math.min(length * 8, left);
        if (position + Math.ceil((values * bitWidth) / 8) > end) return fail(code.cutGroups, values);
        for (let i = 0; i < values; i++) {
          const value = bitsAt(position, i * bitWidth, bitWidth);
          out.set(done + i, value);
          greatest = Math.max(greatest, value);
        }
        done += values;
        position += length * bitWidth;
      }
    }
    return greatest;
  };

  // Bytes that hold a part of the value and no others.
  const bitsAt = (from: number, bit: number, bitWidth: number): number => {
    const { view } = views;
    let position = from + Math.floor(bit / 8);
    const skipped = bit % 8;
    let sum = 0;
    for (let have = -skipped, scale = 1; have < bitWidth; have += 8, scale *= 256)
      sum += view.getUint8(position++) * scale;
    return Math.floor(sum / 2 ** skipped) % 2 ** bitWidth;
  };

  const encode = (values: Values, count: number, bitWidth: number, to: number): number => {
    const { view } = views;
    const valueBytes = (bitWidth + 7) >> 3;
    let out = to;
    const putVarint = (value: number): void => {
      for (; value > 127; value = Math.floor(value / 128)) view.setUint8(out++, (value % 128) | 128);
      view.setUint8(out++, value);
    };
    const packGroups = (start: number, end: number): void => {
      const groups = (end - start + 7) >> 3;
      putVarint(groups * 2 + 1);
      const stop = out + groups * bitWidth;
      let accumulator = 0;
      let bits = 0;
      for (let i = start; i < end; i++) {
        accumulator += values.get(i) * 2 ** bits;
        for (bits += bitWidth; bits >= 8; bits -= 8) {
          view.setUint8(out++, accumulator % 256);
          accumulator = Math.floor(accumulator / 256);
        }
      }
      if (bits > 0) view.setUint8(out++, accumulator);
      while (out < stop) view.setUint8(out++, 0);
    };
    let literalFrom = 0;
    let i = 0;
    while (i < count) {
      const value = values.get(i);
      let runEnd = i + 1;
      while (runEnd < count && values.get(runEnd) === value) runEnd++;
      if (runEnd - i >= 8) {
        const padding = (8 - ((i - literalFrom) & 7)) & 7;
        if (runEnd - i - padding >= 8) {
          i += padding;
          if (i > literalFrom) packGroups(literalFrom, i);
          putVarint((runEnd - i) * 2);
          for (let b = 0; b < valueBytes; b++) view.setUint8(out++, (value >>> (8 * b)) & 255);
          literalFrom = runEnd;
        }
      }
      i = runEnd;
    }
    if (literalFrom < count) packGroups(literalFrom, count);
    return out - to;
  };

  return {
    decodeLevels: (from, end, bitWidth, count, max, to) => {
      const out = bytesAt(to);
      const greatest = decode(from, end, bitWidth, count, out);
      if (greatest < 0) return greatest;
      if (greatest > max) return fail(code.aboveMax, greatest | 0, max);
      let equal = 0;
      for (let i = 0; i < count; i++) if (out.get(i) === max) equal++;
      return equal;
    },
    levelRun: (from, end, count) => {
      let header = 0;
      let position = from;
      for (let shift = 0; ; shift += 7) {
        if (position >= end || shift > 28) return -1;
        const byte = views.view.getUint8(position++);
        header += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
      if (header !== count * 2 || position >= end) return -1;
      return views.view.getUint8(position);
    },
    decodeIndices: (from, end, bitWidth, count, entries, to) => {
      const greatest = decode(from, end, bitWidth, count, wordsAt(to));
      if (greatest < 0) return greatest;
      return count > 0 && greatest >= entries ? fail(code.aboveMax, greatest | 0, entries) : 0;
    },
    unpackBooleans: (from, count, to) => {
      const { view } = views;
      for (let i = 0; i < count; i++) view.setUint8(to + i, (view.getUint8(from + (i >> 3)) >> (i & 7)) & 1);
    },
    encodeLevels: (from, count, bitWidth, to) => encode(bytesAt(from), count, bitWidth, to),
    encodeIndices: (from, count, bitWidth, to) => encode(wordsAt(from), count, bitWidth, to),
    packBooleans: (from, count, to) => {
      const { view } = views;
      for (let i = 0; i < count; i += 8) {
        let byte = 0;
        for (let bit = 0; bit < 8 && i + bit < count; bit++)
          byte |= (view.getUint8(from + i + bit) & 1) << bit;
        view.setUint8(to + (i >> 3), byte);
      }
    },
  };
}
