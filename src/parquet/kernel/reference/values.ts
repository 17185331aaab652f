import { code } from '../codes.ts';
import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

type Values = Pick<
  Kernel,
  'readOffsets' | 'shiftOffsets' | 'gatherFixed' | 'gatheredBytes' | 'gatherVariable' | 'markUsed'
>;

/** The kernel's handling of PLAIN values in TypeScript. */
export function valuesReference(views: Views): Values {
  const fail = (number: number, first: number, second: number): number => {
    views.words[0] = first;
    views.words[1] = second;
    return number;
  };
  const word = (at: number, i: number): number => views.view.getUint32(at + i * 4, true);
  const putWord = (at: number, i: number, value: number): void =>
    views.view.setUint32(at + i * 4, value, true);
  return {
    readOffsets: (from, end, count, to) => {
      let position = from;
      for (let i = 0; i < count; i++) {
        putWord(to, i, position - from);
        if (position + 4 > end) return fail(code.noLength, i, count);
        const length = word(position, 0);
        position += 4;
        if (position + length > end) {
          views.words[2] = length;
          return fail(code.longValue, i, count);
        }
        position += length;
      }
      putWord(to, count, position - from);
      return 0;
    },
    shiftOffsets: (from, count, delta, to) => {
      for (let i = 0; i < count; i++) putWord(to, i, word(from, i) + delta);
    },
    gatherFixed: (width, bytes, indices, count, to) => {
      for (let i = 0; i < count; i++) {
        const start = bytes + word(indices, i) * width;
        views.bytes.copyWithin(to + i * width, start, start + width);
      }
    },
    gatheredBytes: (offsets, indices, count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const index = word(indices, i);
        sum += word(offsets, index + 1) - word(offsets, index);
      }
      return sum;
    },
    gatherVariable: (bytes, offsets, indices, count, toBytes, toOffsets) => {
      let o = word(toOffsets, 0);
      for (let i = 0; i < count; i++) {
        const index = word(indices, i);
        const start = word(offsets, index);
        const end = word(offsets, index + 1);
        views.bytes.copyWithin(toBytes + o, bytes + start, bytes + end);
        o += end - start;
        putWord(toOffsets, i + 1, o);
      }
    },
    markUsed: (indices, count, used) => {
      for (let i = 0; i < count; i++) views.view.setUint8(used + word(indices, i), 1);
    },
  };
}
