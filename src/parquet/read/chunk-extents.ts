import { readChunks } from '../metadata/read-chunks.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import {
  beginStruct,
  type CompactCursor,
  endStruct,
  nextField,
  readI32,
  readI64,
  skipField,
} from '../thrift/compact-reader.ts';

/** Where something lies in a file; offset and size are 0 where the footer states none. */
export interface Extent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Where what belongs to a column chunk lies outside of it. */
export interface ChunkExtents {
  readonly offsetIndex: Extent;
  readonly columnIndex: Extent;
  readonly bloomFilter: Extent;
}

/**
 * Where page indexes and Bloom filters of a row group's chunks lie, in the order of the leaves (`ColumnChunk`, `ColumnMetaData`).
 * Read from the footer's bytes at every call and not kept: hardly anybody asks, and a footer has thousands of chunks.
 */
export function chunkExtents(rowGroup: RowGroup): readonly ChunkExtents[] {
  return readChunks(rowGroup, readChunk);
}

function readChunk(c: CompactCursor): ChunkExtents {
  const offsetIndex = { offsetBytes: 0, sizeBytes: 0 };
  const columnIndex = { offsetBytes: 0, sizeBytes: 0 };
  const bloomFilter = { offsetBytes: 0, sizeBytes: 0 };
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 3) readMetaData(c, bloomFilter);
    else if (c.fieldId === 4) offsetIndex.offsetBytes = readI64(c);
    else if (c.fieldId === 5) offsetIndex.sizeBytes = readI32(c);
    else if (c.fieldId === 6) columnIndex.offsetBytes = readI64(c);
    else if (c.fieldId === 7) columnIndex.sizeBytes = readI32(c);
    else skipField(c);
  }
  endStruct(c, outer);
  return { offsetIndex, columnIndex, bloomFilter };
}

function readMetaData(c: CompactCursor, bloomFilter: { offsetBytes: number; sizeBytes: number }): void {
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 14) bloomFilter.offsetBytes = readI64(c);
    else if (c.fieldId === 15) bloomFilter.sizeBytes = readI32(c);
    else skipField(c);
  }
  endStruct(c, outer);
}
