import { grownTo } from '../encodings/byte-buffer.ts';
import { unsupported } from '../format-error.ts';
import { limits } from '../limits.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { PageReader } from '../read/page-reader.ts';
import { emptyBlock, type Layout, layout, layoutOf, type ValueBlock } from '../value-block.ts';
import type { ChunkContent } from '../write/chunk-content.ts';
import { findOrAdd, type MergedDictionary, mergedDictionary, resetDictionary } from './merged-dictionary.ts';

/** A dictionary beyond this is given up for PLAIN, unless that would be many times as large: readers keep it whole. */
const maxDictionaryBytes = 1024 * 1024;
/** How much smaller a dictionary beyond that size must make the chunk. */
const largeDictionaryGain = 8;
/** A dictionary beyond this is given up in any case. */
const mostDictionaryBytes = 16 * 1024 * 1024;
/** From so many values on a dictionary that saves nothing is given up early. */
const earlyDecisionValues = 16_384;

/** The output column chunk under construction: values of many source pages, one behind the other. */
export interface ChunkBuilder {
  leaf: LeafColumn;
  layout: Layout;
  entryCount: number;
  presentCount: number;
  definition: Int32Array;
  repetition: Int32Array;
  /** Whether values are gathered as indices into the dictionary; else they are gathered in `plain`. */
  usesDictionary: boolean;
  indices: Int32Array;
  readonly dictionary: MergedDictionary;
  readonly plain: ValueBlock;
  /** Which merged entry each entry of the current source dictionary is, or -1. */
  map: Int32Array;
  mapSource: PageReader | undefined;
  mapGeneration: number;
  mapMerged: number;
}

/** A builder; {@link beginChunk} gives it a column. Its room is used for one chunk after the other. */
export function chunkBuilder(leaf: LeafColumn): ChunkBuilder {
  return {
    leaf,
    layout: layoutOf(leaf),
    entryCount: 0,
    presentCount: 0,
    definition: new Int32Array(0),
    repetition: new Int32Array(0),
    usesDictionary: true,
    indices: new Int32Array(0),
    dictionary: mergedDictionary(),
    plain: emptyBlock(),
    map: new Int32Array(0),
    mapSource: undefined,
    mapGeneration: -1,
    mapMerged: -1,
  };
}

/** Empties the builder for a chunk of `leaf`. */
export function beginChunk(builder: ChunkBuilder, leaf: LeafColumn, useDictionary: boolean): void {
  builder.leaf = leaf;
  builder.layout = layoutOf(leaf);
  builder.entryCount = 0;
  builder.presentCount = 0;
  // One bit a value needs no dictionary.
  builder.usesDictionary = useDictionary && !(builder.layout === layout.FIXED && leaf.widthBytes === 1);
  builder.plain.count = 0;
  builder.plain.offsets = grownTo(builder.plain.offsets, 1);
  builder.plain.offsets[0] = 0;
  if (builder.usesDictionary) resetDictionary(builder.dictionary, builder.layout, leaf.widthBytes);
}

/**
 * Appends part of the reader's current page.
 * @param entryFrom first level entry, `entryTo` behind the last
 * @param valueFrom first value (without nulls), `valueTo` behind the last
 * @throws FormatError when the chunk grows beyond the limits
 */
