import { corrupt, unsupported } from '../format-error.ts';
import { limits } from '../limits.ts';
import { decodeText } from '../text.ts';
import {
  beginList,
  beginStruct,
  type CompactCursor,
  compactCursor,
  endStruct,
  expectStruct,
  nextField,
  readBinary,
  readBinaryElement,
  readBoolean,
  readI32,
  readI64,
  readZigzag,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';
import type { LeafColumn } from './leaf-column.ts';

/** Statistics as a file states them (`Statistics`); values are PLAIN bytes without a length. */
export interface StatedStatistics {
  readonly nullCount?: number;
  readonly distinctCount?: number;
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
  readonly minExact?: boolean;
  readonly maxExact?: boolean;
  readonly nanCount?: number;
  /** The deprecated fields, of unknown order. */
  readonly deprecatedMin?: Uint8Array;
  readonly deprecatedMax?: Uint8Array;
}

/** Where one column of one row group lies and how it is stored (`ColumnChunk` with its `ColumnMetaData`). */
export interface ColumnChunk {
  readonly type: number;
  readonly encodings: readonly number[];
  readonly codec: number;
  /** Level entries: values and nulls. */
  readonly valueCount: number;
  readonly uncompressedSizeBytes: number;
  readonly compressedSizeBytes: number;
  /** Offset of the first page, a dictionary page where there is one. */
  readonly startOffsetBytes: number;
  readonly dataPageOffsetBytes: number;
  readonly dictionaryPageOffsetBytes?: number | undefined;
  /** The `Statistics` as they stand in the file, if it has some: see {@link statisticsOf}. */
  readonly statisticsAt?: number | undefined;
  /** What `statisticsAt` is a place in: the footer. */
  readonly footerBytes?: Uint8Array | undefined;
  /** Version 2 pages are compressed although they may say that they are not. */
  readonly isAlwaysCompressed?: boolean;
  /** Impala wrote it: its pages may have more levels than values. */
  readonly isOfImpala?: boolean;
  /** Its size is larger than it may be: what lies behind it may be something else. */
  readonly isPadded?: boolean;
  readonly hasBloomFilter: boolean;
  readonly hasPageIndex: boolean;
  /** The key-value list of the chunk as it stands in the file, if it has one. */
  readonly keyValueBytes?: Uint8Array;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Decodes the column chunk at the cursor and holds it against the schema's leaf.
 * @throws FormatError when it is encrypted, lies in another file, or does not fit the leaf.
 */
export function readColumnChunk(c: CompactCursor, leaf: LeafColumn): ColumnChunk {
  let chunk: Mutable<ColumnChunk> | undefined;
  let hasPageIndex = false;
  const outer = beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        if (readBinary(c).length > 0) throw unsupported('column data in another file', { column: leaf.path });
        break;
      case 3:
        expectStruct(c);
        chunk = readColumnMetaData(c, leaf);
        break;
      case 4:
        hasPageIndex = true;
        skipField(c);
        break;
      case 8:
      case 9:
        throw unsupported('encryption', { column: leaf.path });
      default:
        skipField(c);
    }
  }
  endStruct(c, outer);
  if (chunk === undefined) throw corrupt('column chunk has no metadata', { column: leaf.path });
  chunk.hasPageIndex = hasPageIndex;
  return chunk;
}

