import { checkCodec } from '../codec/compression.ts';
import { placed } from '../format-error.ts';
import { emptyRoom, type Room, type Rooms, release } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { emptyPageHeader, type PageHeader } from '../metadata/page-header.ts';
import { type CompactCursor, compactCursor } from '../thrift/compact-reader.ts';
import { emptyBlock, type ValueBlock } from '../value-block.ts';
import type { ChunkWindow } from './chunk-window.ts';

/** The dictionary of a column chunk with the hashes of its entries, 8 bytes each. */
export interface SourceDictionary {
  readonly block: ValueBlock;
  readonly hashes: Room;
  readonly offsets: Room;
  /** Counts the dictionaries this reader has seen: a new number means other entries. */
  generation: number;
}

/**
 * Reads the pages of a leaf's column chunks one after the other. All rooms belong to the reader and hold the current
 * page until the next call.
 */
export interface PageReader {
  readonly rooms: Rooms;
  readonly leaf: LeafColumn;
  /** Level entries of the current page. */
  entryCount: number;
  /** Values of the current page that are not null. */
  presentCount: number;
  /** Definition levels, a byte each, when the leaf has any. */
  readonly definition: Room;
  /** Repetition levels, a byte each, when the leaf has any. */
  readonly repetition: Room;
  /**
   * The definition level that all entries of a leaf without repetition share, or -1. `definition` is not filled where
   * they share one.
   */
  constantDefinition: number;
  /** Whether the values of the current page are `indices` into `dictionary`; else they are `values`. */
  usesDictionary: boolean;
  /** An i32 each. */
  readonly indices: Room;
  readonly dictionary: SourceDictionary;
  readonly values: ValueBlock;
  /** Hashes of `values`, 8 bytes each, when the page does not use the dictionary. */
  readonly hashes: Room;

  readonly header: PageHeader;
  readonly cursor: CompactCursor;
  /** Bodies of the current page and of the dictionary page, where they had to be decompressed. */
  readonly body: Room;
  readonly dictionaryBody: Room;
  /** Values that had to be put together from the parts of an encoding. */
  readonly joined: Room;
  /** Unpacked numbers and booleans, or offsets of the values. */
  readonly places: Room;
  window: ChunkWindow;
  file: string;
  rowGroup: number;
  /** Where the next page begins, counted from the chunk's first byte. */
  position: number;
  /** Where the current page and the dictionary page began. */
  pagePosition: number;
  dictionaryPosition: number;
  /** Where to go on behind the dictionary page: see {@link reopenPage}. */
  resumePosition: number | undefined;
  /** How far the window must reach, where it does not reach far enough: see `nextPage`. */
  neededTo: number;
  entriesLeft: number;
  page: number;
  hasDictionary: boolean;
}

const nowhere: ChunkWindow = {
  chunk: {
    type: -1,
    encodings: [],
    codec: 0,
    valueCount: 0,
    uncompressedSizeBytes: 0,
    compressedSizeBytes: 0,
    startOffsetBytes: 0,
    dataPageOffsetBytes: 0,
    hasBloomFilter: false,
    hasPageIndex: false,
  },
  at: 0,
  from: 0,
  to: 0,
};

/** A reader for a leaf's chunks; {@link openChunk} gives it the first. */
export function pageReader(rooms: Rooms, leaf: LeafColumn): PageReader {
  return {
    rooms,
    leaf,
    entryCount: 0,
    presentCount: 0,
    definition: emptyRoom(),
    repetition: emptyRoom(),
    constantDefinition: -1,
    usesDictionary: false,
    indices: emptyRoom(),
    dictionary: {
      block: emptyBlock(leaf.widthBytes),
      hashes: emptyRoom(),
      offsets: emptyRoom(),
      generation: 0,
    },
    values: emptyBlock(leaf.widthBytes),
    hashes: emptyRoom(),
    header: emptyPageHeader(),
    cursor: compactCursor(new Uint8Array(0)),
    body: emptyRoom(),
    dictionaryBody: emptyRoom(),
    joined: emptyRoom(),
    places: emptyRoom(),
    window: nowhere,
    file: '',
    rowGroup: 0,
    position: 0,
    pagePosition: 0,
    dictionaryPosition: 0,
    resumePosition: undefined,
    neededTo: 0,
    entriesLeft: 0,
    page: 0,
    hasDictionary: false,
  };
}

/** Begins the column chunk of a window, which must lie in the memory of the reader's kernel. */
export function openChunk(reader: PageReader, window: ChunkWindow, file: string, rowGroup: number): void {
  const { chunk } = window;
  reader.window = window;
  reader.file = file;
  reader.rowGroup = rowGroup;
  reader.position = 0;
  reader.resumePosition = undefined;
  reader.entriesLeft = chunk.valueCount;
  reader.page = 0;
  reader.hasDictionary = false;
  reader.entryCount = 0;
  reader.presentCount = 0;
  try {
    checkCodec(chunk.codec);
  } catch (error) {
    throw placed(error, { file, rowGroup, column: reader.leaf.path });
  }
}

/** Gives the reader's rooms away. Until {@link openChunk} or {@link reopenPage} it holds no page. */
export function releaseRooms(reader: PageReader): void {
  for (const room of roomsOf(reader)) release(reader.rooms, room);
}

/** Bytes of the reader's rooms. */
export function roomBytes(reader: PageReader): number {
  return roomsOf(reader).reduce((sum, room) => sum + room.sizeBytes, 0);
}

function roomsOf(reader: PageReader): readonly Room[] {
  const { definition, repetition, indices, dictionary, hashes, body, dictionaryBody, joined, places } =
    reader;
  const { hashes: entryHashes, offsets } = dictionary;
  return [
    definition,
    repetition,
    indices,
    entryHashes,
    offsets,
    hashes,
    body,
    dictionaryBody,
    joined,
    places,
  ];
}

/** Goes back to before the current page: the next one is the same again, after the dictionary it needs. */
export function reopenPage(reader: PageReader): void {
  reader.entriesLeft += reader.entryCount;
  reader.entryCount = 0;
  reader.page--;
  reader.position = reader.pagePosition;
  if (!reader.hasDictionary) return;
  reader.resumePosition = reader.pagePosition;
  reader.position = reader.dictionaryPosition;
  reader.hasDictionary = false;
  reader.page--;
}