export function appendPage(
  builder: ChunkBuilder,
  reader: PageReader,
  entryFrom: number,
  entryTo: number,
  valueFrom: number,
  valueTo: number,
): void {
  const entries = entryTo - entryFrom;
  const at = builder.entryCount;
  if (at + entries > limits.chunkValues) {
    throw unsupported(`a column of more than ${limits.chunkValues} values in one row group`);
  }
  if (builder.leaf.maxDefinitionLevel > 0) {
    builder.definition = grownTo(builder.definition, at + entries);
    if (reader.constantDefinition >= 0) builder.definition.fill(reader.constantDefinition, at, at + entries);
    else builder.definition.set(reader.definition.subarray(entryFrom, entryTo), at);
  }
  if (builder.leaf.maxRepetitionLevel > 0) {
    builder.repetition = grownTo(builder.repetition, at + entries);
    builder.repetition.set(reader.repetition.subarray(entryFrom, entryTo), at);
  }
  builder.entryCount += entries;
  let from = valueFrom;
  if (builder.usesDictionary && valueTo > valueFrom) {
    from = appendIndices(builder, reader, valueFrom, valueTo);
    builder.presentCount += from - valueFrom;
    if (from < valueTo || !dictionaryPays(builder, false)) convertToPlain(builder);
  }
  if (from === valueTo) return;
  if (reader.usesDictionary) gather(builder, reader.dictionary.block, reader.indices, from, valueTo);
  else copyValues(builder, reader.values, from, valueTo);
  builder.presentCount += valueTo - from;
}

/** The finished chunk: a view of the builder's arrays, good until {@link beginChunk}. */
export function finishChunk(builder: ChunkBuilder): ChunkContent {
  if (builder.usesDictionary && !dictionaryPays(builder, true)) convertToPlain(builder);
  return {
    leaf: builder.leaf,
    entryCount: builder.entryCount,
    presentCount: builder.presentCount,
    definition: builder.definition,
    repetition: builder.repetition,
    values: builder.usesDictionary ? builder.dictionary.block : builder.plain,
    indices: builder.usesDictionary ? builder.indices : undefined,
  };
}

function dictionaryPays(builder: ChunkBuilder, isLast: boolean): boolean {
  const { dictionary, presentCount } = builder;
  if (dictionary.sizeBytes > mostDictionaryBytes) return false;
  if (!isLast && presentCount < earlyDecisionValues) return true;
  const entries = dictionary.block.count;
  if (entries === 0) return true;
  const bitsPerIndex = 32 - Math.clz32(Math.max(entries - 1, 1));
  const withDictionary = dictionary.sizeBytes + (presentCount * bitsPerIndex) / 8;
  const plain =
    builder.layout === layout.VARIABLE
      ? (dictionary.sizeBytes / entries) * presentCount
      : builder.leaf.widthBytes * presentCount;
  const gain = dictionary.sizeBytes > maxDictionaryBytes ? largeDictionaryGain : 1;
  return withDictionary * gain < plain;
}

// Returns the first value that was not appended: `to`, unless the dictionary cannot take one.
function appendIndices(builder: ChunkBuilder, reader: PageReader, from: number, to: number): number {
  const { dictionary } = builder;
  builder.indices = grownTo(builder.indices, builder.presentCount + to - from);
  const out = builder.indices;
  let o = builder.presentCount;
  if (!reader.usesDictionary) {
    const { first, values } = reader;
    for (let i = from; i < to; i++) {
      const entry = findOrAdd(dictionary, first[i] as number, values, i);
      if (entry < 0) return i;
      out[o++] = entry;
    }
    return to;
  }
  const source = reader.dictionary;
  if (
    builder.mapSource !== reader ||
    builder.mapGeneration !== source.generation ||
    builder.mapMerged !== dictionary.generation
  ) {
    builder.map = grownTo(builder.map, source.block.count);
    builder.map.fill(-1, 0, source.block.count);
    builder.mapSource = reader;
    builder.mapGeneration = source.generation;
    builder.mapMerged = dictionary.generation;
  }
  // Only entries that are used get into the merged dictionary, so its extremes are those of the values.
  const { map } = builder;
  const { indices } = reader;
  const { first, block } = source;
  for (let i = from; i < to; i++) {
    const index = indices[i] as number;
    let entry = map[index] as number;
    if (entry < 0) {
      entry = findOrAdd(dictionary, first[index] as number, block, index);
      if (entry < 0) return i;
      map[index] = entry;
    }
    out[o++] = entry;
  }
  return to;
}

