/** Arithmetic modulo 2^64 on pairs of 32-bit words: what a function computes it leaves in `low` and `high`. */
export const word64 = { low: 0, high: 0 };

/** low, high = a + b. */
export function add64(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const low = (aLow >>> 0) + (bLow >>> 0);
  word64.low = low | 0;
  word64.high = (aHigh + bHigh + (low > 0xffffffff ? 1 : 0)) | 0;
}

/** low, high = a * b. */
export function multiply64(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  // The product of the low halves in four parts of 16 bits each; sums stay below 2^53.
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16) + a0 * b1;
  const high = a1 * b1 + Math.floor(middle / 65_536);
  word64.low = Math.imul(aLow, bLow);
  word64.high = (high + Math.imul(aLow, bHigh) + Math.imul(aHigh, bLow)) | 0;
}

/** low, high = x ^ (x >>> bits), for 1 to 32 bits. */
export function xorShift64(bits: number): void {
  const { low, high } = word64;
  if (bits === 32) {
    word64.low = low ^ high;
    return;
  }
  word64.low = low ^ ((low >>> bits) | (high << (32 - bits)));
  word64.high = high ^ (high >>> bits);
}
