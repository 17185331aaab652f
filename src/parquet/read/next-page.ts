import { crc32 } from 'node:zlib';
import type { FormatError } from '../../core/errors.ts';
import { decompress } from '../codec/compression.ts';
import { pageType } from '../format.ts';
import { corrupt, placed, tooLarge, unsupported } from '../format-error.ts';
import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import { limits } from '../limits.ts';
import { memoryForPage } from '../memory-limits.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import { type PageHeader, readPageHeader } from '../metadata/page-header.ts';
import { checkBegin, readLevels, readRunLengthLevels } from './page-levels.ts';
import type { PageReader } from './page-reader.ts';
import { readDictionary, readValues } from './page-values.ts';

/** What {@link nextPage} came to. */
export type PageOutcome =
  /** The reader holds the next page. */
  | 'page'
  /** All values of the chunk were read. */
  | 'end'
  /** The window must reach from `position` to `neededTo` first. */
  | 'starved';

/**
 * Decodes the next data page of the chunk.
 * @throws FormatError naming file, row group, column, page and offset
 */
export function nextPage(reader: PageReader): PageOutcome {
  if (reader.entriesLeft === 0) return 'end';
  try {
    for (;;) {
      const outcome = readPage(reader);
      if (outcome !== 'no data') return outcome;
    }
  } catch (error) {
    throw placed(error, {
      file: reader.file,
      rowGroup: reader.rowGroup,
      column: reader.leaf.path,
      page: reader.page,
      offsetBytes: reader.window.chunk.startOffsetBytes + reader.position,
    });
  }
}

function readPage(reader: PageReader): PageOutcome | 'no data' {
  const { cursor, header, rooms, window } = reader;
  const { chunk } = window;
  if (reader.position >= chunk.compressedSizeBytes) {
    throw corrupt(`column chunk ends with ${reader.entriesLeft} of ${chunk.valueCount} values missing`);
  }
  if (!readHeader(reader)) return 'starved';
  const start = cursor.position;
  const size = header.compressedSizeBytes;
  const end = start + size;
  let next = window.from + end - window.at;
  if (next > chunk.compressedSizeBytes) throw corrupt(`page of ${size} bytes ends behind its column chunk`);
  if (Math.max(size, header.uncompressedSizeBytes) > rooms.pageBytes)
    throw pageTooLarge(header, rooms.pageBytes);
  const isData = header.type === pageType.DATA_PAGE || header.type === pageType.DATA_PAGE_V2;
  reader.neededTo = isData && header.valueCount >= reader.entriesLeft ? endOfLast(chunk, next) : next;
  if (reader.neededTo > window.to) return 'starved';
  if (header.crc >= 0) checkCrc(rooms.kernel.memory.bytes.subarray(start, end), header.crc);
  switch (header.type) {
    case pageType.DICTIONARY_PAGE: {
      const sizeBytes = header.uncompressedSizeBytes;
      const { dictionaryBody } = reader;
      const decompressed = decompress(rooms, chunk.codec, start, end, sizeBytes, dictionaryBody);
      // It outlives the window.
      const body = decompressed === start ? copyOut(rooms, start, end, dictionaryBody) : decompressed;
      readDictionary(reader, body, body + sizeBytes);
      reader.dictionaryPosition = reader.position;
      next = reader.resumePosition ?? next;
      reader.resumePosition = undefined;
      break;
    }
    case pageType.INDEX_PAGE:
      break;
    case pageType.DATA_PAGE: {
      takeEntries(reader);
      const sizeBytes = header.uncompressedSizeBytes;
      const body = decompress(rooms, chunk.codec, start, end, sizeBytes, reader.body);
      readDataPage(reader, body, body + sizeBytes);
      break;
    }
    case pageType.DATA_PAGE_V2:
      takeEntries(reader);
      readDataPageV2(reader, start, end, chunk.codec);
      break;
    default:
      throw unsupported(`page type ${header.type}`);
  }
  if (isData) {
    checkBegin(reader, chunk);
    if (reader.entriesLeft === 0 && !chunk.isPadded) checkNothingFollows(reader, next);
    reader.pagePosition = reader.position;
  }
  reader.position = next;
  reader.page++;
  return isData ? 'page' : 'no data';
}

function pageTooLarge(header: PageHeader, mostBytes: number): FormatError {
  const sizeBytes = Math.max(header.compressedSizeBytes, header.uncompressedSizeBytes);
  const values = header.valueCount === 1 ? 'one value alone' : `${header.valueCount} values`;
  return tooLarge(
    `page of ${sizeBytes} bytes (${values}), more than the ${mostBytes} for which there is memory`,
    memoryForPage(sizeBytes),
  );
}

