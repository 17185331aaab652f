/** CRC-32 variants that HDFS keeps of every chunk of a block. */
export type CrcKind = 'CRC32C' | 'CRC32';

/** Computes one variant. Values are as everybody writes them (initial value and final XOR of all ones), signed 32 bits. */
export interface Crc {
  /** The CRC of bytes whose beginning has the CRC `before` (0 for none): `start` inclusive to `end` exclusive follow. */
  extend(before: number, bytes: Uint8Array, start: number, end: number): number;
  /** Gives the function that makes, of the CRCs of A and of B, the CRC of A followed by B, for all B of this length. */
  joiner(lengthBytes: number): (crcOfA: number, crcOfB: number) => number;
}

/** Reversed polynomials: Castagnoli (RFC 3720, appendix B.4) and that of IEEE 802.3. */
const polynomials: Readonly<Record<CrcKind, number>> = { CRC32C: 0x82f63b78, CRC32: 0xedb88320 };

const made = new Map<CrcKind, Crc>();

/** The CRC of this kind; its tables are made at first use. */
export function crcOf(kind: CrcKind): Crc {
  const known = made.get(kind);
  if (known !== undefined) return known;
  const crc = makeCrc(polynomials[kind]);
  made.set(kind, crc);
  return crc;
}

function makeCrc(polynomial: number): Crc {
  // Slicing by 8: table k holds what a byte contributes that is followed by k more bytes.
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    t0[byte] = crc;
  }
  for (let k = 1; k < 8; k++) {
    const [table, shorter] = [tables[k], tables[k - 1]];
    for (let byte = 0; byte < 256; byte++) {
      const crc = shorter?.[byte] ?? 0;
      if (table !== undefined) table[byte] = (crc >>> 8) ^ (t0[crc & 255] ?? 0);
    }
  }

  const at = (table: Int32Array, index: number): number => table[index] as number;

  return {
    extend(before, bytes, start, end) {
      let crc = ~before;
      let i = start;
      for (const stop = end - 7; i < stop; i += 8) {
        crc ^=
          (bytes[i] as number) |
          ((bytes[i + 1] as number) << 8) |
          ((bytes[i + 2] as number) << 16) |
          ((bytes[i + 3] as number) << 24);
        crc =
          at(t7, crc & 255) ^
          at(t6, (crc >>> 8) & 255) ^
          at(t5, (crc >>> 16) & 255) ^
          at(t4, crc >>> 24) ^
          at(t3, bytes[i + 4] as number) ^
          at(t2, bytes[i + 5] as number) ^
          at(t1, bytes[i + 6] as number) ^
          at(t0, bytes[i + 7] as number);
      }
      for (; i < end; i++) crc = (crc >>> 8) ^ at(t0, (crc ^ (bytes[i] as number)) & 255);
      return ~crc;
    },

    joiner(lengthBytes) {
      // What follows shifts A's CRC by as many bits; the shift is linear, so one table per byte of the CRC does it.
      const shift = powerOfX(lengthBytes, polynomial);
      const shifted = Array.from({ length: 4 }, (_, k) =>
        Int32Array.from({ length: 256 }, (_, byte) => multiply(byte << (8 * k), shift, polynomial)),
      );
      const [s0, s1, s2, s3] = shifted as [Int32Array, Int32Array, Int32Array, Int32Array];
      return (a, b) =>
        at(s0, a & 255) ^ at(s1, (a >>> 8) & 255) ^ at(s2, (a >>> 16) & 255) ^ at(s3, a >>> 24) ^ b;
    },
  };
}

/** x to the power of 8 × `lengthBytes`, modulo the polynomial; the highest bit is the coefficient of x^0. */
function powerOfX(lengthBytes: number, polynomial: number): number {
  let result = 0x80000000 | 0;
  let square = multiply(0x40000000, 0x40000000, polynomial);
  square = multiply(square, square, polynomial);
  square = multiply(square, square, polynomial);
  for (let left = lengthBytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = multiply(result, square, polynomial);
    square = multiply(square, square, polynomial);
  }
  return result;
}

/** Product of two polynomials over GF(2), modulo the CRC's. */
function multiply(a: number, b: number, polynomial: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1;
  }
  return product;
}
