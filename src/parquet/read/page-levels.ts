import { decodeBitPackedLevels } from '../encodings/bit-packed-levels.ts';
import { bitWidthOf } from '../encodings/bit-width.ts';
import { encoding, nameOf } from '../format.ts';
import { corrupt, unsupported } from '../format-error.ts';
import { code } from '../kernel/codes.ts';
import { problem } from '../kernel/problems.ts';
import { reserve } from '../kernel/rooms.ts';
import { limits } from '../limits.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { PageReader } from './page-reader.ts';

type LevelKind = 'repetition' | 'definition';

/**
 * Decodes the levels of a version 1 page that begin at address `start`.
 * @returns where they end
 * @throws FormatError when they are damaged, too many, or in an encoding that levels do not have
 */
export function readLevels(
  reader: PageReader,
  kind: LevelKind,
  start: number,
  end: number,
  levelEncoding: number,
): number {
  const { bytes } = reader.rooms.kernel.memory;
  if (levelEncoding === encoding.BIT_PACKED) return readBitPacked(reader, kind, start, end);
  if (levelEncoding !== encoding.RLE) {
    throw unsupported(`level encoding ${nameOf(encoding, levelEncoding)}`);
  }
  if (start + 4 > end) throw corrupt('levels lack their length');
  const length =
    ((bytes[start] as number) |
      ((bytes[start + 1] as number) << 8) |
      ((bytes[start + 2] as number) << 16) |
      ((bytes[start + 3] as number) << 24)) >>>
    0;
  const levelsEnd = start + 4 + length;
  if (levelsEnd > end) throw corrupt(`levels of ${length} bytes do not fit the page`);
  readRunLengthLevels(reader, kind, start + 4, levelsEnd);
  return levelsEnd;
}

/**
 * Decodes levels in the hybrid encoding between two addresses. Definition levels of a leaf that is not repeated are
 * not filled in where all are the same: `constantDefinition` then has their value.
 * @throws FormatError when they are damaged, too many, or above the leaf's
 */
export function readRunLengthLevels(reader: PageReader, kind: LevelKind, start: number, end: number): void {
  const { leaf, entryCount, rooms } = reader;
  const { kernel } = rooms;
  const max = kind === 'definition' ? leaf.maxDefinitionLevel : leaf.maxRepetitionLevel;
  if (kind === 'definition' && leaf.maxRepetitionLevel === 0 && entryCount > 0) {
    reader.constantDefinition = kernel.levelRun(start, end, entryCount);
    if (reader.constantDefinition >= 0) {
      // What a run covers needs no room: a few bytes may stand for any number of values.
      setPresent(reader, kind, reader.constantDefinition === max ? entryCount : 0);
      if (reader.constantDefinition > max)
        throw corrupt(`definition level ${reader.constantDefinition} above ${max}`);
      return;
    }
  }
  checkDecodedCount(entryCount);
  const to = reserve(rooms, reader[kind], entryCount);
  const found = kernel.decodeLevels(start, end, bitWidthOf(max), entryCount, max, to);
  if (found === code.longRun && reader.window.chunk.isOfImpala && kind === 'definition') {
    readTooMany(reader, start, end);
    return;
  }
  if (found < 0) throw problem(kernel, found, `${kind} level`);
  setPresent(reader, kind, found);
}

// The run that goes beyond the last entry is decoded whole, and what is too much of it left.
function readTooMany(reader: PageReader, start: number, end: number): void {
  const { leaf, entryCount, rooms } = reader;
  const { kernel } = rooms;
  const [length = 0, left = 0] = kernel.memory.words.subarray(0, 2);
  const all = entryCount - left + length;
  checkDecodedCount(all);
  const max = leaf.maxDefinitionLevel;
  const to = reserve(rooms, reader.definition, all);
  const found = kernel.decodeLevels(start, end, bitWidthOf(max), all, max, to);
  if (found < 0) throw problem(kernel, found, 'definition level');
  setPresent(reader, 'definition', kernel.countLevels(to, entryCount, max));
}

function readBitPacked(reader: PageReader, kind: LevelKind, start: number, end: number): number {
  const { leaf, entryCount, rooms } = reader;
  const { kernel } = rooms;
  const max = kind === 'definition' ? leaf.maxDefinitionLevel : leaf.maxRepetitionLevel;
  if (reader.window.chunk.isOfImpala) {
    throw unsupported(
      'level encoding BIT_PACKED of Impala, which has the bits in another order than the format,',
    );
  }
  checkDecodedCount(entryCount);
  const to = reserve(rooms, reader[kind], entryCount);
  const { bytes } = kernel.memory;
  const levelsEnd = decodeBitPackedLevels(bytes, start, end, bitWidthOf(max), entryCount, to);
  for (let i = to; i < to + entryCount; i++) {
    if ((bytes[i] as number) > max) throw corrupt(`${kind} level ${bytes[i]} above ${max}`);
  }
  setPresent(reader, kind, kernel.countLevels(to, entryCount, max));
  return levelsEnd;
}

// An entry has a value where its definition level is the leaf's greatest.
function setPresent(reader: PageReader, kind: LevelKind, count: number): void {
  if (kind === 'definition') reader.presentCount = count;
}

/** Refuses more values than there is room for when they are decoded. */
export function checkDecodedCount(count: number): void {
  if (count > limits.decodedPageValues) {
    throw unsupported(`a page of more than ${limits.decodedPageValues} values (it has ${count})`);
  }
}

/** @throws FormatError when the chunk's first entry does not begin a row */
export function checkBegin(reader: PageReader, chunk: ColumnChunk): void {
  const { leaf, entryCount, rooms, repetition } = reader;
  if (leaf.maxRepetitionLevel === 0 || entryCount === 0) return;
  if (reader.entriesLeft + entryCount !== chunk.valueCount) return;
  if (rooms.kernel.memory.bytes[repetition.at] !== 0) throw corrupt('column chunk begins inside a row');
}
