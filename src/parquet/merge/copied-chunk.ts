import { crc32 } from 'node:zlib';
import { bitWidthOf } from '../encodings/bit-width.ts';
import { emptyExtremes, extendExtremes, mergeExtremes } from '../extremes.ts';
import type { DigestState } from '../fingerprint.ts';
import { encoding, pageType, physicalType } from '../format.ts';
import { corrupt } from '../format-error.ts';
import { extendIndexed, type IndexedRooms } from '../indexed-extremes.ts';
import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ChunkWindow } from '../read/chunk-window.ts';
import { nextPage } from '../read/next-page.ts';
import { digestPage } from '../read/page-digest.ts';
import { openChunk, type PageReader } from '../read/page-reader.ts';
import { isAtHand, type RowGroupWindows, windowOf } from '../read/row-group-windows.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import type { LevelCounts, PageFacts } from '../write/page-facts.ts';
import { pageHeaderBytes } from '../write/page-header-bytes.ts';
import { isDictionaryWorthIt } from './dictionary-gain.ts';
import { type ForeignPages, type ForeignRule, isPackedWell, wellFormedPages } from './foreign-pages.ts';
import type { KeptFilter } from './kept-bloom-filter.ts';
import { hasLoneNegativeZero } from './lone-negative-zero.ts';
import type { SourceRowGroup } from './source-row-groups.ts';

/** What copying the chunks of a column goes by. */
export interface CopyTools {
  /** Takes what is read. */
  readonly digest: DigestState;
  readonly indexed: IndexedRooms;
  /** The chunk's Bloom filter, where it has one that may be kept. */
  readonly filter: KeptFilter | undefined;
}

/**
 * Takes over a column chunk of a file of this program with its pages as they are, header, checksum and all. Every page is decoded all
 * the same: for the digest of what was read, and for statistics and page index, which are found anew like those of any other chunk.
 * @param window all of the chunk
 * @param reader of its leaf; where it stood is forgotten
 * @returns bytes that lie in the window
 * @throws FormatError when a page does not decode, or the chunk is not as this program writes them
 */
export function copiedChunk(
  reader: PageReader,
  window: ChunkWindow,
  from: SourceRowGroup,
  tools: CopyTools,
): EncodedChunk {
  const { leaf, rooms, header } = reader;
  const { chunk } = window;
  const place = { file: from.file, rowGroup: from.number, column: leaf.path };
  let dictionarySizeBytes = 0;
  let valueEncoding = -1;
  const read = readToCopy(reader, window, from, tools, (pages) => {
    if (pages === 0) {
      dictionarySizeBytes = reader.pagePosition;
      valueEncoding = header.encoding;
    }
    if (header.type !== pageType.DATA_PAGE || header.encoding !== valueEncoding) {
      throw corrupt('column chunk of a file of this program has pages of several kinds', place);
    }
    return true;
  });
  if (read === undefined) throw new Error(`column chunk ${leaf.path} was not read to its end`);
  if (reader.position !== chunk.compressedSizeBytes) {
    throw corrupt(
      `column chunk of ${chunk.compressedSizeBytes} bytes has pages of ${reader.position}`,
      place,
    );
  }
  return {
    ...read,
    pages: [rooms.kernel.memory.bytes.subarray(window.at, window.at + chunk.compressedSizeBytes)],
    codec: chunk.codec,
    encodings: encodingsOf(leaf, dictionarySizeBytes > 0, valueEncoding),
    uncompressedSizeBytes: chunk.uncompressedSizeBytes,
    compressedSizeBytes: chunk.compressedSizeBytes,
    dictionarySizeBytes,
    valueEncoding,
  };
}

/**
 * Takes over a column chunk of another writer: the bodies of its pages as they are, each behind a header as this program writes it,
 * with a checksum and without the statistics that may have stood there. Every page is decoded as in {@link copiedChunk}.
 * @param rule how the chunk would be written
 * @returns bytes that lie in the window; undefined, and nothing read, where the chunk is not as good as one that is encoded anew
 * @throws FormatError when a page does not decode
 */
