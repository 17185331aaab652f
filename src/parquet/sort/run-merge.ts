import type { ScratchSpace } from '../../core/scratch-space.ts';
import { compareKeys, type Keys } from './column-keys.ts';
import { type KeyBlock, readKeys, type SortedRun } from './sorted-run.ts';

/** Rows of one run that go into the next stretch. */
export interface RunSlice {
  readonly run: SortedRun;
  readonly from: number;
  readonly to: number;
}

/** A stretch of merged rows: those of each run one behind the other, and the order that they are in. */
export interface MergedRows {
  readonly rows: number;
  readonly slices: readonly RunSlice[];
  /** For each merged row its place among the rows of all slices. */
  readonly order: Uint32Array;
  /** The number each merged row had in the inputs. */
  readonly origins: Float64Array;
  /** About how many bytes the values of all columns have. */
  readonly loadBytes: number;
  /** With `keepsKeys`. */
  readonly keys: Keys | undefined;
}

/** What a stretch may hold. */
export interface StretchLimits {
  readonly rows: number;
  /** Of all columns together, and of one, PLAIN. */
  readonly bytes: number;
  readonly columnBytes: number;
  /** Level entries of the longest column. */
  readonly entries: number;
}

interface Cursor {
  /** Place among the runs: of equal keys the earlier run comes first. */
  readonly number: number;
  readonly run: SortedRun;
  block: number;
  keys: KeyBlock;
  /** The next row, in the run and in the block. */
  row: number;
  rowInBlock: number;
  /** What a row of the block takes. */
  load: Load;
}

interface Load {
  readonly bytes: number;
  readonly columnBytes: number;
  readonly entries: number;
}

/** Merges runs by their keys; rows of equal keys in the order of the runs. */
export interface RunMerge {
  readonly scratch: ScratchSpace;
  /** A heap: no cursor comes before the one at half its place. */
  readonly heap: Cursor[];
}

/** A merge before its first row. */
export function runMerge(scratch: ScratchSpace, runs: readonly SortedRun[]): RunMerge {
  const merge: RunMerge = { scratch, heap: [] };
  for (const [number, run] of runs.entries()) {
    if (run.rows === 0) continue;
    merge.heap.push(cursorAt(scratch, number, run));
  }
  for (let i = merge.heap.length >> 1; i >= 0; i--) sink(merge.heap, i);
  return merge;
}

/**
 * The next rows, at least one; undefined after the last.
 * @param keepsKeys whether the keys of the rows are gathered too
 */
export function nextRows(
  { scratch, heap }: RunMerge,
  limits: StretchLimits,
  keepsKeys = false,
): MergedRows | undefined {
  if (heap.length === 0) return undefined;
  const runs = new Map<number, { readonly run: SortedRun; readonly from: number; to: number }>();
  let numbers = new Int32Array(Math.min(limits.rows, 65_536));
  let origins = new Float64Array(numbers.length);
  const gathered = keepsKeys ? growingKeys() : undefined;
  let rows = 0;
  let bytes = 0;
  let columnBytes = 0;
  let entries = 0;
  for (let first = heap[0]; first !== undefined && rows < limits.rows; first = heap[0]) {
    const { load } = first;
    const isFull =
      bytes + load.bytes > limits.bytes ||
      columnBytes + load.columnBytes > limits.columnBytes ||
      entries + load.entries > limits.entries;
    if (isFull && rows > 0) break;
    bytes += load.bytes;
    columnBytes += load.columnBytes;
    entries += load.entries;
    if (rows === numbers.length) {
      numbers = grown(numbers, new Int32Array(rows * 2));
      origins = grown(origins, new Float64Array(rows * 2));
    }
    if (gathered !== undefined) addKey(gathered, first.keys, first.rowInBlock);
    numbers[rows] = first.number;
    origins[rows++] = first.keys.origins[first.rowInBlock] as number;
    const taken = runs.get(first.number);
    if (taken === undefined) runs.set(first.number, { run: first.run, from: first.row, to: first.row + 1 });
    else taken.to++;
    if (!goOn(scratch, first)) {
      const last = heap.pop();
      if (last !== undefined && last !== first) heap[0] = last;
    }
    sink(heap, 0);
  }
  // Where the rows of each run begin among those of all slices.
  const places = new Map<number, number>();
  const slices: RunSlice[] = [];
  let place = 0;
  for (const [number, slice] of [...runs].toSorted(([a], [b]) => a - b)) {
    places.set(number, place);
    place += slice.to - slice.from;
    slices.push(slice);
  }
  const next = new Int32Array(Math.max(-1, ...places.keys()) + 1);
  for (const [number, start] of places) next[number] = start;
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const number = numbers[row] as number;
    const at = next[number] as number;
    order[row] = at;
    next[number] = at + 1;
  }
  const keys = gathered === undefined ? undefined : grownKeys(gathered);
  return { rows, slices, order, origins: origins.subarray(0, rows), loadBytes: bytes, keys };
}

