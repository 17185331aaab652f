import type { ByteSource } from '../../core/byte-source.ts';
import { prepareCodecs } from '../codec/zstd.ts';
import type { ParquetFooter } from '../footer.ts';
import { corrupt, placed } from '../format-error.ts';
import { borrowKernel, giveBack } from '../kernel/borrow-kernel.ts';
import { emptyRoom, type Room, type Rooms, release, reserve } from '../kernel/rooms.ts';
import { defaultMemoryLimits, type MemoryLimits } from '../memory-limits.ts';
import { blockBytes, mayContainHash } from '../split-blocks.ts';
import { codecsOf } from '../supported-features.ts';
import { beginStruct, compactCursor, nextField, readI32, skipField } from '../thrift/compact-reader.ts';
import type { ValueBlock } from '../value-block.ts';
import { chunkExtents, type Extent } from './chunk-extents.ts';
import { feed } from './feed-reader.ts';
import { nextPage } from './next-page.ts';
import { openChunk, type PageReader, pageReader, releaseRooms } from './page-reader.ts';
import { movingRowGroup, releaseRowGroup, windowOf } from './row-group-windows.ts';

/** A Bloom filter that does not know a value of its chunk. */
export interface BloomMiss {
  readonly rowGroup: number;
  /** Dotted path of the leaf. */
  readonly column: string;
  /** Data page of the value, from 0. */
  readonly page: number;
}

/** Largest filter that is read. */
const mostFilterBytes = 128 * 1024 * 1024;
/** How much of a column chunk is read at a time. */
const stepBytes = 4 * 1024 * 1024;
/** Values hashed at a time. */
const stretchValues = 65_536;

/**
 * Looks in the Bloom filters of a file for every value of the chunks that have one; resolves with the first that is not
 * there: a reader that goes by the filter would miss its rows. Where no chunk has a filter nothing is read.
 * @throws FormatError when a filter or a page does not decode; StoreError
 */
export async function findBloomMiss(
  source: ByteSource,
  footer: ParquetFooter,
  memory: MemoryLimits = defaultMemoryLimits,
): Promise<BloomMiss | undefined> {
  if (!footer.rowGroups.some(({ chunks }) => chunks.some(({ hasBloomFilter }) => hasBloomFilter)))
    return undefined;
  await prepareCodecs(codecsOf([footer]));
  const rooms = await borrowKernel(memory.pageBytes);
  try {
    for (const [number, rowGroup] of footer.rowGroups.entries()) {
      for (const [i, { bloomFilter: place }] of chunkExtents(rowGroup).entries()) {
        const leaf = footer.leaves[i];
        const chunk = rowGroup.chunks[i];
        if (place.offsetBytes === 0 || leaf === undefined || chunk === undefined) continue;
        const bits = await readBits(source, footer, number, leaf.path, place);
        const windows = movingRowGroup(source, stepBytes);
        const reader = pageReader(rooms, leaf);
        openChunk(reader, windowOf(windows, chunk), footer.file, number);
        const page = await findMiss(reader, bits);
        releaseRooms(reader);
        releaseRowGroup(rooms, windows);
        if (page !== undefined) return { rowGroup: number, column: leaf.path, page };
      }
    }
    return undefined;
  } finally {
    giveBack(rooms);
  }
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
    const bytes = await source.read(offsetBytes, sizeBytes);
    const c = compactCursor(bytes);
    let bitBytes = 0;
    beginStruct(c);
    while (nextField(c)) {
      if (c.fieldId === 1) bitBytes = readI32(c);
      else skipField(c);
    }
    if (bitBytes < blockBytes || bitBytes % blockBytes !== 0 || bitBytes !== sizeBytes - c.position) {
      throw corrupt(`a Bloom filter of ${bitBytes} bytes in ${sizeBytes - c.position}`);
    }
    return new Int32Array(bytes.slice(c.position, sizeBytes).buffer);
  } catch (error) {
    throw placed(error, { file: footer.file, rowGroup, column, offsetBytes });
  }
}

/** The first data page with a value that is not in the filter. */
async function findMiss(reader: PageReader, bits: Int32Array): Promise<number | undefined> {
  const { rooms, dictionary } = reader;
  const hashes = emptyRoom();
  let generation = -1;
  let pages = 0;
  for (let outcome = nextPage(reader); outcome !== 'end'; outcome = nextPage(reader)) {
    if (outcome === 'starved') {
      await feed(reader);
      continue;
    }
    // Of a dictionary every entry is looked for, once.
    const isKnown = reader.usesDictionary && generation === dictionary.generation;
    if (reader.usesDictionary) generation = dictionary.generation;
    const block = reader.usesDictionary ? dictionary.block : reader.values;
    if (!isKnown && !holdsAll(rooms, hashes, block, bits)) return pages;
    pages++;
  }
  release(rooms, hashes);
  return undefined;
}

function holdsAll(rooms: Rooms, hashes: Room, block: ValueBlock, bits: Int32Array): boolean {
  const { count, widthBytes, bytesAt, offsetsAt } = block;
  const { kernel } = rooms;
  for (let from = 0; from < count; from += stretchValues) {
    const part = Math.min(stretchValues, count - from);
    const at = reserve(rooms, hashes, part * 8);
    kernel.hashForBloom(widthBytes, bytesAt + from * widthBytes, offsetsAt + from * 4, part, at);
    const { words } = kernel.memory;
    for (let i = at / 4; i < at / 4 + part * 2; i += 2) {
      if (!mayContainHash(bits, words[i] as number, words[i + 1] as number)) return false;
    }
  }
  return true;
}
