import type { Kernel } from '../kernel.ts';
import type { Views } from './views.ts';

const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const rotated = (x: bigint, bits: bigint): bigint => u64((x << bits) | (x >> (64n - bits)));
const round = (lane: bigint, word: bigint): bigint => u64(rotated(u64(lane + word * prime2), 31n) * prime1);

/** The kernel's XXH64 in TypeScript. */
export function xxhashReference(views: Views): Pick<Kernel, 'hashForBloom'> {
  const hashBytes = (from: number, length: number): bigint => {
    const { view } = views;
    const end = from + length;
    let at = from;
    let hash = prime5;
    if (length >= 32) {
      const lanes = [u64(prime1 + prime2), prime2, 0n, u64(-prime1)];
      for (; at + 32 <= end; at += 32) {
        for (const [i, lane] of lanes.entries()) lanes[i] = round(lane, view.getBigUint64(at + i * 8, true));
      }
      hash = 0n;
      for (const [i, lane] of lanes.entries()) hash += rotated(lane, [1n, 7n, 12n, 18n][i] ?? 0n);
      hash = u64(hash);
      for (const lane of lanes) hash = u64((hash ^ round(0n, lane)) * prime1 + prime4);
    }
    hash = u64(hash + BigInt(length));
    for (; at + 8 <= end; at += 8) {
      hash = u64(rotated(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * prime1 + prime4);
    }
    if (at + 4 <= end) {
      hash = u64(rotated(hash ^ u64(BigInt(view.getUint32(at, true)) * prime1), 23n) * prime2 + prime3);
      at += 4;
    }
    for (; at < end; at++) {
      hash = u64(rotated(hash ^ u64(BigInt(view.getUint8(at)) * prime5), 11n) * prime1);
    }
    hash = u64((hash ^ (hash >> 33n)) * prime2);
    hash = u64((hash ^ (hash >> 29n)) * prime3);
    return hash ^ (hash >> 32n);
  };
  return {
    hashForBloom: (width, bytes, offsets, count, to) => {
      const { view } = views;
      for (let i = 0; i < count; i++) {
        const start = width > 0 ? i * width : view.getUint32(offsets + i * 4, true) + 4;
        const end = width > 0 ? start + width : view.getUint32(offsets + i * 4 + 4, true);
        view.setBigUint64(to + i * 8, hashBytes(bytes + start, end - start), true);
      }
    },
  };
}
