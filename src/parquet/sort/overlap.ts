import { compareValues } from '../compare-values.ts';
import type { SortOrder } from '../metadata/sort-order.ts';

/** Least and greatest value of a column in each row group, PLAIN; neither where it has none. */
export interface Bounds {
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
}

/** How many row groups somebody must open who looks for one value of a column. Plain data. */
export interface Overlap {
  readonly rowGroups: number;
  /** Average share of the row groups whose least and greatest value hold it, 0 to 1; absent where there is no value. */
  readonly share?: number;
}

/** The overlap of row groups: who looks for a value that is the least or the greatest of one of them, each as likely. */
export function overlapOf(order: SortOrder, rowGroups: readonly Bounds[]): Overlap {
  const compare = (a: Uint8Array, b: Uint8Array): number => compareValues(order, a, b);
  const mins = rowGroups.flatMap(({ min }) => (min === undefined ? [] : [min])).sort(compare);
  const maxs = rowGroups.flatMap(({ max }) => (max === undefined ? [] : [max])).sort(compare);
  const wanted = [...mins, ...maxs];
  if (wanted.length === 0) return { rowGroups: rowGroups.length };
  let opened = 0;
  for (const value of wanted) {
    const begun = countBefore(mins, (one) => compare(one, value) <= 0);
    const ended = countBefore(maxs, (one) => compare(one, value) < 0);
    opened += begun - ended;
  }
  return { rowGroups: rowGroups.length, share: opened / wanted.length / rowGroups.length };
}

// How many of the first values satisfy what no later one does after the first that does not.
function countBefore(sorted: readonly Uint8Array[], isBefore: (value: Uint8Array) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(sorted[middle] as Uint8Array)) low = middle + 1;
    else high = middle;
  }
  return low;
}
