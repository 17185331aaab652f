import { unsupported } from '../format-error.ts';
import { emptyRoom, type Room, type Rooms, release, reserve } from '../kernel/rooms.ts';
import { limits } from '../limits.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { DecodedPage } from '../read/decoded-page.ts';
import type { ChunkContent } from '../write/chunk-content.ts';
import { isDictionaryWorthIt } from './dictionary-gain.ts';
import { hasLoneNegativeZero } from './lone-negative-zero.ts';
import {
  appendIndexed,
  appendValues,
  blockOf,
  entriesOf,
  type MergedDictionary,
  mergedDictionary,
  resetDictionary,
  sizeOf,
} from './merged-dictionary.ts';
import {
  copyValues,
  gatherValues,
  type PlainValues,
  plainBlock,
  plainValues,
  resetPlain,
} from './plain-values.ts';

/** A dictionary's room is given back beyond this when the dictionary is given up. */
const keptDictionaryBytes = 4 * 1024 * 1024;
/** Bytes that are put into the dictionary before it is judged again. */
const triedAtOnceBytes = 4 * 1024 * 1024;

/** The output column chunk under construction: values of many source pages, one behind the other. */
export interface ChunkBuilder {
  readonly rooms: Rooms;
  leaf: LeafColumn;
  entryCount: number;
  presentCount: number;
  /** A byte each. */
  readonly definition: Room;
  readonly repetition: Room;
  /** Whether values are gathered as indices into the dictionary; else they are gathered in `plain`. */
  usesDictionary: boolean;
  /** An i32 each. */
  readonly indices: Room;
  readonly dictionary: MergedDictionary;
  readonly plain: PlainValues;
}

/** A builder; {@link beginChunk} gives it a column. Its room is used for one chunk after the other. */
export function chunkBuilder(rooms: Rooms, leaf: LeafColumn): ChunkBuilder {
  return {
    rooms,
    leaf,
    entryCount: 0,
    presentCount: 0,
    definition: emptyRoom(),
    repetition: emptyRoom(),
    usesDictionary: true,
    indices: emptyRoom(),
    dictionary: mergedDictionary(rooms),
    plain: plainValues(rooms),
  };
}

/** Empties the builder for a chunk of `leaf`. */
export function beginChunk(builder: ChunkBuilder, leaf: LeafColumn, useDictionary: boolean): void {
  builder.leaf = leaf;
  builder.entryCount = 0;
  builder.presentCount = 0;
  // One bit a value needs no dictionary.
  builder.usesDictionary = useDictionary && leaf.widthBytes !== 1;
  resetPlain(builder.plain, leaf.widthBytes);
  if (builder.usesDictionary) resetDictionary(builder.dictionary, leaf.widthBytes, leaf.index);
}

/**
 * Appends part of the reader's current page.
 * @param entryFrom first level entry, `entryTo` behind the last
 * @param valueFrom first value (without nulls), `valueTo` behind the last
 * @throws FormatError when the chunk grows beyond the limits
 */
export function appendPage(
  builder: ChunkBuilder,
  reader: DecodedPage,
  entryFrom: number,
  entryTo: number,
  valueFrom: number,
  valueTo: number,
): void {
  const entries = entryTo - entryFrom;
  if (builder.entryCount + entries > limits.chunkValues) {
    throw unsupported(`a column of more than ${limits.chunkValues} values in one row group`);
  }
  appendLevels(builder, reader, entryFrom, entries);
  builder.entryCount += entries;
  let from = valueFrom;
  while (builder.usesDictionary && from < valueTo) {
    const to = Math.min(valueTo, from + valuesAtOnce(reader));
    const reached = appendIndices(builder, reader, from, to);
    builder.presentCount += reached - from;
    if (reached < to || !dictionaryPays(builder, false)) convertToPlain(builder);
    from = reached;
  }
  if (from === valueTo) return;
  if (reader.usesDictionary) {
    gatherValues(builder.plain, reader.dictionary.block, reader.indices.at + from * 4, valueTo - from);
  } else {
    copyValues(builder.plain, reader.values, from, valueTo);
  }
  builder.presentCount += valueTo - from;
}

