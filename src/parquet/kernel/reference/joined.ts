import { code } from '../codes.ts';
import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

/** Values of DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY (parquet-format, Encodings) of the kernel in TypeScript. */
export function joinedReference(views: Views): Pick<Kernel, 'joinedBytes' | 'joinValues' | 'cutPrefixes'> {
  const fail = (number: number, first: number, second: number): number => {
    views.words[0] = first;
    views.words[1] = second;
    return number;
  };
  const word = (at: number, i: number): number => views.view.getUint32(at + i * 4, true);
  const putWord = (at: number, i: number, value: number): void =>
    views.view.setUint32(at + i * 4, value, true);
  return {
    joinedBytes: (prefixes, suffixes, count, sizeBytes, width) => {
      let stored = 0;
      let sum = 0;
      let before = 0;
      for (let i = 0; i < count; i++) {
        const prefix = prefixes === 0 ? 0 : word(prefixes, i);
        const suffix = word(suffixes, i);
        if (suffix > 0x7fffffff) return fail(code.wrongLength, i, suffix | 0);
        if (prefix > before) return fail(code.longPrefix, prefix | 0, before);
        stored += suffix;
        if (stored > sizeBytes) return fail(code.cutBytes, i, count);
        before = prefix + suffix;
        if (width > 0 && before !== width) return fail(code.otherWidth, before, width);
        sum += before;
      }
      return sum;
    },
    joinValues: (prefixes, suffixes, count, from, width, to, offsets) => {
      const { bytes } = views;
      let out = to;
      let data = from;
      let before = 0;
      for (let i = 0; i < count; i++) {
        const prefix = prefixes === 0 ? 0 : word(prefixes, i);
        const suffix = word(suffixes, i);
        if (width === 0) {
          putWord(offsets, i, out - to);
          putWord(out, 0, prefix + suffix);
          out += 4;
        }
        const start = out;
        bytes.copyWithin(out, before, before + prefix);
        out += prefix;
        bytes.copyWithin(out, data, data + suffix);
        out += suffix;
        data += suffix;
        before = start;
      }
      if (width === 0) putWord(offsets, count, out - to);
    },
    cutPrefixes: (from, offsets, first, count, prefixes, suffixes, to) => {
      const { bytes } = views;
      let out = to;
      let before = 0;
      let beforeLength = 0;
      for (let i = 0; i < count; i++) {
        const value = from + word(offsets, first + i) + 4;
        const length = from + word(offsets, first + i + 1) - value;
        const most = Math.min(length, beforeLength);
        let prefix = 0;
        while (prefix < most && bytes[value + prefix] === bytes[before + prefix]) prefix++;
        putWord(prefixes, i, prefix);
        putWord(suffixes, i, length - prefix);
        bytes.copyWithin(out, value + prefix, value + length);
        out += length - prefix;
        before = value;
        beforeLength = length;
      }
      return out - to;
    },
  };
}
