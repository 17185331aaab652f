import { crc32 } from 'node:zlib';
import { checkCodec, decompress } from '../codec/compression.ts';
import { type ByteBuffer, byteBuffer, grownTo, plainView } from '../encodings/byte-buffer.ts';
import { decodeHybrid } from '../encodings/hybrid-decoder.ts';
import { type BooleanScratch, booleansOf, decodePlain } from '../encodings/plain-decoder.ts';
import { encoding, nameOf, pageType, physicalType } from '../format.ts';
import { corrupt, placed, unsupported } from '../format-error.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { emptyPageHeader, type PageHeader, readPageHeader } from '../metadata/page-header.ts';
import { type CompactCursor, compactCursor } from '../thrift/compact-reader.ts';
import { emptyBlock, type Layout, layoutOf, type ValueBlock } from '../value-block.ts';
import { hashValues } from '../value-hash.ts';
import {
  checkDecodedCount,
  checkLevels,
  checkMax,
  countPresent,
  readLevels,
  readRunLengthLevels,
} from './page-levels.ts';

/** The dictionary of a column chunk with the hashes of its entries. */
export interface SourceDictionary {
  readonly block: ValueBlock;
  first: Int32Array;
  second: Int32Array;
  /** Counts the dictionaries this reader has seen: a new number means other entries. */
  generation: number;
}

/**
 * Reads the pages of a leaf's column chunks one after the other. All arrays belong to the reader and hold the
 * current page until the next call.
 */
export interface PageReader {
  readonly leaf: LeafColumn;
  readonly layout: Layout;
  /** Level entries of the current page. */
  entryCount: number;
  /** Values of the current page that are not null. */
  presentCount: number;
  /** Definition levels, when the leaf has any. */
  definition: Int32Array;
  /** Repetition levels, when the leaf has any. */
  repetition: Int32Array;
  /**
   * The definition level that all entries of a leaf without repetition share, or -1. `definition` is not filled where
   * they share one.
   */
  constantDefinition: number;
  /** Whether the values of the current page are `indices` into `dictionary`; else they are `values`. */
  usesDictionary: boolean;
  indices: Int32Array;
  readonly dictionary: SourceDictionary;
  readonly values: ValueBlock;
  /** Hashes of `values`, when the page does not use the dictionary. */
  first: Int32Array;
  second: Int32Array;

  readonly header: PageHeader;
  readonly cursor: CompactCursor;
  readonly booleans: BooleanScratch;
  /** Where the dictionary page and the current data page are decompressed to. */
  readonly dictionaryRoom: ByteBuffer;
  readonly pageRoom: ByteBuffer;
  chunk: ColumnChunk | undefined;
  file: string;
  rowGroup: number;
  chunkOffsetBytes: number;
  entriesLeft: number;
  page: number;
  hasDictionary: boolean;
}

const noNumbers = new Int32Array(0);

/** A reader for a leaf's chunks; {@link openChunk} gives it the first. */
export function pageReader(leaf: LeafColumn): PageReader {
  return {
    leaf,
    layout: layoutOf(leaf),
    entryCount: 0,
    presentCount: 0,
    definition: noNumbers,
    repetition: noNumbers,
    constantDefinition: -1,
    usesDictionary: false,
    indices: noNumbers,
    dictionary: { block: emptyBlock(), first: noNumbers, second: noNumbers, generation: 0 },
    values: emptyBlock(),
    first: noNumbers,
    second: noNumbers,
    header: emptyPageHeader(),
    cursor: compactCursor(new Uint8Array(0)),
    booleans: { bits: noNumbers, bytes: new Uint8Array(0) },
    dictionaryRoom: byteBuffer(),
    pageRoom: byteBuffer(),
    chunk: undefined,
    file: '',
    rowGroup: 0,
    chunkOffsetBytes: 0,
    entriesLeft: 0,
    page: 0,
    hasDictionary: false,
  };
}

/**
 * Begins a column chunk.
 * @param bytes the chunk's bytes: `chunk.compressedSizeBytes` from `chunk.startOffsetBytes` of the file
 */
export function openChunk(
  reader: PageReader,
  chunk: ColumnChunk,
  bytes: Uint8Array,
  file: string,
  rowGroup: number,
): void {
  reader.chunk = chunk;
  reader.file = file;
  reader.rowGroup = rowGroup;
  reader.chunkOffsetBytes = chunk.startOffsetBytes;
  reader.entriesLeft = chunk.valueCount;
  reader.page = 0;
  reader.hasDictionary = false;
  reader.entryCount = 0;
  reader.presentCount = 0;
  reader.cursor.bytes = plainView(bytes);
  reader.cursor.position = 0;
  reader.cursor.end = bytes.length;
  try {
    checkCodec(chunk.codec);
  } catch (error) {
    throw placed(error, { file, rowGroup, column: reader.leaf.path });
  }
}

