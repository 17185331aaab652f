import { crc32 } from 'node:zlib';
import { type CompressionRooms, compress, compressionRooms } from '../codec/compression.ts';
import { bitWidthOf } from '../encodings/bit-width.ts';
import { emptyExtremes, mergeExtremes } from '../extremes.ts';
import { encoding, pageType, physicalType } from '../format.ts';
import { type IndexedRooms, indexedRooms } from '../indexed-extremes.ts';
import { hybridRoom, type Kernel } from '../kernel/kernel.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ValueBlock } from '../value-block.ts';
import { bloomFilterOf } from './bloom-filter.ts';
import type { ChunkContent } from './chunk-content.ts';
import { putCompact } from './compact-values.ts';
import type { EncodedChunk } from './encoded-chunk.ts';
import { roomFor } from './page-body.ts';
import { type PageFacts, pageFacts } from './page-facts.ts';
import { type HeadedPage, pageHeaderBytes } from './page-header-bytes.ts';

/** Sizes that decide where a page ends. */
export interface PageLimits {
  /** Rough size of a page's values before compression. */
  readonly pageSizeBytes: number;
  /** Most rows of a page, so that readers with a page index can skip finely. */
  readonly pageRows: number;
}

/** What parquet-java uses too. */
export const defaultPageLimits: PageLimits = { pageSizeBytes: 1024 * 1024, pageRows: 20_000 };

/** How a column chunk is laid out. */
export interface ChunkFormat extends PageLimits {
  /** parquet-format's number of the compression: one that {@link compress} knows. */
  readonly codec: number;
  /** Of a codec that has levels; absent: its usual one. */
  readonly level?: number;
  /** Whether a Bloom filter is made of the values. */
  readonly hasBloomFilter?: boolean;
}

/** What encodes one column chunk after the other: room for a page under construction. */
export interface ChunkEncoder {
  readonly rooms: Rooms;
  readonly body: Room;
  /** The pages of the chunk so far. */
  readonly encoded: Room;
  readonly compression: CompressionRooms;
  readonly indexed: IndexedRooms;
}

/** An encoder that works in the memory of a kernel. */
export function chunkEncoder(rooms: Rooms): ChunkEncoder {
  return {
    rooms,
    body: emptyRoom(),
    encoded: emptyRoom(),
    compression: compressionRooms(),
    indexed: indexedRooms(),
  };
}

interface Pages {
  readonly codec: number;
  readonly level: number | undefined;
  uncompressedBytes: number;
  compressedBytes: number;
}

/**
 * Encodes a column chunk: a dictionary page when the content has indices, then data pages (version 1) of whole rows,
 * each compressed and with a CRC.
 * @param content in the memory of the encoder's kernel
 * @param plainEncoding how values are encoded that are not told by indices: PLAIN, or one that {@link putCompact} knows
 * @returns the pages in order, with what the footer says about them; the bytes lie in the kernel's memory and are good
 * until it is used again
 */
export function encodeColumnChunk(
  encoder: ChunkEncoder,
  content: ChunkContent,
  format: ChunkFormat,
  plainEncoding: number = encoding.PLAIN,
): EncodedChunk {
  const { leaf, indicesAt, values } = content;
  const { rooms, body, encoded } = encoder;
  const { kernel } = rooms;
  const { codec, level } = format;
  const pages: Pages = { codec, level, uncompressedBytes: 0, compressedBytes: 0 };
  const valueEncoding = indicesAt === undefined ? plainEncoding : encoding.RLE_DICTIONARY;
  let dictionarySizeBytes = 0;
  if (indicesAt !== undefined) {
    const end = putPlain(encoder, leaf, values, 0, values.count, reserve(rooms, body, 0));
    pushPage(encoder, pages, pageType.DICTIONARY_PAGE, end, values.count, encoding.PLAIN);
    dictionarySizeBytes = pages.compressedBytes;
  }
  const indexWidth = Math.max(1, bitWidthOf(Math.max(values.count - 1, 0)));
  const facts: PageFacts[] = [];
  let entry = 0;
  let value = 0;
  while (entry < content.entryCount) {
    const end = pageEnd(kernel, content, indexWidth, entry, value, format);
    let at = reserve(rooms, body, 0);
    at = putLevels(encoder, content.repetitionAt + entry, end.entry - entry, leaf.maxRepetitionLevel, at);
    at = putLevels(encoder, content.definitionAt + entry, end.entry - entry, leaf.maxDefinitionLevel, at);
    if (indicesAt === undefined) {
      at =
        plainEncoding === encoding.PLAIN
          ? putPlain(encoder, leaf, values, value, end.value, at)
          : putCompact(encoder, plainEncoding, values, value, end.value, at);
    } else {
      const count = end.value - value;
      at = roomFor(encoder, at, hybridRoom(count, indexWidth) + 1);
      kernel.memory.bytes[at] = indexWidth;
      at += 1 + kernel.encodeIndices(indicesAt + value * 4, count, indexWidth, at + 1);
    }
    const bytesBefore = pages.compressedBytes;
    pushPage(encoder, pages, pageType.DATA_PAGE, at, end.entry - entry, valueEncoding);
    const span = { entry, entryEnd: end.entry, value, valueEnd: end.value };
    facts.push(pageFacts(rooms, content, span, pages.compressedBytes - bytesBefore, encoder.indexed));
    entry = end.entry;
    value = end.value;
  }
  const extremes = emptyExtremes(leaf.sortOrder);
  for (const page of facts) mergeExtremes(extremes, page.extremes.min, page.extremes.max);
  const nanCount = facts.reduce((sum, page) => sum + page.extremes.nanCount, 0);
  const bloomFilter = format.hasBloomFilter ? bloomFilterOf(rooms, content, nanCount) : undefined;
  return {
    leaf,
    pages: [rooms.kernel.memory.bytes.subarray(encoded.at, encoded.at + pages.compressedBytes)],
    codec: format.codec,
    encodings: [
      ...(indicesAt === undefined ? [] : [encoding.PLAIN]),
      valueEncoding,
      ...(leaf.maxDefinitionLevel > 0 || leaf.maxRepetitionLevel > 0 ? [encoding.RLE] : []),
    ],
    valueCount: content.entryCount,
    nullCount: content.entryCount - content.presentCount,
    uncompressedSizeBytes: pages.uncompressedBytes,
    compressedSizeBytes: pages.compressedBytes,
    dictionarySizeBytes,
    dataPages: facts.length,
    valueEncoding,
    min: extremes.min,
    max: extremes.max,
    nanCount,
    pageFacts: facts,
    bloomFilter,
    keyValueBytes: undefined,
  };
}

