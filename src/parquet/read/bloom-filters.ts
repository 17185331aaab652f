import type { ByteSource } from '../../core/byte-source.ts';
import type { ParquetFooter } from '../footer.ts';
import { corrupt, placed } from '../format-error.ts';
import { emptyRoom, type Rooms, release, reserve } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { blockBytes, mayContainHash } from '../split-blocks.ts';
import { beginStruct, compactCursor, nextField, readI32, skipField } from '../thrift/compact-reader.ts';
import type { ValueBlock } from '../value-block.ts';
import { chunkExtents, type Extent } from './chunk-extents.ts';
import type { DecodedPage } from './decoded-page.ts';

/** Largest filter that is read. */
const mostFilterBytes = 128 * 1024 * 1024;
/** Values hashed at a time. */
const stretchValues = 65_536;

/**
 * Reads the Bloom filter of a column chunk; resolves with who looks for every value of a decoded page in it and says whether
 * all are there: a reader that goes by the filter would miss the rows of one that is not. Undefined where the chunk has no
 * filter.
 * @throws FormatError when the filter does not decode; StoreError
 */
export async function bloomFilterCheck(
  source: ByteSource,
  footer: ParquetFooter,
  number: number,
  leaf: LeafColumn,
): Promise<((page: DecodedPage) => boolean) | undefined> {
  const rowGroup = footer.rowGroups[number];
  if (rowGroup?.chunks[leaf.index]?.hasBloomFilter !== true) return undefined;
  const place = chunkExtents(rowGroup)[leaf.index]?.bloomFilter;
  if (place === undefined || place.offsetBytes === 0) return undefined;
  return knowsValuesOf(await readBits(source, footer, number, leaf.path, place));
}

/** Who looks for every value of the pages of one chunk in the words of a filter, and says whether all are there. */
export function knowsValuesOf(bits: Int32Array): (page: DecodedPage) => boolean {
  let generation = -1;
  return ({ rooms, usesDictionary, dictionary, values }) => {
    // Of a dictionary every entry is looked for, once.
    if (usesDictionary && generation === dictionary.generation) return true;
    if (usesDictionary) generation = dictionary.generation;
    return holdsAll(rooms, usesDictionary ? dictionary.block : values, bits);
  };
}

async function readBits(
  source: ByteSource,
  footer: ParquetFooter,
  rowGroup: number,
  column: string,
  { offsetBytes, sizeBytes }: Extent,
): Promise<Int32Array> {
  const endBytes = footer.fileSizeBytes - footer.footerSizeBytes;
  try {
    if (sizeBytes > mostFilterBytes || offsetBytes + sizeBytes > endBytes) {
      throw corrupt(`a Bloom filter of ${sizeBytes} bytes lies outside the data of the file`);
    }
    return bloomFilterWords(await source.read(offsetBytes, sizeBytes));
  } catch (error) {
    throw placed(error, { file: footer.file, rowGroup, column, offsetBytes });
  }
}

/**
 * The words of a filter that stands in these bytes, header first, and fills them.
 * @throws FormatError
 */
export function bloomFilterWords(bytes: Uint8Array): Int32Array {
  const { headerBytes, bitBytes } = bloomFilterSizes(bytes);
  if (bitBytes < blockBytes || bitBytes % blockBytes !== 0 || bitBytes !== bytes.length - headerBytes) {
    throw corrupt(`a Bloom filter of ${bitBytes} bytes in ${bytes.length - headerBytes}`);
  }
  return new Int32Array(bytes.slice(headerBytes).buffer);
}

/**
 * How long the header of a filter is that begins these bytes, and the filter behind it (`BloomFilterHeader.numBytes`).
 * @throws FormatError
 */
export function bloomFilterSizes(bytes: Uint8Array): { headerBytes: number; bitBytes: number } {
  const c = compactCursor(bytes);
  let bitBytes = 0;
  beginStruct(c);
  while (nextField(c)) {
    if (c.fieldId === 1) bitBytes = readI32(c);
    else skipField(c);
  }
  return { headerBytes: c.position, bitBytes };
}

function holdsAll(rooms: Rooms, block: ValueBlock, bits: Int32Array): boolean {
  const { count, widthBytes, bytesAt, offsetsAt } = block;
  const { kernel } = rooms;
  const hashes = emptyRoom();
  let holds = true;
  for (let from = 0; holds && from < count; from += stretchValues) {
    const part = Math.min(stretchValues, count - from);
    const at = reserve(rooms, hashes, part * 8);
    kernel.hashForBloom(widthBytes, bytesAt + from * widthBytes, offsetsAt + from * 4, part, at);
    const { words } = kernel.memory;
    for (let i = at / 4; holds && i < at / 4 + part * 2; i += 2) {
      holds = mayContainHash(bits, words[i] as number, words[i + 1] as number);
    }
  }
  release(rooms, hashes);
  return holds;
}
