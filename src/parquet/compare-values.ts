import type { SortOrder } from './metadata/sort-order.ts';

// Two numbers of up to eight bytes at a time: extremes are compared for every page, and views made for each are garbage.
const both = new Uint8Array(16);
const signed = new Int32Array(both.buffer);
const unsigned = new Uint32Array(both.buffer);
const floats = new Float32Array(both.buffer);
const doubles = new Float64Array(both.buffer);

function takeBoth(a: Uint8Array, b: Uint8Array, widthBytes: number): void {
  if (a.length < widthBytes || b.length < widthBytes) {
    throw new RangeError(`a number of ${Math.min(a.length, b.length)} bytes, not of ${widthBytes}`);
  }
  for (let i = 0; i < widthBytes; i++) {
    both[i] = a[i] as number;
    both[i + 8] = b[i] as number;
  }
}

/** Compares two values of an order, given as PLAIN bytes without length: negative, zero or positive. */
export function compareValues(order: SortOrder, a: Uint8Array, b: Uint8Array): number {
  switch (order) {
    case 'boolean':
      return (a[0] as number) - (b[0] as number);
    case 'signed32':
      takeBoth(a, b, 4);
      return (signed[0] as number) - (signed[2] as number);
    case 'unsigned32':
      takeBoth(a, b, 4);
      return (unsigned[0] as number) - (unsigned[2] as number);
    case 'signed64':
      takeBoth(a, b, 8);
      return (
        (signed[1] as number) - (signed[3] as number) || (unsigned[0] as number) - (unsigned[2] as number)
      );
    case 'unsigned64':
      takeBoth(a, b, 8);
      return (
        (unsigned[1] as number) - (unsigned[3] as number) || (unsigned[0] as number) - (unsigned[2] as number)
      );
    case 'float32':
      takeBoth(a, b, 4);
      return compareFloats(floats[0] as number, floats[2] as number);
    case 'float64':
      takeBoth(a, b, 8);
      return compareFloats(doubles[0] as number, doubles[1] as number);
    case 'float16':
      return compareFloats(halfOf(a[0] as number, a[1] as number), halfOf(b[0] as number, b[1] as number));
    case 'signed-bytes':
      return compareSigned(a, b);
    default:
      return compareUnsigned(a, b);
  }
}

// Not by their difference: that of two infinities is no number.
function compareFloats(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether a value of a floating-point order, given as PLAIN bytes, is a NaN; false for other orders. */
export function isNan(order: SortOrder, value: Uint8Array): boolean {
  switch (order) {
    case 'float32':
      return Number.isNaN(view(value).getFloat32(0, true));
    case 'float64':
      return Number.isNaN(view(value).getFloat64(0, true));
    case 'float16':
      return Number.isNaN(halfOf(value[0] as number, value[1] as number));
    default:
      return false;
  }
}

function compareUnsigned(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

// Big-endian two's complement numbers of any length (DECIMAL); an empty one counts as zero. Of two equal ones the shorter
// comes first, so that the least and the greatest of a column do not depend on who looked in which order.
function compareSigned(a: Uint8Array, b: Uint8Array): number {
  const aFill = (a[0] ?? 0) > 127 ? 255 : 0;
  const bFill = (b[0] ?? 0) > 127 ? 255 : 0;
  if (aFill !== bFill) return aFill === 255 ? -1 : 1;
  for (let i = Math.max(a.length, b.length); i > 0; i--) {
    const left = a[a.length - i] ?? aFill;
    const right = b[b.length - i] ?? bFill;
    if (left !== right) return left - right;
  }
  return a.length - b.length;
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
