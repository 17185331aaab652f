import type { SortingColumn } from '../metadata/sorting-columns.ts';
import { wireType } from '../thrift/compact-reader.ts';
import {
  beginStruct,
  type CompactWriter,
  endStruct,
  writeBoolean,
  writeI16,
  writeI32,
  writeI64,
  writeListField,
  writeRawField,
} from '../thrift/compact-writer.ts';

/** What is kept of a chunk until its row group ends. */
export interface WrittenChunk {
  readonly offsetBytes: number;
  readonly uncompressedSizeBytes: number;
  readonly compressedSizeBytes: number;
  /** Its `ColumnMetaData` as thrift bytes. */
  readonly metaData: Uint8Array;
  readonly columnIndex: Uint8Array | undefined;
  readonly offsetIndex: Uint8Array | undefined;
}

/**
 * What is kept of a row group until the file ends: a large file has hundreds of thousands of chunks, so of all of them
 * together one array of bytes.
 */
export interface WrittenRowGroup {
  readonly rows: number;
  readonly sortedBy: readonly SortingColumn[];
  readonly offsetBytes: number;
  readonly uncompressedSizeBytes: number;
  readonly compressedSizeBytes: number;
  readonly chunks: number;
  /** `ColumnMetaData` of every chunk, then every `ColumnIndex`, then every `OffsetIndex`. */
  readonly bytes: Uint8Array;
  /** Where each of these ends; one that is not there is empty. */
  readonly ends: Uint32Array;
  /** Where its column indexes and its offset indexes begin in the file, once they are written. */
  columnIndexOffsetBytes: number;
  offsetIndexOffsetBytes: number;
}

/** The row group of these chunks. */
export function writtenRowGroup(
  rows: number,
  chunks: readonly WrittenChunk[],
  sortedBy: readonly SortingColumn[],
): WrittenRowGroup {
  const parts = [
    ...chunks.map(({ metaData }) => metaData),
    ...chunks.map(({ columnIndex }) => columnIndex),
    ...chunks.map(({ offsetIndex }) => offsetIndex),
  ];
  const ends = new Uint32Array(parts.length);
  let end = 0;
  for (const [i, part] of parts.entries()) {
    end += part?.length ?? 0;
    ends[i] = end;
  }
  const bytes = new Uint8Array(end);
  let at = 0;
  for (const part of parts) {
    if (part === undefined) continue;
    bytes.set(part, at);
    at += part.length;
  }
  let uncompressedSizeBytes = 0;
  let compressedSizeBytes = 0;
  for (const chunk of chunks) {
    uncompressedSizeBytes += chunk.uncompressedSizeBytes;
    compressedSizeBytes += chunk.compressedSizeBytes;
  }
  return {
    rows,
    sortedBy,
    offsetBytes: chunks[0]?.offsetBytes ?? 0,
    uncompressedSizeBytes,
    compressedSizeBytes,
    chunks: chunks.length,
    bytes,
    ends,
    columnIndexOffsetBytes: -1,
    offsetIndexOffsetBytes: -1,
  };
}

/** All column indexes of the row group, one behind the other. */
export function columnIndexesOf({ bytes, ends, chunks }: WrittenRowGroup): Uint8Array {
  return bytes.subarray(endOf(ends, chunks - 1), endOf(ends, 2 * chunks - 1));
}

/** All offset indexes of the row group. */
export function offsetIndexesOf({ bytes, ends, chunks }: WrittenRowGroup): Uint8Array {
  return bytes.subarray(endOf(ends, 2 * chunks - 1));
}

function endOf(ends: Uint32Array, i: number): number {
  return ends[i] ?? 0;
}

/** Writes the `RowGroup` struct. Its page indexes must be in the file already. */
export function encodeRowGroup(w: CompactWriter, rowGroup: WrittenRowGroup, ordinal: number): void {
  const outer = beginStruct(w);
  writeListField(w, 1, wireType.STRUCT, rowGroup.chunks);
  for (let i = 0; i < rowGroup.chunks; i++) encodeChunk(w, rowGroup, i);
  writeI64(w, 2, rowGroup.uncompressedSizeBytes);
  writeI64(w, 3, rowGroup.rows);
  if (rowGroup.sortedBy.length > 0) writeListField(w, 4, wireType.STRUCT, rowGroup.sortedBy.length);
  for (const { leaf, isDescending, nullsFirst } of rowGroup.sortedBy) {
    const column = beginStruct(w);
    writeI32(w, 1, leaf);
    writeBoolean(w, 2, isDescending);
    writeBoolean(w, 3, nullsFirst);
    endStruct(w, column);
  }
  writeI64(w, 5, rowGroup.offsetBytes);
  writeI64(w, 6, rowGroup.compressedSizeBytes);
  // The ordinal is an i16; files with more row groups leave it out.
  if (ordinal < 32_768) writeI16(w, 7, ordinal);
  endStruct(w, outer);
}

function encodeChunk(w: CompactWriter, rowGroup: WrittenRowGroup, i: number): void {
  const { bytes, ends, chunks, columnIndexOffsetBytes, offsetIndexOffsetBytes } = rowGroup;
  const outer = beginStruct(w);
  // Deprecated file_offset: writers now put 0 there, or the first page's offset.
  writeI64(w, 2, 0);
  writeRawField(w, 3, wireType.STRUCT, bytes.subarray(endOf(ends, i - 1), endOf(ends, i)));
  const write = (id: number, number: number, offsetBytes: number, first: number): void => {
    const start = endOf(ends, number - 1);
    const sizeBytes = endOf(ends, number) - start;
    if (sizeBytes === 0) return;
    writeI64(w, id, offsetBytes + start - endOf(ends, first - 1));
    writeI32(w, id + 1, sizeBytes);
  };
  write(4, 2 * chunks + i, offsetIndexOffsetBytes, 2 * chunks);
  write(6, chunks + i, columnIndexOffsetBytes, chunks);
  endStruct(w, outer);
}
