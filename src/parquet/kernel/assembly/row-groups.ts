import { setResult } from './result.ts';
import * as thrift from './thrift.ts';

const MOST_ENCODINGS: i32 = 1000;

const LEAF_BYTES: usize = 16;
const CHUNK_NUMBERS: usize = 5;

// Of the column chunk at hand.
let type: i32 = 0;
let codec: i32 = 0;
let valueCount: f64 = 0;
let uncompressedBytes: f64 = 0;
let compressedBytes: f64 = 0;
let dataOffset: f64 = 0;
let dictionaryOffset: f64 = 0;
let hasMetaData: bool = false;

// Zigzag; `encoding` in ../../format.ts has 0 and 2 to 9.
function isKnownEncoding(value: u64): bool {
  return (value & 1) === 0 && value <= 18 && value !== 2;
}

// `leaf`: the words of the leaf, `leafWord` in ../kernel.ts.
function readMetaData(leaf: usize): void {
  let encodings: i32 = 0;
  if (hasMetaData || thrift.fieldType !== thrift.STRUCT) thrift.setOdd();
  hasMetaData = true;
  type = -1;
  codec = -1;
  valueCount = -1;
  uncompressedBytes = -1;
  compressedBytes = -1;
  dataOffset = -1;
  dictionaryOffset = 0;
  const outer = thrift.beginStruct();
  while (thrift.nextField()) {
    switch (thrift.fieldId) {
      case 1:
        type = thrift.readI32();
        break;
      case 2:
        encodings = thrift.beginList(thrift.I32);
        if (encodings > MOST_ENCODINGS) thrift.setOdd();
        for (; encodings > 0 && !thrift.isOdd; encodings--) {
          if (!isKnownEncoding(thrift.varint())) thrift.setOdd();
        }
        break;
      case 3:
        if (thrift.fieldType !== thrift.LIST) thrift.setOdd();
        thrift.expectBytes(usize(load<u32>(leaf, 8)), load<i32>(leaf, 12));
        break;
      case 4:
        codec = thrift.readI32();
        break;
      case 5:
        valueCount = thrift.readI64();
        break;
      case 6:
        uncompressedBytes = thrift.readI64();
        break;
      case 7:
        compressedBytes = thrift.readI64();
        break;
      case 8:
        thrift.setOdd();
        break;
      case 9:
        dataOffset = thrift.readI64();
        break;
      case 11:
        dictionaryOffset = thrift.readI64();
        break;
      case 12:
        if (thrift.fieldType !== thrift.STRUCT) thrift.setOdd();
        thrift.skipField();
        break;
      default:
        thrift.skipField();
    }
  }
  thrift.endStruct(outer);
}

function readChunk(leaf: usize): void {
  hasMetaData = false;
  const outer = thrift.beginStruct();
  while (thrift.nextField()) {
    const id = thrift.fieldId;
    if (id === 3) readMetaData(leaf);
    // A file of its own, and encryption.
    else if (id === 1 || id === 8 || id === 9) thrift.setOdd();
    else thrift.skipField();
  }
  thrift.endStruct(outer);
}

/** See `Kernel.readRowGroups`. */
export function readRowGroups(
  from: usize,
  end: usize,
  leaves: usize,
  leafCount: i32,
  dataEndBytes: f64,
  to: usize,
  toEnd: usize,
): i32 {
  thrift.beginThrift(from, end);
  thrift.beginValue(thrift.LIST);
  const count = thrift.beginList(thrift.STRUCT);
  const groupBytes = (CHUNK_NUMBERS * (usize(leafCount) + 1)) << 3;
  if (count > 0x10000 || u64(count) * u64(groupBytes) > u64(toEnd - to)) return -1;
  for (let i: i32 = 0; i < count && !thrift.isOdd; i++) {
    const start = thrift.thriftPosition();
    let rows: f64 = -1;
    let totalBytes: f64 = 0;
    let isSorted = false;
    let chunks: i32 = 0;
    let out = to + 40;
    thrift.beginStruct();
    while (thrift.nextField()) {
      const id = thrift.fieldId;
      if (id === 1) {
        if (chunks > 0 || thrift.beginList(thrift.STRUCT) !== leafCount) thrift.setOdd();
        for (; chunks < leafCount && !thrift.isOdd; chunks++) {
          const leaf = leaves + usize(chunks) * LEAF_BYTES;
          readChunk(leaf);
          if (
            !hasMetaData ||
            type !== load<i32>(leaf) ||
            codec < 0 ||
            valueCount < 0 ||
            compressedBytes < 0
          ) {
            thrift.setOdd();
          }
          const isDictionaryFirst = dictionaryOffset > 0 && dictionaryOffset < dataOffset;
          const offset = isDictionaryFirst ? dictionaryOffset : dataOffset;
          if (valueCount > 0 && (offset < 4 || offset + compressedBytes > dataEndBytes)) thrift.setOdd();
          store<f64>(out, f64(codec));
          store<f64>(out, valueCount, 8);
          store<f64>(out, uncompressedBytes, 16);
          store<f64>(out, compressedBytes, 24);
          store<f64>(out, offset, 32);
          out += CHUNK_NUMBERS << 3;
        }
      } else if (id === 2) {
        totalBytes = thrift.readI64();
      } else if (id === 3) {
        rows = thrift.readI64();
      } else {
        if (id === 4) isSorted = true;
        thrift.skipField();
      }
    }
    thrift.endStruct(0);
    if (rows < 0 || chunks !== leafCount) return -1;
    for (let k: i32 = 0; k < leafCount; k++) {
      const isFlat = rows === 0 || load<i32>(leaves + usize(k) * LEAF_BYTES, 4) !== 0;
      if (isFlat && load<f64>(to + (((usize(k) + 1) * CHUNK_NUMBERS) << 3), 8) !== rows) return -1;
    }
    store<f64>(to, rows);
    store<f64>(to, totalBytes, 8);
    store<f64>(to, isSorted ? 1 : 0, 16);
    store<f64>(to, f64(start - from), 24);
    store<f64>(to, f64(thrift.thriftPosition() - from), 32);
    to += groupBytes;
  }
  if (thrift.isOdd) return -1;
  setResult(0, i32(thrift.thriftPosition() - from));
  return count;
}
