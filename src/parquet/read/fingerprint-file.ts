import type { ByteSource } from '../../core/byte-source.ts';
import { prepareCodecs } from '../codec/zstd.ts';
import { type Extremes, emptyExtremes, extendExtremes, mergeExtremes } from '../extremes.ts';
import { type ColumnFingerprint, type DigestState, digestText, emptyDigests } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import { corrupt } from '../format-error.ts';
import { extendIndexed, type IndexedRooms, indexedRooms } from '../indexed-extremes.ts';
import { borrowKernel, giveBack } from '../kernel/borrow-kernel.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import { defaultMemoryLimits, type MemoryLimits } from '../memory-limits.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import { codecsOf } from '../supported-features.ts';
import { feed } from './feed-reader.ts';
import { nextPage } from './next-page.ts';
import { digestPage } from './page-digest.ts';
import { openChunk, type PageReader, pageReader, releaseRooms } from './page-reader.ts';
import { rowGroupExtent } from './row-group-extent.ts';
import {
  isAtHand,
  movingRowGroup,
  type RowGroupWindows,
  releaseRowGroup,
  releaseWindow,
  wholeRowGroup,
  wholeRowGroupNow,
  windowOf,
} from './row-group-windows.ts';

/** Row groups up to this are read in one piece, larger ones column by column. */
const wholeRowGroupBytes = 8 * 1024 * 1024;
/** How much of a column chunk is read at a time then. */
const stepBytes = 4 * 1024 * 1024;

/** What one column chunk holds. */
export interface ChunkFingerprint {
  readonly nulls: number;
  /** Of floating-point columns, where the pages were looked at one by one. */
  readonly nans?: number;
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
}

/** What one data page holds, and where it lies: to hold the page index against. */
export interface PageFingerprint extends ChunkFingerprint {
  /** Where its header begins in the file. */
  readonly offsetBytes: number;
  /** Bytes as stored, header included. */
  readonly sizeBytes: number;
  readonly rows: number;
  readonly values: number;
  readonly nans: number;
}

/** Is told the data pages of each row group, by leaf, when all of it was read. */
export type OnPages = (
  rowGroup: number,
  pages: readonly (readonly PageFingerprint[])[],
) => void | Promise<void>;

/** What a whole file holds, found by decoding every page of it. */
export interface FileFingerprint {
  readonly rows: number;
  readonly rowGroups: number;
  /** One per leaf, in order. */
  readonly columns: readonly ColumnFingerprint[];
  /** Per row group, per leaf: to hold the file's statistics against. */
  readonly chunks: readonly (readonly ChunkFingerprint[])[];
}

/**
 * Decodes every value of a file and says what it holds. Memory: one row group's stored bytes and a page a column.
 * @param onPages what it throws ends the reading
 * @throws FormatError when anything does not decode, or a column's rows are not the row group's
 */
export async function fingerprintFile(
  source: ByteSource,
  footer: ParquetFooter,
  memory: MemoryLimits = defaultMemoryLimits,
  onPages?: OnPages,
): Promise<FileFingerprint> {
  await prepareCodecs(codecsOf([footer]));
  const rooms = await borrowKernel(memory.pageBytes);
  try {
    return await fingerprintIn(rooms, source, footer, onPages);
  } finally {
    giveBack(rooms);
  }
}

async function fingerprintIn(
  rooms: Rooms,
  source: ByteSource,
  footer: ParquetFooter,
  onPages: OnPages | undefined,
): Promise<FileFingerprint> {
  const used = emptyRoom();
  const indexed = indexedRooms();
  const columns = emptyDigests(rooms, emptyRoom(), footer.leaves).map(({ leaf, digest }) => ({
    leaf,
    reader: pageReader(rooms, leaf),
    digest,
    extremes: emptyExtremes(leaf.sortOrder),
  }));
  const chunks: ChunkFingerprint[][] = [];
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    const windows = await openRowGroup(rooms, source, rowGroup);
    const ofRowGroup: ChunkFingerprint[] = [];
    const pagesOfRowGroup: PageFingerprint[][] = [];
    for (const { leaf, reader, digest, extremes } of columns) {
      const place = { file: footer.file, rowGroup: number };
      const chunk = rowGroup.chunks[leaf.index];
      if (chunk === undefined) throw corrupt('column chunk is missing', place);
      openChunk(reader, windowOf(windows, chunk), footer.file, number);
      const entriesBefore = digest.entries;
      const presentBefore = digest.present;
      const own = emptyExtremes(leaf.sortOrder);
      let rows: number;
      let nans: number | undefined;
      if (onPages === undefined) {
        rows = await readChunk(reader, digest, own, used);
      } else {
        const pages = await readPages(reader, digest, own, indexed);
        rows = pages.reduce((sum, page) => sum + page.rows, 0);
        nans = pages.reduce((sum, page) => sum + page.nans, 0);
        pagesOfRowGroup.push(pages);
      }
      if (rows !== rowGroup.rows) {
        throw corrupt(`column holds ${rows} rows, its row group ${rowGroup.rows}`, {
          ...place,
          column: leaf.path,
        });
      }
      mergeExtremes(extremes, own.min, own.max);
      ofRowGroup.push({
        nulls: digest.entries - entriesBefore - (digest.present - presentBefore),
        ...(nans === undefined ? {} : { nans }),
        ...bounds(own),
      });
      releaseRooms(reader);
      releaseWindow(rooms, windows, chunk);
    }
    releaseRowGroup(rooms, windows);
    chunks.push(ofRowGroup);
    await onPages?.(number, pagesOfRowGroup);
  }
  return {
    rows: footer.rows,
    rowGroups: footer.rowGroups.length,
    columns: columns.map(({ leaf, digest, extremes }) => fingerprintOf(rooms, leaf, digest, extremes)),
    chunks,
  };
}

