import type { ByteSource } from '../../core/byte-source.ts';
import { type Extremes, emptyExtremes, extendExtremes, mergeExtremes } from '../extremes.ts';
import { type ColumnFingerprint, type DigestState, digestText, emptyDigests } from '../fingerprint.ts';
import type { ParquetFooter, RowGroup } from '../footer.ts';
import { corrupt } from '../format-error.ts';
import { borrowKernel, giveBack } from '../kernel/borrow-kernel.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { feed } from './feed-reader.ts';
import { digestPage } from './page-digest.ts';
import { nextPage, openChunk, type PageReader, pageReader, releaseRooms } from './page-reader.ts';
import { rowGroupExtent } from './row-group-extent.ts';
import {
  movingRowGroup,
  type RowGroupWindows,
  releaseRowGroup,
  releaseWindow,
  wholeRowGroup,
  windowOf,
} from './row-group-windows.ts';

/** Row groups up to this are read in one piece, larger ones column by column. */
const wholeRowGroupBytes = 8 * 1024 * 1024;
/** How much of a column chunk is read at a time then. */
const stepBytes = 4 * 1024 * 1024;

/** What one column chunk holds. */
export interface ChunkFingerprint {
  readonly nulls: number;
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
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
export async function fingerprintFile(source: ByteSource, footer: ParquetFooter): Promise<FileFingerprint> {
  const rooms = borrowKernel();
  try {
    return await fingerprintIn(rooms, source, footer);
  } finally {
    giveBack(rooms);
  }
}

async function fingerprintIn(
  rooms: Rooms,
  source: ByteSource,
  footer: ParquetFooter,
): Promise<FileFingerprint> {
  const used = emptyRoom();
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
    for (const { leaf, reader, digest, extremes } of columns) {
      const place = { file: footer.file, rowGroup: number };
      const chunk = rowGroup.chunks[leaf.index];
      if (chunk === undefined) throw corrupt('column chunk is missing', place);
      openChunk(reader, windowOf(windows, chunk), footer.file, number);
      const entriesBefore = digest.entries;
      const presentBefore = digest.present;
      const own = emptyExtremes(leaf.sortOrder);
      const rows = await readChunk(reader, digest, own, used);
      if (rows !== rowGroup.rows) {
        throw corrupt(`column holds ${rows} rows, its row group ${rowGroup.rows}`, {
          ...place,
          column: leaf.path,
        });
      }
      mergeExtremes(extremes, own.min, own.max);
      ofRowGroup.push({
        nulls: digest.entries - entriesBefore - (digest.present - presentBefore),
        ...bounds(own),
      });
      releaseRooms(reader);
      releaseWindow(rooms, windows, chunk);
    }
    releaseRowGroup(rooms, windows);
    chunks.push(ofRowGroup);
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
  const { leaf, rooms, dictionary } = reader;
  const { kernel } = rooms;
  let rows = 0;
  let usesDictionary = false;
  for (let outcome = nextPage(reader); outcome !== 'end'; outcome = nextPage(reader)) {
    if (outcome === 'starved') {
      await feed(reader);
      continue;
    }
    digestPage(digest, reader);
    rows +=
      leaf.maxRepetitionLevel === 0
        ? reader.entryCount
        : kernel.countLevels(reader.repetition.at, reader.entryCount, 0);
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
