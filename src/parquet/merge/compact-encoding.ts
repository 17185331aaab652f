import { encoding, physicalType } from '../format.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ChunkContent } from '../write/chunk-content.ts';
import { type ChunkEncoder, type ChunkFormat, encodeColumnChunk } from '../write/chunk-encoder.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import { gatherValues, type PlainValues, plainBlock } from './plain-values.ts';

/** How the chunks of a column are encoded for the time being. */
export interface CompactChoice {
  /** The encoding that may make the column smaller than a dictionary or PLAIN. */
  readonly candidate: number;
  isCompact: boolean;
  /** Chunks to be encoded as the last one that was measured turned out. */
  chunksLeft: number;
}

/** After a chunk that was measured, so many are encoded the way that won. */
const chunksWithoutMeasuring = 7;
/** How much smaller a chunk must be: an encoding that fewer readers have is not taken for less. */
const leastGain = 1.05;
/** A chunk whose values take more than this without a dictionary is not measured. */
const mostPlainBytes = 64 * 1024 * 1024;

/** The choice of a column before its first chunk; undefined where the format has no such encoding for its type. */
export function compactChoice(leaf: LeafColumn): CompactChoice | undefined {
  const candidate = candidateOf(leaf.type);
  return candidate === undefined ? undefined : { candidate, isCompact: false, chunksLeft: 0 };
}

function candidateOf(type: number): number | undefined {
  switch (type) {
    case physicalType.INT32:
    case physicalType.INT64:
      return encoding.DELTA_BINARY_PACKED;
    case physicalType.FLOAT:
    case physicalType.DOUBLE:
      return encoding.BYTE_STREAM_SPLIT;
    case physicalType.BYTE_ARRAY:
      return encoding.DELTA_BYTE_ARRAY;
    default:
      return undefined;
  }
}

/** Whether the next chunk of the column needs no dictionary, since it will not be used. */
export function isSettled(choice: CompactChoice | undefined): boolean {
  return choice?.isCompact === true && choice.chunksLeft > 0;
}

/**
 * Encodes a chunk both ways and takes the smaller, or, after that, the way that was smaller: pages compressed, dictionary
 * included. See {@link encodeColumnChunk}.
 * @param plain empty where the content has a dictionary: room for its values one by one
 */
export function encodeCompactly(
  choice: CompactChoice,
  encoder: ChunkEncoder,
  content: ChunkContent,
  plain: PlainValues,
  format: ChunkFormat,
): EncodedChunk {
  if (choice.chunksLeft > 0) {
    choice.chunksLeft--;
    const isCompact = choice.isCompact && content.indicesAt === undefined;
    return encodeColumnChunk(encoder, content, format, isCompact ? choice.candidate : encoding.PLAIN);
  }
  const unindexed = withoutIndices(content, plain);
  if (unindexed === undefined || content.presentCount === 0) {
    return encodeColumnChunk(encoder, content, format);
  }
  const first = encodeColumnChunk(encoder, unindexed, format, choice.candidate);
  // The next chunk is encoded in the same place.
  const compact = { ...first, pages: first.pages.map((page) => page.slice()) };
  const standard = encodeColumnChunk(encoder, content, format);
  choice.isCompact = compact.compressedSizeBytes * leastGain < standard.compressedSizeBytes;
  choice.chunksLeft = chunksWithoutMeasuring;
  return choice.isCompact ? compact : standard;
}

function withoutIndices(content: ChunkContent, plain: PlainValues): ChunkContent | undefined {
  const { values, indicesAt, presentCount } = content;
  if (indicesAt === undefined) return content;
  const { kernel } = plain.rooms;
  const sizeBytes =
    values.widthBytes > 0
      ? values.widthBytes * presentCount
      : kernel.gatheredBytes(values.offsetsAt, indicesAt, presentCount);
  if (sizeBytes > mostPlainBytes) return undefined;
  gatherValues(plain, values, indicesAt, presentCount);
  return { ...content, values: plainBlock(plain), indicesAt: undefined };
}