export function copiedForeignChunk(
  reader: PageReader,
  window: ChunkWindow,
  from: SourceRowGroup,
  tools: CopyTools,
  rule: ForeignRule,
): EncodedChunk | undefined {
  const { leaf, rooms, dictionary: entries, repetition } = reader;
  const { kernel } = rooms;
  const { chunk, at } = window;
  const { digest } = tools;
  if (chunk.codec !== rule.codec) return undefined;
  const stored = kernel.memory.bytes.subarray(at, at + chunk.compressedSizeBytes);
  const found = wellFormedPages(stored, leaf, rule);
  if (found === undefined) return undefined;
  const hasDictionary = found.dictionary !== undefined;
  const before = digestNow(rooms, digest);
  let plainBytes = 0;
  const read = readToCopy(reader, window, from, tools, (pages, facts) => {
    // The page index must say with which row a page begins, and whoever looks in a dictionary must find both zeros.
    if (leaf.maxRepetitionLevel > 0 && kernel.memory.bytes[repetition.at] !== 0) return false;
    if (facts.rows > rule.pageRows || reader.usesDictionary !== (hasDictionary && reader.presentCount > 0))
      return false;
    if (pages === 0 && hasDictionary && hasLoneNegativeZero(kernel.memory, leaf, entries.block)) return false;
    plainBytes += leaf.widthBytes === 0 ? facts.byteArrayBytes + 4 * reader.presentCount : 0;
    return true;
  });
  const present = digest.present - before.present;
  if (read === undefined || !isPacked(found, leaf, present, plainBytes)) {
    digestAgain(rooms, digest, before);
    return undefined;
  }
  const valueEncoding = hasDictionary ? encoding.RLE_DICTIONARY : encoding.PLAIN;
  const pages: Uint8Array[] = [];
  const pageFacts: PageFacts[] = [];
  let uncompressedSizeBytes = 0;
  let compressedSizeBytes = 0;
  let dictionarySizeBytes = 0;
  const { bytes } = kernel.memory;
  for (const page of hasDictionary ? [found.dictionary, ...found.data] : found.data) {
    const isDictionary = page === found.dictionary;
    const body = bytes.subarray(at + page.bodyAt, at + page.bodyAt + page.sizeBytes);
    const header = pageHeaderBytes({
      type: isDictionary ? pageType.DICTIONARY_PAGE : pageType.DATA_PAGE,
      uncompressedSizeBytes: page.uncompressedSizeBytes,
      compressedSizeBytes: page.sizeBytes,
      // One that was there was checked when the page was decoded.
      crc: page.crc >= 0 ? page.crc : crc32(body),
      valueCount: page.valueCount,
      encoding: isDictionary ? encoding.PLAIN : valueEncoding,
    }).slice();
    pages.push(header, body);
    const sizeBytes = header.length + page.sizeBytes;
    uncompressedSizeBytes += header.length + page.uncompressedSizeBytes;
    compressedSizeBytes += sizeBytes;
    const facts = read.pageFacts[pageFacts.length];
    if (isDictionary) dictionarySizeBytes = sizeBytes;
    else if (facts !== undefined) pageFacts.push({ ...facts, sizeBytes });
  }
  if (pageFacts.length !== read.pageFacts.length || pageFacts.length !== found.data.length) {
    throw new Error(`${read.pageFacts.length} pages of ${leaf.path} were read, ${found.data.length} found`);
  }
  return {
    ...read,
    pageFacts,
    pages,
    codec: chunk.codec,
    encodings: encodingsOf(leaf, hasDictionary, valueEncoding),
    uncompressedSizeBytes,
    compressedSizeBytes,
    dictionarySizeBytes,
    valueEncoding,
  };
}

/** Whether values, and a dictionary if there is one, take as little as they would if they were encoded anew. */
function isPacked(
  { dictionary, data }: ForeignPages,
  leaf: LeafColumn,
  present: number,
  plainBytes: number,
): boolean {
  const { widthBytes } = leaf;
  const dataBytes = data.reduce((sum, page) => sum + page.uncompressedSizeBytes, 0);
  const valueCount = data.reduce((sum, page) => sum + page.valueCount, 0);
  if (dictionary === undefined) {
    const fixedBytes = leaf.type === physicalType.BOOLEAN ? present / 8 : present * widthBytes;
    const valueBytes = widthBytes === 0 ? plainBytes : fixedBytes;
    return isPackedWell(dataBytes, valueBytes, leaf, valueCount);
  }
  const { valueCount: count, uncompressedSizeBytes: sizeBytes } = dictionary;
  return (
    isDictionaryWorthIt({ count, sizeBytes }, present, widthBytes, true) &&
    isPackedWell(dataBytes, (present * bitWidthOf(count - 1)) / 8, leaf, valueCount)
  );
}