interface GrowingKeys {
  bytes: Uint8Array;
  readonly ends: number[];
}

function growingKeys(): GrowingKeys {
  return { bytes: new Uint8Array(65_536), ends: [] };
}

function addKey(keys: GrowingKeys, from: Keys, row: number): void {
  const start = from.offsets[row] as number;
  const stop = from.offsets[row + 1] as number;
  const at = keys.ends.at(-1) ?? 0;
  const end = at + stop - start;
  if (end > keys.bytes.length) {
    const larger = new Uint8Array(Math.max(end, keys.bytes.length * 2));
    larger.set(keys.bytes);
    keys.bytes = larger;
  }
  keys.bytes.set(from.bytes.subarray(start, stop), at);
  keys.ends.push(end);
}

function grownKeys({ bytes, ends }: GrowingKeys): Keys {
  return {
    rows: ends.length,
    bytes: bytes.subarray(0, ends.at(-1) ?? 0),
    offsets: Uint32Array.from([0, ...ends]),
  };
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function cursorAt(scratch: ScratchSpace, number: number, run: SortedRun): Cursor {
  return {
    number,
    run,
    block: 0,
    keys: readKeys(scratch, run, 0),
    row: 0,
    rowInBlock: 0,
    load: loadOf(run, 0),
  };
}

// False after the last row.
function goOn(scratch: ScratchSpace, cursor: Cursor): boolean {
  cursor.row++;
  cursor.rowInBlock++;
  if (cursor.rowInBlock < cursor.keys.rows) return true;
  if (cursor.row === cursor.run.rows) return false;
  cursor.block++;
  cursor.keys = readKeys(scratch, cursor.run, cursor.block);
  cursor.rowInBlock = 0;
  cursor.load = loadOf(cursor.run, cursor.block);
  return true;
}

function loadOf(run: SortedRun, block: number): Load {
  const rows = (run.blockRows[block + 1] ?? run.rows) - (run.blockRows[block] as number);
  let bytes = 0;
  let columnBytes = 0;
  let entries = 0;
  for (const column of run.columns) {
    const plain = column.plainBytes[block] as number;
    bytes += plain;
    columnBytes = Math.max(columnBytes, plain);
    entries = Math.max(entries, column.entries[block] as number);
  }
  return { bytes: bytes / rows, columnBytes: columnBytes / rows, entries: entries / rows };
}

function comesBefore(a: Cursor, b: Cursor): boolean {
  return (compareKeys(a.keys, a.rowInBlock, b.keys, b.rowInBlock) || a.number - b.number) < 0;
}

function sink(heap: Cursor[], start: number): void {
  let at = start;
  for (;;) {
    const left = at * 2 + 1;
    const own = heap[at];
    let least = heap[left];
    if (own === undefined || least === undefined) return;
    let place = left;
    const right = heap[left + 1];
    if (right !== undefined && comesBefore(right, least)) {
      least = right;
      place = left + 1;
    }
    if (!comesBefore(least, own)) return;
    heap[at] = least;
    heap[place] = own;
    at = place;
  }
}
