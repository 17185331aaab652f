import type { ParquetFooter } from '../footer.ts';

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
}

/**
 * Divides the rows of all inputs, in order, into output row groups: one ends at `rowGroupRows` rows, or where its
 * share of the sources' uncompressed (encoded) bytes reaches `rowGroupBytes`, whichever comes first. What is written
 * is compressed, so it stays below that.
 */
export function planOutputRowGroups(
  footers: readonly ParquetFooter[],
  rowGroupRows: number,
  rowGroupBytes: number,
): readonly OutputRowGroup[] {
  const outputs: OutputRowGroup[] = [];
  let slices: RowSlice[] = [];
  let rows = 0;
  let bytes = 0;
  const close = (): void => {
    if (rows > 0) outputs.push({ rows, slices });
    slices = [];
    rows = 0;
    bytes = 0;
  };
  for (const [input, footer] of footers.entries()) {
    for (const [number, rowGroup] of footer.rowGroups.entries()) {
      const sourceBytes = rowGroup.chunks.reduce(
        (sum, chunk) => sum + Math.max(chunk.uncompressedSizeBytes, chunk.compressedSizeBytes),
        0,
      );
      const bytesPerRow = sourceBytes / Math.max(rowGroup.rows, 1);
      let left = rowGroup.rows;
      while (left > 0) {
        const roomByBytes = Math.floor((rowGroupBytes - bytes) / Math.max(bytesPerRow, 1e-9));
        const room = Math.min(rowGroupRows - rows, rows === 0 ? Math.max(roomByBytes, 1) : roomByBytes);
        if (room <= 0) {
          close();
          continue;
        }
        const taken = Math.min(left, room);
        left -= taken;
        rows += taken;
        bytes += taken * bytesPerRow;
        slices.push({ input, rowGroup: number, rows: taken, isLast: left === 0 });
      }
    }
  }
  close();
  return outputs;
}
