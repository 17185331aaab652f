import { corrupt } from '../format-error.ts';
import { limits } from '../limits.ts';

/** Wire types of the thrift compact protocol. */
export const wireType = {
  STOP: 0,
  TRUE: 1,
  FALSE: 2,
  BYTE: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  SET: 10,
  MAP: 11,
  STRUCT: 12,
  UUID: 13,
} as const;

/**
 * A place in bytes of the thrift compact protocol. `fieldId` and `fieldType` describe the field that
 * {@link nextField} found. Reading past `end` throws a `FormatError`.
 */
export interface CompactCursor {
  bytes: Uint8Array;
  position: number;
  end: number;
  fieldId: number;
  fieldType: number;
}

/** A cursor over `bytes` from `position` to `end`. */
export function compactCursor(bytes: Uint8Array, position = 0, end = bytes.length): CompactCursor {
  return { bytes, position, end, fieldId: 0, fieldType: 0 };
}

/** Begins a struct; the result goes to {@link endStruct}. */
export function beginStruct(c: CompactCursor): number {
  const outer = c.fieldId;
  c.fieldId = 0;
  return outer;
}

/** Ends a struct that {@link nextField} said has no further field. */
export function endStruct(c: CompactCursor, outer: number): void {
  c.fieldId = outer;
}

/** Reads the next field header into the cursor; false at the end of the struct. */
export function nextField(c: CompactCursor): boolean {
  const header = readByte(c);
  if (header === 0) return false;
  const delta = header >> 4;
  c.fieldId = delta === 0 ? readZigzag(c) : c.fieldId + delta;
  c.fieldType = header & 15;
  return true;
}

/** One byte, 0 to 255. */
export function readByte(c: CompactCursor): number {
  if (c.position >= c.end) throw corrupt('thrift data ends too early');
  return c.bytes[c.position++] as number;
}

/** An unsigned varint up to 2^53 - 1. */
export function readVarint(c: CompactCursor): number {
  let byte = readByte(c);
  if (byte < 128) return byte;
  let result = byte & 127;
  let scale = 128;
  for (let i = 0; i < 9; i++) {
    byte = readByte(c);
    result += (byte & 127) * scale;
    if (byte < 128) {
      if (result > Number.MAX_SAFE_INTEGER) break;
      return result;
    }
    scale *= 128;
  }
  throw corrupt('thrift varint is longer than 53 bits');
}

/** A signed zigzag varint within ±2^52. */
export function readZigzag(c: CompactCursor): number {
  const value = readVarint(c);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/**
 * The current field as an i32. An i64 in its place is an error: other readers pass such a field over, so what they
 * would find in a copy of it is not what was meant.
 */
export function readI32(c: CompactCursor): number {
  expectType(c, wireType.I32, 'an i32');
  const value = readZigzag(c);
  if (value !== (value | 0)) throw corrupt(`thrift field ${c.fieldId} is an i32 of ${value}`);
  return value;
}

/** The current field as 32 bits, whether they were written as a signed or an unsigned number: 0 to 2^32 - 1. */
export function readBits32(c: CompactCursor): number {
  expectType(c, wireType.I32, 'an i32');
  return readZigzag(c) >>> 0;
}

/** The current field as an i64 within ±2^52. */
export function readI64(c: CompactCursor): number {
  expectType(c, wireType.I64, 'an i64');
  return readZigzag(c);
}

/** The current field as an i8. */
export function readI8(c: CompactCursor): number {
  expectType(c, wireType.BYTE, 'a byte');
  const byte = readByte(c);
  return byte > 127 ? byte - 256 : byte;
}

/** The current field as a boolean. */
export function readBoolean(c: CompactCursor): boolean {
  if (c.fieldType === wireType.TRUE) return true;
  expectType(c, wireType.FALSE, 'a boolean');
  return false;
}

/** The current field as bytes: a view, not a copy. */
export function readBinary(c: CompactCursor): Uint8Array {
  expectType(c, wireType.BINARY, 'binary');
  return readBinaryElement(c);
}

/** Bytes as a list element: a view, not a copy. */
export function readBinaryElement(c: CompactCursor): Uint8Array {
  const length = readVarint(c);
  if (length > c.end - c.position) throw corrupt(`thrift binary of ${length} bytes does not fit`);
  const start = c.position;
  c.position += length;
  return c.bytes.subarray(start, c.position);
}

/** Checks that the current field is a struct. */
export function expectStruct(c: CompactCursor): void {
  expectType(c, wireType.STRUCT, 'a struct');
}

/** Begins the current field as a list whose elements have `elementType`; returns their number. */
export function beginList(c: CompactCursor, elementType: number): number {
  expectType(c, wireType.LIST, 'a list');
  const header = readByte(c);
  const size = header >> 4 === 15 ? readVarint(c) : header >> 4;
  // Every element takes a byte or more, so a list longer than the rest of the bytes is a lie.
  if (size > c.end - c.position) throw corrupt(`thrift list of ${size} elements does not fit`);
  if (size > 0 && (header & 15) !== elementType) {
    throw corrupt(`thrift list has elements of type ${header & 15}, expected ${elementType}`);
  }
  return size;
}

/** Skips the value of the current field. */
export function skipField(c: CompactCursor): void {
  skipValue(c, c.fieldType, 0, false);
}

function skipValue(c: CompactCursor, type: number, depth: number, inContainer: boolean): void {
  if (depth > limits.thriftDepth) throw corrupt(`thrift data is nested more than ${limits.thriftDepth} deep`);
  switch (type) {
    case wireType.TRUE:
    case wireType.FALSE:
      if (inContainer) readByte(c);
      return;
    case wireType.BYTE:
      readByte(c);
      return;
    case wireType.I16:
    case wireType.I32:
    case wireType.I64:
      for (let i = 0; readByte(c) > 127; i++) if (i > 9) throw corrupt('thrift varint is too long');
      return;
    case wireType.DOUBLE:
      skipBytes(c, 8);
      return;
    case wireType.UUID:
      skipBytes(c, 16);
      return;
    case wireType.BINARY:
      skipBytes(c, readVarint(c));
      return;
    case wireType.LIST:
    case wireType.SET: {
      const header = readByte(c);
      const size = header >> 4 === 15 ? readVarint(c) : header >> 4;
      if (size > c.end - c.position) throw corrupt(`thrift list of ${size} elements does not fit`);
      for (let i = 0; i < size; i++) skipValue(c, header & 15, depth + 1, true);
      return;
    }
    case wireType.MAP: {
      const size = readVarint(c);
      if (size === 0) return;
      if (size > c.end - c.position) throw corrupt(`thrift map of ${size} entries does not fit`);
      const types = readByte(c);
      for (let i = 0; i < size; i++) {
        skipValue(c, types >> 4, depth + 1, true);
        skipValue(c, types & 15, depth + 1, true);
      }
      return;
    }
    case wireType.STRUCT: {
      const outer = beginStruct(c);
      while (nextField(c)) skipValue(c, c.fieldType, depth + 1, false);
      endStruct(c, outer);
      return;
    }
    default:
      throw corrupt(`thrift type ${type} does not exist`);
  }
}

function skipBytes(c: CompactCursor, count: number): void {
  if (count > c.end - c.position) throw corrupt('thrift data ends too early');
  c.position += count;
}

function expectType(c: CompactCursor, type: number, what: string): void {
  if (c.fieldType !== type)
    throw corrupt(`thrift field ${c.fieldId} has type ${c.fieldType}, expected ${what}`);
}