/**
 * Decodes the next data page of the chunk; false when all its values were read.
 * @throws FormatError naming file, row group, column, page and offset
 */
export function nextPage(reader: PageReader): boolean {
  if (reader.entriesLeft === 0) return false;
  let pageStart = reader.cursor.position;
  try {
    while (!readPage(reader)) pageStart = reader.cursor.position;
    return true;
  } catch (error) {
    throw placed(error, {
      file: reader.file,
      rowGroup: reader.rowGroup,
      column: reader.leaf.path,
      page: reader.page,
      offsetBytes: reader.chunkOffsetBytes + pageStart,
    });
  }
}

// True when the page was a data page.
function readPage(reader: PageReader): boolean {
  const { cursor, header, leaf } = reader;
  const chunk = reader.chunk as ColumnChunk;
  if (cursor.position >= cursor.end) {
    throw corrupt(`column chunk ends with ${reader.entriesLeft} of ${chunk.valueCount} values missing`);
  }
  readPageHeader(cursor, header);
  const start = cursor.position;
  const end = start + header.compressedSizeBytes;
  if (end > cursor.end) {
    throw corrupt(`page of ${header.compressedSizeBytes} bytes ends behind its column chunk`);
  }
  cursor.position = end;
  const stored = cursor.bytes.subarray(start, end);
  if (header.crc >= 0 && crc32(stored) !== header.crc) {
    throw corrupt(
      `CRC of the page is ${crc32(stored).toString(16)}, its header says ${header.crc.toString(16)}`,
    );
  }
  switch (header.type) {
    case pageType.DICTIONARY_PAGE:
      readDictionary(
        reader,
        decompress(chunk.codec, stored, header.uncompressedSizeBytes, reader.dictionaryRoom),
      );
      reader.page++;
      return false;
    case pageType.INDEX_PAGE:
      reader.page++;
      return false;
    case pageType.DATA_PAGE:
      if (header.valueCount < 0) throw corrupt('data page has no number of values');
      takeEntries(reader, header.valueCount);
      readDataPage(reader, decompress(chunk.codec, stored, header.uncompressedSizeBytes, reader.pageRoom));
      break;
    case pageType.DATA_PAGE_V2:
      if (header.valueCount < 0) throw corrupt('data page has no number of values');
      takeEntries(reader, header.valueCount);
      readDataPageV2(reader, stored, chunk.codec);
      break;
    default:
      throw unsupported(`page type ${header.type}`);
  }
  checkLevels(leaf, reader);
  if (reader.entriesLeft === 0) checkNothingFollows(reader);
  reader.page++;
  return true;
}

// What follows the last value may be pages without values or filling bytes; with values, a page before it lied.
function checkNothingFollows(reader: PageReader): void {
  const { cursor, header } = reader;
  while (cursor.position < cursor.end) {
    try {
      readPageHeader(cursor, header);
    } catch {
      // No page header, so nothing that a reader would read.
      return;
    }
    const isData = header.type === pageType.DATA_PAGE || header.type === pageType.DATA_PAGE_V2;
    if (isData && header.valueCount > 0) {
      throw corrupt(`column chunk goes on with ${header.valueCount} values after its last one`);
    }
    cursor.position += header.compressedSizeBytes;
  }
}

function takeEntries(reader: PageReader, count: number): void {
  if (count > reader.entriesLeft) {
    throw corrupt(`page has ${count} values, but its column chunk only ${reader.entriesLeft} more`);
  }
  reader.entriesLeft -= count;
  reader.entryCount = count;
}

function readDictionary(reader: PageReader, bytes: Uint8Array): void {
  const { header, dictionary, leaf } = reader;
  if (reader.hasDictionary) throw corrupt('column chunk has a second dictionary page');
  if (header.valueCount < 0) throw corrupt('dictionary page has no number of values');
  if (header.encoding !== encoding.PLAIN && header.encoding !== encoding.PLAIN_DICTIONARY) {
    throw unsupported(`dictionary encoding ${nameOf(encoding, header.encoding)}`);
  }
  const count = header.valueCount;
  checkDecodedCount(count);
  if (leaf.type === physicalType.BOOLEAN) throw unsupported('a dictionary of booleans');
  decodePlain(leaf, bytes, 0, bytes.length, count, dictionary.block, reader.booleans);
  dictionary.first = grownTo(dictionary.first, count);
  dictionary.second = grownTo(dictionary.second, count);
  hashValues(reader.layout, leaf.widthBytes, dictionary.block, count, dictionary.first, dictionary.second);
  dictionary.generation++;
  reader.hasDictionary = true;
}

