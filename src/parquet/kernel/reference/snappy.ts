import { code } from '../codes.ts';
import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

/** Snappy's block format (google/snappy, format_description.txt) of the kernel in TypeScript. */
export function snappyReference(views: Views): Pick<Kernel, 'snappyDecode'> {
  const fail = (number: number, first: number, second: number): number => {
    views.words[0] = first;
    views.words[1] = second;
    return number;
  };
  return {
    snappyDecode: (from, end, to, sizeBytes) => {
      const { bytes } = views;
      const stop = to + sizeBytes;
      let position = from;
      let out = to;
      // A number of the data: bytes behind the end count as 0, and the data is then found cut.
      const take = (length: number): number => {
        let value = 0;
        for (let i = 0, scale = 1; i < length; i++, scale *= 256, position++)
          value += (position < end ? (bytes[position] ?? 0) : 0) * scale;
        return value;
      };
      while (position < end) {
        const tag = take(1);
        const kind = tag & 3;
        if (kind === 0) {
          let length = (tag >> 2) + 1;
          if (length > 60) {
            if (position + length - 60 > end) return code.cutLiteral;
            length = take(length - 60) + 1;
          }
          if (position + length > end) return code.cutLiteral;
          if (out + length > stop) return code.tooMuch;
          bytes.copyWithin(out, position, position + length);
          out += length;
          position += length;
          continue;
        }
        const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
        const offset = kind === 1 ? (tag >> 5) * 256 + take(1) : take(kind === 2 ? 2 : 4);
        if (position > end) return code.cutCopy;
        if (offset === 0 || offset > out - to) return fail(code.wrongOffset, offset | 0, out - to);
        if (out + length > stop) return code.tooMuch;
        // Source and target may overlap: byte by byte is what the format means.
        for (let i = 0; i < length; i++, out++) bytes[out] = bytes[out - offset] as number;
      }
      return out === stop ? 0 : fail(code.tooLittle, out - to, sizeBytes);
    },
  };
}
