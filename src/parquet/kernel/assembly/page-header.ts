// A page header (parquet-format, PageHeader) in thrift's compact protocol, as writers make them. What is unusual in one, and
// what is wrong, is left to ../../metadata/page-header.ts, which says what it is.

export const DATA_PAGE: i32 = 0;
export const DICTIONARY_PAGE: i32 = 2;
export const DATA_PAGE_V2: i32 = 3;

// Wire types.
const TRUE: i32 = 1;
const FALSE: i32 = 2;
const BYTE: i32 = 3;
const I32: i32 = 5;
const I64: i32 = 6;
const DOUBLE: i32 = 7;
const BINARY: i32 = 8;
const STRUCT: i32 = 12;

const MOST_DEPTH: i32 = 4;

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

let position: usize = 0;
let end: usize = 0;
let isOdd: bool = false;
let fieldId: i32 = 0;
let fieldType: i32 = 0;

// Any varint of at most ten bytes; what a number needs of it is checked by whom it is for.
function varint(): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (position >= end) break;
    const byte = u64(load<u8>(position++));
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
  isOdd = true;
  return 0;
}

function zigzag32(): i32 {
  const start = position;
  const value = varint();
  if (fieldType !== I32 || value > 0xffffffff || position - start > 5) isOdd = true;
  return i32(u32(value) >> 1) ^ -i32(value & 1);
}

// The next field of a struct that began with `fieldId` 0; false at its end, and where there is none that can be read.
function nextField(): bool {
  if (isOdd || position >= end) {
    isOdd = true;
    return false;
  }
  const header = i32(load<u8>(position++));
  if (header === 0) return false;
  // A field number in full is what nobody writes here.
  if (header >> 4 === 0) isOdd = true;
  fieldId += header >> 4;
  fieldType = header & 15;
  return !isOdd;
}

function skip(count: u64): void {
  if (count > u64(end - position)) isOdd = true;
  else position += usize(count);
}

function skipField(depth: i32): void {
  if (fieldType === TRUE || fieldType === FALSE) return;
  if (fieldType === I32 || fieldType === I64) {
    varint();
  } else if (fieldType === BINARY) {
    skip(varint());
  } else if (fieldType === BYTE) {
    skip(1);
  } else if (fieldType === DOUBLE) {
    skip(8);
  } else if (fieldType === STRUCT && depth < MOST_DEPTH) {
    const outer = fieldId;
    fieldId = 0;
    while (nextField()) skipField(depth + 1);
    fieldId = outer;
  } else {
    isOdd = true;
  }
}

function readInner(type: i32): void {
  if (fieldType !== STRUCT) isOdd = true;
  const outer = fieldId;
  fieldId = 0;
  while (nextField()) {
    if (fieldId === 1) {
      valueCount = zigzag32();
    } else if (type === DATA_PAGE_V2) {
      if (fieldId === 2) nullCount = zigzag32();
      else if (fieldId === 4) valueEncoding = zigzag32();
      else if (fieldId === 5) definitionBytes = zigzag32();
      else if (fieldId === 6) repetitionBytes = zigzag32();
      else if (fieldId === 7) {
        if (fieldType !== TRUE && fieldType !== FALSE) isOdd = true;
        isCompressed = fieldType === TRUE;
      } else if (fieldId === 3) zigzag32();
      else skipField(0);
    } else {
      if (fieldId === 2) valueEncoding = zigzag32();
      else if (type === DATA_PAGE && fieldId === 3) definitionEncoding = zigzag32();
      else if (type === DATA_PAGE && fieldId === 4) repetitionEncoding = zigzag32();
      else skipField(0);
    }
  }
  fieldId = outer;
}

/** Reads the header that begins at `from`; false where it is none that can be dealt with quickly. */
export function readPageHeader(from: usize, to: usize): bool {
  position = from;
  end = to;
  isOdd = false;
  fieldId = 0;
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
  while (nextField()) {
    if (fieldId === 1) {
      pageType = zigzag32();
    } else if (fieldId === 2) {
      uncompressedBytes = zigzag32();
    } else if (fieldId === 3) {
      compressedBytes = zigzag32();
    } else if (fieldId === 4) {
      statedCrc = u32(zigzag32());
      hasCrc = true;
    } else if (fieldId === 5 || fieldId === 7 || fieldId === 8) {
      inner = fieldId === 5 ? DATA_PAGE : fieldId === 7 ? DICTIONARY_PAGE : DATA_PAGE_V2;
      inners++;
      readInner(inner);
    } else {
      skipField(0);
    }
  }
  bodyAt = position;
  return (
    !isOdd && inners === 1 && inner === pageType && (uncompressedBytes | compressedBytes | valueCount) >= 0
  );
}
