import { FormatError } from '../../core/errors.ts';
import { bitWidthOf } from '../encodings/bit-width.ts';
import { codec, encoding, pageType } from '../format.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { emptyPageHeader, type PageHeader, readPageHeader } from '../metadata/page-header.ts';
import { compactCursor } from '../thrift/compact-reader.ts';
import type { ChunkFormat, PageLimits } from '../write/chunk-encoder.ts';
import { isDictionaryWorthIt } from './dictionary-gain.ts';

/** How much larger than the size at which a page ends it may be: writers look only now and then. */
const pageSizeSlack = 2;
/** How many times as many pages as would be written there may be. */
const mostPagesForOne = 4;

/** A page in a column chunk of another writer. */
export interface ForeignPage {
  /** Where its stored bytes begin behind its header, counted from the chunk's first byte. */
  readonly bodyAt: number;
  readonly sizeBytes: number;
  readonly uncompressedSizeBytes: number;
  /** CRC-32 of the stored bytes, or -1 where its header has none. */
  readonly crc: number;
  readonly valueCount: number;
}

/** A column chunk whose pages are as this program would cut them, going by their headers. */
export interface ForeignPages {
  readonly dictionary: ForeignPage | undefined;
  readonly data: readonly ForeignPage[];
}

/** What the chunk's pages must be like. */
export interface ForeignRule extends Pick<ChunkFormat, 'codec' | keyof PageLimits> {
  readonly useDictionary: boolean;
  /** Whether it may be without a dictionary. */
  readonly mayBePlain: boolean;
  /** Rows and level entries of the chunk. */
  readonly rows: number;
  readonly valueCount: number;
}

/**
 * The pages of a chunk, where they are well formed: of version 1, one behind the other without gaps, all in one encoding, PLAIN or
 * a dictionary that makes the chunk smaller, levels run-length encoded, and neither longer nor many times as many as would be
 * written. Undefined where they are not, or a header does not decode: whoever reads the pages to encode them anew says what is wrong.
 * @param bytes all of the chunk
 */
export function wellFormedPages(
  bytes: Uint8Array,
  leaf: LeafColumn,
  rule: ForeignRule,
): ForeignPages | undefined {
  const c = compactCursor(bytes);
  const header = emptyPageHeader();
  const mostPages = mostPagesOf(rule, bytes.length);
  const data: ForeignPage[] = [];
  let dictionary: ForeignPage | undefined;
  let valueCount = 0;
  let dataBytes = 0;
  while (c.position < bytes.length) {
    const isFirst = c.position === 0;
    if (!readHeader(c, header)) return undefined;
    const page = {
      bodyAt: c.position,
      sizeBytes: header.compressedSizeBytes,
      uncompressedSizeBytes: header.uncompressedSizeBytes,
      crc: header.crc,
      valueCount: header.valueCount,
    };
    c.position += page.sizeBytes;
    if (c.position > bytes.length || !isUsuallyStored(bytes, page, rule.codec)) return undefined;
    if (header.type === pageType.DICTIONARY_PAGE) {
      if (!isFirst || !rule.useDictionary || !isUsualDictionary(header)) return undefined;
      dictionary = page;
      continue;
    }
    const isUsual = isUsualData(header, leaf, dictionary !== undefined) && isOfSize(page, leaf, rule);
    if (!isUsual || data.length === mostPages) return undefined;
    data.push(page);
    valueCount += page.valueCount;
    dataBytes += page.uncompressedSizeBytes;
  }
  if (valueCount !== rule.valueCount || data.length > mostPagesOf(rule, dataBytes)) return undefined;
  if (dictionary === undefined ? !rule.mayBePlain : !mayBeWorthIt(dictionary, dataBytes, leaf, rule))
    return undefined;
  return { dictionary, data };
}

function mostPagesOf({ rows, pageRows, pageSizeBytes }: ForeignRule, sizeBytes: number): number {
  return mostPagesForOne * Math.max(1, Math.ceil(rows / pageRows), Math.ceil(sizeBytes / pageSizeBytes));
}

function readHeader(c: ReturnType<typeof compactCursor>, header: PageHeader): boolean {
  try {
    readPageHeader(c, header);
    return true;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

// What is stored must be what readers of every kind undo: one gzip member, no less than all of it.
function isUsuallyStored(bytes: Uint8Array, page: ForeignPage, codecNumber: number): boolean {
  const { bodyAt, sizeBytes, uncompressedSizeBytes } = page;
  if (codecNumber === codec.UNCOMPRESSED) return sizeBytes === uncompressedSizeBytes;
  if (codecNumber !== codec.GZIP) return true;
  if (sizeBytes < 18 || bytes[bodyAt] !== 0x1f || bytes[bodyAt + 1] !== 0x8b) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + bodyAt + sizeBytes - 4, 4);
  return view.getUint32(0, true) === uncompressedSizeBytes;
}

function isUsualDictionary({ valueCount, encoding: number }: PageHeader): boolean {
  return valueCount > 0 && (number === encoding.PLAIN || number === encoding.PLAIN_DICTIONARY);
}

function isUsualData(header: PageHeader, leaf: LeafColumn, hasDictionary: boolean): boolean {
  const { type, encoding: number, valueCount, repetitionEncoding, definitionEncoding } = header;
  if (type !== pageType.DATA_PAGE || valueCount <= 0) return false;
  if (leaf.maxRepetitionLevel > 0 && repetitionEncoding !== encoding.RLE) return false;
  if (leaf.maxDefinitionLevel > 0 && definitionEncoding !== encoding.RLE) return false;
  if (!hasDictionary) return number === encoding.PLAIN;
  return number === encoding.RLE_DICTIONARY || number === encoding.PLAIN_DICTIONARY;
}

function isOfSize(page: ForeignPage, leaf: LeafColumn, { pageRows, pageSizeBytes }: ForeignRule): boolean {
  if (leaf.maxRepetitionLevel === 0 && page.valueCount > pageRows) return false;
  return page.valueCount === 1 || page.uncompressedSizeBytes <= pageSizeBytes * pageSizeSlack;
}

// Nulls are not known yet: without any it is worth the most.
function mayBeWorthIt(
  { valueCount: count, uncompressedSizeBytes: sizeBytes }: ForeignPage,
  dataBytes: number,
  leaf: LeafColumn,
  { valueCount }: ForeignRule,
): boolean {
  return (
    isDictionaryWorthIt({ count, sizeBytes }, valueCount, leaf.widthBytes, true) &&
    isPackedWell(dataBytes, (valueCount * bitWidthOf(count - 1)) / 8, leaf, valueCount)
  );
}

/**
 * Whether data pages of so many bytes have about the bytes that their values and levels take, bit by bit.
 * @param valueBytes what the values alone take
 */
export function isPackedWell(
  dataBytes: number,
  valueBytes: number,
  { maxDefinitionLevel, maxRepetitionLevel }: LeafColumn,
  valueCount: number,
): boolean {
  const levelBits = bitWidthOf(maxDefinitionLevel) + bitWidthOf(maxRepetitionLevel);
  const expected = valueBytes + (valueCount * levelBits) / 8;
  return dataBytes <= expected * 1.5 + 1024;
}
