import { corrupt } from '../format-error.ts';
import { limits } from '../limits.ts';
import {
  beginStruct,
  type CompactCursor,
  endStruct,
  expectStruct,
  nextField,
  readBits32,
  readBoolean,
  readI32,
  skipField,
} from '../thrift/compact-reader.ts';

/** A `PageHeader`, filled anew for every page by {@link readPageHeader}. */
export interface PageHeader {
  type: number;
  uncompressedSizeBytes: number;
  compressedSizeBytes: number;
  /** CRC-32 of the page's stored bytes as an unsigned number, or -1 where the file has none. */
  crc: number;
  /** Level entries of a data page, entries of a dictionary page. */
  valueCount: number;
  encoding: number;
  definitionEncoding: number;
  repetitionEncoding: number;
  /** Of version 2 pages, else 0. */
  nullCount: number;
  rowCount: number;
  definitionSizeBytes: number;
  repetitionSizeBytes: number;
  isCompressed: boolean;
}

/** A header for {@link readPageHeader} to fill. */
export function emptyPageHeader(): PageHeader {
  return {
    type: -1,
    uncompressedSizeBytes: -1,
    compressedSizeBytes: -1,
    crc: -1,
    valueCount: -1,
    encoding: -1,
    definitionEncoding: -1,
    repetitionEncoding: -1,
    nullCount: 0,
    rowCount: 0,
    definitionSizeBytes: 0,
    repetitionSizeBytes: 0,
    isCompressed: true,
  };
}

/**
 * Decodes the page header at the cursor into `header`; the cursor then stands at the page's bytes.
 * @throws FormatError when a size or count is missing, negative or above the limits.
 */
export function readPageHeader(c: CompactCursor, header: PageHeader): void {
  header.type = -1;
  header.uncompressedSizeBytes = -1;
  header.compressedSizeBytes = -1;
  header.crc = -1;
  header.valueCount = -1;
  header.encoding = -1;
  header.definitionEncoding = -1;
  header.repetitionEncoding = -1;
  header.nullCount = 0;
  header.rowCount = 0;
  header.definitionSizeBytes = 0;
  header.repetitionSizeBytes = 0;
  header.isCompressed = true;
  const outer = beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        header.type = readI32(c);
        break;
      case 2:
        header.uncompressedSizeBytes = readI32(c);
        break;
      case 3:
        header.compressedSizeBytes = readI32(c);
        break;
      case 4:
        header.crc = readBits32(c);
        break;
      case 5:
        readDataPageHeader(c, header);
        break;
      case 7:
        readDictionaryPageHeader(c, header);
        break;
      case 8:
        readDataPageHeaderV2(c, header);
        break;
      default:
        skipField(c);
    }
  }
  endStruct(c, outer);
  if (header.uncompressedSizeBytes < 0 || header.compressedSizeBytes < 0) {
    throw corrupt('page header lacks the sizes of its page');
  }
  if (header.uncompressedSizeBytes > limits.pageBytes || header.compressedSizeBytes > limits.pageBytes) {
    throw corrupt(
      `page claims ${Math.max(header.uncompressedSizeBytes, header.compressedSizeBytes)} bytes, ` +
        `more than the ${limits.pageBytes} allowed`,
    );
  }
  if (header.valueCount > limits.pageValues) {
    throw corrupt(`page claims ${header.valueCount} values, more than the ${limits.pageValues} allowed`);
  }
}

function readDataPageHeader(c: CompactCursor, header: PageHeader): void {
  expectStruct(c);
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 1) header.valueCount = readI32(c);
    else if (c.fieldId === 2) header.encoding = readI32(c);
    else if (c.fieldId === 3) header.definitionEncoding = readI32(c);
    else if (c.fieldId === 4) header.repetitionEncoding = readI32(c);
    else skipField(c);
  }
  endStruct(c, outer);
}

function readDictionaryPageHeader(c: CompactCursor, header: PageHeader): void {
  expectStruct(c);
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 1) header.valueCount = readI32(c);
    else if (c.fieldId === 2) header.encoding = readI32(c);
    else skipField(c);
  }
  endStruct(c, outer);
}

function readDataPageHeaderV2(c: CompactCursor, header: PageHeader): void {
  expectStruct(c);
  const outer = beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        header.valueCount = readI32(c);
        break;
      case 2:
        header.nullCount = readI32(c);
        break;
      case 3:
        header.rowCount = readI32(c);
        break;
      case 4:
        header.encoding = readI32(c);
        break;
      case 5:
        header.definitionSizeBytes = readI32(c);
        break;
      case 6:
        header.repetitionSizeBytes = readI32(c);
        break;
      case 7:
        header.isCompressed = readBoolean(c);
        break;
      default:
        skipField(c);
    }
  }
  endStruct(c, outer);
}
