import type { ParquetFooter } from '../footer.ts';
import { chunkNumber, numbersPerChunk } from '../kernel/kernel.ts';
import { chunkNumbersOf } from '../metadata/chunk-numbers.ts';
import type { CopiedRowGroups } from './copied-row-groups.ts';

/** Rows of one source row group that go into one output row group. */
export interface RowSlice {
  /** Position of the input. */
  readonly input: number;
  readonly rowGroup: number;
  readonly rows: number;
  /** Whether these are the last rows of the source row group. */
  readonly isLast: boolean;
}

/** What one output row group is made of, in order. */
export interface OutputRowGroup {
  readonly rows: number;
  readonly slices: readonly RowSlice[];
  /** Whether it is a single source row group whose chunks are copied as they are. */
  readonly isCopied: boolean;
}

/** A footer that states more uncompressed bytes than this for each stored one is not believed. */
const mostBytesFromOne = 1100;
/** Most level entries of an output row group's longest column, which is held decoded. */
const maxEntries = 16 * 1024 * 1024;

/**
 * Divides the rows of all inputs, in order, into output row groups: one ends at `rowGroupRows` rows, or where its
 * share of the sources' uncompressed (encoded) bytes reaches `rowGroupBytes`, whichever comes first. What is written
 * is compressed, so it stays below that. It ends earlier where lists have so many elements that a column would have
 * more than 16 Mi entries, and where a column has so large values that its chunk would have more than `chunkBytes`.
 *
 * A row group that is copied is one of its own, and the one before it ends there.
 *
 * They come one by one: a footer that lies about its rows is found out when the first of them are read.
 */
export function* planOutputRowGroups(
  footers: readonly ParquetFooter[],
  rowGroupRows: number,
  rowGroupBytes: number,
  chunkBytes: number,
  copied: CopiedRowGroups = [],
): Generator<OutputRowGroup> {
  let slices: RowSlice[] = [];
  let rows = 0;
  let bytes = 0;
  let entries = 0;
  // Bytes of each column so far, and of a row of it in the source row group at hand.
  const columnBytes: number[] = [];
  const columnBytesPerRow: number[] = [];
  const begin = (): void => {
    slices = [];
    rows = 0;
    bytes = 0;
    entries = 0;
    columnBytes.fill(0);
  };
  for (const [input, footer] of footers.entries()) {
    const copiedHere = new Set(copied[input]);
    for (const [number, rowGroup] of footer.rowGroups.entries()) {
      if (copiedHere.has(number)) {
        if (rows > 0) yield { rows, slices, isCopied: false };
        begin();
        const all = { input, rowGroup: number, rows: rowGroup.rows, isLast: true };
        yield { rows: rowGroup.rows, slices: [all], isCopied: true };
        continue;
      }
      const rowsOrOne = Math.max(rowGroup.rows, 1);
      let sourceBytes = 0;
      let sourceEntries = 0;
      const numbers = chunkNumbersOf(rowGroup);
      for (let i = 0, place = 0; place < numbers.length; i++, place += numbersPerChunk) {
        const compressed = numbers[place + chunkNumber.compressedSizeBytes] as number;
        const stated = Math.max(numbers[place + chunkNumber.uncompressedSizeBytes] as number, compressed);
        const believed = Math.min(stated, compressed * mostBytesFromOne);
        sourceBytes += believed;
        columnBytesPerRow[i] = believed / rowsOrOne;
        sourceEntries = Math.max(sourceEntries, numbers[place + chunkNumber.valueCount] as number);
      }
      const bytesPerRow = sourceBytes / rowsOrOne;
      const entriesPerRow = sourceEntries / rowsOrOne;
      let left = rowGroup.rows;
      while (left > 0) {
        const roomByBytes = roomFor(rowGroupBytes - bytes, bytesPerRow);
        const roomByEntries = Math.floor((maxEntries - entries) / Math.max(entriesPerRow, 1));
        let roomBySize = Math.min(roomByBytes, roomByEntries);
        for (let i = 0; i < columnBytesPerRow.length; i++) {
          const room = roomFor(chunkBytes - (columnBytes[i] ?? 0), columnBytesPerRow[i] as number);
          roomBySize = Math.min(roomBySize, room);
        }
        const room = Math.min(rowGroupRows - rows, rows === 0 ? Math.max(roomBySize, 1) : roomBySize);
        if (room <= 0) {
          yield { rows, slices, isCopied: false };
          begin();
          continue;
        }
        const taken = Math.min(left, room);
        left -= taken;
        rows += taken;
        bytes += taken * bytesPerRow;
        entries += taken * entriesPerRow;
        for (let i = 0; i < columnBytesPerRow.length; i++) {
          columnBytes[i] = (columnBytes[i] ?? 0) + taken * (columnBytesPerRow[i] as number);
        }
        slices.push({ input, rowGroup: number, rows: taken, isLast: left === 0 });
      }
    }
  }
  if (rows > 0) yield { rows, slices, isCopied: false };
}

function roomFor(bytesLeft: number, bytesPerRow: number): number {
  return Math.floor(bytesLeft / Math.max(bytesPerRow, 1e-9));
}