function convertToPlain(builder: ChunkBuilder): void {
  builder.usesDictionary = false;
  gather(builder, builder.dictionary.block, builder.indices, 0, builder.presentCount);
}

// Appends source[indices[from..to)] to the plain values.
function gather(
  builder: ChunkBuilder,
  source: ValueBlock,
  indices: Int32Array,
  from: number,
  to: number,
): void {
  const { plain } = builder;
  const count = to - from;
  const at = plain.count;
  plain.count += count;
  switch (builder.layout) {
    case layout.WORD: {
      plain.words = grownTo(plain.words, at + count);
      const { words } = plain;
      const { words: sourceWords } = source;
      for (let i = from, o = at; i < to; i++, o++) words[o] = sourceWords[indices[i] as number] as number;
      return;
    }
    case layout.LONG: {
      plain.words = grownTo(plain.words, (at + count) * 2);
      const { words } = plain;
      const { words: sourceWords } = source;
      for (let i = from, o = at * 2; i < to; i++, o += 2) {
        const index = (indices[i] as number) * 2;
        words[o] = sourceWords[index] as number;
        words[o + 1] = sourceWords[index + 1] as number;
      }
      return;
    }
    case layout.FIXED: {
      const width = builder.leaf.widthBytes;
      const bytes = roomFor(plain, at * width, count * width);
      for (let i = from, o = at * width; i < to; i++) {
        const start = (indices[i] as number) * width;
        for (let b = 0; b < width; b++) bytes[o++] = source.bytes[start + b] as number;
      }
      return;
    }
    default: {
      const { offsets: sourceOffsets, bytes: sourceBytes } = source;
      let size = 0;
      for (let i = from; i < to; i++) {
        const index = indices[i] as number;
        size += (sourceOffsets[index + 1] as number) - (sourceOffsets[index] as number);
      }
      plain.offsets = grownTo(plain.offsets, at + count + 1);
      const { offsets } = plain;
      let o = offsets[at] as number;
      const bytes = roomFor(plain, o, size);
      for (let i = from; i < to; i++) {
        const index = indices[i] as number;
        const end = sourceOffsets[index + 1] as number;
        for (let p = sourceOffsets[index] as number; p < end; p++) bytes[o++] = sourceBytes[p] as number;
        offsets[at + i - from + 1] = o;
      }
    }
  }
}

function copyValues(builder: ChunkBuilder, source: ValueBlock, from: number, to: number): void {
  const { plain } = builder;
  const count = to - from;
  const at = plain.count;
  plain.count += count;
  switch (builder.layout) {
    case layout.WORD:
    case layout.LONG: {
      const perValue = builder.leaf.widthBytes >> 2;
      plain.words = grownTo(plain.words, (at + count) * perValue);
      plain.words.set(source.words.subarray(from * perValue, to * perValue), at * perValue);
      return;
    }
    case layout.FIXED: {
      const width = builder.leaf.widthBytes;
      roomFor(plain, at * width, count * width).set(
        source.bytes.subarray(from * width, to * width),
        at * width,
      );
      return;
    }
    default: {
      plain.offsets = grownTo(plain.offsets, at + count + 1);
      const { offsets } = plain;
      const start = source.offsets[from] as number;
      const end = source.offsets[to] as number;
      const o = offsets[at] as number;
      roomFor(plain, o, end - start).set(source.bytes.subarray(start, end), o);
      for (let i = 1; i <= count; i++) offsets[at + i] = (source.offsets[from + i] as number) - start + o;
    }
  }
}

function roomFor(block: ValueBlock, used: number, more: number): Uint8Array {
  if (used + more > limits.chunkBytes) {
    throw unsupported(`a column of more than ${limits.chunkBytes} bytes in one row group`);
  }
  if (used + more > block.bytes.length) {
    const grown = new Uint8Array(Math.max(block.bytes.length * 2, used + more, 4096));
    grown.set(block.bytes.subarray(0, used));
    block.bytes = grown;
  }
  return block.bytes;
}