function readDataPage(reader: PageReader, bytes: Uint8Array): void {
  const { header, leaf } = reader;
  let position = 0;
  if (leaf.maxRepetitionLevel > 0) {
    position = readLevels(reader, 'repetition', bytes, 0, header.repetitionEncoding);
  }
  reader.constantDefinition = -1;
  if (leaf.maxDefinitionLevel > 0) {
    position = readLevels(reader, 'definition', bytes, position, header.definitionEncoding);
  }
  countPresent(reader);
  readValues(reader, bytes, position);
}

function readDataPageV2(reader: PageReader, stored: Uint8Array, codecNumber: number): void {
  const { header, leaf } = reader;
  const repetitionEnd = header.repetitionSizeBytes;
  const levelsEnd = repetitionEnd + header.definitionSizeBytes;
  if (repetitionEnd < 0 || header.definitionSizeBytes < 0 || levelsEnd > stored.length) {
    throw corrupt(`levels of ${levelsEnd} bytes do not fit the page's ${stored.length}`);
  }
  if (leaf.maxRepetitionLevel > 0) readRunLengthLevels(reader, 'repetition', stored, 0, repetitionEnd);
  reader.constantDefinition = -1;
  if (leaf.maxDefinitionLevel > 0) {
    readRunLengthLevels(reader, 'definition', stored, repetitionEnd, levelsEnd);
  }
  countPresent(reader);
  const nulls = reader.entryCount - reader.presentCount;
  if (header.nullCount !== nulls) {
    throw corrupt(`page has ${nulls} nulls, its header says ${header.nullCount}`);
  }
  const body = stored.subarray(levelsEnd);
  const sizeBytes = header.uncompressedSizeBytes - levelsEnd;
  if (reader.presentCount === 0) {
    readValues(reader, body, body.length);
  } else if (sizeBytes < 0) {
    throw corrupt(
      `page has ${header.uncompressedSizeBytes} bytes uncompressed, its levels alone ${levelsEnd}`,
    );
  } else {
    readValues(
      reader,
      header.isCompressed ? decompress(codecNumber, body, sizeBytes, reader.pageRoom) : body,
      0,
    );
  }
}

function readValues(reader: PageReader, bytes: Uint8Array, start: number): void {
  const { header, leaf, values } = reader;
  const count = reader.presentCount;
  reader.usesDictionary = false;
  if (count === 0) {
    values.count = 0;
    return;
  }
  checkDecodedCount(count);
  switch (header.encoding) {
    case encoding.PLAIN:
      decodePlain(leaf, bytes, start, bytes.length, count, values, reader.booleans);
      break;
    case encoding.RLE: {
      if (leaf.type !== physicalType.BOOLEAN)
        throw unsupported('encoding RLE for values that are no booleans');
      if (start + 4 > bytes.length) throw corrupt('run-length encoded values lack their length');
      reader.booleans.bits = grownTo(reader.booleans.bits, count);
      decodeHybrid(bytes, start + 4, bytes.length, 1, count, reader.booleans.bits);
      checkMax(reader.booleans.bits, count, 1, 'boolean');
      values.count = count;
      values.bytes = booleansOf(reader.booleans, count);
      break;
    }
    case encoding.PLAIN_DICTIONARY:
    case encoding.RLE_DICTIONARY: {
      if (!reader.hasDictionary) throw corrupt('page uses a dictionary, but the column chunk has none');
      if (start >= bytes.length) throw corrupt('page lacks the bit width of its dictionary indices');
      reader.indices = grownTo(reader.indices, count);
      decodeHybrid(bytes, start + 1, bytes.length, bytes[start] as number, count, reader.indices);
      checkIndices(reader.indices, count, reader.dictionary.block.count);
      reader.usesDictionary = true;
      return;
    }
    default:
      throw unsupported(`encoding ${nameOf(encoding, header.encoding)}`);
  }
  reader.first = grownTo(reader.first, count);
  reader.second = grownTo(reader.second, count);
  hashValues(reader.layout, leaf.widthBytes, values, count, reader.first, reader.second);
}

function checkIndices(indices: Int32Array, count: number, dictionaryCount: number): void {
  for (let i = 0; i < count; i++) {
    if ((indices[i] as number) >>> 0 >= dictionaryCount) {
      throw corrupt(`dictionary index ${(indices[i] as number) >>> 0} of ${dictionaryCount} entries`);
    }
  }
}
