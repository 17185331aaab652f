import { compareValues } from './compare-values.ts';
import type { Kernel } from './kernel/kernel.ts';
import { orderNames } from './kernel/orders.ts';
import type { SortOrder } from './metadata/sort-order.ts';
import type { ValueBlock } from './value-block.ts';

/** The least and the greatest value seen, as PLAIN bytes without length. */
export interface Extremes {
  readonly order: SortOrder;
  min: Uint8Array | undefined;
  max: Uint8Array | undefined;
  /** NaNs that were seen. They take no part. */
  nanCount: number;
}

/** Extremes over nothing. */
export function emptyExtremes(order: SortOrder): Extremes {
  return { order, min: undefined, max: undefined, nanCount: 0 };
}

/**
 * Takes the values of a block into the extremes. NaNs are passed over; a zero counts as -0.0 for the minimum and as
 * +0.0 for the maximum (parquet-format, `ColumnOrder`).
 * @param used address of a byte for each value: only values with another one than 0 count; 0 when all do. Their NaNs are
 * then counted once a value of the block, however often it is used.
 */
export function extendExtremes(extremes: Extremes, kernel: Kernel, block: ValueBlock, used = 0): void {
  const order = orderNames.indexOf(extremes.order);
  if (block.count === 0 || order < 0) return;
  kernel.findExtremes(order, block.widthBytes, block.bytesAt, block.offsetsAt, block.count, used);
  const [min = -1, max = -1, nans = 0] = kernel.memory.words.subarray(0, 3);
  extremes.nanCount += nans;
  if (min < 0) return;
  mergeExtremes(extremes, valueBytes(kernel, block, min), valueBytes(kernel, block, max));
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
export function valueBytes(kernel: Kernel, block: ValueBlock, i: number): Uint8Array {
  const { widthBytes, bytesAt, offsetsAt } = block;
  const { bytes, words } = kernel.memory;
  if (widthBytes > 0) return bytes.slice(bytesAt + i * widthBytes, bytesAt + (i + 1) * widthBytes);
  const place = offsetsAt / 4 + i;
  return bytes.slice(bytesAt + (words[place] as number) + 4, bytesAt + (words[place + 1] as number));
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
