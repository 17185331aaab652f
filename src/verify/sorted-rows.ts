import type { SortTerm } from '../core/sort-order-text.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import type { LeafColumn } from '../parquet/metadata/leaf-column.ts';
import type { DecodedPage } from '../parquet/read/decoded-page.ts';
import { columnKeys, compareKeys, joinedKeys, type Keys } from '../parquet/sort/column-keys.ts';
import {
  addCells,
  addedRowSums,
  type ColumnPlace,
  columnPlace,
  emptyRowSum,
  endColumn,
  type RowHashes,
  type RowSum,
  rowHashes,
  rowSumOf,
  rowSumText,
} from '../parquet/sort/row-sums.ts';
import { sortColumnsOf } from '../parquet/sort/sort-columns.ts';
import type { SortedFacts } from '../parquet/sort/sort-request.ts';
import { difference } from './staged-difference.ts';

/** What row groups that follow each other hold, row by row. Plain data. */
export interface SortedStretch {
  readonly rowSum: RowSum;
  /** Keys of the first and the last row; absent where there are none. */
  readonly ends?: { readonly first: Keys; readonly last: Keys };
}

/** Looks on while row groups are decoded: sums up rows as wholes, and sees to it that they come in their order. */
export interface SortedRowsWatch {
  /** Who is shown every data page of the chunk. */
  chunk(rowGroup: number, leaf: LeafColumn): (page: DecodedPage) => void;
  /** After the last chunk of a row group. @throws VerifyError when its rows are not in their order */
  rowGroup(rowGroup: number): void;
  found(): SortedStretch;
}

/** A watch over row groups that follow each other. */
export function sortedRowsWatch(
  staged: string,
  footer: ParquetFooter,
  by: readonly SortTerm[],
): SortedRowsWatch {
  const columns = sortColumnsOf(footer.leaves, by, staged);
  let hashes: RowHashes = rowHashes(0);
  let places: { readonly place: ColumnPlace; readonly leaf: LeafColumn }[] = [];
  let keys: Keys[][] = columns.map(() => []);
  let at = -1;
  let rowSum = emptyRowSum;
  let first: Keys | undefined;
  let last: Keys | undefined;
  return {
    chunk: (rowGroup, leaf) => {
      if (rowGroup !== at) {
        at = rowGroup;
        hashes = rowHashes(footer.rowGroups[rowGroup]?.rows ?? 0);
        places = [];
        keys = columns.map(() => []);
      }
      const place = columnPlace(leaf.index);
      places.push({ place, leaf });
      const number = columns.findIndex(({ of }) => of.index === leaf.index);
      const key = columns[number];
      return (page) => {
        rowsOf(staged, rowGroup, leaf, () => addPage(hashes, place, page));
        if (key !== undefined)
          keys[number]?.push(columnKeys(page.rooms.kernel.memory, key, keyedValues(page)));
      };
    },
    rowGroup: (rowGroup) => {
      for (const { place, leaf } of places) {
        rowsOf(staged, rowGroup, leaf, () => endColumn(hashes, place, leaf.maxRepetitionLevel > 0));
      }
      rowSum = addedRowSums(rowSum, rowSumOf(hashes));
      if (hashes.rows === 0) return;
      const ofRows = joinedKeys(keys.map(together));
      for (let row = 1; row < ofRows.rows; row++) {
        if (compareKeys(ofRows, row - 1, ofRows, row) > 0) throw disorder(staged, by, rowGroup, `row ${row}`);
      }
      const firstHere = keyOf(ofRows, 0);
      if (last !== undefined && compareKeys(last, 0, firstHere, 0) > 0) {
        throw disorder(staged, by, rowGroup, 'the first row');
      }
      first ??= firstHere;
      last = keyOf(ofRows, ofRows.rows - 1);
    },
    found: () => ({
      rowSum,
      ...(first === undefined || last === undefined ? {} : { ends: { first, last } }),
    }),
  };
}

/**
 * Holds all stretches of a file against what was read of the inputs: the same rows, each as a whole and as often, and the
 * stretches in their order.
 * @throws VerifyError `rows-sum`, `rows-order`
 */
export function checkSorted(
  staged: string,
  { by, rowSum }: SortedFacts,
  stretches: readonly SortedStretch[],
): void {
  let sum = emptyRowSum;
  let last: Keys | undefined;
  for (const { rowSum: own, ends } of stretches) {
    sum = addedRowSums(sum, own);
    if (ends === undefined) continue;
    if (last !== undefined && compareKeys(last, 0, ends.first, 0) > 0) {
      throw disorder(staged, by, undefined, 'the first row of a stretch of row groups');
    }
    last = ends.last;
  }
  const found = rowSumText(sum);
  if (found === rowSum) return;
  throw difference({
    code: 'rows-sum',
    staged,
    expected: `the rows of the inputs in another order, which sum up to ${rowSum}`,
    found: `rows that sum up to ${found}`,
  });
}

function addPage(hashes: RowHashes, place: ColumnPlace, page: DecodedPage): void {
  const { leaf } = page;
  addCells(hashes, place, page.rooms.kernel.memory, {
    entryCount: page.entryCount,
    maxDefinition: leaf.maxDefinitionLevel,
    definitionAt: page.definition.at,
    constantDefinition: leaf.maxDefinitionLevel === 0 ? 0 : page.constantDefinition,
    repetitionAt: leaf.maxRepetitionLevel > 0 ? page.repetition.at : 0,
    hashesAt: page.usesDictionary ? page.dictionary.hashes.at : page.hashes.at,
    indicesAt: page.usesDictionary ? page.indices.at : undefined,
  });
}

function keyedValues(page: DecodedPage): Parameters<typeof columnKeys>[2] {
  return {
    rows: page.entryCount,
    definitionAt: page.definition.at,
    constantDefinition: page.leaf.maxDefinitionLevel === 0 ? 0 : page.constantDefinition,
    values: page.usesDictionary ? page.dictionary.block : page.values,
    indicesAt: page.usesDictionary ? page.indices.at : undefined,
  };
}

// Keys of the pages of a chunk, one behind the other.
function together(pages: readonly Keys[]): Keys {
  const rows = pages.reduce((sum, page) => sum + page.rows, 0);
  const bytes = new Uint8Array(pages.reduce((sum, page) => sum + page.bytes.length, 0));
  const offsets = new Uint32Array(rows + 1);
  let row = 0;
  let end = 0;
  for (const page of pages) {
    bytes.set(page.bytes, end);
    for (let i = 1; i <= page.rows; i++) offsets[++row] = end + (page.offsets[i] as number);
    end += page.bytes.length;
  }
  return { rows, bytes, offsets };
}

function keyOf({ bytes, offsets }: Keys, row: number): Keys {
  const own = bytes.slice(offsets[row], offsets[row + 1]);
  return { rows: 1, bytes: own, offsets: Uint32Array.of(0, own.length) };
}

function rowsOf(staged: string, rowGroup: number, leaf: LeafColumn, look: () => void): void {
  try {
    look();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const expected = 'as many rows as its row group has';
    throw difference({
      code: 'rows-of-column',
      staged,
      column: leaf.path,
      rowGroup,
      expected,
      found: cause.message,
      cause,
    });
  }
}

function disorder(staged: string, by: readonly SortTerm[], rowGroup: number | undefined, which: string) {
  return difference({
    code: 'rows-order',
    staged,
    ...(rowGroup === undefined ? {} : { rowGroup }),
    expected: `rows sorted by ${by.map(({ path }) => path).join(', ')}`,
    found: `that ${which} comes before the one in front of it`,
  });
}
