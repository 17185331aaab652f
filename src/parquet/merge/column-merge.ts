import { type Extremes, emptyExtremes, mergeExtremes } from '../extremes.ts';
import { type ColumnFingerprint, type DigestState, emptyDigest } from '../fingerprint.ts';
import { corrupt, placed } from '../format-error.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { fingerprintOf } from '../read/fingerprint-file.ts';
import { digestPage } from '../read/page-digest.ts';
import { nextPage, openChunk, type PageReader, pageReader } from '../read/page-reader.ts';
import { defaultPageLimits, encodeColumnChunk } from '../write/chunk-encoder.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import { appendPage, beginChunk, type ChunkBuilder, finishChunk } from './chunk-builder.ts';

/** After a chunk for which a dictionary did not pay, so many are written without trying one. */
const chunksWithoutTrying = 7;

/** One column on its way through the inputs: what was read of it, and where its reader stands. */
export interface ColumnMerge {
  readonly leaf: LeafColumn;
  readonly reader: PageReader;
  readonly digest: DigestState;
  readonly extremes: Extremes;
  /** Name of the chunk the reader has open. */
  openKey: string;
  /** Entries and values of the reader's current page that were taken already. */
  entryTaken: number;
  valueTaken: number;
  /** Output chunks to be written without trying a dictionary. */
  plainChunksLeft: number;
}

/** Rows to take from one source column chunk. */
export interface ChunkRows {
  /** Names the source chunk: slices of one chunk share it. */
  readonly key: string;
  readonly file: string;
  readonly rowGroup: number;
  readonly chunk: ColumnChunk;
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** A column before its first row. */
export function columnMerge(leaf: LeafColumn): ColumnMerge {
  return {
    leaf,
    reader: pageReader(leaf),
    digest: emptyDigest(),
    extremes: emptyExtremes(leaf.sortOrder),
    openKey: '',
    entryTaken: 0,
    valueTaken: 0,
    plainChunksLeft: 0,
  };
}

/**
 * Gathers the given rows of a column and encodes them as one chunk.
 * @throws FormatError when a source does not decode or has other rows than its row group says
 */
export function mergeColumnChunk(
  column: ColumnMerge,
  sources: Iterable<ChunkRows>,
  builder: ChunkBuilder,
  useDictionary: boolean,
): EncodedChunk {
  beginChunk(builder, column.leaf, useDictionary && column.plainChunksLeft === 0);
  const triedDictionary = builder.usesDictionary;
  for (const source of sources) {
    if (column.openKey !== source.key) {
      checkExhausted(column);
      openChunk(column.reader, source.chunk, source.bytes, source.file, source.rowGroup);
      column.openKey = source.key;
      column.entryTaken = 0;
      column.valueTaken = 0;
    }
    takeRows(column, builder, source.rows);
  }
  const content = finishChunk(builder);
  if (triedDictionary) column.plainChunksLeft = builder.usesDictionary ? 0 : chunksWithoutTrying;
  else if (column.plainChunksLeft > 0) column.plainChunksLeft--;
  const encoded = encodeColumnChunk(content, defaultPageLimits);
  mergeExtremes(column.extremes, encoded.min, encoded.max);
  return encoded;
}

/**
 * What was read of the column, after its last chunk.
 * @throws FormatError when the last source chunk holds more rows than its row group
 */
export function finishColumn(column: ColumnMerge): ColumnFingerprint {
  checkExhausted(column);
  return fingerprintOf(column.leaf, column.digest, column.extremes);
}

/** Moves the next `rows` rows of the open chunk into the builder. */
function takeRows(column: ColumnMerge, builder: ChunkBuilder, rows: number): void {
  const { leaf, reader } = column;
  let left = rows;
  // A row of a repeated column ends where the next begins, which may be on the next page.
  while (left > 0 || (leaf.maxRepetitionLevel > 0 && !isAtRowStart(column))) {
    if (column.entryTaken === reader.entryCount) {
      if (!nextPage(reader)) {
        throw corrupt(`column chunk ends ${left} rows before its row group`, {
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
      to = Math.min(reader.entryCount, from + left);
      left -= to - from;
    } else {
      const { repetition, entryCount } = reader;
      for (; to < entryCount; to++) {
        if (repetition[to] === 0) {
          if (left === 0) break;
          left--;
        }
      }
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
}

function isAtRowStart(column: ColumnMerge): boolean {
  const { reader } = column;
  if (column.entryTaken < reader.entryCount) return reader.repetition[column.entryTaken] === 0;
  return reader.entriesLeft === 0;
}

function presentBetween(reader: PageReader, from: number, to: number): number {
  const max = reader.leaf.maxDefinitionLevel;
  if (max === 0) return to - from;
  if (from === 0 && to === reader.entryCount) return reader.presentCount;
  if (reader.constantDefinition >= 0) return reader.constantDefinition === max ? to - from : 0;
  let present = 0;
  for (let i = from; i < to; i++) if (reader.definition[i] === max) present++;
  return present;
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
