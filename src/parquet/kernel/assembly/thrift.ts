// Thrift's compact protocol, as far as headers and footers have it that writers make. What is unusual or wrong sets `isOdd`
// and is left to ../../thrift/compact-reader.ts, which says what it is.

export const TRUE: i32 = 1;
export const FALSE: i32 = 2;
const BYTE: i32 = 3;
const I16: i32 = 4;
export const I32: i32 = 5;
const I64: i32 = 6;
const DOUBLE: i32 = 7;
export const BINARY: i32 = 8;
export const LIST: i32 = 9;
export const STRUCT: i32 = 12;

const MOST_DEPTH: i32 = 8;
/** Greatest number that JavaScript has exactly. */
const MOST: u64 = (u64(0x1fffff) << 32) | u64(0xffffffff);

let position: usize = 0;
let end: usize = 0;
export let isOdd: bool = false;
/** The field that nextField found. */
export let fieldId: i32 = 0;
export let fieldType: i32 = 0;

/** Begins between two addresses. */
export function beginThrift(from: usize, to: usize): void {
  position = from;
  end = to;
  isOdd = false;
  fieldId = 0;
}

/** Takes what comes next for the value of a field of a type. */
export function beginValue(type: i32): void {
  fieldType = type;
}

/** Where the next byte lies. */
export function thriftPosition(): usize {
  return position;
}

/** Says that something is not as it is usual. */
export function setOdd(): void {
  isOdd = true;
}

/** Begins a struct; the result goes to endStruct. */
export function beginStruct(): i32 {
  const outer = fieldId;
  fieldId = 0;
  return outer;
}

export function endStruct(outer: i32): void {
  fieldId = outer;
}

/** The next field of a struct; false at its end, and where there is none that can be read. */
export function nextField(): bool {
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

/** A varint of at most ten bytes, of the lower 64 bits of which nothing is missing where it is used. */
export function varint(): u64 {
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

/** The current field as an i32. */
export function readI32(): i32 {
  const start = position;
  const value = varint();
  if (fieldType !== I32 || value > 0xffffffff || position - start > 5) isOdd = true;
  return i32(u32(value) >> 1) ^ -i32(value & 1);
}

/** The current field as an i64 that JavaScript has exactly. */
export function readI64(): f64 {
  const start = position;
  const value = varint();
  if (fieldType !== I64 || value > MOST || position - start > 8) isOdd = true;
  const half = i64(value >> 1);
  return f64((value & 1) === 0 ? half : -half - 1);
}

/** Begins the current field as a list of elements of a type; returns their number. */
export function beginList(elementType: i32): i32 {
  if (fieldType !== LIST || position >= end) {
    isOdd = true;
    return 0;
  }
  const header = i32(load<u8>(position++));
  const size = header >> 4 === 15 ? varint() : u64(header >> 4);
  if (size > u64(end - position) || (header & 15) !== elementType) isOdd = true;
  return isOdd ? 0 : i32(size);
}

/** Goes on behind the next bytes, if they are these. */
export function expectBytes(bytes: usize, count: i32): void {
  if (usize(count) > end - position || memory.compare(position, bytes, usize(count)) !== 0) isOdd = true;
  else position += usize(count);
}

function skip(count: u64): void {
  if (count > u64(end - position)) isOdd = true;
  else position += usize(count);
}

/** Passes over the value of the current field. */
export function skipField(): void {
  skipValue(fieldType, 0, false);
}

function skipValue(type: i32, depth: i32, isElement: bool): void {
  if (type === TRUE || type === FALSE) {
    if (isElement) skip(1);
  } else if (type === I16 || type === I32 || type === I64) {
    varint();
  } else if (type === BINARY) {
    skip(varint());
  } else if (type === BYTE) {
    skip(1);
  } else if (type === DOUBLE) {
    skip(8);
  } else if (depth >= MOST_DEPTH || position >= end) {
    isOdd = true;
  } else if (type === LIST) {
    const header = i32(load<u8>(position++));
    const size = header >> 4 === 15 ? varint() : u64(header >> 4);
    if (size > u64(end - position)) isOdd = true;
    for (let i: u64 = 0; i < size && !isOdd; i++) skipValue(header & 15, depth + 1, true);
  } else if (type === STRUCT) {
    const outer = beginStruct();
    while (nextField()) skipValue(fieldType, depth + 1, false);
    endStruct(outer);
  } else {
    isOdd = true;
  }
}
