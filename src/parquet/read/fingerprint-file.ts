import type { ByteSource } from '../../core/byte-source.ts';
import { prepareCodecs } from '../codec/zstd.ts';
import { type Extremes, emptyExtremes, extendExtremes, mergeExtremes } from '../extremes.ts';
import { type ColumnFingerprint, type DigestState, digestText, emptyDigests } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import { corrupt } from '../format-error.ts';
import { extendIndexed, type IndexedRooms, indexedRooms } from '../indexed-extremes.ts';
import { borrowKernel, giveBack } from '../kernel/borrow-kernel.ts';
import { emptyRoom, type Rooms } from '../kernel/rooms.ts';
import { defaultMemoryLimits, type MemoryLimits } from '../memory-limits.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import { codecsOf } from '../supported-features.ts';
import type { DecodedPage } from './decoded-page.ts';
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
  /** Of floating-point columns. */
  readonly nans: number;
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
}

/** Row groups from `from` to before `to`. */
export interface RowGroupRange {
  readonly from: number;
  readonly to: number;
}

/** Looks on while row groups are decoded. What it throws ends the reading. */
export interface FingerprintWatch {
  /** Told what each row group holds, by leaf, when all of it was read. */
  onRowGroup?(
    rowGroup: number,
    chunks: readonly ChunkFingerprint[],
    pages: readonly (readonly PageFingerprint[])[],
  ): void | Promise<void>;
  /** May give somebody who is shown every data page of the chunk, decoded, with its number. */
  onChunk?(
    rowGroup: number,
    leaf: LeafColumn,
  ): Promise<((page: DecodedPage, number: number) => void) | undefined>;
}

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
 * @throws FormatError when anything does not decode, or a column's rows are not the row group's
 */
export async function fingerprintFile(
  source: ByteSource,
  footer: ParquetFooter,
  memory: MemoryLimits = defaultMemoryLimits,
): Promise<FileFingerprint> {
  const chunks: (readonly ChunkFingerprint[])[] = [];
  const everything = { from: 0, to: footer.rowGroups.length };
  const columns = await fingerprintRowGroups(source, footer, everything, memory, {
    onRowGroup: (_, ofRowGroup) => {
      chunks.push(ofRowGroup);
    },
  });
  return { rows: footer.rows, rowGroups: footer.rowGroups.length, columns, chunks };
}

/**
 * Decodes every value of a stretch of row groups and says what each column holds there: one fingerprint per leaf, to be put
 * together by `joinFingerprints`. Memory: as {@link fingerprintFile}.
 * @throws FormatError as {@link fingerprintFile}; what `watch` throws
 */
export async function fingerprintRowGroups(
  source: ByteSource,
  footer: ParquetFooter,
  range: RowGroupRange,
  memory: MemoryLimits = defaultMemoryLimits,
  watch: FingerprintWatch = {},
): Promise<readonly ColumnFingerprint[]> {
  await prepareCodecs(codecsOf([footer]));
  const rooms = await borrowKernel(memory.pageBytes);
  try {
    return await fingerprintIn(rooms, source, footer, range, watch);
  } finally {
    giveBack(rooms);
  }
}

async function fingerprintIn(
  rooms: Rooms,
  source: ByteSource,
  footer: ParquetFooter,
  { from, to }: RowGroupRange,
  watch: FingerprintWatch,
): Promise<readonly ColumnFingerprint[]> {
  const indexed = indexedRooms();
  const columns = emptyDigests(rooms, emptyRoom(), footer.leaves).map(({ leaf, digest }) => ({
    leaf,
    reader: pageReader(rooms, leaf),
    digest,
    extremes: emptyExtremes(leaf.sortOrder),
  }));
  for (let number = from; number < to; number++) {
    const rowGroup = footer.rowGroups[number];
    if (rowGroup === undefined) throw new RangeError(`${footer.file} has no row group ${number}`);
    const windows = await openRowGroup(rooms, source, rowGroup);
    const chunks: ChunkFingerprint[] = [];
    const pagesByLeaf: PageFingerprint[][] = [];
    for (const { leaf, reader, digest, extremes } of columns) {
      const place = { file: footer.file, rowGroup: number };
      const chunk = rowGroup.chunks[leaf.index];
      if (chunk === undefined) throw corrupt('column chunk is missing', place);
      const onPage = await watch.onChunk?.(number, leaf);
      openChunk(reader, windowOf(windows, chunk), footer.file, number);
      const own = emptyExtremes(leaf.sortOrder);
      const pages = await readPages(reader, digest, own, indexed, onPage);
      let rows = 0;
      let nulls = 0;
      let nans = 0;
      for (const page of pages) {
        rows += page.rows;
        nulls += page.nulls;
        nans += page.nans;
      }
      if (rows !== rowGroup.rows) {
        throw corrupt(`column holds ${rows} rows, its row group ${rowGroup.rows}`, {
          ...place,
          column: leaf.path,
        });
      }
      mergeExtremes(extremes, own.min, own.max);
      pagesByLeaf.push(pages);
      chunks.push({ nulls, nans, ...bounds(own) });
      releaseRooms(reader);
      releaseWindow(rooms, windows, chunk);
    }
    releaseRowGroup(rooms, windows);
    await watch.onRowGroup?.(number, chunks, pagesByLeaf);
  }
  return columns.map(({ leaf, digest, extremes }) => fingerprintOf(rooms, leaf, digest, extremes));
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

/** Reads the pages of the open chunk into digest and extremes. */
async function readPages(
  reader: PageReader,
  digest: DigestState,
  extremes: Extremes,
  indexed: IndexedRooms,
  onPage: ((page: DecodedPage, number: number) => void) | undefined,
): Promise<PageFingerprint[]> {
  const { leaf, rooms, dictionary, window } = reader;
  const pages: PageFingerprint[] = [];
  for (let outcome = nextPage(reader); outcome !== 'end'; outcome = nextPage(reader)) {
    if (outcome === 'starved') {
      await feed(reader);
      continue;
    }
    digestPage(digest, reader);
    onPage?.(reader, pages.length);
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
