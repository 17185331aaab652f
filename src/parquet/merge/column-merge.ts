import { type Extremes, emptyExtremes, mergeExtremes } from '../extremes.ts';
import type { ColumnFingerprint, DigestState } from '../fingerprint.ts';
import { corrupt, placed } from '../format-error.ts';
import type { Rooms } from '../kernel/rooms.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { fetchAhead } from '../read/chunk-window.ts';
import { feed, isMoving } from '../read/feed-reader.ts';
import { fingerprintOf } from '../read/fingerprint-file.ts';
import { digestPage } from '../read/page-digest.ts';
import {
  nextPage,
  openChunk,
  type PageReader,
  pageReader,
  releaseRooms,
  reopenPage,
  roomBytes,
} from '../read/page-reader.ts';
import { windowOf } from '../read/row-group-windows.ts';
import { type ChunkEncoder, defaultPageLimits, encodeColumnChunk } from '../write/chunk-encoder.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import { appendPage, beginChunk, type ChunkBuilder, finishChunk } from './chunk-builder.ts';
import type { MemoryLimits } from './memory-limits.ts';
import type { LoadedSlice, SourceRowGroup } from './source-row-groups.ts';

/** After a chunk for which a dictionary did not pay, so many are written without trying one. */
const chunksWithoutTrying = 7;

/** What all columns of a merge work with, one after the other. */
export interface ColumnTools {
  readonly builder: ChunkBuilder;
  readonly encoder: ChunkEncoder;
  readonly useDictionary: boolean;
  readonly memory: MemoryLimits;
  /** Bytes of the decoded pages that columns keep. */
  keptBytes: number;
}

/** One column on its way through the inputs: what was read of it, and where its reader stands. */
export interface ColumnMerge {
  readonly leaf: LeafColumn;
  readonly reader: PageReader;
  readonly digest: DigestState;
  readonly extremes: Extremes;
  /** Row group whose chunk the reader has open. */
  openKey: string;
  /** Entries and values of the reader's current page that were taken already. */
  entryTaken: number;
  valueTaken: number;
  /** Rows still to be taken for the output chunk at hand. */
  rowsLeft: number;
  /** Bytes of the reader's page, while it is kept from one output row group to the next. */
  keptBytes: number;
  /** Whether the reader's page was given away and must be decoded again. */
  isSuspended: boolean;
  /** Output chunks to be written without trying a dictionary. */
  plainChunksLeft: number;
}

/** A column before its first row, with a digest over nothing. */
export function columnMerge(rooms: Rooms, leaf: LeafColumn, digest: DigestState): ColumnMerge {
  return {
    leaf,
    reader: pageReader(rooms, leaf),
    digest,
    extremes: emptyExtremes(leaf.sortOrder),
    openKey: '',
    entryTaken: 0,
    valueTaken: 0,
    rowsLeft: 0,
    keptBytes: 0,
    isSuspended: false,
    plainChunksLeft: 0,
  };
}

/**
 * Gathers the given rows of a column and encodes them as one chunk.
 * @throws FormatError when a source does not decode or has other rows than its row group says
 * @throws StoreError when a source cannot be read
 */
export async function mergeColumnChunk(
  column: ColumnMerge,
  slices: readonly LoadedSlice[],
  tools: ColumnTools,
): Promise<EncodedChunk> {
  const { builder, encoder, useDictionary } = tools;
  beginChunk(builder, column.leaf, useDictionary && column.plainChunksLeft === 0);
  const triedDictionary = builder.usesDictionary;
  tools.keptBytes -= column.keptBytes;
  column.keptBytes = 0;
  if (column.isSuspended) await resume(column);
  for (const { from, rows } of slices) {
    if (column.openKey !== from.key) open(column, from);
    column.rowsLeft = rows;
    // Nearly all sources are there whole, and waiting for nothing costs, too.
    while (!takeRows(column, builder)) await feed(column.reader);
  }
  keepOrSuspend(column, tools);
  const content = finishChunk(builder);
  if (triedDictionary) column.plainChunksLeft = builder.usesDictionary ? 0 : chunksWithoutTrying;
  else if (column.plainChunksLeft > 0) column.plainChunksLeft--;
  const encoded = encodeColumnChunk(encoder, content, defaultPageLimits);
  mergeExtremes(column.extremes, encoded.min, encoded.max);
  return encoded;
}

/** Begins to fetch what {@link mergeColumnChunk} will need of row groups that are read column by column. */
export function fetchColumnAhead(column: ColumnMerge, slices: readonly LoadedSlice[]): void {
  for (const { from } of slices) {
    if (from.windows.whole !== undefined) continue;
    const window = windowOf(from.windows, chunkOf(column, from));
    if (isMoving(window)) fetchAhead(window, column.openKey === from.key ? column.reader.position : 0);
  }
}