function copyOut(rooms: Rooms, start: number, end: number, room: Room): number {
  const to = reserve(rooms, room, end - start);
  rooms.kernel.memory.bytes.copyWithin(to, start, end);
  return to;
}

// All that follows the last page must be there, to see whether it is nothing.
function endOfLast(chunk: ColumnChunk, end: number): number {
  const rest = chunk.compressedSizeBytes - end;
  if (rest > limits.pageBytes) throw corrupt(`column chunk goes on for ${rest} bytes after its last value`);
  return chunk.compressedSizeBytes;
}

/** Reads the header of the page at `position`; false when the window may not have all of it. */
function readHeader(reader: PageReader): boolean {
  const { cursor, header, rooms, window, position } = reader;
  const isWhole = window.to === window.chunk.compressedSizeBytes;
  if (position < window.from || position >= window.to) {
    reader.neededTo = position + 1;
    return false;
  }
  cursor.bytes = rooms.kernel.memory.bytes;
  cursor.position = window.at + position - window.from;
  cursor.end = window.at + window.to - window.from;
  try {
    readPageHeader(cursor, header);
    return true;
  } catch (error) {
    if (isWhole || window.to - position > limits.pageBytes) throw error;
    reader.neededTo = position + (window.to - position) * 2;
    return false;
  }
}

function checkCrc(stored: Uint8Array, stated: number): void {
  const found = crc32(stored);
  if (found !== stated) {
    throw corrupt(`CRC of the page is ${found.toString(16)}, its header says ${stated.toString(16)}`);
  }
}

// What follows the last value may be pages without values or filling bytes; with values, a page before it lied.
function checkNothingFollows(reader: PageReader, from: number): void {
  const { cursor, header, window, rooms } = reader;
  cursor.bytes = rooms.kernel.memory.bytes;
  cursor.position = window.at + from - window.from;
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

function takeEntries(reader: PageReader): void {
  const count = reader.header.valueCount;
  if (count < 0) throw corrupt('data page has no number of values');
  if (count > reader.entriesLeft) {
    throw corrupt(`page has ${count} values, but its column chunk only ${reader.entriesLeft} more`);
  }
  reader.entriesLeft -= count;
  reader.entryCount = count;
  reader.presentCount = count;
  reader.constantDefinition = -1;
}

function readDataPage(reader: PageReader, start: number, end: number): void {
  const { header, leaf } = reader;
  let position = start;
  if (leaf.maxRepetitionLevel > 0) {
    position = readLevels(reader, 'repetition', start, end, header.repetitionEncoding);
  }
  if (leaf.maxDefinitionLevel > 0) {
    position = readLevels(reader, 'definition', position, end, header.definitionEncoding);
  }
  readValues(reader, position, end);
}

function readDataPageV2(reader: PageReader, start: number, end: number, codecNumber: number): void {
  const { header, leaf, rooms } = reader;
  const levelsSize = header.repetitionSizeBytes + header.definitionSizeBytes;
  if (header.repetitionSizeBytes < 0 || header.definitionSizeBytes < 0 || start + levelsSize > end) {
    throw corrupt(`levels of ${levelsSize} bytes do not fit the page's ${end - start}`);
  }
  const definitionAt = start + header.repetitionSizeBytes;
  const bodyAt = start + levelsSize;
  if (leaf.maxRepetitionLevel > 0) readRunLengthLevels(reader, 'repetition', start, definitionAt);
  if (leaf.maxDefinitionLevel > 0) readRunLengthLevels(reader, 'definition', definitionAt, bodyAt);
  const nulls = reader.entryCount - reader.presentCount;
  // Arrow before 11 states none where it writes no statistics.
  if (header.nullCount !== nulls && header.nullCount !== 0) {
    throw corrupt(`page has ${nulls} nulls, its header says ${header.nullCount}`);
  }
  const sizeBytes = header.uncompressedSizeBytes - levelsSize;
  if (reader.presentCount === 0) {
    readValues(reader, end, end);
  } else if (sizeBytes < 0) {
    throw corrupt(
      `page has ${header.uncompressedSizeBytes} bytes uncompressed, its levels alone ${levelsSize}`,
    );
  } else if (header.isCompressed || reader.window.chunk.isAlwaysCompressed) {
    const body = decompress(rooms, codecNumber, bodyAt, end, sizeBytes, reader.body);
    readValues(reader, body, body + sizeBytes);
  } else {
    readValues(reader, bodyAt, end);
  }
}
