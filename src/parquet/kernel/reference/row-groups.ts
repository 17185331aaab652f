import { encoding } from '../../format.ts';
import { wireType } from '../../thrift/compact-reader.ts';
import { chunkNumber, type Kernel, leafBytes, leafWord, numbersPerChunk, rowGroupNumber } from '../kernel.ts';
import { type UsualThrift, usualThrift } from './thrift.ts';
import type { Views } from './views.ts';

const mostEncodings = 1000;
const knownEncodings: ReadonlySet<number> = new Set(Object.values(encoding));
const mostRowGroups = 0x10000;

interface Chunk {
  type: number;
  codec: number;
  valueCount: number;
  uncompressedSizeBytes: number;
  compressedSizeBytes: number;
  dataOffset: number;
  dictionaryOffset: number;
}

/** Reading the row groups of a footer in TypeScript. */
export function rowGroupsReference(views: Views): Pick<Kernel, 'readRowGroups'> {
  return {
    readRowGroups: (from, end, leaves, leafCount, dataEndBytes, to, toEnd) => {
      const { view } = views;
      const ofLeaf = (leaf: number, name: keyof typeof leafWord): number =>
        view.getInt32(leaves + leaf * leafBytes + leafWord[name] * 4, true);
      const thrift = usualThrift(views, from, end);
      thrift.fieldType = wireType.LIST;
      const count = thrift.beginList(wireType.STRUCT);
      const groupNumbers = numbersPerChunk * (leafCount + 1);
      if (count > mostRowGroups || count * groupNumbers * 8 > toEnd - to) return -1;
      for (let i = 0; i < count && !thrift.isOdd; i++) {
        const out = to + i * groupNumbers * 8;
        const put = (place: number, value: number): void => view.setFloat64(out + place * 8, value, true);
        const start = thrift.position;
        const counts: number[] = [];
        let rows = -1;
        let totalBytes = 0;
        let isSorted = false;
        thrift.inStruct(() => {
          if (thrift.fieldId === 2) totalBytes = thrift.readI64();
          else if (thrift.fieldId === 3) rows = thrift.readI64();
          else if (thrift.fieldId !== 1) {
            if (thrift.fieldId === 4) isSorted = true;
            thrift.skipField();
          } else {
            if (counts.length > 0 || thrift.beginList(wireType.STRUCT) !== leafCount) thrift.isOdd = true;
            while (counts.length < leafCount && !thrift.isOdd) {
              const leaf = counts.length;
              const chunk = readChunk(thrift, ofLeaf(leaf, 'pathAt'), ofLeaf(leaf, 'pathBytes'));
              counts.push(chunk.valueCount);
              const { codec, valueCount, compressedSizeBytes, dataOffset, dictionaryOffset } = chunk;
              if (chunk.type !== ofLeaf(leaf, 'type')) thrift.isOdd = true;
              if (Math.min(codec, valueCount, compressedSizeBytes) < 0) thrift.isOdd = true;
              const isDictionaryFirst = dictionaryOffset > 0 && dictionaryOffset < dataOffset;
              const offset = isDictionaryFirst ? dictionaryOffset : dataOffset;
              if (valueCount > 0 && (offset < 4 || offset + compressedSizeBytes > dataEndBytes))
                thrift.isOdd = true;
              const place = counts.length * numbersPerChunk;
              put(place + chunkNumber.codec, codec);
              put(place + chunkNumber.valueCount, valueCount);
              put(place + chunkNumber.uncompressedSizeBytes, chunk.uncompressedSizeBytes);
              put(place + chunkNumber.compressedSizeBytes, compressedSizeBytes);
              put(place + chunkNumber.startOffsetBytes, offset);
            }
          }
        });
        if (rows < 0 || counts.length !== leafCount) return -1;
        if (counts.some((values, leaf) => (rows === 0 || ofLeaf(leaf, 'isFlat') === 1) && values !== rows))
          return -1;
        put(rowGroupNumber.rows, rows);
        put(rowGroupNumber.totalSizeBytes, totalBytes);
        put(rowGroupNumber.isSorted, isSorted ? 1 : 0);
        put(rowGroupNumber.from, start - from);
        put(rowGroupNumber.to, thrift.position - from);
      }
      if (thrift.isOdd) return -1;
      views.words[0] = thrift.position - from;
      return count;
    },
  };
}

function readChunk(thrift: UsualThrift, pathAt: number, pathBytes: number): Chunk {
  const chunk: Chunk = {
    type: -1,
    codec: -1,
    valueCount: -1,
    uncompressedSizeBytes: -1,
    compressedSizeBytes: -1,
    dataOffset: -1,
    dictionaryOffset: 0,
  };
  let structs = 0;
  thrift.inStruct(() => {
    const { fieldId: id } = thrift;
    if (id === 3) {
      structs++;
      if (structs > 1 || thrift.fieldType !== wireType.STRUCT) thrift.isOdd = true;
      thrift.inStruct(() => takeMetaData(thrift, chunk, pathAt, pathBytes));
    } else if (id === 1 || id === 8 || id === 9) thrift.isOdd = true;
    else thrift.skipField();
  });
  if (structs === 0) thrift.isOdd = true;
  return chunk;
}

function takeMetaData(thrift: UsualThrift, chunk: Chunk, pathAt: number, pathBytes: number): void {
  switch (thrift.fieldId) {
    case 1:
      chunk.type = thrift.readI32();
      return;
    case 2: {
      const encodings = thrift.beginList(wireType.I32);
      if (encodings > mostEncodings) thrift.isOdd = true;
      for (let i = 0; i < encodings && !thrift.isOdd; i++) {
        const zigzag = thrift.varint();
        if (zigzag % 2 !== 0 || !knownEncodings.has(zigzag / 2)) thrift.isOdd = true;
      }
      return;
    }
    case 3:
      if (thrift.fieldType !== wireType.LIST) thrift.isOdd = true;
      thrift.expectBytes(pathAt, pathBytes);
      return;
    case 4:
      chunk.codec = thrift.readI32();
      return;
    case 5:
      chunk.valueCount = thrift.readI64();
      return;
    case 6:
      chunk.uncompressedSizeBytes = thrift.readI64();
      return;
    case 7:
      chunk.compressedSizeBytes = thrift.readI64();
      return;
    case 8:
      thrift.isOdd = true;
      return;
    case 9:
      chunk.dataOffset = thrift.readI64();
      return;
    case 11:
      chunk.dictionaryOffset = thrift.readI64();
      return;
    case 12:
      if (thrift.fieldType !== wireType.STRUCT) thrift.isOdd = true;
      thrift.skipField();
      return;
    default:
      thrift.skipField();
  }
}
