import {
  beginList,
  beginStruct,
  type CompactCursor,
  compactCursor,
  endStruct,
  nextField,
  readBinaryElement,
  readByte,
  readI32,
  readI64,
  readZigzag,
  skipField,
  wireType,
} from '../thrift/compact-reader.ts';

/** Where a data page lies (`PageLocation`). */
export interface PageLocation {
  /** Where its header begins in the file. */
  readonly offsetBytes: number;
  /** Bytes as stored, header included. */
  readonly sizeBytes: number;
  /** Number of its first row in the row group. */
  readonly firstRow: number;
}

/** Where the data pages of a column chunk lie (`OffsetIndex`). */
export interface OffsetIndex {
  readonly pages: readonly PageLocation[];
  /** For each page the bytes of its BYTE_ARRAYs without lengths, where stated. */
  readonly byteArrayBytes?: readonly number[];
}

/** What the data pages of a column chunk hold (`ColumnIndex`): one item for each page in every list. */
export interface ColumnIndex {
  /** Whether the page holds nulls alone; its bounds then mean nothing. */
  readonly nullPages: readonly boolean[];
  /** Bounds as PLAIN bytes without length. */
  readonly minima: readonly Uint8Array[];
  readonly maxima: readonly Uint8Array[];
  /** `BoundaryOrder`. */
  readonly order: 'unordered' | 'ascending' | 'descending' | 'unknown';
  readonly nullCounts?: readonly number[];
  readonly nanCounts?: readonly number[];
}

const orders = ['unordered', 'ascending', 'descending'] as const;

/** Decodes an `OffsetIndex`. @throws FormatError when the bytes are none */
export function readOffsetIndex(bytes: Uint8Array): OffsetIndex {
  const c = compactCursor(bytes);
  let pages: readonly PageLocation[] = [];
  let byteArrayBytes: readonly number[] | undefined;
  beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 1) pages = readList(c, wireType.STRUCT, readPageLocation);
    else if (c.fieldId === 2) byteArrayBytes = readList(c, wireType.I64, readZigzag);
    else skipField(c);
  }
  return { pages, ...(byteArrayBytes === undefined ? {} : { byteArrayBytes }) };
}

function readPageLocation(c: CompactCursor): PageLocation {
  let offsetBytes = -1;
  let sizeBytes = -1;
  let firstRow = -1;
  const outer = beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 1) offsetBytes = readI64(c);
    else if (c.fieldId === 2) sizeBytes = readI32(c);
    else if (c.fieldId === 3) firstRow = readI64(c);
    else skipField(c);
  }
  endStruct(c, outer);
  return { offsetBytes, sizeBytes, firstRow };
}

/** Decodes a `ColumnIndex`; its bounds are views of `bytes`. @throws FormatError when the bytes are none */
export function readColumnIndex(bytes: Uint8Array): ColumnIndex {
  const c = compactCursor(bytes);
  let nullPages: readonly boolean[] = [];
  let minima: readonly Uint8Array[] = [];
  let maxima: readonly Uint8Array[] = [];
  let order: ColumnIndex['order'] = 'unknown';
  let nullCounts: readonly number[] | undefined;
  let nanCounts: readonly number[] | undefined;
  beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        // Of the two types a boolean has, writers do not agree on which is that of a list.
        nullPages = readList(c, (c.bytes[c.position] ?? 0) & 15, (at) => readByte(at) === wireType.TRUE);
        break;
      case 2:
        minima = readList(c, wireType.BINARY, readBinaryElement);
        break;
      case 3:
        maxima = readList(c, wireType.BINARY, readBinaryElement);
        break;
      case 4:
        order = orders[readI32(c)] ?? 'unknown';
        break;
      case 5:
        nullCounts = readList(c, wireType.I64, readZigzag);
        break;
      case 8:
        nanCounts = readList(c, wireType.I64, readZigzag);
        break;
      default:
        skipField(c);
    }
  }
  return {
    nullPages,
    minima,
    maxima,
    order,
    ...(nullCounts === undefined ? {} : { nullCounts }),
    ...(nanCounts === undefined ? {} : { nanCounts }),
  };
}

function readList<T>(c: CompactCursor, type: number, read: (c: CompactCursor) => T): readonly T[] {
  return Array.from({ length: beginList(c, type) }, () => read(c));
}
