import type { ByteSource } from '../../core/byte-source.ts';
import type { ParquetFooter } from '../footer.ts';
import { corrupt, placed } from '../format-error.ts';
import {
  type ColumnIndex,
  type OffsetIndex,
  readColumnIndex,
  readOffsetIndex,
} from '../metadata/page-index.ts';
import { type ChunkExtents, chunkExtents, type Extent } from './chunk-extents.ts';

/** The page index of a column chunk, as far as the file has one. */
export interface PageIndex {
  readonly offsetIndex?: OffsetIndex;
  readonly columnIndex?: ColumnIndex;
}

/** Longest index of a chunk that is read. */
const mostIndexBytes = 64 * 1024 * 1024;
/** Indexes of all row groups are read at once up to this. */
const mostReadAtOnceBytes = 16 * 1024 * 1024;
/** Indexes that lie so close together are read at once. */
const mostGapBytes = 64 * 1024;

/**
 * The page indexes of a row group, one per leaf: read in as few pieces as they lie in. The source stays open.
 * @param number of the row group, from 0
 * @throws FormatError when an index lies outside the file or does not decode; StoreError
 */
export async function readPageIndexes(
  source: ByteSource,
  footer: ParquetFooter,
  number: number,
): Promise<readonly PageIndex[]> {
  const rowGroup = footer.rowGroups[number];
  if (rowGroup === undefined) throw new RangeError(`${footer.file} has no row group ${number}`);
  const places = chunkExtents(rowGroup);
  const extents = extentsOf(places);
  const endBytes = footer.fileSizeBytes - footer.footerSizeBytes;
  for (const { offsetBytes, sizeBytes } of extents) {
    if (offsetBytes < 4 || sizeBytes > mostIndexBytes || offsetBytes + sizeBytes > endBytes) {
      throw corrupt(`a page index of ${sizeBytes} bytes lies outside the data of the file`, {
        file: footer.file,
        rowGroup: number,
        offsetBytes,
      });
    }
  }
  const bytesOf = await readExtents(source, extents);
  return places.map(({ offsetIndex, columnIndex }, i) => {
    try {
      return {
        ...(offsetIndex.sizeBytes > 0 ? { offsetIndex: readOffsetIndex(bytesOf(offsetIndex)) } : {}),
        ...(columnIndex.sizeBytes > 0 ? { columnIndex: readColumnIndex(bytesOf(columnIndex)) } : {}),
      };
    } catch (error) {
      throw placed(error, { file: footer.file, rowGroup: number, column: footer.leaves[i]?.path ?? '' });
    }
  });
}

/**
 * A source for {@link readPageIndexes} of one row group after the other, which has read the indexes of all at once; not
 * where they are large or lie apart. Closing it closes nothing.
 */
export async function pageIndexSource(source: ByteSource, footer: ParquetFooter): Promise<ByteSource> {
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const rowGroup of footer.rowGroups) {
    for (const { offsetBytes, sizeBytes } of extentsOf(chunkExtents(rowGroup))) {
      start = Math.min(start, offsetBytes);
      end = Math.max(end, offsetBytes + sizeBytes);
    }
  }
  const { name, sizeBytes } = source;
  const close = async (): Promise<void> => {};
  const isAtOnce = start < end && end - start <= mostReadAtOnceBytes && end <= sizeBytes;
  if (!isAtOnce) return { name, sizeBytes, read: (at, length) => source.read(at, length), close };
  const bytes = await source.read(start, end - start);
  return {
    name,
    sizeBytes,
    read: async (at, length) => bytes.subarray(at - start, at - start + length),
    close,
  };
}

function extentsOf(places: readonly ChunkExtents[]): readonly Extent[] {
  return places.flatMap(({ offsetIndex, columnIndex }) =>
    [offsetIndex, columnIndex].filter(({ sizeBytes }) => sizeBytes > 0),
  );
}

async function readExtents(
  source: ByteSource,
  extents: readonly Extent[],
): Promise<(extent: Extent) => Uint8Array> {
  const pieces: { start: number; end: number; bytes: Uint8Array }[] = [];
  for (const { offsetBytes, sizeBytes } of extents.toSorted((a, b) => a.offsetBytes - b.offsetBytes)) {
    const last = pieces.at(-1);
    const end = offsetBytes + sizeBytes;
    if (last !== undefined && offsetBytes - last.end < mostGapBytes && end - last.start < mostIndexBytes) {
      last.end = Math.max(last.end, end);
    } else {
      pieces.push({ start: offsetBytes, end, bytes: new Uint8Array(0) });
    }
  }
  for (const piece of pieces) piece.bytes = await source.read(piece.start, piece.end - piece.start);
  return ({ offsetBytes, sizeBytes }) => {
    const piece = pieces.find(({ start, end }) => start <= offsetBytes && offsetBytes + sizeBytes <= end);
    if (piece === undefined) throw new Error(`nothing was read at ${offsetBytes}`);
    return piece.bytes.subarray(offsetBytes - piece.start, offsetBytes - piece.start + sizeBytes);
  };
}
