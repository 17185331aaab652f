import { corrupt, placed } from '../format-error.ts';
import {
  beginList,
  beginStruct,
  type CompactCursor,
  endStruct,
  nextField,
  readI64,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';
import { numbersOf } from './chunk-numbers.ts';
import { type ColumnChunk, readColumnChunk } from './column-chunk.ts';
import type { LeafColumn } from './leaf-column.ts';

/** One row group of the footer. */
export interface RowGroup {
  readonly rows: number;
  /** Uncompressed (but encoded) bytes of all its chunks, as the file states. */
  readonly totalSizeBytes: number;
  /** One chunk per leaf, in the order of the leaves. */
  readonly chunks: readonly ColumnChunk[];
  readonly isSorted: boolean;
  /** Whether a chunk has a key-value list of its own; hardly any does. */
  readonly hasChunkKeyValues?: boolean;
  /** The struct as it stands in the file: a view. */
  readonly bytes: Uint8Array;
  /** See `chunkNumbersOf`. */
  readonly numbers?: Float64Array | undefined;
  /** Set where no chunk states an encoding that is not known, and nobody need look at them for that. */
  readonly hasKnownEncodings?: boolean;
  /** Whether its writer is known to state something wrong, which is put right in `chunks`: see `withoutMistakes`. */
  readonly hasMistakes?: boolean;
}

/**
 * Decodes the list of row groups at the cursor and holds their chunks against the schema's leaves.
 * @throws FormatError naming the row group
 */
export function readRowGroups(c: CompactCursor, leaves: readonly LeafColumn[]): readonly RowGroup[] {
  const count = beginList(c, wireType.STRUCT);
  const rowGroups: RowGroup[] = [];
  for (let i = 0; i < count; i++) {
    try {
      rowGroups.push(readRowGroup(c, leaves));
    } catch (error) {
      throw placed(error, { rowGroup: i });
    }
  }
  return rowGroups;
}

/**
 * Decodes the row group at the cursor.
 * @throws FormatError when it does not fit the leaves
 */
export function readRowGroup(c: CompactCursor, leaves: readonly LeafColumn[]): RowGroup {
  const chunks: ColumnChunk[] = [];
  let rows = -1;
  let totalSizeBytes = 0;
  let isSorted = false;
  const start = c.position;
  const outer = beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1: {
        const count = beginList(c, wireType.STRUCT);
        if (count !== leaves.length) {
          throw corrupt(`it has ${count} column chunks, the schema has ${leaves.length} leaf columns`);
        }
        for (const leaf of leaves) chunks.push(readColumnChunk(c, leaf));
        break;
      }
      case 2:
        totalSizeBytes = readI64(c);
        break;
      case 3:
        rows = readI64(c);
        break;
      case 4:
        isSorted = true;
        skipField(c);
        break;
      default:
        skipField(c);
    }
  }
  endStruct(c, outer);
  if (rows < 0) throw corrupt('it has no number of rows');
  if (chunks.length !== leaves.length) throw corrupt('it has no column chunks');
  const hasChunkKeyValues = chunks.some((chunk) => chunk.keyValueBytes !== undefined);
  const bytes = c.bytes.subarray(start, c.position);
  return { rows, totalSizeBytes, chunks, isSorted, hasChunkKeyValues, bytes, numbers: numbersOf(chunks) };
}
