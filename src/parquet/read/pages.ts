import type { ByteSource } from '../../core/byte-source.ts';
import type { ParquetFooter } from '../footer.ts';
import { encoding, nameOf, pageType } from '../format.ts';
import { corrupt, placed } from '../format-error.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { emptyPageHeader, type PageHeader, readPageHeader } from '../metadata/page-header.ts';
import { compactCursor } from '../thrift/compact-reader.ts';

/** A page as its header describes it (parquet-format, `PageHeader`). Plain data. */
export interface Page {
  /** Name in parquet-format's `PageType`; the number as text for one this version does not know. */
  readonly kind: string;
  /** Place among the pages of its chunk, from 0, dictionary page included. */
  readonly number: number;
  /** Where its header begins in the file. */
  readonly offsetBytes: number;
  readonly headerSizeBytes: number;
  /** Bytes of the body as stored, behind the header. */
  readonly compressedSizeBytes: number;
  readonly uncompressedSizeBytes: number;
  /** CRC-32 of the stored body as an unsigned number, where the header has one. */
  readonly crc?: number;
  /** Level entries of a data page, entries of a dictionary page; absent on pages that are neither. */
  readonly values?: number;
  /** Name in parquet-format's `Encoding`. */
  readonly encoding?: string;
  /** Rows of a data page; absent where only its levels say how many there are. */
  readonly rows?: number;
  /** Only version 2 pages state it. */
  readonly nulls?: number;
  /** Whether the values of a version 2 page are compressed, whatever the chunk's codec is. */
  readonly isCompressed?: boolean;
}

/** How much of a chunk is read at a time: many small pages in one piece. */
const stepBytes = 256 * 1024;

/**
 * The pages of a column chunk, one after the other, by their headers: bodies are neither decompressed nor checked, and
 * those of large pages are not even read. The source stays open.
 * @param rowGroup number of the row group, from 0
 * @param column number of the leaf column, from 0
 * @throws RangeError when the file has no such row group or column; FormatError when a header is damaged, or the chunk
 * ends before its last value; StoreError
 */
export async function* pages(
  source: ByteSource,
  footer: ParquetFooter,
  rowGroup: number,
  column: number,
): AsyncGenerator<Page, void, undefined> {
  const leaf = footer.leaves[column];
  const chunk = footer.rowGroups[rowGroup]?.chunks[column];
  if (leaf === undefined || chunk === undefined) {
    throw new RangeError(`${footer.file} has no row group ${rowGroup} with a column ${column}`);
  }
  // Nobody checked where a chunk without values says that it lies.
  if (chunk.valueCount === 0) return;
  const header = emptyPageHeader();
  const read = windowReader(source, chunk);
  let entriesLeft = chunk.valueCount;
  let position = 0;
  for (let number = 0; position < chunk.compressedSizeBytes; number++) {
    const offsetBytes = chunk.startOffsetBytes + position;
    let bodyAt: number;
    try {
      bodyAt = await headerAt(read, chunk, position, header);
      if (bodyAt + header.compressedSizeBytes > chunk.compressedSizeBytes) {
        throw corrupt(`page of ${header.compressedSizeBytes} bytes ends behind its column chunk`);
      }
    } catch (error) {
      // Behind the last value may be filling bytes.
      if (entriesLeft === 0) return;
      const place = { file: footer.file, rowGroup, column: leaf.path, page: number, offsetBytes };
      throw placed(error, place);
    }
    if (isData(header)) entriesLeft -= Math.max(0, header.valueCount);
    yield describe(header, leaf, number, offsetBytes, bodyAt - position);
    position = bodyAt + header.compressedSizeBytes;
  }
  if (entriesLeft > 0) {
    throw corrupt(`column chunk ends with ${entriesLeft} of ${chunk.valueCount} values missing`, {
      file: footer.file,
      rowGroup,
      column: leaf.path,
    });
  }
}

function isData({ type }: PageHeader): boolean {
  return type === pageType.DATA_PAGE || type === pageType.DATA_PAGE_V2;
}

function describe(
  header: PageHeader,
  leaf: LeafColumn,
  number: number,
  offsetBytes: number,
  headerSizeBytes: number,
): Page {
  const isV2 = header.type === pageType.DATA_PAGE_V2;
  const hasValues = isData(header) || header.type === pageType.DICTIONARY_PAGE;
  const rows = isV2 ? header.rowCount : leaf.maxRepetitionLevel === 0 ? header.valueCount : undefined;
  return {
    kind: nameOf(pageType, header.type),
    number,
    offsetBytes,
    headerSizeBytes,
    compressedSizeBytes: header.compressedSizeBytes,
    uncompressedSizeBytes: header.uncompressedSizeBytes,
    ...(header.crc < 0 ? {} : { crc: header.crc }),
    ...(hasValues
      ? { values: Math.max(0, header.valueCount), encoding: nameOf(encoding, header.encoding) }
      : {}),
    ...(isData(header) && rows !== undefined ? { rows: Math.max(0, rows) } : {}),
    ...(isV2 ? { nulls: header.nullCount, isCompressed: header.isCompressed } : {}),
  };
}

/** Bytes of a chunk from a place on: at least so many, unless it ends before. */
type ReadWindow = (position: number, atLeastBytes: number) => Promise<Uint8Array>;

function windowReader(source: ByteSource, chunk: ColumnChunk): ReadWindow {
  let from = 0;
  let bytes: Uint8Array = new Uint8Array(0);
  return async (position, atLeastBytes) => {
    const end = Math.min(position + atLeastBytes, chunk.compressedSizeBytes);
    if (position < from || end > from + bytes.length) {
      from = position;
      const size = Math.min(Math.max(stepBytes, atLeastBytes), chunk.compressedSizeBytes - position);
      bytes = await source.read(chunk.startOffsetBytes + position, size);
    }
    return bytes.subarray(position - from);
  };
}

/** Most headers are far shorter; statistics in them may be long. */
const firstTryBytes = 256;
const longestHeaderBytes = 16 * 1024 * 1024;

/** Decodes the header at a place of the chunk; returns where the page's body begins. */
async function headerAt(
  read: ReadWindow,
  chunk: ColumnChunk,
  position: number,
  header: PageHeader,
): Promise<number> {
  for (let size = firstTryBytes; ; size *= 4) {
    const bytes = await read(position, size);
    const cursor = compactCursor(bytes);
    try {
      readPageHeader(cursor, header);
      return position + cursor.position;
    } catch (error) {
      // It may only be longer than what is there of it.
      const isWhole = position + bytes.length >= chunk.compressedSizeBytes;
      if (isWhole || bytes.length >= longestHeaderBytes) throw error;
      size = Math.max(size, bytes.length);
    }
  }
}
