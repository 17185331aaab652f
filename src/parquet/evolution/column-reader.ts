import { type Rooms, release } from '../kernel/rooms.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ChunkWindow } from '../read/chunk-window.ts';
import type { DecodedPage } from '../read/decoded-page.ts';
import { nextPage, type PageOutcome } from '../read/next-page.ts';
import {
  openChunk,
  type PageReader,
  pageReader,
  releaseRooms,
  reopenPage,
  roomBytes,
} from '../read/page-reader.ts';
import { type EvolvedPage, evolvedPage, fillPage, takePage } from './evolved-page.ts';
import type { LeafMapping } from './leaf-mapping.ts';

/** Reads a leaf of the unified schema, page by page, out of the column chunks of files of one schema. */
export interface ColumnReader {
  /** The current page, as the unified schema has it. */
  readonly page: DecodedPage;
  /** What decodes the pages; undefined where the files have nothing to decode. */
  readonly source: PageReader | undefined;
  /** Absent when the source's pages are the unified leaf's as they are. */
  readonly evolved: EvolvedPage | undefined;
  /** Position of the source's leaf among the leaves of the files. */
  readonly sourceIndex: number;
  /** Whether a row may go on behind the page it begins on. */
  readonly rowsMaySpan: boolean;
  /** Chunks that another column is read from too, by what stands for them here. */
  readonly copies: WeakMap<ColumnChunk, ColumnChunk>;
}

/** A reader of a leaf as it is. */
export function columnReader(rooms: Rooms, leaf: LeafColumn): ColumnReader {
  const source = pageReader(rooms, leaf);
  const rowsMaySpan = leaf.maxRepetitionLevel > 0;
  return {
    page: source,
    source,
    evolved: undefined,
    sourceIndex: leaf.index,
    rowsMaySpan,
    copies: new WeakMap(),
  };
}

/**
 * A reader of a leaf of the unified schema in files of one of the schemas.
 * @param leaves those of the files
 */
export function evolvedColumnReader(
  rooms: Rooms,
  leaf: LeafColumn,
  mapping: LeafMapping,
  leaves: readonly LeafColumn[],
): ColumnReader {
  const sourceIndex = mapping.kind === 'absent' ? mapping.donor : mapping.source;
  const sourceLeaf = sourceIndex === undefined ? undefined : leaves[sourceIndex];
  const source = sourceLeaf === undefined ? undefined : pageReader(rooms, sourceLeaf);
  const rowsMaySpan = (sourceLeaf?.maxRepetitionLevel ?? 0) > 0;
  if (mapping.kind === 'same' && source !== undefined && sourceIndex !== undefined) {
    // Path and element are the unified schema's, and so are the levels.
    return { page: source, source, evolved: undefined, sourceIndex, rowsMaySpan, copies: new WeakMap() };
  }
  const evolved = evolvedPage(rooms, leaf, mapping, source);
  return {
    page: evolved,
    source,
    evolved,
    sourceIndex: sourceIndex ?? -1,
    rowsMaySpan,
    copies: new WeakMap(),
  };
}

/**
 * The chunk whose pages the reader decodes; undefined where there is nothing to decode. A chunk that another column is read
 * from comes as a copy, since every reader moves its own window over it.
 */
export function chunkToRead(reader: ColumnReader, chunks: readonly ColumnChunk[]): ColumnChunk | undefined {
  if (reader.source === undefined) return undefined;
  const chunk = chunks[reader.sourceIndex];
  if (chunk === undefined) throw new Error(`no column chunk ${reader.source.leaf.path}`);
  if (reader.evolved?.mapping.kind !== 'absent') return chunk;
  const copy = reader.copies.get(chunk) ?? { ...chunk };
  reader.copies.set(chunk, copy);
  return copy;
}

/** Begins a column chunk; without one, the rows of a row group that has nothing to decode. */
export function openColumn(
  reader: ColumnReader,
  window: ChunkWindow | undefined,
  from: { readonly file: string; readonly number: number; readonly rows: number },
): void {
  const { source, evolved } = reader;
  if (source !== undefined && window !== undefined) openChunk(source, window, from.file, from.number);
  if (evolved === undefined) return;
  evolved.file = from.file;
  evolved.rowGroup = from.number;
  evolved.entryCount = 0;
  evolved.presentCount = 0;
  evolved.entriesLeft = source === undefined ? from.rows : source.entriesLeft;
}

/**
 * Goes on to the next page.
 * @throws FormatError naming file, row group, column, page and offset
 */
export function nextColumnPage(reader: ColumnReader): PageOutcome {
  const { source, evolved } = reader;
  if (evolved === undefined) return source === undefined ? 'end' : nextPage(source);
  if (source === undefined) return fillPage(evolved) ? 'page' : 'end';
  const outcome = nextPage(source);
  if (outcome === 'page') takePage(evolved, source);
  return outcome;
}

/** Goes back to before the current page: the next one is the same again. */
export function reopenColumnPage({ source, evolved }: ColumnReader): void {
  if (source !== undefined) {
    reopenPage(source);
  } else if (evolved !== undefined) {
    evolved.entriesLeft += evolved.entryCount;
    evolved.entryCount = 0;
  }
}

/** Gives all rooms away; until a chunk or page is opened again there is no page. */
export function releaseColumn({ source, evolved }: ColumnReader): void {
  if (source !== undefined) releaseRooms(source);
  if (evolved === undefined) return;
  evolved.seenGeneration = -1;
  for (const room of evolved.ownRooms) release(evolved.rooms, room);
}

/** Bytes of all rooms. */
export function columnRoomBytes({ source, evolved }: ColumnReader): number {
  const own = evolved?.ownRooms.reduce((sum, room) => sum + room.sizeBytes, 0) ?? 0;
  return own + (source === undefined ? 0 : roomBytes(source));
}
