import type { DigestState } from '../fingerprint.ts';
import { codec, physicalType } from '../format.ts';
import { crcTable, crcTableBytes } from '../kernel/crc-table.ts';
import {
  chunkBytes,
  chunkNumber,
  chunkWord,
  columnBytes,
  columnWord,
  notAppended,
  numbersPerChunk,
} from '../kernel/kernel.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import { limits } from '../limits.ts';
import { chunkNumbersOf } from '../metadata/chunk-numbers.ts';
import { type ChunkBuilder, convertToPlain } from './chunk-builder.ts';
import { makeRoom } from './merged-dictionary.ts';
import { reserveBytes, reserveOffsets } from './plain-values.ts';
import type { LoadedSlice, SourceRowGroup } from './source-row-groups.ts';

/** What appending whole source chunks takes in the kernel's memory, for one column after the other. */
export interface WholeChunks {
  readonly rooms: Rooms;
  /** The words of the column (`columnWord`) and of the chunks (`chunkWord`). */
  readonly column: Room;
  readonly chunks: Room;
  readonly scratch: Room;
  readonly crcTable: Room;
}

/** Largest chunk that is appended whole: of larger ones the pages are large, and one by one costs nothing. */
const mostBytes = 1024 * 1024;
/** Most entries of such a chunk: run-length encoding lets a few bytes stand for any number. */
const mostEntries = 1024 * 1024;
const scratchBytes = 4 * 1024 * 1024;

/** Rooms without bytes. */
export function wholeChunks(rooms: Rooms): WholeChunks {
  return {
    rooms,
    column: emptyRoom(),
    chunks: emptyRoom(),
    scratch: emptyRoom(),
    crcTable: emptyRoom(),
  };
}

/**
 * Appends the chunks of as many slices as can be taken whole in one go, and to the digest what they hold. Where it stops the
 * next slice is to be read page by page, which also tells what is wrong with it.
 * @param first the first slice to take; `end` is behind the last
 * @param leafOf position of the column's chunk among those of a source row group; -1 where it cannot be taken as it is
 * @returns how many slices were taken
 * @throws FormatError when there is no room for so much
 */
export function appendWholeChunks(
  whole: WholeChunks,
  builder: ChunkBuilder,
  digest: DigestState,
  slices: readonly LoadedSlice[],
  first: number,
  end: number,
  leafOf: (from: SourceRowGroup) => number,
): number {
  const { rooms } = whole;
  const { kernel } = rooms;
  const entriesLeft = limits.chunkValues - builder.entryCount;
  const chunksAt = reserve(rooms, whole.chunks, (end - first) * chunkBytes);
  const { words } = kernel.memory;
  let count = 0;
  let entries = 0;
  for (let i = first; i < end; i++) {
    const { from, rows } = slices[i] as LoadedSlice;
    const { rowGroup } = from;
    const { whole: bytes } = from.windows;
    const leaf = leafOf(from);
    if (leaf < 0 || bytes === undefined || rows !== rowGroup.rows || rowGroup.hasMistakes === true) break;
    const numbers = chunkNumbersOf(rowGroup);
    const n = leaf * numbersPerChunk;
    const sizeBytes = numbers[n + chunkNumber.compressedSizeBytes] as number;
    const valueCount = numbers[n + chunkNumber.valueCount] as number;
    const codecNumber = numbers[n + chunkNumber.codec] as number;
    const startOffsetBytes = numbers[n + chunkNumber.startOffsetBytes] as number;
    if (sizeBytes > mostBytes || valueCount > mostEntries || valueCount === 0) break;
    if (codecNumber !== codec.SNAPPY && codecNumber !== codec.UNCOMPRESSED) break;
    entries += valueCount;
    if (entries > entriesLeft) break;
    const place = chunksAt / 4 + count * (chunkBytes / 4);
    words[place + chunkWord.at] = bytes.room.at + startOffsetBytes - bytes.startOffsetBytes;
    words[place + chunkWord.sizeBytes] = sizeBytes;
    words[place + chunkWord.entries] = valueCount;
    words[place + chunkWord.rows] = rows;
    words[place + chunkWord.codec] = codecNumber;
    count++;
  }
  if (count === 0) return 0;
  reserveFor(whole, builder, entries);
  let done = 0;
  for (;;) {
    tellColumn(whole, builder, digest, builder.entryCount + entries);
    done += kernel.appendChunks(whole.column.at, chunksAt + done * chunkBytes, count - done);
    const reason = kernel.memory.words[0] as number;
    const needed = kernel.memory.words[1] as number;
    entries -= takeOver(whole, builder, digest);
    if (done === count) return done;
    if (reason === notAppended.dictionaryFull) makeRoom(builder.dictionary, needed);
    else if (reason === notAppended.bytesFull) reserveBytes(builder.plain, needed);
    else if (reason !== notAppended.dictionaryUnpaid) return done;
    else {
      convertToPlain(builder);
      reserveFor(whole, builder, entries);
    }
  }
}

