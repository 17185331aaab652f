import { createdByOf } from '../created-by.ts';
import type { ParquetFooter } from '../footer.ts';
import { placed, unsupported } from '../format-error.ts';
import { checkMovable } from '../supported-features.ts';
import { compactWriter, putRange, writtenBytes } from '../thrift/compact-writer.ts';
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

/** What a tail says apart from the row groups. */
export interface TailFrame {
  /** `KeyValue` structs as thrift bytes, in the order they will have. */
  readonly keyValues: readonly Uint8Array[];
  /** This program and its version: see `createdByOf`. */
  readonly createdBy: string;
  /** Zero bytes before the footer, for a file that must not be shorter than another. */
  readonly padBytes: number;
}

/** The end of a Parquet file. */
export interface FoldTail {
  /** Padding, a footer with the row groups of the pieces, its length and the magic. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` the structs of the row groups lie, one after the other. */
  readonly rowGroupsAt: number;
  readonly rowGroupsLength: number;
}

/** Makes the tails of a file that grows piece by piece. */
export interface FoldTailMaker {
  /** Takes the next piece in: its row groups come after those of all pieces before. */
  add(piece: FoldPiece): void;
  /** The tail for the pieces that were taken in so far. */
  tail(frame: TailFrame): FoldTail;
}

/** Most bytes by which the offsets of one column chunk grow. */
const growthPerChunk = 24;
const roomForTheRest = 64 * 1024;

/**
 * A maker of tails that writes the row groups of every piece once, however many tails they are in. What lies between the
 * pieces, their own footers among it, is never looked at by readers.
 *
 * Row groups stay as they are but for their place: statistics only where readers would believe them of any writer,
 * without page index and ordinal. Memory: the row groups' structs, and one tail at a time.
 * @param footers of all pieces that will be taken in, in their order; at least one, all of one schema
 * @throws FormatError when the schemas differ; `add` when an offset is out of range; `tail` when the footer gets longer than
 *   readers accept
 */
export function foldTailMaker(footers: readonly ParquetFooter[]): FoldTailMaker {
  const like = commonFooter(footers);
  let capacityBytes = 0;
  for (const footer of footers) {
    checkMovable(footer);
    checkWriterMistakes(footer);
    for (const { bytes } of footer.rowGroups)
      capacityBytes += bytes.length + footer.leaves.length * growthPerChunk;
  }
  // The same in every tail, so that the row groups' structs are.
  const columnOrders = firstColumnOrders(footers);
  const structs = compactWriter(capacityBytes);
  const taken: ParquetFooter[] = [];
  let rows = 0;
  let rowGroups = 0;
  let version = 0;
  return {
    add({ footer, offsetBytes }) {
      taken.push(footer);
      rows += footer.rows;
      rowGroups += footer.rowGroups.length;
      version = Math.max(version, footer.version);
      const bounds = trustedBounds(footer, columnOrders);
      for (const [number, { bytes }] of footer.rowGroups.entries()) {
        try {
          shiftRowGroup(bytes, offsetBytes, bounds, structs);
        } catch (error) {
          throw placed(error, { file: footer.file, rowGroup: number });
        }
      }
    },
    tail({ keyValues, createdBy, padBytes }) {
      const w = compactWriter(padBytes + structs.length + roomForTheRest);
      w.length = padBytes;
      const writer = createdByOf(taken, createdBy);
      const frame = { like, version, rows, rowGroups, keyValues, createdBy: writer, columnOrders };
      let rowGroupsAt = 0;
      putFooter(w, frame, () => {
        rowGroupsAt = w.length;
        putRange(w, structs.bytes, 0, structs.length);
      });
      return { bytes: writtenBytes(w), rowGroupsAt, rowGroupsLength: structs.length };
    },
  };
}

function commonFooter(footers: readonly ParquetFooter[]): ParquetFooter {
  const first = footers[0];
  if (first === undefined) throw new Error('nothing to fold');
  const other = footers.find((footer) => footer.schemaKey !== first.schemaKey);
  if (other !== undefined) {
    throw unsupported(`folding files of different schemas (that of ${first.file} is another)`, {
      file: other.file,
    });
  }
  return first;
}

function firstColumnOrders(footers: readonly ParquetFooter[]): readonly Uint8Array[] | undefined {
  for (const footer of footers) {
    const orders = columnOrdersOf(footer);
    if (orders !== undefined) return orders;
  }
  return undefined;
}
