import { createdByOf } from '../created-by.ts';
import type { ParquetFooter } from '../footer.ts';
import { placed, unsupported } from '../format-error.ts';
import { checkMovable } from '../supported-features.ts';
import { compactWriter, writtenBytes } from '../thrift/compact-writer.ts';
import { checkWriterMistakes } from './check-writer-mistakes.ts';
import { columnOrdersOf } from './column-orders.ts';
import { putFooter } from './encode-footer.ts';
import { shiftRowGroup } from './shift-row-group.ts';
import { trustedBounds } from './trusted-bounds.ts';

/** A whole Parquet file inside a larger one. */
export interface FoldPiece {
  readonly footer: ParquetFooter;
  /** Where its first byte lies in the larger file. */
  readonly offsetBytes: number;
}

/** What makes one Parquet file of bytes in which other Parquet files lie. */
export interface FoldTail {
  /** At least one, all of one schema; their row groups come in this order, wherever they lie. */
  readonly pieces: readonly FoldPiece[];
  /** `KeyValue` structs as thrift bytes, in the order they will have. */
  readonly keyValues: readonly Uint8Array[];
  /** This program and its version: see `createdByOf`. */
  readonly createdBy: string;
  /** Zero bytes before the footer, for a file that must not be shorter than another. */
  readonly padBytes: number;
}

/** Most bytes by which the offsets of one column chunk grow. */
const growthPerChunk = 24;
const roomForTheRest = 64 * 1024;

/**
 * The end of the larger file: padding, a footer with the row groups of all pieces, its length and the magic. What lies
 * between the pieces, their own footers among it, is never looked at by readers.
 *
 * Row groups stay as they are but for their place: statistics only where readers would believe them of any writer,
 * without page index and ordinal. Memory: the result, allocated once.
 * @throws FormatError when the schemas differ, an offset is out of range, or the footer gets longer than readers accept
 */
export function foldTail({ pieces, keyValues, createdBy, padBytes }: FoldTail): Uint8Array {
  const like = commonFooter(pieces);
  for (const { footer } of pieces) {
    checkMovable(footer);
    checkWriterMistakes(footer);
  }
  let rows = 0;
  let rowGroups = 0;
  let rowGroupBytes = 0;
  let version = 0;
  for (const { footer } of pieces) {
    rows += footer.rows;
    rowGroups += footer.rowGroups.length;
    version = Math.max(version, footer.version);
    for (const { bytes, chunks } of footer.rowGroups)
      rowGroupBytes += bytes.length + chunks.length * growthPerChunk;
  }
  const columnOrders = firstColumnOrders(pieces);
  const w = compactWriter(padBytes + rowGroupBytes + roomForTheRest);
  w.length = padBytes;
  const footers = pieces.map(({ footer }) => footer);
  const writer = createdByOf(footers, createdBy);
  const frame = { like, version, rows, rowGroups, keyValues, createdBy: writer, columnOrders };
  putFooter(w, frame, () => {
    for (const { footer, offsetBytes } of pieces) {
      const bounds = trustedBounds(footer, columnOrders);
      for (const [number, { bytes }] of footer.rowGroups.entries()) {
        try {
          shiftRowGroup(bytes, offsetBytes, bounds, w);
        } catch (error) {
          throw placed(error, { file: footer.file, rowGroup: number });
        }
      }
    }
  });
  return writtenBytes(w);
}

function commonFooter(pieces: readonly FoldPiece[]): ParquetFooter {
  const first = pieces[0]?.footer;
  if (first === undefined) throw new Error('nothing to fold');
  const other = pieces.find(({ footer }) => footer.schemaKey !== first.schemaKey)?.footer;
  if (other !== undefined) {
    throw unsupported(`folding files of different schemas (that of ${first.file} is another)`, {
      file: other.file,
    });
  }
  return first;
}

function firstColumnOrders(pieces: readonly FoldPiece[]): readonly Uint8Array[] | undefined {
  for (const { footer } of pieces) {
    const orders = columnOrdersOf(footer);
    if (orders !== undefined) return orders;
  }
  return undefined;
}