function reserveFor({ rooms, ...whole }: WholeChunks, builder: ChunkBuilder, entries: number): void {
  const { leaf, entryCount, presentCount, usesDictionary } = builder;
  if (whole.crcTable.at === 0) {
    const at = reserve(rooms, whole.crcTable, crcTableBytes);
    rooms.kernel.memory.words.set(crcTable(), at / 4);
  }
  reserve(rooms, whole.column, columnBytes);
  reserve(rooms, whole.scratch, scratchBytes);
  const all = entryCount + entries;
  if (leaf.maxDefinitionLevel > 0) reserve(rooms, builder.definition, all, entryCount);
  if (leaf.maxRepetitionLevel > 0) reserve(rooms, builder.repetition, all, entryCount);
  if (usesDictionary) {
    reserve(rooms, builder.indices, (presentCount + entries) * 4, presentCount * 4);
  } else if (leaf.widthBytes > 0) {
    reserveBytes(builder.plain, (presentCount + entries) * leaf.widthBytes);
  } else {
    reserveOffsets(builder.plain, entries);
  }
}

function tellColumn(
  whole: WholeChunks,
  builder: ChunkBuilder,
  digest: DigestState,
  entriesRoom: number,
): void {
  const { leaf, plain } = builder;
  const { words } = whole.rooms.kernel.memory;
  const place = whole.column.at / 4;
  words[place + columnWord.width] = leaf.widthBytes;
  words[place + columnWord.isBoolean] = leaf.type === physicalType.BOOLEAN ? 1 : 0;
  words[place + columnWord.maxDefinition] = leaf.maxDefinitionLevel;
  words[place + columnWord.maxRepetition] = leaf.maxRepetitionLevel;
  words[place + columnWord.entries] = builder.entryCount;
  words[place + columnWord.present] = builder.presentCount;
  words[place + columnWord.entriesRoom] = entriesRoom;
  words[place + columnWord.definitionAt] = builder.definition.at;
  words[place + columnWord.repetitionAt] = builder.repetition.at;
  words[place + columnWord.indicesAt] = builder.indices.at;
  words[place + columnWord.dictionaryAt] = builder.usesDictionary ? builder.dictionary.words.at : 0;
  words[place + columnWord.bytesAt] = plain.bytes.at;
  words[place + columnWord.bytesRoom] = plain.bytes.sizeBytes;
  words[place + columnWord.offsetsAt] = plain.offsets.at;
  words[place + columnWord.levelsDigestAt] = digest.levelsAt;
  words[place + columnWord.valuesDigestAt] = digest.valuesAt;
  words[place + columnWord.scratchAt] = whole.scratch.at;
  words[place + columnWord.scratchEnd] = whole.scratch.at + whole.scratch.sizeBytes;
  words[place + columnWord.crcTableAt] = whole.crcTable.at;
}

// Returns how many entries the column has more.
function takeOver({ rooms, column }: WholeChunks, builder: ChunkBuilder, digest: DigestState): number {
  const { words } = rooms.kernel.memory;
  const entryCount = words[column.at / 4 + columnWord.entries] as number;
  const presentCount = words[column.at / 4 + columnWord.present] as number;
  const added = entryCount - builder.entryCount;
  digest.entries += added;
  digest.present += presentCount - builder.presentCount;
  builder.entryCount = entryCount;
  builder.presentCount = presentCount;
  if (!builder.usesDictionary) builder.plain.count = presentCount;
  return added;
}
