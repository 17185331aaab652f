import type { LinearMemory } from '../kernel/kernel.ts';

/**
 * Hashes of rows under construction, two words each: what is in a cell (value or null, levels, column) is hashed, and the
 * cells of a row are added up.
 */
export interface RowHashes {
  readonly rows: number;
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/** Cells of one column, level entry by level entry. */
export interface Cells {
  readonly entryCount: number;
  readonly maxDefinition: number;
  /** Address of a definition level for each entry; or the level that all of them share. */
  readonly definitionAt: number;
  readonly constantDefinition: number;
  /** Address of the repetition levels; 0 for a column that is not repeated. */
  readonly repetitionAt: number;
  /** Address of the hashes of values, 8 bytes each: in order, or those that the indices name. */
  readonly hashesAt: number;
  readonly indicesAt: number | undefined;
}

/** Where a column stands in its row group: cells come in pieces. */
export interface ColumnPlace {
  readonly seedLow: number;
  readonly seedHigh: number;
  /** The row at hand, -1 before the first. */
  row: number;
  /** The cells of the row at hand, of a repeated column. */
  chainLow: number;
  chainHigh: number;
}

/** Hashes of so many rows, of which no cell is known yet. */
export function rowHashes(rows: number): RowHashes {
  return { rows, low: new Int32Array(rows), high: new Int32Array(rows) };
}

/** A column before its first cell. @param leaf position among the leaves */
export function columnPlace(leaf: number): ColumnPlace {
  return {
    seedLow: mixed(Math.imul(leaf + 1, 0x9e3779b1)),
    seedHigh: mixed(Math.imul(leaf + 1, 0x85ebca77) ^ 0x2545f491),
    row: -1,
    chainLow: 0,
    chainHigh: 0,
  };
}

/** Takes cells into the hashes of their rows. @throws RangeError when there are more than the row group has rows */
export function addCells(hashes: RowHashes, place: ColumnPlace, memory: LinearMemory, cells: Cells): void {
  const { entryCount, maxDefinition, definitionAt, constantDefinition, repetitionAt, hashesAt, indicesAt } =
    cells;
  const { bytes, words } = memory;
  const { seedLow, seedHigh } = place;
  if (repetitionAt === 0) {
    addFlatCells(hashes, place, memory, cells);
    return;
  }
  let value = 0;
  for (let i = 0; i < entryCount; i++) {
    const level = constantDefinition >= 0 ? constantDefinition : (bytes[definitionAt + i] as number);
    let x = 0x51ed270b;
    let y = 0x2c1b3c6d;
    if (level === maxDefinition) {
      const entry = indicesAt === undefined ? value : (words[indicesAt / 4 + value] as number);
      x = words[hashesAt / 4 + entry * 2] as number;
      y = words[hashesAt / 4 + entry * 2 + 1] as number;
      value++;
    }
    const depth = Math.imul(level + 1, 0x27d4eb2f);
    const cellLow = mixed(x ^ Math.imul(y, 0x9e3779b1) ^ (seedLow + depth));
    const cellHigh = mixed(y ^ Math.imul(x, 0x85ebca77) ^ (seedHigh + depth));
    const repetition = bytes[repetitionAt + i] as number;
    if (repetition === 0) endRow(hashes, place);
    // In their order: a list of the same elements in another one is another list.
    place.chainLow = mixed((Math.imul(place.chainLow, 31) + cellLow + Math.imul(repetition, 0x165667b1)) | 0);
    place.chainHigh = mixed(
      (Math.imul(place.chainHigh, 37) + cellHigh + Math.imul(repetition, 0x27d4eb2f)) | 0,
    );
  }
}

// The same, of a column that has one entry a row.
function addFlatCells(
  { low, high, rows }: RowHashes,
  place: ColumnPlace,
  memory: LinearMemory,
  cells: Cells,
): void {
  const { entryCount, maxDefinition, definitionAt, constantDefinition, hashesAt, indicesAt } = cells;
  const { bytes, words } = memory;
  const { seedLow, seedHigh } = place;
  if (place.row + entryCount >= rows) throw new RangeError(`a column has more than ${rows} rows`);
  const hashWord = hashesAt / 4;
  const indexWord = indicesAt === undefined ? -1 : indicesAt / 4;
  let row = place.row;
  let value = 0;
  for (let i = 0; i < entryCount; i++) {
    const level = constantDefinition >= 0 ? constantDefinition : (bytes[definitionAt + i] as number);
    let x = 0x51ed270b;
    let y = 0x2c1b3c6d;
    if (level === maxDefinition) {
      const at = hashWord + (indexWord < 0 ? value : (words[indexWord + value] as number)) * 2;
      x = words[at] as number;
      y = words[at + 1] as number;
      value++;
    }
    const depth = Math.imul(level + 1, 0x27d4eb2f);
    row++;
    low[row] = ((low[row] as number) + mixed(x ^ Math.imul(y, 0x9e3779b1) ^ (seedLow + depth))) | 0;
    high[row] = ((high[row] as number) + mixed(y ^ Math.imul(x, 0x85ebca77) ^ (seedHigh + depth))) | 0;
  }
  place.row = row;
}

/**
 * Ends the column: every row has its cells.
 * @throws RangeError when it has another number of rows
 */
export function endColumn(hashes: RowHashes, place: ColumnPlace, isRepeated: boolean): void {
  if (isRepeated) endRow(hashes, place);
  const found = isRepeated ? place.row : place.row + 1;
  if (found !== hashes.rows) throw new RangeError(`a column has ${found} rows, not ${hashes.rows}`);
}

// Of a repeated column: adds the row at hand, and begins the next.
function endRow({ rows, low, high }: RowHashes, place: ColumnPlace): void {
  const { row } = place;
  if (row >= rows) throw new RangeError(`a column has more than ${rows} rows`);
  if (row >= 0) {
    low[row] = ((low[row] as number) + place.chainLow) | 0;
    high[row] = ((high[row] as number) + place.chainHigh) | 0;
  }
  place.row++;
  place.chainLow = place.seedLow;
  place.chainHigh = place.seedHigh;
}

/**
 * A sum over rows that does not depend on their order: 128 bits in four words. Two sets of rows with equal sums hold the same
 * rows, each as often; values that changed places between rows change it.
 */
export type RowSum = readonly [number, number, number, number];

export const emptyRowSum: RowSum = [0, 0, 0, 0];

/** The sum over complete rows. */
export function rowSumOf({ rows, low, high }: RowHashes): RowSum {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let row = 0; row < rows; row++) {
    const x = low[row] as number;
    const y = high[row] as number;
    // Each is mixed as a whole before it is added: the parts of two rows cannot stand in for each other.
    a = (a + mixed(x + Math.imul(y, 0x9e3779b1))) | 0;
    b = (b + mixed(y + Math.imul(x, 0x85ebca77))) | 0;
    c = (c + mixed(Math.imul(x, 0x2c1b3c6d) ^ y)) | 0;
    d = (d + mixed(Math.imul(y, 0x297a2d39) ^ x)) | 0;
  }
  return [a, b, c, d];
}

/** The sum over the rows of both. */
export function addedRowSums(a: RowSum, b: RowSum): RowSum {
  return [(a[0] + b[0]) | 0, (a[1] + b[1]) | 0, (a[2] + b[2]) | 0, (a[3] + b[3]) | 0];
}

/** The sum as 32 hex digits. */
export function rowSumText(sum: RowSum): string {
  return sum.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

// The last steps of MurmurHash3 (32 bits): every bit decides about every other.
function mixed(word: number): number {
  let h = word;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
