import { wireType } from './compact-reader.ts';

/** Bytes of the thrift compact protocol under construction; grows as needed. */
export interface CompactWriter {
  bytes: Uint8Array;
  length: number;
  lastFieldId: number;
}

/** A writer with room for `capacityBytes` before it first grows. */
export function compactWriter(capacityBytes = 1024): CompactWriter {
  return { bytes: new Uint8Array(capacityBytes), length: 0, lastFieldId: 0 };
}

/** What was written so far: a view that the next write may leave behind. */
export function writtenBytes(w: CompactWriter): Uint8Array {
  return w.bytes.subarray(0, w.length);
}

/** Forgets what was written and keeps the room. */
export function resetWriter(w: CompactWriter): void {
  w.length = 0;
  w.lastFieldId = 0;
}

/** Begins the struct of the current value; the result goes to {@link endStruct}. */
export function beginStruct(w: CompactWriter): number {
  const outer = w.lastFieldId;
  w.lastFieldId = 0;
  return outer;
}

/** Writes the stop byte of a struct. */
export function endStruct(w: CompactWriter, outer: number): void {
  putByte(w, 0);
  w.lastFieldId = outer;
}

/** Field holding an i16. */
export function writeI16(w: CompactWriter, id: number, value: number): void {
  writeHeader(w, id, wireType.I16);
  putZigzag(w, value);
}

/** Field holding an i32. */
export function writeI32(w: CompactWriter, id: number, value: number): void {
  writeHeader(w, id, wireType.I32);
  putZigzag(w, value);
}

/** Field holding an i64 within ±2^52. */
export function writeI64(w: CompactWriter, id: number, value: number): void {
  writeHeader(w, id, wireType.I64);
  putZigzag(w, value);
}

/** Field holding a boolean. */
export function writeBoolean(w: CompactWriter, id: number, value: boolean): void {
  writeHeader(w, id, value ? wireType.TRUE : wireType.FALSE);
}

/** Field holding bytes. */
export function writeBinary(w: CompactWriter, id: number, value: Uint8Array): void {
  writeHeader(w, id, wireType.BINARY);
  putBinary(w, value);
}

/** Field holding a struct; the struct itself follows with {@link beginStruct}. */
export function writeStructField(w: CompactWriter, id: number): void {
  writeHeader(w, id, wireType.STRUCT);
}

/** Field holding a list; its elements follow with the `put` functions. */
export function writeListField(w: CompactWriter, id: number, elementType: number, size: number): void {
  writeHeader(w, id, wireType.LIST);
  putListHeader(w, elementType, size);
}

/** The begin of a list: its elements follow with the `put` functions. */
export function putListHeader(w: CompactWriter, elementType: number, size: number): void {
  if (size < 15) {
    putByte(w, (size << 4) | elementType);
  } else {
    putByte(w, 0xf0 | elementType);
    putVarint(w, size);
  }
}

/** Field whose value is already encoded. */
export function writeRawField(w: CompactWriter, id: number, type: number, value: Uint8Array): void {
  writeHeader(w, id, type);
  putRaw(w, value);
}

/** A list element or raw bytes: length, then bytes. */
export function putBinary(w: CompactWriter, value: Uint8Array): void {
  putVarint(w, value.length);
  putRaw(w, value);
}

/** Bytes as they are. */
export function putRaw(w: CompactWriter, value: Uint8Array): void {
  reserve(w, value.length);
  w.bytes.set(value, w.length);
  w.length += value.length;
}

/** The bytes from `start` to `end` of another array. A loop, for stretches so short that a view of them would cost more. */
export function putRange(w: CompactWriter, bytes: Uint8Array, start: number, end: number): void {
  reserve(w, end - start);
  let to = w.length;
  for (let i = start; i < end; i++) w.bytes[to++] = bytes[i] as number;
  w.length = to;
}

/** A zigzag varint within ±2^52. */
export function putZigzag(w: CompactWriter, value: number): void {
  putVarint(w, value >= 0 ? value * 2 : -value * 2 - 1);
}

/** An unsigned varint below 2^53. */
export function putVarint(w: CompactWriter, value: number): void {
  reserve(w, 10);
  while (value > 127) {
    w.bytes[w.length++] = (value % 128) | 128;
    value = Math.floor(value / 128);
  }
  w.bytes[w.length++] = value;
}

function putByte(w: CompactWriter, value: number): void {
  reserve(w, 1);
  w.bytes[w.length++] = value;
}

function writeHeader(w: CompactWriter, id: number, type: number): void {
  const delta = id - w.lastFieldId;
  if (delta > 0 && delta < 16) {
    putByte(w, (delta << 4) | type);
  } else {
    putByte(w, type);
    putZigzag(w, id);
  }
  w.lastFieldId = id;
}

function reserve(w: CompactWriter, more: number): void {
  if (w.length + more <= w.bytes.length) return;
  const grown = new Uint8Array(Math.max(w.bytes.length * 2, w.length + more));
  grown.set(w.bytes.subarray(0, w.length));
  w.bytes = grown;
}
