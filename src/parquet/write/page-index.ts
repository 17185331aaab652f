import { compareValues } from '../compare-values.ts';
import { physicalType } from '../format.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { SortOrder } from '../metadata/sort-order.ts';
import { wireType } from '../thrift/compact-reader.ts';
import {
  beginStruct,
  type CompactWriter,
  compactWriter,
  endStruct,
  putBinary,
  putRaw,
  putZigzag,
  resetWriter,
  writeI32,
  writeI64,
  writeListField,
  writeStructField,
  writtenBytes,
} from '../thrift/compact-writer.ts';
import type { PageFacts } from './page-facts.ts';
import { boundKindOf, shortLowerBound, shortUpperBound } from './shorten-bound.ts';

/** Bounds of text and bytes are cut to this, as parquet-java cuts them. */
export const shortBoundBytes = 64;
/** A longer bound is left out, and with it the column index: readers keep footers and indexes in memory. */
const maxBoundBytes = 4096;

/** `BoundaryOrder`. */
const boundaryOrder = { UNORDERED: 0, ASCENDING: 1, DESCENDING: 2 } as const;

const listTrue = Uint8Array.of(1);
const listFalse = Uint8Array.of(2);
const nothing = new Uint8Array(0);
const indexWriter = compactWriter();

/**
 * The `ColumnIndex` of a chunk as thrift bytes (parquet-format, PageIndex). Undefined where a reader that goes by it could
 * miss a row or misread a bound: where the type has no order, a NaN is among the values, which bounds say nothing of, or
 * a bound is too long.
 */
export function encodeColumnIndex(leaf: LeafColumn, pages: readonly PageFacts[]): Uint8Array | undefined {
  if (leaf.sortOrder === 'none' || pages.length === 0) return undefined;
  const kind = boundKindOf(leaf);
  const minima: (Uint8Array | undefined)[] = [];
  const maxima: (Uint8Array | undefined)[] = [];
  for (const { extremes } of pages) {
    const { min, max, nanCount } = extremes;
    if (nanCount > 0) return undefined;
    const least = min === undefined ? undefined : shortLowerBound(kind, min, shortBoundBytes);
    const greatest = max === undefined ? undefined : shortUpperBound(kind, max, shortBoundBytes);
    if (least !== undefined && !isWritableBound(leaf, least)) return undefined;
    if (greatest !== undefined && !isWritableBound(leaf, greatest)) return undefined;
    minima.push(least);
    maxima.push(greatest);
  }
  const w = indexWriter;
  resetWriter(w);
  const outer = beginStruct(w);
  // A list of booleans has a byte for each.
  writeListField(w, 1, wireType.TRUE, pages.length);
  for (const min of minima) putRaw(w, min === undefined ? listTrue : listFalse);
  writeListField(w, 2, wireType.BINARY, pages.length);
  for (const min of minima) putBinary(w, min ?? nothing);
  writeListField(w, 3, wireType.BINARY, pages.length);
  for (const max of maxima) putBinary(w, max ?? nothing);
  writeI32(w, 4, orderOf(leaf.sortOrder, minima, maxima));
  putNumbers(
    w,
    5,
    pages.map(({ nulls }) => nulls),
  );
  if (leaf.maxRepetitionLevel > 0) {
    putNumbers(
      w,
      6,
      pages.flatMap(({ levels }) => levels.repetition),
    );
  }
  if (leaf.maxDefinitionLevel > 1) {
    putNumbers(
      w,
      7,
      pages.flatMap(({ levels }) => levels.definition),
    );
  }
  if (isFloating(leaf)) {
    putNumbers(
      w,
      8,
      pages.map(() => 0),
    );
  }
  endStruct(w, outer);
  return writtenBytes(w).slice();
}

/** Whether bounds leave NaNs out, so that their number is stated beside them. */
export function isFloating({ sortOrder }: LeafColumn): boolean {
  return sortOrder === 'float16' || sortOrder === 'float32' || sortOrder === 'float64';
}

/**
 * The `OffsetIndex` of a chunk as thrift bytes.
 * @param offsetBytes where the chunk's first data page lies in the file; the others follow without gaps
 */
export function encodeOffsetIndex(
  leaf: LeafColumn,
  pages: readonly PageFacts[],
  offsetBytes: number,
): Uint8Array {
  const w = indexWriter;
  resetWriter(w);
  const outer = beginStruct(w);
  writeListField(w, 1, wireType.STRUCT, pages.length);
  let offset = offsetBytes;
  let firstRow = 0;
  for (const { sizeBytes, rows } of pages) {
    const location = beginStruct(w);
    writeI64(w, 1, offset);
    writeI32(w, 2, sizeBytes);
    writeI64(w, 3, firstRow);
    endStruct(w, location);
    offset += sizeBytes;
    firstRow += rows;
  }
  if (leaf.type === physicalType.BYTE_ARRAY) {
    putNumbers(
      w,
      2,
      pages.map(({ byteArrayBytes }) => byteArrayBytes),
    );
  }
  endStruct(w, outer);
  return writtenBytes(w).slice();
}

/** Whether readers can do with a bound, in the statistics or the column index: a decimal number has at least a byte. */
export function isWritableBound({ sortOrder }: LeafColumn, bound: Uint8Array): boolean {
  return bound.length <= maxBoundBytes && (bound.length > 0 || sortOrder !== 'signed-bytes');
}

function orderOf(
  order: SortOrder,
  minima: readonly (Uint8Array | undefined)[],
  maxima: readonly (Uint8Array | undefined)[],
): number {
  let isAscending = true;
  let isDescending = true;
  for (const bounds of [minima, maxima]) {
    let before: Uint8Array | undefined;
    for (const bound of bounds) {
      // Pages of nulls alone have no place in the order.
      if (bound === undefined) continue;
      const step = before === undefined ? 0 : compareValues(order, before, bound);
      if (step > 0) isAscending = false;
      if (step < 0) isDescending = false;
      before = bound;
    }
  }
  if (isAscending) return boundaryOrder.ASCENDING;
  return isDescending ? boundaryOrder.DESCENDING : boundaryOrder.UNORDERED;
}

/** Writes the `SizeStatistics` of a chunk as a field; not where they would say nothing. */
export function writeSizeStatistics(
  w: CompactWriter,
  id: number,
  leaf: LeafColumn,
  pages: readonly PageFacts[],
): void {
  const isByteArray = leaf.type === physicalType.BYTE_ARRAY;
  const [first] = pages;
  if (first === undefined) return;
  const { repetition, definition } = first.levels;
  if (!isByteArray && repetition.length + definition.length === 0) return;
  writeStructField(w, id);
  const outer = beginStruct(w);
  if (isByteArray) {
    let sum = 0;
    for (const { byteArrayBytes } of pages) sum += byteArrayBytes;
    writeI64(w, 1, sum);
  }
  const sumOf = (level: number, counts: 'repetition' | 'definition'): number =>
    pages.reduce((sum, page) => sum + (page.levels[counts][level] ?? 0), 0);
  putNumbers(
    w,
    2,
    repetition.map((_, level) => sumOf(level, 'repetition')),
  );
  putNumbers(
    w,
    3,
    definition.map((_, level) => sumOf(level, 'definition')),
  );
  endStruct(w, outer);
}

/** A list of i64, left out when it is empty. */
function putNumbers(w: CompactWriter, id: number, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  writeListField(w, id, wireType.I64, numbers.length);
  for (const number of numbers) putZigzag(w, number);
}
