import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

const blockBytes = 65_536;
const leastInput = 16;

/** Snappy's compression of the kernel in TypeScript; the same bytes come out. */
export function snappyEncodeReference(views: Views): Pick<Kernel, 'snappyEncode'> {
  let out = 0;
  const put = (byte: number): void => {
    views.bytes[out++] = byte;
  };
  const word = (at: number): number => views.view.getUint32(at, true);

  const putLiteral = (from: number, length: number): void => {
    const n = length - 1;
    if (n < 60) put(n << 2);
    else if (n < 256) {
      put(60 << 2);
      put(n);
    } else {
      put(61 << 2);
      put(n & 255);
      put(n >> 8);
    }
    views.bytes.copyWithin(out, from, from + length);
    out += length;
  };

  const putShortCopy = (offset: number, length: number): void => {
    if (length < 12 && offset < 2048) {
      put(1 | ((length - 4) << 2) | ((offset >> 8) << 5));
      put(offset & 255);
    } else {
      put(2 | ((length - 1) << 2));
      put(offset & 255);
      put(offset >> 8);
    }
  };

  const putCopy = (offset: number, length: number): void => {
    let left = length;
    for (; left >= 68; left -= 64) putShortCopy(offset, 64);
    if (left > 64) {
      putShortCopy(offset, 60);
      left -= 60;
    }
    putShortCopy(offset, left);
  };

  const encodeBlock = (from: number, length: number): void => {
    let nextLiteral = from;
    const end = from + length;
    if (length >= leastInput) {
      let bits = 8;
      while (bits < 14 && 2 ** bits < length) bits++;
      const table = new Uint16Array(2 ** bits);
      const hashAt = (at: number): number => Math.imul(word(at), 0x1e35a7bd) >>> (32 - bits);
      const limit = end - 15;
      let position = from + 1;
      let skip = 32;
      for (;;) {
        skip = Math.max(32, skip - (skip >> 2));
        let next = position;
        let candidate = 0;
        do {
          position = next;
          next = position + (skip >> 5);
          skip += 2;
          if (next > limit) {
            putLiteral(nextLiteral, end - nextLiteral);
            return;
          }
          const hash = hashAt(position);
          candidate = from + (table[hash] as number);
          table[hash] = position - from;
        } while (word(position) !== word(candidate));
        putLiteral(nextLiteral, position - nextLiteral);
        do {
          let same = 4;
          while (position + same < end && views.bytes[candidate + same] === views.bytes[position + same])
            same++;
          putCopy(position - candidate, same);
          position += same;
          nextLiteral = position;
          if (position >= limit) {
            if (nextLiteral < end) putLiteral(nextLiteral, end - nextLiteral);
            return;
          }
          table[hashAt(position - 1)] = position - 1 - from;
          const hash = hashAt(position);
          candidate = from + (table[hash] as number);
          table[hash] = position - from;
        } while (word(position) === word(candidate));
        position++;
      }
    }
    putLiteral(nextLiteral, end - nextLiteral);
  };

  return {
    snappyEncode: (from, sizeBytes, to) => {
      out = to;
      let rest = sizeBytes;
      for (; rest > 127; rest = Math.floor(rest / 128)) put((rest % 128) | 128);
      put(rest);
      for (let done = 0; done < sizeBytes; done += blockBytes) {
        encodeBlock(from + done, Math.min(sizeBytes - done, blockBytes));
      }
      return out - to;
    },
  };
}
