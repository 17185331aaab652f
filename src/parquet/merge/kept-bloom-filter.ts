import { FormatError } from '../../core/errors.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { bloomFilterSizes, bloomFilterWords, knowsValuesOf } from '../read/bloom-filters.ts';
import { chunkExtents } from '../read/chunk-extents.ts';
import type { DecodedPage } from '../read/decoded-page.ts';
import { bloomFilterBytes, hasBytewiseEquality } from '../write/bloom-filter.ts';
import { isFloating } from '../write/page-index.ts';
import type { SourceRowGroup } from './source-row-groups.ts';

/** The Bloom filter of a chunk that is copied. */
export interface KeptFilter {
  /** As it will stand in the file, header first. */
  readonly bytes: Uint8Array;
  /** Whether it knows every value of a page of the chunk: one that does not would hide rows, and is left out. */
  readonly knows: (page: DecodedPage) => boolean;
}

/** A larger filter is left out: this program makes none. So is one of another writer that is larger than its chunk. */
const mostBytes = 8 * 1024 * 1024;
/** The header of one whose length the footer does not state is not longer. */
const headerRoomBytes = 64;

/**
 * Reads the Bloom filter of a chunk; undefined where there is none that may be kept: where equal values may have different bytes,
 * of floating-point columns also where another writer made it, which need not have put both zeros in, and where it does not decode.
 * @throws StoreError
 */
export async function keptFilter(
  from: SourceRowGroup,
  leaf: LeafColumn,
  isOwn: boolean,
): Promise<KeptFilter | undefined> {
  const chunk = from.rowGroup.chunks[leaf.index];
  if (chunk?.hasBloomFilter !== true) return undefined;
  if (!hasBytewiseEquality(leaf) || (isFloating(leaf) && !isOwn)) return undefined;
  const place = chunkExtents(from.rowGroup)[leaf.index]?.bloomFilter;
  if (place === undefined || place.offsetBytes <= 0) return undefined;
  const { source } = from.windows;
  const { offsetBytes } = place;
  const restBytes = source.sizeBytes - offsetBytes;
  try {
    let { sizeBytes } = place;
    if (sizeBytes === 0 && restBytes > 0) {
      // Older writers state no length.
      const start = await source.read(offsetBytes, Math.min(headerRoomBytes, restBytes));
      const { headerBytes, bitBytes } = bloomFilterSizes(start);
      sizeBytes = headerBytes + bitBytes;
    }
    const most = isOwn ? mostBytes + headerRoomBytes : Math.min(mostBytes, chunk.compressedSizeBytes);
    if (sizeBytes <= 0 || sizeBytes > Math.min(restBytes, most)) return undefined;
    const words = bloomFilterWords(await source.read(offsetBytes, sizeBytes));
    return { bytes: bloomFilterBytes(words), knows: knowsValuesOf(words) };
  } catch (error) {
    // No reader can go by it either.
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