/** Finds where the page that begins at `entry` and `value` ends: at the begin of a row. */
function pageEnd(
  kernel: Kernel,
  content: ChunkContent,
  indexWidth: number,
  entry: number,
  value: number,
  pageLimits: PageLimits,
): { entry: number; value: number } {
  const { leaf, entryCount, definitionAt, repetitionAt, indicesAt, values } = content;
  const max = leaf.maxDefinitionLevel;
  const isRepeated = leaf.maxRepetitionLevel > 0;
  const isVariable = indicesAt === undefined && leaf.widthBytes === 0;
  const valueBits = indicesAt === undefined ? leaf.widthBytes * 8 : indexWidth;
  if (!isRepeated) {
    // One entry a row: where a page's worth of rows is small enough, nothing needs to be looked at row by row.
    const rows = Math.min(entryCount - entry, pageLimits.pageRows);
    const count = max === 0 ? rows : kernel.countLevels(definitionAt + entry, rows, max);
    const { words } = kernel.memory;
    const place = values.offsetsAt / 4 + value;
    const sizeBytes = isVariable
      ? (words[place + count] as number) - (words[place] as number)
      : (count * valueBits) / 8;
    if (sizeBytes < pageLimits.pageSizeBytes) return { entry: entry + rows, value: value + count };
  }
  const end = kernel.pageEnd(
    isRepeated ? repetitionAt : 0,
    max > 0 ? definitionAt : 0,
    max,
    entry,
    entryCount,
    value,
    isVariable ? values.offsetsAt : 0,
    valueBits,
    pageLimits.pageRows,
    pageLimits.pageSizeBytes,
  );
  return { entry: end, value: kernel.memory.words[0] as number };
}

function putLevels(encoder: ChunkEncoder, from: number, count: number, maxLevel: number, at: number): number {
  if (maxLevel === 0) return at;
  const { kernel } = encoder.rooms;
  const width = bitWidthOf(maxLevel);
  const start = roomFor(encoder, at, 4 + hybridRoom(count, width));
  const length = kernel.encodeLevels(from, count, width, start + 4);
  const { bytes } = kernel.memory;
  for (let i = 0; i < 4; i++) bytes[start + i] = (length >>> (8 * i)) & 255;
  return start + 4 + length;
}

function putPlain(
  encoder: ChunkEncoder,
  leaf: LeafColumn,
  block: ValueBlock,
  from: number,
  to: number,
  at: number,
): number {
  const { kernel } = encoder.rooms;
  const { words } = kernel.memory;
  if (leaf.type === physicalType.BOOLEAN) {
    const length = Math.ceil((to - from) / 8);
    const start = roomFor(encoder, at, length);
    kernel.packBooleans(block.bytesAt + from, to - from, start);
    return start + length;
  }
  const place = block.offsetsAt / 4;
  const isFixed = block.widthBytes > 0;
  const first = isFixed ? from * block.widthBytes : (words[place + from] as number);
  const length = (isFixed ? to * block.widthBytes : (words[place + to] as number)) - first;
  const start = roomFor(encoder, at, length);
  kernel.memory.bytes.copyWithin(start, block.bytesAt + first, block.bytesAt + first + length);
  return start + length;
}

/** Room for a page's header in front of its compressed body. */
const headerRoomBytes = 64;

// The page lies from the begin of the body to address `end`.
function pushPage(
  { rooms, body, encoded, compression }: ChunkEncoder,
  pages: Pages,
  type: HeadedPage['type'],
  end: number,
  valueCount: number,
  valueEncoding: number,
): void {
  const sizeBytes = end - body.at;
  const compressed = compress(rooms, pages.codec, body.at, end, compression, headerRoomBytes, pages.level);
  const { bytes } = rooms.kernel.memory;
  const headerBytes = pageHeaderBytes({
    type,
    uncompressedSizeBytes: sizeBytes,
    compressedSizeBytes: compressed.end - compressed.at,
    crc: crc32(bytes.subarray(compressed.at, compressed.end)),
    valueCount,
    encoding: valueEncoding,
  });
  const start = compressed.at - headerBytes.length;
  bytes.set(headerBytes, start);
  const length = compressed.end - start;
  const { compressedBytes: before } = pages;
  const to = reserve(rooms, encoded, before + length, before) + before;
  rooms.kernel.memory.bytes.copyWithin(to, start, compressed.end);
  pages.uncompressedBytes += headerBytes.length + sizeBytes;
  pages.compressedBytes += length;
}
