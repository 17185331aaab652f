import { encoding, pageType } from '../format.ts';
import {
  beginStruct,
  compactWriter,
  endStruct,
  resetWriter,
  writeI32,
  writeStructField,
  writtenBytes,
} from '../thrift/compact-writer.ts';

/** A page as its header tells of it. */
export interface HeadedPage {
  readonly type: typeof pageType.DATA_PAGE | typeof pageType.DICTIONARY_PAGE;
  readonly uncompressedSizeBytes: number;
  readonly compressedSizeBytes: number;
  /** CRC-32 of the stored bytes. */
  readonly crc: number;
  /** Level entries of a data page, entries of a dictionary page. */
  readonly valueCount: number;
  readonly encoding: number;
}

const header = compactWriter(256);

/** The `PageHeader` of a page as this program writes it: good until the next call. */
export function pageHeaderBytes(page: HeadedPage): Uint8Array {
  resetWriter(header);
  const outer = beginStruct(header);
  writeI32(header, 1, page.type);
  writeI32(header, 2, page.uncompressedSizeBytes);
  writeI32(header, 3, page.compressedSizeBytes);
  writeI32(header, 4, page.crc | 0);
  writeStructField(header, page.type === pageType.DICTIONARY_PAGE ? 7 : 5);
  const inner = beginStruct(header);
  writeI32(header, 1, page.valueCount);
  writeI32(header, 2, page.encoding);
  if (page.type === pageType.DATA_PAGE) {
    writeI32(header, 3, encoding.RLE);
    writeI32(header, 4, encoding.RLE);
  }
  endStruct(header, inner);
  endStruct(header, outer);
  return writtenBytes(header);
}
