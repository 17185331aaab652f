import { code } from '../codes.ts';
import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

const blockValues = 128;
const miniblocks = 4;
const miniblockValues = 32;
const mostWord = 0x7fffffff;

/** DELTA_BINARY_PACKED (parquet-format, Encodings, "Delta encoding") of the kernel in TypeScript. */
export function deltaReference(views: Views): Pick<Kernel, 'deltaDecode' | 'deltaEncode'> {
  const fail = (number: number, first: number, second: number): number => {
    views.words[0] = first;
    views.words[1] = second;
    return number;
  };
  const word32 = (value: bigint): number => Number(value > mostWord ? mostWord : value);
  let position = 0;
  let isCut = false;
  const takeVarint = (end: number): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (position >= end) break;
      const byte = views.bytes[position++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    isCut = true;
    return 0n;
  };
  const takeZigzag = (end: number): bigint => {
    const value = takeVarint(end);
    return (value >> 1n) ^ -(value & 1n);
  };
  const putNumber = (at: number, width: number, value: bigint): void => {
    if (width === 4) views.view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else views.view.setBigUint64(at, BigInt.asUintN(64, value), true);
  };
  const bitsAt = (at: number, first: number, bits: number): bigint => {
    let value = 0n;
    for (let b = 0; b < bits; b++) {
      const bit = first + b;
      const byte = views.bytes[at + Math.floor(bit / 8)] as number;
      if (((byte >> (bit % 8)) & 1) === 1) value |= 1n << BigInt(b);
    }
    return value;
  };

  let out = 0;
  const putVarint = (value: bigint): void => {
    let rest = value;
    for (; rest >= 128n; rest >>= 7n) views.bytes[out++] = Number(rest & 127n) | 128;
    views.bytes[out++] = Number(rest);
  };
  const putZigzag = (value: bigint): void =>
    putVarint(BigInt.asUintN(64, (value << 1n) ^ (value < 0n ? -1n : 0n)));
  const numberAt = (from: number, width: number, i: number): bigint =>
    width === 4
      ? BigInt(views.view.getInt32(from + i * 4, true))
      : views.view.getBigInt64(from + i * 8, true);
  const deltaAt = (from: number, width: number, i: number): bigint =>
    BigInt.asIntN(width * 8, numberAt(from, width, i) - numberAt(from, width, i - 1));

  const pack = (deltas: readonly bigint[], widthAt: number): void => {
    const all = deltas.reduce((sum, delta) => sum | delta, 0n);
    const bits = all === 0n ? 0 : all.toString(2).length;
    views.bytes[widthAt] = bits;
    views.bytes.fill(0, out, out + bits * 4);
    for (const [i, delta] of deltas.entries()) {
      for (let b = 0; b < bits; b++) {
        if (((delta >> BigInt(b)) & 1n) === 0n) continue;
        const at = out + ((i * bits + b) >> 3);
        views.bytes[at] = (views.bytes[at] as number) | (1 << ((i * bits + b) & 7));
      }
    }
    out += bits * 4;
  };

  return {
    deltaDecode: (from, end, width, count, to) => {
      position = from;
      isCut = false;
      const block = takeVarint(end);
      const minis = takeVarint(end);
      const total = takeVarint(end);
      let value = takeZigzag(end);
      if (isCut) return fail(code.cutDelta, 0, count);
      if (minis === 0n || block === 0n || block > mostWord || block % (minis * 8n) !== 0n) {
        return fail(code.wrongBlocks, word32(block), word32(minis));
      }
      if (total < count) return fail(code.fewDeltas, Number(total), count);
      if (count > 0) putNumber(to, width, value);
      const values = Number(block / minis);
      let done = 1;
      while (done < count) {
        const least = takeZigzag(end);
        const widths = position;
        if (isCut || end - position < minis) return fail(code.cutDelta, done, count);
        position += Number(minis);
        for (let m = 0; m < minis && done < count; m++) {
          const bits = views.bytes[widths + m] as number;
          if (bits > 64) return fail(code.wideDelta, bits, 0);
          const n = Math.min(values, count - done);
          if (Math.ceil((n * bits) / 8) > end - position) return fail(code.cutDelta, done, count);
          for (let i = 0; i < n; i++) {
            value += least + bitsAt(position, i * bits, bits);
            putNumber(to + (done + i) * width, width, value);
          }
          position = Math.min(position + (values * bits) / 8, end);
          done += n;
        }
      }
      views.words[0] = word32(total);
      return position - from;
    },
    deltaEncode: (from, width, count, to) => {
      out = to;
      putVarint(BigInt(blockValues));
      putVarint(BigInt(miniblocks));
      putVarint(BigInt(count));
      putZigzag(count > 0 ? numberAt(from, width, 0) : 0n);
      for (let first = 1; first < count; first += blockValues) {
        const deltas: bigint[] = [];
        for (let i = first; i < Math.min(first + blockValues, count); i++)
          deltas.push(deltaAt(from, width, i));
        const least = deltas.reduce((a, b) => (b < a ? b : a));
        putZigzag(least);
        const widths = out;
        views.bytes.fill(0, widths, widths + miniblocks);
        out += miniblocks;
        for (let m = 0; m * miniblockValues < deltas.length; m++) {
          const own = deltas.slice(m * miniblockValues, (m + 1) * miniblockValues);
          pack(
            own.map((delta) => BigInt.asUintN(width * 8, delta - least)),
            widths + m,
          );
        }
      }
      return out - to;
    },
  };
}
