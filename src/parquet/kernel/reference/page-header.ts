import { pageType } from '../../format.ts';
import type { Views } from './views.ts';

// Wire types of thrift's compact protocol.
const wire = { TRUE: 1, FALSE: 2, BYTE: 3, I32: 5, I64: 6, DOUBLE: 7, BINARY: 8, STRUCT: 12 } as const;
const mostDepth = 4;

/** What `appendChunks` needs to know of a page, from its header. */
export interface UsualHeader {
  type: number;
  uncompressedBytes: number;
  compressedBytes: number;
  /** As a signed number. */
  crc: number | undefined;
  valueCount: number;
  encoding: number;
  definitionEncoding: number;
  repetitionEncoding: number;
  nullCount: number;
  definitionBytes: number;
  repetitionBytes: number;
  isCompressed: boolean;
  /** Where the page's bytes begin. */
  bodyAt: number;
}

/** Where the header is in which nothing unusual was found yet. */
interface Place {
  position: number;
  readonly end: number;
  fieldId: number;
  fieldType: number;
  isOdd: boolean;
}

/** The header that begins at `from`; undefined where it is none that `appendChunks` can deal with. */
export function readUsualHeader({ view }: Views, from: number, end: number): UsualHeader | undefined {
  const header: UsualHeader = {
    type: -1,
    uncompressedBytes: -1,
    compressedBytes: -1,
    crc: undefined,
    valueCount: -1,
    encoding: -1,
    definitionEncoding: -1,
    repetitionEncoding: -1,
    nullCount: 0,
    definitionBytes: 0,
    repetitionBytes: 0,
    isCompressed: true,
    bodyAt: 0,
  };
  const place: Place = { position: from, end, fieldId: 0, fieldType: 0, isOdd: false };

  // Up to 10 bytes; more than 53 bits are no number that is used.
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (place.position >= end) break;
      const byte = view.getUint8(place.position++);
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    place.isOdd = true;
    return 0;
  };
  const int = (): number => {
    const start = place.position;
    const value = varint();
    if (place.fieldType !== wire.I32 || value > 0xffffffff || place.position - start > 5) place.isOdd = true;
    return ((value >>> 1) ^ -(value & 1)) | 0;
  };
  const nextField = (): boolean => {
    if (place.isOdd || place.position >= end) {
      place.isOdd = true;
      return false;
    }
    const byte = view.getUint8(place.position++);
    if (byte === 0) return false;
    if (byte >> 4 === 0) place.isOdd = true;
    place.fieldId += byte >> 4;
    place.fieldType = byte & 15;
    return !place.isOdd;
  };
  const skip = (count: number): void => {
    if (count > end - place.position) place.isOdd = true;
    else place.position += count;
  };
  const skipField = (depth: number): void => {
    switch (place.fieldType) {
      case wire.TRUE:
      case wire.FALSE:
        return;
      case wire.I32:
      case wire.I64:
        varint();
        return;
      case wire.BINARY:
        skip(varint());
        return;
      case wire.BYTE:
        skip(1);
        return;
      case wire.DOUBLE:
        skip(8);
        return;
      case wire.STRUCT:
        if (depth < mostDepth) inStruct(() => skipField(depth + 1));
        else place.isOdd = true;
        return;
      default:
        place.isOdd = true;
    }
  };
  const inStruct = (take: () => void): void => {
    const outer = place.fieldId;
    place.fieldId = 0;
    while (nextField()) take();
    place.fieldId = outer;
  };
  const takeInner = (type: number): void => {
    const isV2 = type === pageType.DATA_PAGE_V2;
    const isV1 = type === pageType.DATA_PAGE;
    switch (place.fieldId) {
      case 1:
        header.valueCount = int();
        return;
      case 2:
        if (isV2) header.nullCount = int();
        else header.encoding = int();
        return;
      case 3:
        if (isV1) header.definitionEncoding = int();
        else if (isV2) int();
        else skipField(0);
        return;
      case 4:
        if (isV2) header.encoding = int();
        else if (isV1) header.repetitionEncoding = int();
        else skipField(0);
        return;
      case 5:
        if (isV2) header.definitionBytes = int();
        else skipField(0);
        return;
      case 6:
        if (isV2) header.repetitionBytes = int();
        else skipField(0);
        return;
      case 7:
        if (!isV2) {
          skipField(0);
          return;
        }
        if (place.fieldType !== wire.TRUE && place.fieldType !== wire.FALSE) place.isOdd = true;
        header.isCompressed = place.fieldType === wire.TRUE;
        return;
      default:
        skipField(0);
    }
  };

  const inners: number[] = [];
  inStruct(() => {
    const inner = [5, 7, 8].indexOf(place.fieldId);
    if (place.fieldId === 1) header.type = int();
    else if (place.fieldId === 2) header.uncompressedBytes = int();
    else if (place.fieldId === 3) header.compressedBytes = int();
    else if (place.fieldId === 4) header.crc = int();
    else if (inner < 0) skipField(0);
    else {
      const type = [pageType.DATA_PAGE, pageType.DICTIONARY_PAGE, pageType.DATA_PAGE_V2][inner] ?? -1;
      inners.push(type);
      if (place.fieldType !== wire.STRUCT) place.isOdd = true;
      inStruct(() => takeInner(type));
    }
  });
  header.bodyAt = place.position;
  const { uncompressedBytes, compressedBytes, valueCount } = header;
  const isUsual = !place.isOdd && inners.length === 1 && inners[0] === header.type;
  return isUsual && Math.min(uncompressedBytes, compressedBytes, valueCount) >= 0 ? header : undefined;
}
