import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';
import { add64, multiply64, word64, xorShift64 } from './word64.ts';

// Halves of the constants of ../assembly/digest.ts, the low one first.
const added = [0x7f4a7c15, 0x9e3779b9] as const;
const factor1 = [0x1ce4e5b9, 0xbf58476d] as const;
const factor2 = [0x133111eb, 0x94d049bb] as const;
const k = [0xde82ef93 | 0, 0xd1342543 | 0] as const;

type Digest = Pick<
  Kernel,
  'hashFixed' | 'hashVariable' | 'digestHashes' | 'digestIndexed' | 'digestLevels' | 'digestLevelRun'
>;

/** Hashes and digests of the kernel in TypeScript. */
export function digestReference(views: Views): Digest {
  const hashBytes = (from: number, length: number): void => {
    const { view } = views;
    multiply64(length + 1, 0, added[0], added[1]);
    let at = from;
    const end = from + length;
    for (; at + 8 <= end; at += 8) {
      const low = word64.low ^ view.getInt32(at, true);
      const high = word64.high ^ view.getInt32(at + 4, true);
      multiply64(low, high, factor1[0], factor1[1]);
      xorShift64(32);
    }
    let low = word64.low;
    let high = word64.high;
    for (let shift = 0; at < end; at++, shift += 8) {
      if (shift < 32) low ^= view.getUint8(at) << shift;
      else high ^= view.getUint8(at) << (shift - 32);
    }
    multiply64(low, high, factor2[0], factor2[1]);
    mix();
  };
  const putHash = (at: number): void => {
    views.view.setInt32(at, word64.low, true);
    views.view.setInt32(at + 4, word64.high, true);
  };
  // state = state * p + q
  const step = (state: number, low: number, high: number): void => {
    const { view } = views;
    multiply64(view.getInt32(state, true), view.getInt32(state + 4, true), k[0], k[1]);
    add64(word64.low, word64.high, low, high);
    putHash(state);
  };
  return {
    hashFixed: (width, bytes, count, to) => {
      const { view } = views;
      for (let i = 0; i < count; i++) {
        const at = bytes + i * width;
        if (width === 4) {
          add64(view.getInt32(at, true), 0, added[0], added[1]);
          mix();
        } else if (width === 8) {
          add64(view.getInt32(at, true), view.getInt32(at + 4, true), added[0], added[1]);
          mix();
        } else hashBytes(at, width);
        putHash(to + i * 8);
      }
    },
    hashVariable: (bytes, offsets, count, to) => {
      const { view } = views;
      for (let i = 0; i < count; i++) {
        const start = view.getUint32(offsets + i * 4, true) + 4;
        hashBytes(bytes + start, view.getUint32(offsets + i * 4 + 4, true) - start);
        putHash(to + i * 8);
      }
    },
    digestHashes: (state, hashes, count) => {
      const { view } = views;
      for (let at = hashes; at < hashes + count * 8; at += 8)
        step(state, view.getInt32(at, true), view.getInt32(at + 4, true));
    },
    digestIndexed: (state, indices, hashes, count) => {
      const { view } = views;
      for (let i = 0; i < count; i++) {
        const at = hashes + view.getUint32(indices + i * 4, true) * 8;
        step(state, view.getInt32(at, true), view.getInt32(at + 4, true));
      }
    },
    digestLevels: (state, repetition, definition, count) => {
      const { view } = views;
      for (let i = 0; i < count; i++) {
        const level = repetition === 0 ? 0 : view.getUint8(repetition + i);
        step(state, levelItem(level, view.getUint8(definition + i)), 0);
      }
    },
    digestLevelRun: (state, definition, count) => {
      const { view } = views;
      // One step is x -> K x + item. Such steps compose to x -> p x + q, so n of them are found by repeated squaring.
      let pLow: number = k[0];
      let pHigh: number = k[1];
      let qLow = levelItem(0, definition);
      let qHigh = 0;
      for (let n = count; n > 0; n = Math.floor(n / 2)) {
        if (n % 2 === 1) {
          multiply64(view.getInt32(state, true), view.getInt32(state + 4, true), pLow, pHigh);
          add64(word64.low, word64.high, qLow, qHigh);
          putHash(state);
        }
        multiply64(pLow, pHigh, qLow, qHigh);
        add64(word64.low, word64.high, qLow, qHigh);
        qLow = word64.low;
        qHigh = word64.high;
        multiply64(pLow, pHigh, pLow, pHigh);
        pLow = word64.low;
        pHigh = word64.high;
      }
    },
  };
}

function levelItem(repetition: number, definition: number): number {
  return ((repetition << 8) | definition) + 1;
}

// On what stands in word64.
function mix(): void {
  xorShift64(30);
  multiply64(word64.low, word64.high, factor1[0], factor1[1]);
  xorShift64(27);
  multiply64(word64.low, word64.high, factor2[0], factor2[1]);
  xorShift64(31);
}
