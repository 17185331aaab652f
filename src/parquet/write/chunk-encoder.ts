import { crc32 } from 'node:zlib';
import { compressSnappy } from '../codec/compression.ts';
import { append, type ByteBuffer, byteBuffer, reserve } from '../encodings/byte-buffer.ts';
import { bitWidthOf, encodeHybrid, packBits } from '../encodings/hybrid-encoder.ts';
import { emptyExtremes, extendExtremes } from '../extremes.ts';
import { codec, encoding, pageType, physicalType } from '../format.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { holdsNan } from '../not-a-number.ts';
import {
  beginStruct,
  compactWriter,
  endStruct,
  resetWriter,
  writeI32,
  writeStructField,
  writtenBytes,
} from '../thrift/compact-writer.ts';
import { type Layout, layout, layoutOf, type ValueBlock } from '../value-block.ts';
import type { ChunkContent } from './chunk-content.ts';
import type { EncodedChunk } from './encoded-chunk.ts';

/** Sizes that decide where a page ends. */
export interface PageLimits {
  /** Rough size of a page's values before compression. */
  readonly pageSizeBytes: number;
  /** Most rows of a page, so that readers with a page index can skip finely. */
  readonly pageRows: number;
}

/** What parquet-java uses too. */
export const defaultPageLimits: PageLimits = { pageSizeBytes: 1024 * 1024, pageRows: 20_000 };

const body: ByteBuffer = byteBuffer(256 * 1024);
const header = compactWriter(256);
let bits = new Int32Array(0);

/**
 * Encodes a column chunk: a dictionary page when the content has indices, then data pages (version 1) of whole rows,
 * each compressed with Snappy and with a CRC.
 * @returns the pages in order, with what the footer says about them; the bytes are the caller's
 */
export function encodeColumnChunk(content: ChunkContent, pageLimits: PageLimits): EncodedChunk {
  const { leaf, indices } = content;
  const kind = layoutOf(leaf);
  const pages: Uint8Array[] = [];
  const sizes = { uncompressedBytes: 0, compressedBytes: 0 };
  const valueEncoding = indices === undefined ? encoding.PLAIN : encoding.RLE_DICTIONARY;
  let dictionarySizeBytes = 0;
  if (indices !== undefined) {
    body.length = 0;
    appendPlain(leaf, kind, content.values, 0, content.values.count);
    pushPage(pages, sizes, pageType.DICTIONARY_PAGE, content.values.count, encoding.PLAIN);
    dictionarySizeBytes = sizes.compressedBytes;
  }
  const indexWidth = bitWidthOf(Math.max(content.values.count - 1, 0));
  let dataPages = 0;
  let entry = 0;
  let value = 0;
  while (entry < content.entryCount) {
    const end = pageEnd(content, kind, indexWidth, entry, value, pageLimits);
    body.length = 0;
    appendLevels(content.repetition, entry, end.entry, leaf.maxRepetitionLevel);
    appendLevels(content.definition, entry, end.entry, leaf.maxDefinitionLevel);
    if (indices === undefined) {
      appendPlain(leaf, kind, content.values, value, end.value);
    } else {
      reserve(body, 1);
      body.bytes[body.length++] = indexWidth;
      encodeHybrid(indices, value, end.value, indexWidth, body);
    }
    pushPage(pages, sizes, pageType.DATA_PAGE, end.entry - entry, valueEncoding);
    dataPages++;
    entry = end.entry;
    value = end.value;
  }
  const extremes = emptyExtremes(leaf.sortOrder);
  extendExtremes(extremes, leaf, kind, content.values, content.values.count);
  return {
    leaf,
    pages,
    codec: codec.SNAPPY,
    encodings: [
      ...(indices === undefined ? [] : [encoding.PLAIN]),
      valueEncoding,
      ...(leaf.maxDefinitionLevel > 0 || leaf.maxRepetitionLevel > 0 ? [encoding.RLE] : []),
    ],
    valueCount: content.entryCount,
    nullCount: content.entryCount - content.presentCount,
    uncompressedSizeBytes: sizes.uncompressedBytes,
    compressedSizeBytes: sizes.compressedBytes,
    dictionarySizeBytes,
    dataPages,
    valueEncoding,
    min: extremes.min,
    max: extremes.max,
    statesBounds: !holdsNan(leaf.sortOrder, content.values, content.values.count),
    keyValueBytes: undefined,
  };
}

