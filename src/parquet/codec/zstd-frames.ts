import { corrupt, unsupported } from '../format-error.ts';

/** A frame of Zstandard data. */
export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
  /** How many bytes it holds, where it says so. */
  readonly contentBytes: number | undefined;
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** No block holds more. */
const blockBytes = 128 * 1024;

/**
 * Finds the frames of Zstandard data (RFC 8878, section 3.1) by the sizes of their blocks, without undoing any: what
 * they can hold is known before room is made for it.
 * @param sizeBytes how many bytes all frames are to hold
 * @throws FormatError when the data is no sequence of whole frames, or cannot hold so much, or says that it does not
 */
export function zstdFrames(stored: Uint8Array, sizeBytes: number): readonly ZstdFrame[] {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
  const frames: ZstdFrame[] = [];
  const need = (from: number, length: number): void => {
    if (from + length > stored.length) throw corrupt('Zstandard data is cut');
  };
  let most = 0;
  let stated = 0;
  for (let position = 0; position < stored.length; ) {
    const start = position;
    need(position, 5);
    const magic = view.getUint32(position, true);
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      need(position, 8);
      const length = view.getUint32(position + 4, true);
      need(position + 8, length);
      position += 8 + length;
      continue;
    }
    if (magic !== frameMagic) throw corrupt('Zstandard data does not begin with its magic number');
    const descriptor = view.getUint8(position + 4);
    const isSingle = (descriptor & 32) !== 0;
    if ((descriptor & 3) !== 0) throw unsupported('Zstandard data with a dictionary');
    position += isSingle ? 5 : 6;
    const sizeOfSize = contentSizeBytes(descriptor >> 6, isSingle);
    need(position, sizeOfSize);
    const contentBytes = contentSizeAt(view, position, sizeOfSize);
    position += sizeOfSize;
    for (let isLast = false; !isLast; ) {
      need(position, 3);
      const head = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
      isLast = (head & 1) !== 0;
      const kind = (head >> 1) & 3;
      const size = head >> 3;
      // Raw bytes, one byte many times, compressed.
      if (kind === 3) throw corrupt('Zstandard data has a block of an unknown kind');
      most += kind === 2 ? blockBytes : size;
      position += 3 + (kind === 1 ? 1 : size);
    }
    if ((descriptor & 4) !== 0) position += 4;
    need(position, 0);
    stated += contentBytes ?? 0;
    frames.push({ start, end: position, contentBytes });
  }
  if (most < sizeBytes) throw corrupt(`${stored.length} bytes of Zstandard data cannot hold ${sizeBytes}`);
  if (stated > sizeBytes) throw corrupt(`Zstandard data says it holds ${stated} bytes, not ${sizeBytes}`);
  return frames;
}

function contentSizeBytes(flag: number, isSingle: boolean): number {
  if (flag === 0) return isSingle ? 1 : 0;
  return 2 ** flag;
}

function contentSizeAt(view: DataView, position: number, sizeOfSize: number): number | undefined {
  switch (sizeOfSize) {
    case 1:
      return view.getUint8(position);
    case 2:
      return view.getUint16(position, true) + 256;
    case 4:
      return view.getUint32(position, true);
    case 8:
      return Number(view.getBigUint64(position, true));
    default:
      return undefined;
  }
}