function readColumnMetaData(c: CompactCursor, leaf: LeafColumn): Mutable<ColumnChunk> {
  const chunk: Mutable<ColumnChunk> = {
    type: -1,
    encodings: [],
    codec: -1,
    valueCount: -1,
    uncompressedSizeBytes: -1,
    compressedSizeBytes: -1,
    startOffsetBytes: -1,
    dataPageOffsetBytes: -1,
    // Said here, so that all chunks are made alike: what is added later makes each of them slower to make.
    dictionaryPageOffsetBytes: undefined,
    statisticsAt: undefined,
    footerBytes: undefined,
    hasBloomFilter: false,
    hasPageIndex: false,
  };
  const outer = beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        chunk.type = readI32(c);
        break;
      case 2:
        chunk.encodings = readEncodings(c);
        break;
      case 3:
        checkPath(c, leaf);
        break;
      case 4:
        chunk.codec = readI32(c);
        break;
      case 5:
        chunk.valueCount = readI64(c);
        break;
      case 6:
        chunk.uncompressedSizeBytes = readI64(c);
        break;
      case 7:
        chunk.compressedSizeBytes = readI64(c);
        break;
      case 8: {
        const start = c.position;
        const count = beginList(c, wireType.STRUCT);
        for (let i = 0; i < count; i++) {
          c.fieldType = wireType.STRUCT;
          skipField(c);
        }
        chunk.keyValueBytes = c.bytes.subarray(start, c.position);
        break;
      }
      case 9:
        chunk.dataPageOffsetBytes = readI64(c);
        break;
      case 11:
        chunk.dictionaryPageOffsetBytes = readI64(c);
        break;
      case 12:
        // Passed over: a footer has thousands of them, and hardly anybody asks.
        expectStruct(c);
        chunk.statisticsAt = c.position;
        chunk.footerBytes = c.bytes;
        skipField(c);
        break;
      case 14:
        chunk.hasBloomFilter = true;
        skipField(c);
        break;
      default:
        skipField(c);
    }
  }
  endStruct(c, outer);
  if (chunk.type !== leaf.type) {
    throw corrupt(`column chunk has physical type ${chunk.type}, the schema says ${leaf.type}`, {
      column: leaf.path,
    });
  }
  if (chunk.codec < 0 || chunk.valueCount < 0 || chunk.compressedSizeBytes < 0) {
    throw corrupt('column chunk lacks its codec, its number of values or its size', { column: leaf.path });
  }
  // Offset 0 is where the magic lies, so writers that put it there mean "none".
  const dictionary = chunk.dictionaryPageOffsetBytes ?? 0;
  chunk.startOffsetBytes =
    dictionary > 0 && dictionary < chunk.dataPageOffsetBytes ? dictionary : chunk.dataPageOffsetBytes;
  if (chunk.startOffsetBytes < 4 && chunk.valueCount > 0) {
    throw corrupt(`column chunk starts at offset ${chunk.startOffsetBytes}`, { column: leaf.path });
  }
  return chunk;
}

// Chunks of one column have the same encodings in nearly all files: they share the list.
let lastEncodings: readonly number[] = [];

function readEncodings(c: CompactCursor): readonly number[] {
  const count = beginList(c, wireType.I32);
  if (count > limits.encodings) throw corrupt(`column chunk lists ${count} encodings`);
  const start = c.position;
  let isLast = count === lastEncodings.length;
  for (let i = 0; i < count; i++) {
    if (readZigzag(c) !== lastEncodings[i]) isLast = false;
  }
  if (isLast) return lastEncodings;
  c.position = start;
  const encodings: number[] = [];
  for (let i = 0; i < count; i++) encodings.push(readZigzag(c));
  lastEncodings = encodings;
  return encodings;
}

function checkPath(c: CompactCursor, leaf: LeafColumn): void {
  const count = beginList(c, wireType.BINARY);
  for (let i = 0; i < count; i++) {
    const bytes = readBinaryElement(c);
    const expected = leaf.pathNames[i];
    if (expected === undefined || !isAscii(bytes, expected)) {
      const found = decodeText(bytes);
      if (found !== expected) {
        throw corrupt(`column chunk is named ${found} where the schema has ${expected ?? 'nothing'}`, {
          column: leaf.path,
        });
      }
    }
  }
  if (count !== leaf.pathNames.length) {
    throw corrupt(`column chunk path has ${count} parts, the schema has ${leaf.pathNames.length}`, {
      column: leaf.path,
    });
  }
}

// Most names are ASCII: comparing them in place saves a string per column chunk of every file.
function isAscii(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte > 127 || byte !== text.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * The statistics that a file states of a chunk.
 * @throws FormatError when they break the format
 */
export function statisticsOf(chunk: ColumnChunk): StatedStatistics | undefined {
  const { statisticsAt, footerBytes } = chunk;
  if (statisticsAt === undefined || footerBytes === undefined) return undefined;
  return readStatistics(compactCursor(footerBytes, statisticsAt));
}

/** Decodes the `Statistics` struct at the cursor. */
export function readStatistics(c: CompactCursor): StatedStatistics {
  const statistics: Mutable<StatedStatistics> = {};
  const outer = beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        statistics.deprecatedMax = readBinary(c);
        break;
      case 2:
        statistics.deprecatedMin = readBinary(c);
        break;
      case 3:
        statistics.nullCount = readI64(c);
        break;
      case 4:
        statistics.distinctCount = readI64(c);
        break;
      case 5:
        statistics.max = readBinary(c);
        break;
      case 6:
        statistics.min = readBinary(c);
        break;
      case 7:
        statistics.maxExact = readBoolean(c);
        break;
      case 8:
        statistics.minExact = readBoolean(c);
        break;
      case 9:
        statistics.nanCount = readI64(c);
        break;
      default:
        skipField(c);
    }
  }
  endStruct(c, outer);
  return statistics;
}