type ReadFacts = Pick<
  EncodedChunk,
  | 'leaf'
  | 'valueCount'
  | 'nullCount'
  | 'dataPages'
  | 'min'
  | 'max'
  | 'nanCount'
  | 'bloomFilter'
  | 'keyValueBytes'
  | 'isCopied'
> & { readonly pageFacts: readonly PageFacts[] };

/**
 * Decodes a whole chunk and says what is in it.
 * @param take is told of every page that the reader holds, with the number of those before it; false ends the reading
 * @returns undefined when `take` ended it
 */
function readToCopy(
  reader: PageReader,
  window: ChunkWindow,
  from: SourceRowGroup,
  { digest, indexed, filter }: CopyTools,
  take: (pages: number, facts: PageFacts) => boolean,
): ReadFacts | undefined {
  const { leaf } = reader;
  const place = { file: from.file, rowGroup: from.number, column: leaf.path };
  const before = { entries: digest.entries, present: digest.present };
  openChunk(reader, window, from.file, from.number);
  const pageFacts: PageFacts[] = [];
  const extremes = emptyExtremes(leaf.sortOrder);
  let nanCount = 0;
  let rows = 0;
  let isKnown = filter !== undefined;
  for (let outcome = nextPage(reader); outcome !== 'end'; outcome = nextPage(reader)) {
    if (outcome === 'starved') throw corrupt('column chunk ends in the middle of a page', place);
    const facts = factsOf(reader, indexed);
    if (!take(pageFacts.length, facts)) return undefined;
    digestPage(digest, reader);
    isKnown &&= filter?.knows(reader) === true;
    pageFacts.push(facts);
    rows += facts.rows;
    nanCount += facts.extremes.nanCount;
    mergeExtremes(extremes, facts.extremes.min, facts.extremes.max);
  }
  if (rows !== from.rowGroup.rows) {
    throw corrupt(`column holds ${rows} rows, its row group ${from.rowGroup.rows}`, place);
  }
  const valueCount = digest.entries - before.entries;
  return {
    leaf,
    valueCount,
    nullCount: valueCount - (digest.present - before.present),
    dataPages: pageFacts.length,
    min: extremes.min,
    max: extremes.max,
    nanCount,
    pageFacts,
    bloomFilter: isKnown ? filter?.bytes : undefined,
    keyValueBytes: undefined,
    isCopied: true,
  };
}

function encodingsOf(leaf: LeafColumn, hasDictionary: boolean, valueEncoding: number): readonly number[] {
  return [
    ...(hasDictionary ? [encoding.PLAIN] : []),
    valueEncoding,
    ...(leaf.maxDefinitionLevel > 0 || leaf.maxRepetitionLevel > 0 ? [encoding.RLE] : []),
  ];
}

/** A digest under way, to go back to. */
export interface DigestBefore {
  readonly entries: number;
  readonly present: number;
  readonly words: readonly number[];
}

/** What {@link digestAgain} takes. */
export function digestNow(
  { kernel }: Rooms,
  { levelsAt, valuesAt, entries, present }: DigestState,
): DigestBefore {
  const { words } = kernel.memory;
  return {
    entries,
    present,
    words: [levelsAt, valuesAt].flatMap((at) => [...words.subarray(at / 4, at / 4 + 2)]),
  };
}

/** Brings a digest back to where it was: as if nothing had been read since. */
export function digestAgain(
  { kernel }: Rooms,
  digest: DigestState,
  { entries, present, words }: DigestBefore,
): void {
  kernel.memory.words.set(words.slice(0, 2), digest.levelsAt / 4);
  kernel.memory.words.set(words.slice(2), digest.valuesAt / 4);
  digest.entries = entries;
  digest.present = present;
}

