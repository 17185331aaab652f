import type { ByteSource } from '../../core/byte-source.ts';
import { type Extremes, emptyExtremes, extendExtremes, mergeExtremes } from '../extremes.ts';
import { type ColumnFingerprint, type DigestState, digestText, emptyDigest } from '../fingerprint.ts';
import type { ParquetFooter } from '../footer.ts';
import { corrupt } from '../format-error.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { digestPage } from './page-digest.ts';
import { nextPage, openChunk, type PageReader, pageReader } from './page-reader.ts';
import { loadRowGroup } from './row-group-bytes.ts';

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
  const columns = footer.leaves.map((leaf) => ({
    leaf,
    reader: pageReader(leaf),
    digest: emptyDigest(),
    extremes: emptyExtremes(leaf.sortOrder),
  }));
  const chunks: ChunkFingerprint[][] = [];
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    const bytes = await loadRowGroup(source, rowGroup);
    const ofRowGroup: ChunkFingerprint[] = [];
    for (const { leaf, reader, digest, extremes } of columns) {
      const chunk = rowGroup.chunks[leaf.index];
      if (chunk === undefined)
        throw corrupt('column chunk is missing', { file: footer.file, rowGroup: number });
      openChunk(reader, chunk, bytes.chunkBytes(chunk), footer.file, number);
      const entriesBefore = digest.entries;
      const presentBefore = digest.present;
      const own = emptyExtremes(leaf.sortOrder);
      const rows = readChunk(leaf, reader, digest, own);
      if (rows !== rowGroup.rows) {
        throw corrupt(`column holds ${rows} rows, its row group ${rowGroup.rows}`, {
          file: footer.file,
          rowGroup: number,
          column: leaf.path,
        });
      }
      mergeExtremes(extremes, own.min, own.max);
      ofRowGroup.push({
        nulls: digest.entries - entriesBefore - (digest.present - presentBefore),
        ...bounds(own),
      });
    }
    chunks.push(ofRowGroup);
  }
  return {
    rows: footer.rows,
    rowGroups: footer.rowGroups.length,
    columns: columns.map(({ leaf, digest, extremes }) => fingerprintOf(leaf, digest, extremes)),
    chunks,
  };
}

/** The finished fingerprint of a column. */
export function fingerprintOf(leaf: LeafColumn, digest: DigestState, extremes: Extremes): ColumnFingerprint {
  return {
    path: leaf.path,
    values: digest.entries,
    nulls: digest.entries - digest.present,
    ...digestText(digest),
    ...bounds(extremes),
  };
}

function bounds(extremes: Extremes): { min?: Uint8Array; max?: Uint8Array } {
  const { min, max } = extremes;
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** Reads the pages of the open chunk into digest and extremes; returns the number of rows. */
function readChunk(leaf: LeafColumn, reader: PageReader, digest: DigestState, extremes: Extremes): number {
  let rows = 0;
  let used = new Uint8Array(0);
  while (nextPage(reader)) {
    digestPage(digest, reader);
    if (leaf.maxRepetitionLevel === 0) {
      rows += reader.entryCount;
    } else {
      for (let i = 0; i < reader.entryCount; i++) if (reader.repetition[i] === 0) rows++;
    }
    if (!reader.usesDictionary) {
      extendExtremes(extremes, leaf, reader.layout, reader.values, reader.presentCount);
      continue;
    }
    // A dictionary may hold entries that no value uses: those are no extremes.
    if (used.length === 0) used = new Uint8Array(reader.dictionary.block.count);
    const { indices } = reader;
    for (let i = 0; i < reader.presentCount; i++) used[indices[i] as number] = 1;
  }
  if (used.length > 0)
    extendExtremes(extremes, leaf, reader.layout, reader.dictionary.block, used.length, used);
  return rows;
}