/** Finds where the page that begins at `entry` and `value` ends: at the begin of a row. */
function pageEnd(
  content: ChunkContent,
  kind: Layout,
  indexWidth: number,
  entry: number,
  value: number,
  pageLimits: PageLimits,
): { entry: number; value: number } {
  const { leaf, entryCount, definition, repetition, indices } = content;
  const max = leaf.maxDefinitionLevel;
  const repeated = leaf.maxRepetitionLevel > 0;
  const variable = indices === undefined && kind === layout.VARIABLE;
  const valueBytes = indices === undefined ? leaf.widthBytes : indexWidth / 8;
  const { offsets } = content.values;
  const firstOffset = variable ? (offsets[value] as number) : 0;
  if (!repeated) {
    // One entry a row: where a page's worth of rows is small enough, nothing needs to be looked at row by row.
    const rows = Math.min(entryCount - entry, pageLimits.pageRows);
    const values = max === 0 ? rows : countLevels(definition, entry, entry + rows, max);
    const sizeBytes = variable ? (offsets[value + values] as number) - firstOffset : values * valueBytes;
    if (sizeBytes < pageLimits.pageSizeBytes) return { entry: entry + rows, value: value + values };
  }
  let e = entry;
  let v = value;
  let rows = 0;
  while (e < entryCount) {
    if (!repeated || repetition[e] === 0) {
      const sizeBytes = variable ? (offsets[v] as number) - firstOffset : (v - value) * valueBytes;
      if (rows > 0 && (rows >= pageLimits.pageRows || sizeBytes >= pageLimits.pageSizeBytes)) break;
      rows++;
    }
    if (max === 0 || definition[e] === max) v++;
    e++;
  }
  return { entry: e, value: v };
}

function countLevels(levels: Int32Array, from: number, to: number, level: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (levels[i] === level) count++;
  return count;
}

function appendLevels(levels: Int32Array, from: number, to: number, maxLevel: number): void {
  if (maxLevel === 0) return;
  reserve(body, 4);
  const lengthAt = body.length;
  body.length += 4;
  encodeHybrid(levels, from, to, bitWidthOf(maxLevel), body);
  const length = body.length - lengthAt - 4;
  for (let i = 0; i < 4; i++) body.bytes[lengthAt + i] = (length >>> (8 * i)) & 255;
}

function appendPlain(leaf: LeafColumn, kind: Layout, block: ValueBlock, from: number, to: number): void {
  if (leaf.type === physicalType.BOOLEAN) {
    if (bits.length < to - from) bits = new Int32Array(to - from);
    for (let i = from; i < to; i++) bits[i - from] = block.bytes[i] as number;
    packBits(bits, 0, to - from, 1, Math.ceil((to - from) / 8), body);
  } else if (kind === layout.VARIABLE) {
    if (to > from) append(body, block.bytes.subarray(block.offsets[from], block.offsets[to]));
  } else if (kind === layout.FIXED) {
    append(body, block.bytes.subarray(from * leaf.widthBytes, to * leaf.widthBytes));
  } else {
    const { buffer, byteOffset } = block.words;
    append(body, new Uint8Array(buffer, byteOffset + from * leaf.widthBytes, (to - from) * leaf.widthBytes));
  }
}

function pushPage(
  pages: Uint8Array[],
  sizes: { uncompressedBytes: number; compressedBytes: number },
  type: number,
  valueCount: number,
  valueEncoding: number,
): void {
  const compressed = compressSnappy(body.bytes.subarray(0, body.length));
  resetWriter(header);
  const outer = beginStruct(header);
  writeI32(header, 1, type);
  writeI32(header, 2, body.length);
  writeI32(header, 3, compressed.length);
  writeI32(header, 4, crc32(compressed) | 0);
  writeStructField(header, type === pageType.DICTIONARY_PAGE ? 7 : 5);
  const inner = beginStruct(header);
  writeI32(header, 1, valueCount);
  writeI32(header, 2, valueEncoding);
  if (type === pageType.DATA_PAGE) {
    writeI32(header, 3, encoding.RLE);
    writeI32(header, 4, encoding.RLE);
  }
  endStruct(header, inner);
  endStruct(header, outer);
  const headerBytes = writtenBytes(header).slice();
  pages.push(headerBytes, compressed);
  sizes.uncompressedBytes += headerBytes.length + body.length;
  sizes.compressedBytes += headerBytes.length + compressed.length;
}
