import { compareKeys, type Keys } from './column-keys.ts';

/** Bytes of a key that are looked at in one go: together less than 2^53. */
const prefixBytes = 6;
/** Fewer rows are compared with each other. */
const leastCounted = 32;

/** Rows that are equal in the first `depth` bytes. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

/**
 * The numbers of rows in the order of their keys; rows of equal keys stay in theirs. A radix sort: six bytes at a time, from
 * the last of them to the first, then the same within each stretch of rows that are equal so far.
 */
export function orderOf(keys: Keys): Uint32Array {
  const { rows } = keys;
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  const other = new Uint32Array(rows);
  const prefixes = new Float64Array(rows);
  const counts = new Uint32Array(257);
  const ranges: Range[] = [{ from: 0, to: rows, depth: 0 }];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const { from, to } = range;
    if (to - from < leastCounted) {
      insertionSort(keys, order, from, to);
      continue;
    }
    const { depth, isWhole } = commonDepth(keys, order, range);
    // Rows that are equal to the end are in their order already.
    if (isWhole) continue;
    for (let i = 0; i < prefixBytes; i++)
      countingPass(keys, order, other, range, depth + prefixBytes - 1 - i, counts);
    for (let i = from; i < to; i++) prefixes[i] = prefixAt(keys, order[i] as number, depth);
    for (let start = from; start < to; ) {
      let end = start + 1;
      while (end < to && prefixes[end] === prefixes[start]) end++;
      if (end - start > 1) ranges.push({ from: start, to: end, depth: depth + prefixBytes });
      start = end;
    }
  }
  return order;
}

function insertionSort(keys: Keys, order: Uint32Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const row = order[i] as number;
    let at = i;
    for (; at > from; at--) {
      const before = order[at - 1] as number;
      if (compareKeys(keys, before, keys, row) <= 0) break;
      order[at] = before;
    }
    order[at] = row;
  }
}

// Behind what all rows of the range begin with: names of one kind, days of one year.
function commonDepth(
  { bytes, offsets }: Keys,
  order: Uint32Array,
  { from, to, depth }: Range,
): { readonly depth: number; readonly isWhole: boolean } {
  const firstRow = order[from] as number;
  const first = offsets[firstRow] as number;
  const length = (offsets[firstRow + 1] as number) - first;
  let common = length;
  let isWhole = true;
  for (let i = from + 1; i < to && common > depth; i++) {
    const row = order[i] as number;
    const at = offsets[row] as number;
    const own = (offsets[row + 1] as number) - at;
    const most = Math.min(common, own);
    let same = depth;
    while (same < most && bytes[first + same] === bytes[at + same]) same++;
    if (same < length || own !== length) isWhole = false;
    common = same;
  }
  return { depth: Math.max(common, depth), isWhole: isWhole && common === length };
}

// Puts the rows of the range in the order of one byte; those with the same stay in theirs. A key that has ended counts as 0.
function countingPass(
  { bytes, offsets }: Keys,
  order: Uint32Array,
  other: Uint32Array,
  { from, to }: Range,
  depth: number,
  counts: Uint32Array,
): void {
  counts.fill(0);
  const byteOf = (row: number): number => {
    const at = (offsets[row] as number) + depth;
    return at < (offsets[row + 1] as number) ? (bytes[at] as number) : 0;
  };
  for (let i = from; i < to; i++) {
    const place = byteOf(order[i] as number) + 1;
    counts[place] = (counts[place] as number) + 1;
  }
  for (let i = 1; i < 257; i++) counts[i] = (counts[i] as number) + (counts[i - 1] as number);
  for (let i = from; i < to; i++) {
    const row = order[i] as number;
    const byte = byteOf(row);
    const place = counts[byte] as number;
    counts[byte] = place + 1;
    other[from + place] = row;
  }
  order.set(other.subarray(from, to), from);
}

function prefixAt({ bytes, offsets }: Keys, row: number, depth: number): number {
  const end = offsets[row + 1] as number;
  let prefix = 0;
  for (let i = 0, at = (offsets[row] as number) + depth; i < prefixBytes; i++, at++) {
    prefix = prefix * 256 + (at < end ? (bytes[at] as number) : 0);
  }
  return prefix;
}
