import { pageType } from '../../format.ts';
import { wireType } from '../../thrift/compact-reader.ts';
import { type UsualThrift, usualThrift } from './thrift.ts';
import type { Views } from './views.ts';

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

/** The structs of the page types, by the field they stand in. */
const inners: Readonly<Record<number, number>> = {
  5: pageType.DATA_PAGE,
  7: pageType.DICTIONARY_PAGE,
  8: pageType.DATA_PAGE_V2,
};

/** The header that begins at `from`; undefined where it is none that `appendChunks` can deal with. */
export function readUsualHeader(views: Views, from: number, end: number): UsualHeader | undefined {
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
  const thrift = usualThrift(views, from, end);
  const found: number[] = [];
  thrift.inStruct(() => {
    const inner = inners[thrift.fieldId];
    if (thrift.fieldId === 1) header.type = thrift.readI32();
    else if (thrift.fieldId === 2) header.uncompressedBytes = thrift.readI32();
    else if (thrift.fieldId === 3) header.compressedBytes = thrift.readI32();
    else if (thrift.fieldId === 4) header.crc = thrift.readI32();
    else if (inner === undefined) thrift.skipField();
    else {
      found.push(inner);
      if (thrift.fieldType !== wireType.STRUCT) thrift.isOdd = true;
      thrift.inStruct(() => takeInner(thrift, header, inner));
    }
  });
  header.bodyAt = thrift.position;
  const { uncompressedBytes, compressedBytes, valueCount } = header;
  const isUsual = !thrift.isOdd && found.length === 1 && found[0] === header.type;
  return isUsual && Math.min(uncompressedBytes, compressedBytes, valueCount) >= 0 ? header : undefined;
}

function takeInner(thrift: UsualThrift, header: UsualHeader, type: number): void {
  const isV1 = type === pageType.DATA_PAGE;
  const isV2 = type === pageType.DATA_PAGE_V2;
  const { fieldId: id } = thrift;
  if (id === 1) header.valueCount = thrift.readI32();
  else if (!isV2 && id === 2) header.encoding = thrift.readI32();
  else if (isV1 && id === 3) header.definitionEncoding = thrift.readI32();
  else if (isV1 && id === 4) header.repetitionEncoding = thrift.readI32();
  else if (isV2 && id === 2) header.nullCount = thrift.readI32();
  else if (isV2 && id === 3) thrift.readI32();
  else if (isV2 && id === 4) header.encoding = thrift.readI32();
  else if (isV2 && id === 5) header.definitionBytes = thrift.readI32();
  else if (isV2 && id === 6) header.repetitionBytes = thrift.readI32();
  else if (isV2 && id === 7) {
    header.isCompressed = thrift.fieldType === wireType.TRUE;
    if (!header.isCompressed && thrift.fieldType !== wireType.FALSE) thrift.isOdd = true;
  } else thrift.skipField();
}
