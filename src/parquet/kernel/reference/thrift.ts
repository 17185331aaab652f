import { wireType } from '../../thrift/compact-reader.ts';
import type { Views } from './views.ts';

const { TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT } = wireType;
const mostDepth = 8;

/** Thrift between two addresses, as far as it is usual: see ../assembly/thrift.ts. */
export interface UsualThrift {
  position: number;
  isOdd: boolean;
  fieldId: number;
  fieldType: number;
  /** Calls `take` for every field of a struct. */
  inStruct(take: () => void): void;
  varint(): number;
  readI32(): number;
  readI64(): number;
  beginList(elementType: number): number;
  expectBytes(bytes: number, count: number): void;
  skipField(): void;
}

/** Begins to read. */
export function usualThrift({ view, bytes }: Views, from: number, end: number): UsualThrift {
  const t: UsualThrift = {
    position: from,
    isOdd: false,
    fieldId: 0,
    fieldType: 0,
    inStruct: (take) => {
      const outer = t.fieldId;
      t.fieldId = 0;
      while (nextField()) take();
      t.fieldId = outer;
    },
    // What is beyond 53 bits need not be exact: it is used nowhere.
    varint: () => {
      let value = 0;
      for (let i = 0; i < 10; i++) {
        if (t.position >= end) break;
        const byte = view.getUint8(t.position++);
        value += (byte & 127) * 2 ** (7 * i);
        if (byte < 128) return value;
      }
      t.isOdd = true;
      return 0;
    },
    readI32: () => {
      const start = t.position;
      const value = t.varint();
      if (t.fieldType !== I32 || value > 0xffffffff || t.position - start > 5) t.isOdd = true;
      return ((value >>> 1) ^ -(value & 1)) | 0;
    },
    readI64: () => {
      const start = t.position;
      const value = t.varint();
      if (t.fieldType !== I64 || value > Number.MAX_SAFE_INTEGER || t.position - start > 8) t.isOdd = true;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    beginList: (elementType) => {
      if (t.fieldType !== LIST || t.position >= end) {
        t.isOdd = true;
        return 0;
      }
      const { size, type } = listHeader();
      if (type !== elementType) t.isOdd = true;
      return t.isOdd ? 0 : size;
    },
    expectBytes: (expected, count) => {
      const isThere =
        count <= end - t.position &&
        Buffer.compare(
          bytes.subarray(t.position, t.position + count),
          bytes.subarray(expected, expected + count),
        ) === 0;
      if (isThere) t.position += count;
      else t.isOdd = true;
    },
    skipField: () => skipValue(t.fieldType, 0, false),
  };
  const nextField = (): boolean => {
    if (t.isOdd || t.position >= end) {
      t.isOdd = true;
      return false;
    }
    const byte = view.getUint8(t.position++);
    if (byte === 0) return false;
    if (byte >> 4 === 0) t.isOdd = true;
    t.fieldId += byte >> 4;
    t.fieldType = byte & 15;
    return !t.isOdd;
  };
  const listHeader = (): { size: number; type: number } => {
    const byte = view.getUint8(t.position++);
    const size = byte >> 4 === 15 ? t.varint() : byte >> 4;
    if (size > end - t.position) t.isOdd = true;
    return { size, type: byte & 15 };
  };
  const skip = (count: number): void => {
    if (count > end - t.position) t.isOdd = true;
    else t.position += count;
  };
  const skipValue = (type: number, depth: number, isElement: boolean): void => {
    if (type === TRUE || type === FALSE) {
      if (isElement) skip(1);
    } else if (type === I16 || type === I32 || type === I64) t.varint();
    else if (type === BINARY) skip(t.varint());
    else if (type === BYTE) skip(1);
    else if (type === DOUBLE) skip(8);
    else if (depth >= mostDepth || t.position >= end) t.isOdd = true;
    else if (type === LIST) {
      const { size, type: elementType } = listHeader();
      for (let i = 0; i < size && !t.isOdd; i++) skipValue(elementType, depth + 1, true);
    } else if (type === STRUCT) t.inStruct(() => skipValue(t.fieldType, depth + 1, false));
    else t.isOdd = true;
  };
  return t;
}
