import { emptyExtremes, extendExtremes, mergeExtremes } from '../extremes.ts';
import type { DigestState } from '../fingerprint.ts';
import { encoding, pageType, physicalType } from '../format.ts';
import { corrupt } from '../format-error.ts';
import { extendIndexed, type IndexedRooms } from '../indexed-extremes.ts';
import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import type { ChunkWindow } from '../read/chunk-window.ts';
import { nextPage } from '../read/next-page.ts';
import { digestPage } from '../read/page-digest.ts';
import { openChunk, type PageReader } from '../read/page-reader.ts';
import { isAtHand, type RowGroupWindows, windowOf } from '../read/row-group-windows.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import type { LevelCounts, PageFacts } from '../write/page-facts.ts';
import type { SourceRowGroup } from './source-row-groups.ts';

/**
 * Takes over a column chunk with its pages as they are, header, checksum and all. Every page is decoded all the same: for the digest of
 * what was read, and for statistics and page index, which are found anew like those of any other chunk.
 * @param window all of the chunk
 * @param reader of its leaf; where it stood is forgotten
 * @returns bytes that lie in the window
 * @throws FormatError when a page does not decode, or the chunk is not as this program writes them
 */
export function copiedChunk(
  reader: PageReader,
  window: ChunkWindow,
  from: SourceRowGroup,
  digest: DigestState,
  indexed: IndexedRooms,
): EncodedChunk {
  const { leaf, rooms, header } = reader;
  const { chunk } = window;
  const place = { file: from.file, rowGroup: from.number, column: leaf.path };
  const before = { entries: digest.entries, present: digest.present };
  openChunk(reader, window, from.file, from.number);
  const pageFacts: PageFacts[] = [];
  const extremes = emptyExtremes(leaf.sortOrder);
  let nanCount = 0;
  let rows = 0;
  let dictionarySizeBytes = 0;
  let valueEncoding = -1;
  for (let outcome = nextPage(reader); outcome !== 'end'; outcome = nextPage(reader)) {
    if (outcome === 'starved') throw corrupt('column chunk ends in the middle of a page', place);
    if (pageFacts.length === 0) {
      dictionarySizeBytes = reader.pagePosition;
      valueEncoding = header.encoding;
    }
    if (header.type !== pageType.DATA_PAGE || header.encoding !== valueEncoding) {
      throw corrupt('column chunk of a file of this program has pages of several kinds', place);
    }
    digestPage(digest, reader);
    const facts = factsOf(reader, indexed);
    pageFacts.push(facts);
    rows += facts.rows;
    nanCount += facts.extremes.nanCount;
    mergeExtremes(extremes, facts.extremes.min, facts.extremes.max);
  }
  if (rows !== from.rowGroup.rows) {
    throw corrupt(`column holds ${rows} rows, its row group ${from.rowGroup.rows}`, place);
  }
  if (reader.position !== chunk.compressedSizeBytes) {
    throw corrupt(
      `column chunk of ${chunk.compressedSizeBytes} bytes has pages of ${reader.position}`,
      place,
    );
  }
  const valueCount = digest.entries - before.entries;
  return {
    leaf,
    pages: [rooms.kernel.memory.bytes.subarray(window.at, window.at + chunk.compressedSizeBytes)],
    codec: chunk.codec,
    encodings: [
      ...(dictionarySizeBytes > 0 ? [encoding.PLAIN] : []),
      valueEncoding,
      ...(leaf.maxDefinitionLevel > 0 || leaf.maxRepetitionLevel > 0 ? [encoding.RLE] : []),
    ],
    valueCount,
    nullCount: valueCount - (digest.present - before.present),
    uncompressedSizeBytes: chunk.uncompressedSizeBytes,
    compressedSizeBytes: chunk.compressedSizeBytes,
    dictionarySizeBytes,
    dataPages: pageFacts.length,
    valueEncoding,
    min: extremes.min,
    max: extremes.max,
    nanCount,
    pageFacts,
    keyValueBytes: undefined,
  };
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
