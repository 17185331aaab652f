import type { ParquetFooter } from '../footer.ts';
import type { LinearMemory } from '../kernel/kernel.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { type SortingColumn, sortingColumnsOf } from '../metadata/sorting-columns.ts';
import type { ChunkContent } from '../write/chunk-content.ts';

/** Holds what the inputs state of the order of their rows against the rows of one output row group after the other. */
export interface SortCheck {
  /** What all inputs state, most significant first. */
  readonly stated: readonly SortingColumn[];
  /** For each of them, how each row of the row group at hand compares with the row before: see {@link step}. */
  readonly steps: Int8Array[];
}

/** How a row compares with the one before. */
const step = { ASCENDS: -1, EQUAL: 0, DESCENDS: 1 } as const;

/**
 * A check of the sorting columns that all row groups with rows state, as far as they state the same; undefined when there
 * are none that can be checked. Columns that are repeated, or of which equal values may have different bytes, cannot.
 */
export function sortCheckFor(
  footers: readonly ParquetFooter[],
  leaves: readonly LeafColumn[],
): SortCheck | undefined {
  const lists = footers.flatMap(({ rowGroups }) =>
    rowGroups.filter(({ rows }) => rows > 0).map(sortingColumnsOf),
  );
  const [first = [], ...others] = lists;
  const stated: SortingColumn[] = [];
  for (const [i, column] of first.entries()) {
    const leaf = leaves[column.leaf];
    if (leaf === undefined || !isComparable(leaf) || others.some((list) => !isSame(column, list[i]))) break;
    stated.push(column);
  }
  return stated.length === 0 ? undefined : { stated, steps: stated.map(() => new Int8Array(0)) };
}

function isSame(a: SortingColumn, b: SortingColumn | undefined): boolean {
  return a.leaf === b?.leaf && a.isDescending === b.isDescending && a.nullsFirst === b.nullsFirst;
}

function isComparable({ maxRepetitionLevel, sortOrder, widthBytes }: LeafColumn): boolean {
  if (maxRepetitionLevel > 0 || sortOrder === 'none' || sortOrder === 'float16') return false;
  return sortOrder !== 'signed-bytes' || widthBytes > 0;
}

/** Compares the rows of a column chunk, if it is one of the sorting columns. */
export function takeForSorting(check: SortCheck, memory: LinearMemory, content: ChunkContent): void {
  for (const [i, column] of check.stated.entries()) {
    if (column.leaf === content.leaf.index) check.steps[i] = stepsOf(memory, content, column);
  }
}

/**
 * As many of the stated columns, from the most significant on, as the rows of the row group are sorted by.
 * @param rows of the row group; all its chunks were taken
 */
export function finishSorting({ stated, steps }: SortCheck, rows: number): readonly SortingColumn[] {
  // Rows that a more significant column has put in order already.
  const isDecided = new Uint8Array(rows);
  for (const [i, ofColumn] of steps.entries()) {
    if (ofColumn.length !== rows) throw new Error(`${ofColumn.length} rows of ${rows} were compared`);
    for (let row = 0; row < rows; row++) {
      if (isDecided[row] === 1) continue;
      if (ofColumn[row] === step.DESCENDS) return stated.slice(0, i);
      if (ofColumn[row] === step.ASCENDS) isDecided[row] = 1;
    }
  }
  return stated;
}

function stepsOf(
  memory: LinearMemory,
  content: ChunkContent,
  { isDescending, nullsFirst }: SortingColumn,
): Int8Array {
  const { leaf, entryCount, definitionAt, indicesAt } = content;
  const steps = new Int8Array(entryCount);
  const compare = comparing(memory, content);
  const { bytes, words } = memory;
  const max = leaf.maxDefinitionLevel;
  let value = 0;
  let before = -1;
  for (let row = 0; row < entryCount; row++) {
    const isPresent = max === 0 || bytes[definitionAt + row] === max;
    const own = !isPresent ? -1 : indicesAt === undefined ? value : (words[indicesAt / 4 + value] as number);
    if (isPresent) value++;
    if (row > 0) {
      if (own >= 0 && before >= 0) {
        const sign = own === before && indicesAt !== undefined ? 0 : compare(before, own);
        steps[row] = sign === unordered ? step.DESCENDS : isDescending ? -sign : sign;
      } else if (own !== before) {
        steps[row] = own < 0 === nullsFirst ? step.DESCENDS : step.ASCENDS;
      }
    }
    before = own;
  }
  return steps;
}

/** What two values compare to that no order is sure about: NaN, and zeros of different sign. */
const unordered = 2;

/** Compares two values by their numbers in the block: negative when the first is less. */
function comparing(memory: LinearMemory, { leaf, values }: ChunkContent): (a: number, b: number) => number {
  const { bytes, words } = memory;
  const view = new DataView(bytes.buffer);
  const { bytesAt, widthBytes, offsetsAt } = values;
  const at = (i: number): number => bytesAt + i * widthBytes;
  const sign = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
  const floats = (a: number, b: number): number => {
    if (a < b) return -1;
    if (a > b) return 1;
    return Object.is(a, b) && a === b ? 0 : unordered;
  };
  const long =
    (high: (at: number) => number) =>
    (a: number, b: number): number =>
      sign(high(at(a) + 4), high(at(b) + 4)) ||
      sign(view.getUint32(at(a), true), view.getUint32(at(b), true));
  switch (leaf.sortOrder) {
    case 'boolean':
      return (a, b) => sign(bytes[at(a)] as number, bytes[at(b)] as number);
    case 'signed32':
      return (a, b) => sign(view.getInt32(at(a), true), view.getInt32(at(b), true));
    case 'unsigned32':
      return (a, b) => sign(view.getUint32(at(a), true), view.getUint32(at(b), true));
    case 'signed64':
      return long((place) => view.getInt32(place, true));
    case 'unsigned64':
      return long((place) => view.getUint32(place, true));
    case 'float32':
      return (a, b) => floats(view.getFloat32(at(a), true), view.getFloat32(at(b), true));
    case 'float64':
      return (a, b) => floats(view.getFloat64(at(a), true), view.getFloat64(at(b), true));
    case 'signed-bytes':
      // Of one width: the first byte decides as a signed number.
      return (a, b) =>
        sign(view.getInt8(at(a)), view.getInt8(at(b))) || compareBytes(at(a), at(a + 1), at(b), at(b + 1));
    default: {
      const start = (i: number): number =>
        widthBytes > 0 ? at(i) : bytesAt + (words[offsetsAt / 4 + i] as number) + 4;
      const end = (i: number): number =>
        widthBytes > 0 ? at(i + 1) : bytesAt + (words[offsetsAt / 4 + i + 1] as number);
      return (a, b) => compareBytes(start(a), end(a), start(b), end(b));
    }
  }

  function compareBytes(a: number, aEnd: number, b: number, bEnd: number): number {
    const length = Math.min(aEnd - a, bEnd - b);
    for (let i = 0; i < length; i++) {
      const difference = (bytes[a + i] as number) - (bytes[b + i] as number);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(aEnd - a - (bEnd - b));
  }
}
