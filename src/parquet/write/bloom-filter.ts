import { physicalType } from '../format.ts';
import { emptyRoom, type Rooms, release, reserve } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { blockBytes, insertHash } from '../split-blocks.ts';
import {
  beginStruct,
  compactWriter,
  endStruct,
  putRaw,
  writeI32,
  writeStructField,
  writtenBytes,
} from '../thrift/compact-writer.ts';
import type { ValueBlock } from '../value-block.ts';
import type { ChunkContent } from './chunk-content.ts';
import { isFloating } from './page-index.ts';

/** At this many bits for each distinct value one of a hundred values that are not there seems to be. */
const bitsPerValue = 9.7;
/** A filter is never larger, and there is none where it would then say "perhaps" to more than one value of ten. */
const mostBytes = 8 * 1024 * 1024;
const fewestBitsPerValue = 6;
/** Of more values the distinct ones are not counted: the filter has room for all of them. */
const mostCountedValues = 1024 * 1024;
/** Values hashed at a time. */
const stretchValues = 65_536;

/**
 * The Bloom filter of a chunk as it stands in a file, header first (parquet-format, BloomFilter): a split block filter over
 * XXH64 of the PLAIN bytes of the values. Undefined where a reader that asks it could miss a row, since equal values may
 * have different bytes (NaN, decimals of any length, types whose equality this version does not know), and for booleans.
 */
export function bloomFilterOf(rooms: Rooms, content: ChunkContent, nanCount: number): Uint8Array | undefined {
  const { leaf, values, indicesAt } = content;
  if (!hasBytewiseEquality(leaf) || nanCount > 0 || values.count === 0) return undefined;
  const distinct = indicesAt === undefined ? distinctCount(rooms, values) : values.count;
  const wanted = Math.ceil((distinct * bitsPerValue) / 8);
  const sizeBytes = Math.min(mostBytes, Math.max(blockBytes, 2 ** Math.ceil(Math.log2(wanted))));
  if ((sizeBytes * 8) / distinct < fewestBitsPerValue) return undefined;
  const bits = new Int32Array(sizeBytes / 4);
  const insert = (words: Int32Array): void => {
    for (let i = 0; i < words.length; i += 2) insertHash(bits, words[i] as number, words[i + 1] as number);
  };
  forHashes(rooms, values, insert);
  if (isFloating(leaf)) forZeros(rooms, leaf, insert);
  return bloomFilterBytes(bits);
}

/** A filter of these words as it stands in a file, header first. */
export function bloomFilterBytes(bits: Int32Array): Uint8Array {
  const sizeBytes = bits.length * 4;
  const w = compactWriter(sizeBytes + 64);
  const outer = beginStruct(w);
  writeI32(w, 1, sizeBytes);
  // Algorithm, hash and compression: unions with their first member set, an empty struct.
  for (const id of [2, 3, 4]) {
    writeStructField(w, id);
    const union = beginStruct(w);
    writeStructField(w, 1);
    endStruct(w, beginStruct(w));
    endStruct(w, union);
  }
  endStruct(w, outer);
  putRaw(w, new Uint8Array(bits.buffer, bits.byteOffset, sizeBytes));
  return writtenBytes(w).slice();
}

/** Whether equal values of the leaf have the same bytes, but for NaN and zero: else a filter would deny what is there. */
export function hasBytewiseEquality({ type, sortOrder }: LeafColumn): boolean {
  if (type === physicalType.BOOLEAN) return false;
  if (sortOrder === 'signed-bytes') return type === physicalType.FIXED_LEN_BYTE_ARRAY;
  // INT96 too: a moment can be told by the next day and fewer nanoseconds.
  return sortOrder !== 'none';
}

/** Gives the hashes of the values, a stretch at a time: two words each, the lower half first, good for the call. */
function forHashes(
  rooms: Rooms,
  { count, widthBytes, bytesAt, offsetsAt }: ValueBlock,
  take: (words: Int32Array, from: number) => void,
): void {
  const { kernel } = rooms;
  const room = emptyRoom();
  for (let from = 0; from < count; from += stretchValues) {
    const part = Math.min(stretchValues, count - from);
    const at = reserve(rooms, room, part * 8);
    kernel.hashForBloom(widthBytes, bytesAt + from * widthBytes, offsetsAt + from * 4, part, at);
    take(kernel.memory.words.subarray(at / 4, at / 4 + part * 2), from);
  }
  release(rooms, room);
}

// Whoever asks for zero finds rows with either zero.
function forZeros(
  rooms: Rooms,
  { widthBytes }: LeafColumn,
  take: (words: Int32Array, from: number) => void,
): void {
  const room = emptyRoom();
  const at = reserve(rooms, room, 2 * widthBytes);
  const { bytes } = rooms.kernel.memory;
  bytes.fill(0, at, at + 2 * widthBytes);
  bytes[at + 2 * widthBytes - 1] = 128;
  forHashes(rooms, { count: 2, widthBytes, bytesAt: at, offsetsAt: 0 }, take);
  release(rooms, room);
}

function distinctCount(rooms: Rooms, values: ValueBlock): number {
  const { count } = values;
  if (count > mostCountedValues) return count;
  const hashes = new Int32Array(count * 2);
  forHashes(rooms, values, (words, from) => hashes.set(words, from * 2));
  const sorted = new BigUint64Array(hashes.buffer).sort();
  let distinct = 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  return distinct;
}