/** The bytes of a chunk that is not there whole, on their way. */
export function fetchWholeChunk(from: SourceRowGroup, leaf: number): Promise<Uint8Array> | undefined {
  const { windows, rowGroup } = from;
  const chunk = rowGroup.chunks[leaf];
  if (windows.whole !== undefined || chunk === undefined || isAtHand(windows.source)) return undefined;
  return windows.source.read(chunk.startOffsetBytes, chunk.compressedSizeBytes);
}

/**
 * All of a column chunk in the kernel's memory: where its row group is, or in `room`.
 * @param coming what {@link fetchWholeChunk} gave
 */
export async function wholeChunkWindow(
  rooms: Rooms,
  windows: RowGroupWindows,
  chunk: ChunkWindow['chunk'],
  room: Room,
  coming: Promise<Uint8Array> | undefined,
): Promise<ChunkWindow> {
  if (windows.whole !== undefined) return windowOf(windows, chunk);
  const { source } = windows;
  const { startOffsetBytes, compressedSizeBytes } = chunk;
  const bytes = isAtHand(source)
    ? undefined
    : await (coming ?? source.read(startOffsetBytes, compressedSizeBytes));
  const at = reserve(rooms, room, compressedSizeBytes);
  const target = rooms.kernel.memory.bytes.subarray(at, at + compressedSizeBytes);
  if (bytes !== undefined) target.set(bytes);
  else if (isAtHand(source)) source.readNow(startOffsetBytes, target);
  return { chunk, at, from: 0, to: compressedSizeBytes };
}

function factsOf(reader: PageReader, indexed: IndexedRooms): PageFacts {
  const { leaf, rooms, dictionary, entryCount, presentCount, repetition } = reader;
  const { kernel } = rooms;
  const extremes = emptyExtremes(leaf.sortOrder);
  if (reader.usesDictionary) {
    extendIndexed(extremes, rooms, dictionary.block, reader.indices.at, presentCount, indexed);
  } else {
    extendExtremes(extremes, kernel, reader.values);
  }
  return {
    sizeBytes: reader.position - reader.pagePosition,
    rows: leaf.maxRepetitionLevel === 0 ? entryCount : kernel.countLevels(repetition.at, entryCount, 0),
    nulls: entryCount - presentCount,
    extremes,
    byteArrayBytes: byteArrayBytesOf(reader),
    levels: levelCountsOf(reader),
  };
}

function byteArrayBytesOf(reader: PageReader): number {
  const { leaf, rooms, values, dictionary, presentCount } = reader;
  if (leaf.type !== physicalType.BYTE_ARRAY || presentCount === 0) return 0;
  if (reader.usesDictionary) {
    const { offsetsAt } = dictionary.block;
    return rooms.kernel.gatheredBytes(offsetsAt, reader.indices.at, presentCount) - 4 * presentCount;
  }
  const { words } = rooms.kernel.memory;
  const first = values.offsetsAt / 4;
  return (words[first + presentCount] as number) - (words[first] as number) - 4 * presentCount;
}

function levelCountsOf(reader: PageReader): LevelCounts {
  const { leaf, rooms, entryCount, constantDefinition, definition, repetition } = reader;
  const { maxRepetitionLevel, maxDefinitionLevel } = leaf;
  // As in the page facts of chunks that are encoded.
  if (maxRepetitionLevel === 0 && maxDefinitionLevel < 2) return { repetition: [], definition: [] };
  const countsOf = (max: number, count: (level: number) => number): readonly number[] =>
    Array.from({ length: max + 1 }, (_, level) => count(level));
  const definitions = (level: number): number => {
    if (constantDefinition >= 0) return level === constantDefinition ? entryCount : 0;
    return rooms.kernel.countLevels(definition.at, entryCount, level);
  };
  return {
    repetition:
      maxRepetitionLevel > 0
        ? countsOf(maxRepetitionLevel, (level) => rooms.kernel.countLevels(repetition.at, entryCount, level))
        : [],
    definition: maxDefinitionLevel > 1 ? countsOf(maxDefinitionLevel, definitions) : [],
  };
}