async function openRowGroup(rooms: Rooms, source: ByteSource, rowGroup: RowGroup): Promise<RowGroupWindows> {
  const extent = rowGroupExtent(rowGroup);
  if (!extent.isDense || extent.sizeBytes === 0 || extent.sizeBytes > wholeRowGroupBytes) {
    return movingRowGroup(source, stepBytes);
  }
  if (isAtHand(source)) return wholeRowGroupNow(rooms, source, extent);
  const bytes = await source.read(extent.startOffsetBytes, extent.sizeBytes);
  return wholeRowGroup(rooms, source, extent, bytes);
}

/** The finished fingerprint of a column. */
export function fingerprintOf(
  rooms: Rooms,
  leaf: LeafColumn,
  digest: DigestState,
  extremes: Extremes,
): ColumnFingerprint {
  return {
    path: leaf.path,
    values: digest.entries,
    nulls: digest.entries - digest.present,
    ...digestText(rooms, digest),
    ...bounds(extremes),
  };
}

function bounds(extremes: Extremes): { min?: Uint8Array; max?: Uint8Array } {
  const { min, max } = extremes;
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** Reads the pages of the open chunk into digest and extremes; returns the number of rows. */
async function readChunk(
  reader: PageReader,
  digest: DigestState,
  extremes: Extremes,
  used: Room,
): Promise<number> {
  const { rooms, dictionary } = reader;
  const { kernel } = rooms;
  let rows = 0;
  let usesDictionary = false;
  for (let outcome = nextPage(reader); outcome !== 'end'; outcome = nextPage(reader)) {
    if (outcome === 'starved') {
      await feed(reader);
      continue;
    }
    digestPage(digest, reader);
    rows += rowsOf(reader);
    if (!reader.usesDictionary) {
      extendExtremes(extremes, kernel, reader.values);
      continue;
    }
    // A dictionary may hold entries that no value uses: those are no extremes.
    if (!usesDictionary) {
      const at = reserve(rooms, used, dictionary.block.count);
      kernel.memory.bytes.fill(0, at, at + dictionary.block.count);
      usesDictionary = true;
    }
    kernel.markUsed(reader.indices.at, reader.presentCount, used.at);
  }
  if (usesDictionary) extendExtremes(extremes, kernel, dictionary.block, used.at);
  return rows;
}

/** The same, page by page. */
async function readPages(
  reader: PageReader,
  digest: DigestState,
  extremes: Extremes,
  indexed: IndexedRooms,
): Promise<PageFingerprint[]> {
  const { leaf, rooms, dictionary, window } = reader;
  const pages: PageFingerprint[] = [];
  for (let outcome = nextPage(reader); outcome !== 'end'; outcome = nextPage(reader)) {
    if (outcome === 'starved') {
      await feed(reader);
      continue;
    }
    digestPage(digest, reader);
    const own = emptyExtremes(leaf.sortOrder);
    if (reader.usesDictionary) {
      extendIndexed(own, rooms, dictionary.block, reader.indices.at, reader.presentCount, indexed);
    } else {
      extendExtremes(own, rooms.kernel, reader.values);
    }
    mergeExtremes(extremes, own.min, own.max);
    pages.push({
      offsetBytes: window.chunk.startOffsetBytes + reader.pagePosition,
      sizeBytes: reader.position - reader.pagePosition,
      rows: rowsOf(reader),
      values: reader.presentCount,
      nulls: reader.entryCount - reader.presentCount,
      nans: own.nanCount,
      ...bounds(own),
    });
  }
  return pages;
}

function rowsOf({ leaf, rooms, repetition, entryCount }: PageReader): number {
  return leaf.maxRepetitionLevel === 0 ? entryCount : rooms.kernel.countLevels(repetition.at, entryCount, 0);
}
