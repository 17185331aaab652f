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
const mostCountedValues = 4 * 1024 * 1024;
/** Values hashed at a time. */
const stretchValues = 65_536;

/**
 * The Bloom filter of a chunk as it stands in a file, header first (parquet-format, BloomFilter): a split block filter over
 * XXH64 of the PLAIN bytes of the values. Undefined where a reader that asks it could miss a row, since equal values may
 * have different bytes (NaN, decimals of any length, types whose equality this version does not know), and for booleans.
 */
export function bloomFilterOf(rooms: Rooms, content: ChunkContent, nanCount: number): Uint8Array | undefined {
  const { leaf, values } = content;
  if (!hasBytewiseEquality(leaf) || nanCount > 0 || values.count === 0) return undefined;
  const hashes = hashesOf(rooms, values);
  if (isFloating(leaf)) addZeros(rooms, leaf, hashes);
  const distinct = content.indicesAt === undefined ? distinctCount(hashes.words) : values.count;
  const wanted = Math.ceil((distinct * bitsPerValue) / 8);
  const sizeBytes = Math.min(mostBytes, Math.max(blockBytes, 2 ** Math.ceil(Math.log2(wanted))));
  if ((sizeBytes * 8) / distinct < fewestBitsPerValue) return undefined;
  const bits = new Int32Array(sizeBytes / 4);
  for (let i = 0; i < hashes.words.length; i += 2) {
    insertHash(bits, hashes.words[i] as number, hashes.words[i + 1] as number);
  }
  for (const [low, high] of hashes.added) insertHash(bits, low, high);
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
  putRaw(w, new Uint8Array(bits.buffer));
  return writtenBytes(w).slice();
}

function hasBytewiseEquality({ type, sortOrder }: LeafColumn): boolean {
  if (type === physicalType.BOOLEAN) return false;
  if (sortOrder === 'signed-bytes') return type === physicalType.FIXED_LEN_BYTE_ARRAY;
  return sortOrder !== 'none' || type === physicalType.INT96;
}

interface Hashes {
  /** Two words a hash, the low one first. */
  readonly words: Int32Array;
  readonly added: [number, number][];
}

function hashesOf(rooms: Rooms, { count, widthBytes, bytesAt, offsetsAt }: ValueBlock): Hashes {
  const { kernel } = rooms;
  const room = emptyRoom();
  const words = new Int32Array(count * 2);
  for (let from = 0; from < count; from += stretchValues) {
    const part = Math.min(stretchValues, count - from);
    const at = reserve(rooms, room, part * 8);
    kernel.hashForBloom(widthBytes, bytesAt + from * widthBytes, offsetsAt + from * 4, part, at);
    words.set(kernel.memory.words.subarray(at / 4, at / 4 + part * 2), from * 2);
  }
  release(rooms, room);
  return { words, added: [] };
}

// Whoever asks for zero finds rows with either zero.
function addZeros(rooms: Rooms, { widthBytes }: LeafColumn, hashes: Hashes): void {
  const room = emptyRoom();
  const at = reserve(rooms, room, 2 * widthBytes + 32);
  const { bytes, words } = rooms.kernel.memory;
  bytes.fill(0, at, at + 2 * widthBytes);
  bytes[at + 2 * widthBytes - 1] = 128;
  const to = at + 16;
  rooms.kernel.hashForBloom(widthBytes, at, 0, 2, to);
  for (const place of [to / 4, to / 4 + 2])
    hashes.added.push([words[place] as number, words[place + 1] as number]);
  release(rooms, room);
}

function distinctCount(words: Int32Array): number {
  const count = words.length / 2;
  if (count > mostCountedValues) return count;
  const sorted = new BigUint64Array(words.buffer.slice(0)).sort();
  let distinct = 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  return distinct;
}