/** The finished chunk: addresses of the builder's rooms, good until {@link beginChunk}. */
export function finishChunk(builder: ChunkBuilder): ChunkContent {
  if (builder.usesDictionary && !(dictionaryPays(builder, true) && dictionaryIsSafe(builder))) {
    convertToPlain(builder);
  }
  const { leaf, entryCount, presentCount, definition, repetition, usesDictionary } = builder;
  return {
    leaf,
    entryCount,
    presentCount,
    definitionAt: definition.at,
    repetitionAt: repetition.at,
    values: usesDictionary ? blockOf(builder.dictionary) : plainBlock(builder.plain),
    indicesAt: usesDictionary ? builder.indices.at : undefined,
  };
}

function appendLevels(builder: ChunkBuilder, reader: DecodedPage, from: number, entries: number): void {
  const { rooms, leaf, entryCount: done } = builder;
  if (leaf.maxDefinitionLevel > 0) {
    const to = reserve(rooms, builder.definition, done + entries, done) + done;
    const { bytes } = rooms.kernel.memory;
    const { constantDefinition, definition } = reader;
    if (constantDefinition >= 0) bytes.fill(constantDefinition, to, to + entries);
    else bytes.copyWithin(to, definition.at + from, definition.at + from + entries);
  }
  if (leaf.maxRepetitionLevel > 0) {
    const to = reserve(rooms, builder.repetition, done + entries, done) + done;
    const start = reader.repetition.at + from;
    rooms.kernel.memory.bytes.copyWithin(to, start, start + entries);
  }
}

function dictionaryPays(builder: ChunkBuilder, isLast: boolean): boolean {
  const { dictionary, presentCount, leaf } = builder;
  const entries = { count: entriesOf(dictionary), sizeBytes: sizeOf(dictionary) };
  return isDictionaryWorthIt(entries, presentCount, leaf.widthBytes, isLast);
}

// Values so large that a page of them is large are put into the dictionary a few at a time, and it is judged between.
function valuesAtOnce({ usesDictionary, values, rooms }: DecodedPage): number {
  if (usesDictionary || values.widthBytes > 0 || values.count === 0) return Number.POSITIVE_INFINITY;
  const { words } = rooms.kernel.memory;
  const place = values.offsetsAt / 4;
  const sizeBytes = (words[place + values.count] as number) - (words[place] as number);
  return Math.max(1, Math.floor((triedAtOnceBytes * values.count) / Math.max(1, sizeBytes)));
}

// Returns the first value that was not appended: `to`, unless the dictionary cannot take one.
function appendIndices(builder: ChunkBuilder, reader: DecodedPage, from: number, to: number): number {
  const { rooms, dictionary, indices, presentCount } = builder;
  reserve(rooms, indices, (presentCount + to - from) * 4, presentCount * 4);
  return reader.usesDictionary
    ? appendIndexed(dictionary, reader, from, to, indices, presentCount)
    : appendValues(dictionary, reader.values, reader.hashes, from, to, indices, presentCount);
}

function dictionaryIsSafe({ rooms, leaf, dictionary }: ChunkBuilder): boolean {
  return !hasLoneNegativeZero(rooms.kernel.memory, leaf, blockOf(dictionary));
}

/** Gives the dictionary of the chunk up: its values become values themselves. */
export function convertToPlain(builder: ChunkBuilder): void {
  builder.usesDictionary = false;
  gatherValues(builder.plain, blockOf(builder.dictionary), builder.indices.at, builder.presentCount);
  const { bytes } = builder.dictionary;
  if (bytes.sizeBytes > keptDictionaryBytes) release(builder.rooms, bytes);
}
