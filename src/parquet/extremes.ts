import type { LeafColumn } from './metadata/leaf-column.ts';
import type { SortOrder } from './metadata/sort-order.ts';
import { type Layout, layout, type ValueBlock } from './value-block.ts';

/** The least and the greatest value seen, as PLAIN bytes without length. */
export interface Extremes {
  readonly order: SortOrder;
  min: Uint8Array | undefined;
  max: Uint8Array | undefined;
}

/** Extremes over nothing. */
export function emptyExtremes(order: SortOrder): Extremes {
  return { order, min: undefined, max: undefined };
}

/**
 * Takes the first `count` values of a block into the extremes. NaNs are passed over; a zero counts as -0.0 for
 * the minimum and as +0.0 for the maximum (parquet-format, `ColumnOrder`).
 * @param used when given, only values i with `used[i] !== 0` count
 */
export function extendExtremes(
  extremes: Extremes,
  leaf: LeafColumn,
  kind: Layout,
  block: ValueBlock,
  count: number,
  used?: Uint8Array,
): void {
  if (count === 0 || extremes.order === 'none') return;
  const found = findExtremes(extremes.order, leaf, kind, block, count, used);
  if (found === undefined) return;
  mergeExtremes(extremes, valueBytes(leaf, kind, block, found.min), valueBytes(leaf, kind, block, found.max));
}

/** Takes the extremes of another part of the same column into `extremes`. */
export function mergeExtremes(
  extremes: Extremes,
  min: Uint8Array | undefined,
  max: Uint8Array | undefined,
): void {
  if (min !== undefined) {
    const normal = normalZero(extremes.order, min, true);
    if (extremes.min === undefined || compareValues(extremes.order, normal, extremes.min) < 0)
      extremes.min = normal;
  }
  if (max !== undefined) {
    const normal = normalZero(extremes.order, max, false);
    if (extremes.max === undefined || compareValues(extremes.order, normal, extremes.max) > 0)
      extremes.max = normal;
  }
}

/** A copy of value i as PLAIN bytes without length. */
export function valueBytes(leaf: LeafColumn, kind: Layout, block: ValueBlock, i: number): Uint8Array {
  switch (kind) {
    case layout.WORD:
      return new Uint8Array(block.words.slice(i, i + 1).buffer);
    case layout.LONG:
      return new Uint8Array(block.words.slice(i * 2, i * 2 + 2).buffer);
    case layout.FIXED:
      return block.bytes.slice(i * leaf.widthBytes, (i + 1) * leaf.widthBytes);
    default:
      return block.bytes.slice((block.offsets[i] as number) + 4, block.offsets[i + 1]);
  }
}

/** Compares two values of an order, given as PLAIN bytes without length: negative, zero or positive. */
export function compareValues(order: SortOrder, a: Uint8Array, b: Uint8Array): number {
  switch (order) {
    case 'boolean':
      return (a[0] as number) - (b[0] as number);
    case 'signed32':
      return view(a).getInt32(0, true) - view(b).getInt32(0, true);
    case 'unsigned32':
      return view(a).getUint32(0, true) - view(b).getUint32(0, true);
    case 'signed64':
      return Number(sign(view(a).getBigInt64(0, true) - view(b).getBigInt64(0, true)));
    case 'unsigned64':
      return Number(sign(view(a).getBigUint64(0, true) - view(b).getBigUint64(0, true)));
    case 'float32':
      return compareFloats(view(a).getFloat32(0, true), view(b).getFloat32(0, true));
    case 'float64':
      return compareFloats(view(a).getFloat64(0, true), view(b).getFloat64(0, true));
    case 'float16':
      return compareFloats(halfOf(a[0] as number, a[1] as number), halfOf(b[0] as number, b[1] as number));
    case 'signed-bytes':
      return compareSigned(a, 0, a.length, b, 0, b.length);
    default:
      return compareUnsigned(a, 0, a.length, b, 0, b.length);
  }
}