/**
 * What was read of the column, after its last chunk.
 * @throws FormatError when the last source chunk holds more rows than its row group
 */
export function finishColumn(column: ColumnMerge): ColumnFingerprint {
  checkExhausted(column);
  return fingerprintOf(column.reader.rooms, column.leaf, column.digest, column.extremes);
}

function open(column: ColumnMerge, from: SourceRowGroup): void {
  checkExhausted(column);
  openChunk(column.reader, windowOf(from.windows, chunkOf(column, from)), from.file, from.number);
  column.openKey = from.key;
  column.entryTaken = 0;
  column.valueTaken = 0;
}

function chunkOf({ leaf }: ColumnMerge, { rowGroup, number, file }: SourceRowGroup): ColumnChunk {
  const chunk = rowGroup.chunks[leaf.index];
  if (chunk === undefined) throw new Error(`no column chunk ${leaf.path} in row group ${number} of ${file}`);
  return chunk;
}

/** Moves rows of the open chunk into the builder; false when the reader's window must be moved on first. */
function takeRows(column: ColumnMerge, builder: ChunkBuilder): boolean {
  const { leaf, reader } = column;
  // A row of a repeated column ends where the next begins, which may be on the next page.
  while (column.rowsLeft > 0 || (leaf.maxRepetitionLevel > 0 && !isAtRowStart(column))) {
    if (column.entryTaken === reader.entryCount) {
      const outcome = nextPage(reader);
      if (outcome === 'starved') return false;
      if (outcome === 'end') {
        throw corrupt(`column chunk ends ${column.rowsLeft} rows before its row group`, {
          file: reader.file,
          rowGroup: reader.rowGroup,
          column: leaf.path,
        });
      }
      digestPage(column.digest, reader);
      column.entryTaken = 0;
      column.valueTaken = 0;
      continue;
    }
    const from = column.entryTaken;
    let to = from;
    if (leaf.maxRepetitionLevel === 0) {
      to = Math.min(reader.entryCount, from + column.rowsLeft);
      column.rowsLeft -= to - from;
    } else {
      const { kernel } = reader.rooms;
      to = kernel.rowEnd(reader.repetition.at, from, reader.entryCount, column.rowsLeft);
      column.rowsLeft = kernel.memory.words[0] as number;
    }
    const valueFrom = column.valueTaken;
    const valueTo = valueFrom + presentBetween(reader, from, to);
    try {
      appendPage(builder, reader, from, to, valueFrom, valueTo);
    } catch (error) {
      throw placed(error, { file: reader.file, rowGroup: reader.rowGroup, column: leaf.path });
    }
    column.entryTaken = to;
    column.valueTaken = valueTo;
  }
  return true;
}

// Where an output row group ends inside a page, the column comes back to that page: it keeps it, or decodes it again.
function keepOrSuspend(column: ColumnMerge, tools: ColumnTools): void {
  const { reader } = column;
  if (reader.entriesLeft === 0 && column.entryTaken === reader.entryCount) {
    releaseRooms(reader);
    return;
  }
  const bytes = roomBytes(reader);
  if (tools.keptBytes + bytes <= tools.memory.keptPageBytes) {
    column.keptBytes = bytes;
    tools.keptBytes += bytes;
    return;
  }
  releaseRooms(reader);
  column.isSuspended = true;
}

async function resume(column: ColumnMerge): Promise<void> {
  const { reader } = column;
  column.isSuspended = false;
  reopenPage(reader);
  for (;;) {
    const outcome = nextPage(reader);
    if (outcome === 'page') return;
    if (outcome === 'end') throw new Error('a page that was there is there no more');
    await feed(reader);
  }
}

function isAtRowStart(column: ColumnMerge): boolean {
  const { reader } = column;
  if (column.entryTaken < reader.entryCount)
    return reader.rooms.kernel.memory.bytes[reader.repetition.at + column.entryTaken] === 0;
  return reader.entriesLeft === 0;
}

function presentBetween(reader: PageReader, from: number, to: number): number {
  const max = reader.leaf.maxDefinitionLevel;
  if (max === 0) return to - from;
  if (from === 0 && to === reader.entryCount) return reader.presentCount;
  if (reader.constantDefinition >= 0) return reader.constantDefinition === max ? to - from : 0;
  return reader.rooms.kernel.countLevels(reader.definition.at + from, to - from, max);
}

function checkExhausted(column: ColumnMerge): void {
  const { reader } = column;
  if (reader.entriesLeft > 0 || column.entryTaken < reader.entryCount) {
    throw corrupt('column chunk holds more rows than its row group', {
      file: reader.file,
      rowGroup: reader.rowGroup,
      column: reader.leaf.path,
    });
  }
}
