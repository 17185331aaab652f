// A page header (parquet-format, PageHeader), as writers make them. What is unusual in one, and what is wrong, is left to
// ../../metadata/page-header.ts, which says what it is.
import * as thrift from './thrift.ts';

export const DATA_PAGE: i32 = 0;
export const DICTIONARY_PAGE: i32 = 2;
export const DATA_PAGE_V2: i32 = 3;

/** What readPageHeader found. */
export let pageType: i32 = 0;
export let uncompressedBytes: i32 = 0;
export let compressedBytes: i32 = 0;
export let hasCrc: bool = false;
export let statedCrc: u32 = 0;
export let valueCount: i32 = 0;
export let valueEncoding: i32 = 0;
export let definitionEncoding: i32 = 0;
export let repetitionEncoding: i32 = 0;
export let nullCount: i32 = 0;
export let definitionBytes: i32 = 0;
export let repetitionBytes: i32 = 0;
export let isCompressed: bool = false;
/** Where the page's bytes begin. */
export let bodyAt: usize = 0;

function readInner(type: i32): void {
  if (thrift.fieldType !== thrift.STRUCT) thrift.setOdd();
  const outer = thrift.beginStruct();
  while (thrift.nextField()) {
    const id = thrift.fieldId;
    if (id === 1) {
      valueCount = thrift.readI32();
    } else if (type === DATA_PAGE_V2) {
      if (id === 2) nullCount = thrift.readI32();
      else if (id === 3) thrift.readI32();
      else if (id === 4) valueEncoding = thrift.readI32();
      else if (id === 5) definitionBytes = thrift.readI32();
      else if (id === 6) repetitionBytes = thrift.readI32();
      else if (id === 7) {
        isCompressed = thrift.fieldType === thrift.TRUE;
        if (!isCompressed && thrift.fieldType !== thrift.FALSE) thrift.setOdd();
      } else thrift.skipField();
    } else {
      if (id === 2) valueEncoding = thrift.readI32();
      else if (type === DATA_PAGE && id === 3) definitionEncoding = thrift.readI32();
      else if (type === DATA_PAGE && id === 4) repetitionEncoding = thrift.readI32();
      else thrift.skipField();
    }
  }
  thrift.endStruct(outer);
}

/** Reads the header that begins at `from`; false where it is none that can be dealt with quickly. */
export function readPageHeader(from: usize, to: usize): bool {
  thrift.beginThrift(from, to);
  pageType = -1;
  uncompressedBytes = -1;
  compressedBytes = -1;
  hasCrc = false;
  valueCount = -1;
  valueEncoding = -1;
  definitionEncoding = -1;
  repetitionEncoding = -1;
  nullCount = 0;
  definitionBytes = 0;
  repetitionBytes = 0;
  isCompressed = true;
  let inner: i32 = -1;
  let inners: i32 = 0;
  while (thrift.nextField()) {
    const id = thrift.fieldId;
    if (id === 1) {
      pageType = thrift.readI32();
    } else if (id === 2) {
      uncompressedBytes = thrift.readI32();
    } else if (id === 3) {
      compressedBytes = thrift.readI32();
    } else if (id === 4) {
      statedCrc = u32(thrift.readI32());
      hasCrc = true;
    } else if (id === 5 || id === 7 || id === 8) {
      inner = id === 5 ? DATA_PAGE : id === 7 ? DICTIONARY_PAGE : DATA_PAGE_V2;
      inners++;
      readInner(inner);
    } else {
      thrift.skipField();
    }
  }
  bodyAt = thrift.thriftPosition();
  return (
    !thrift.isOdd &&
    inners === 1 &&
    inner === pageType &&
    (uncompressedBytes | compressedBytes | valueCount) >= 0
  );
}