// Not by their difference: that of two infinities is no number.
function compareFloats(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Found {
  readonly min: number;
  readonly max: number;
}

function findExtremes(
  order: SortOrder,
  leaf: LeafColumn,
  kind: Layout,
  block: ValueBlock,
  count: number,
  used: Uint8Array | undefined,
): Found | undefined {
  const { buffer, byteOffset } = block.words;
  switch (order) {
    case 'signed32':
      return findNumbers(block.words, count, used);
    case 'unsigned32':
      return findNumbers(new Uint32Array(buffer, byteOffset, count), count, used);
    case 'float32':
      return findNumbers(new Float32Array(buffer, byteOffset, count), count, used);
    case 'float64':
      return findNumbers(new Float64Array(buffer, byteOffset, count), count, used);
    case 'signed64':
    case 'unsigned64':
      return findLongs(block.words, count, order === 'unsigned64' ? 0x80000000 : 0, used);
    default:
      return findBytes(order, leaf, kind, block, count, used);
  }
}

type Numbers = Int32Array | Uint32Array | Float32Array | Float64Array;

// A NaN is neither less nor greater than anything, so it never wins; the start skips over them.
function findNumbers(values: Numbers, count: number, used: Uint8Array | undefined): Found | undefined {
  let start = 0;
  while (start < count && (isOut(used, start) || Number.isNaN(values[start]))) start++;
  if (start === count) return undefined;
  let min = start;
  let max = start;
  let least = values[start] as number;
  let greatest = least;
  for (let i = start + 1; i < count; i++) {
    const value = values[i] as number;
    if (value < least) {
      if (isOut(used, i)) continue;
      least = value;
      min = i;
    } else if (value > greatest) {
      if (isOut(used, i)) continue;
      greatest = value;
      max = i;
    }
  }
  return { min, max };
}

// `flip` turns the sign bit of the high half, which makes unsigned numbers compare as signed ones.
function findLongs(
  words: Int32Array,
  count: number,
  flip: number,
  used: Uint8Array | undefined,
): Found | undefined {
  let start = 0;
  while (start < count && isOut(used, start)) start++;
  if (start === count) return undefined;
  let min = start;
  let max = start;
  let minLow = (words[start * 2] as number) >>> 0;
  let minHigh = (words[start * 2 + 1] as number) ^ flip;
  let maxLow = minLow;
  let maxHigh = minHigh;
  for (let i = start + 1; i < count; i++) {
    const low = (words[i * 2] as number) >>> 0;
    const high = (words[i * 2 + 1] as number) ^ flip;
    if (high < minHigh || (high === minHigh && low < minLow)) {
      if (isOut(used, i)) continue;
      minLow = low;
      minHigh = high;
      min = i;
    } else if (high > maxHigh || (high === maxHigh && low > maxLow)) {
      if (isOut(used, i)) continue;
      maxLow = low;
      maxHigh = high;
      max = i;
    }
  }
  return { min, max };
}

function findBytes(
  order: SortOrder,
  leaf: LeafColumn,
  kind: Layout,
  block: ValueBlock,
  count: number,
  used: Uint8Array | undefined,
): Found | undefined {
  const { bytes, offsets } = block;
  const width = leaf.widthBytes;
  const variable = kind === layout.VARIABLE;
  const signed = order === 'signed-bytes';
  let min = -1;
  let max = -1;
  for (let i = 0; i < count; i++) {
    if (isOut(used, i)) continue;
    const start = variable ? (offsets[i] as number) + 4 : i * width;
    const end = variable ? (offsets[i + 1] as number) : start + width;
    if (order === 'float16' && Number.isNaN(halfOf(bytes[start] as number, bytes[start + 1] as number)))
      continue;
    if (min < 0) {
      min = i;
      max = i;
      continue;
    }
    const compareTo = (other: number): number => {
      const otherStart = variable ? (offsets[other] as number) + 4 : other * width;
      const otherEnd = variable ? (offsets[other + 1] as number) : otherStart + width;
      if (order === 'float16') {
        return (
          halfOf(bytes[start] as number, bytes[start + 1] as number) -
          halfOf(bytes[otherStart] as number, bytes[otherStart + 1] as number)
        );
      }
      return signed
        ? compareSigned(bytes, start, end, bytes, otherStart, otherEnd)
        : compareUnsigned(bytes, start, end, bytes, otherStart, otherEnd);
    };
    if (compareTo(min) < 0) min = i;
    else if (compareTo(max) > 0) max = i;
  }
  return min < 0 ? undefined : { min, max };
}

function isOut(used: Uint8Array | undefined, i: number): boolean {
  return used !== undefined && used[i] === 0;
}

function compareUnsigned(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < length; i++) {
    const difference = (a[aStart + i] as number) - (b[bStart + i] as number);
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}

// Big-endian two's complement numbers of any length (DECIMAL); an empty one counts as zero.
function compareSigned(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aFill = aEnd > aStart && (a[aStart] as number) > 127 ? 255 : 0;
  const bFill = bEnd > bStart && (b[bStart] as number) > 127 ? 255 : 0;
  if (aFill !== bFill) return aFill === 255 ? -1 : 1;
  const length = Math.max(aEnd - aStart, bEnd - bStart);
  for (let i = length; i > 0; i--) {
    const left = aEnd - i >= aStart ? (a[aEnd - i] as number) : aFill;
    const right = bEnd - i >= bStart ? (b[bEnd - i] as number) : bFill;
    if (left !== right) return left - right;
  }
  return 0;
}

function normalZero(order: SortOrder, value: Uint8Array, isMin: boolean): Uint8Array {
  if (order !== 'float32' && order !== 'float64' && order !== 'float16') return value;
  const last = value.length - 1;
  for (let i = 0; i < last; i++) if (value[i] !== 0) return value;
  if (((value[last] as number) & 127) !== 0) return value;
  const zero = new Uint8Array(value.length);
  zero[last] = isMin ? 128 : 0;
  return zero;
}

function halfOf(low: number, high: number): number {
  const sign = high > 127 ? -1 : 1;
  const exponent = (high >> 2) & 31;
  const fraction = ((high & 3) << 8) | low;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function sign(value: bigint): bigint {
  return value < 0n ? -1n : value > 0n ? 1n : 0n;
}
