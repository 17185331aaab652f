import { grownTo } from '../encodings/byte-buffer.ts';
import { decodeBitPackedLevels, decodeHybrid, hybridConstant } from '../encodings/hybrid-decoder.ts';
import { encoding, nameOf } from '../format.ts';
import { corrupt, unsupported } from '../format-error.ts';
import { limits } from '../limits.ts';
import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { PageReader } from './page-reader.ts';

/**
 * Decodes the levels of a version 1 page that begin at `start`.
 * @returns where they end
 * @throws FormatError when they are damaged, too many, or in an encoding that levels do not have
 */
export function readLevels(
  reader: PageReader,
  kind: 'repetition' | 'definition',
  bytes: Uint8Array,
  start: number,
  levelEncoding: number,
): number {
  const { leaf, entryCount } = reader;
  if (levelEncoding === encoding.BIT_PACKED) {
    const width = bitWidth(kind === 'definition' ? leaf.maxDefinitionLevel : leaf.maxRepetitionLevel);
    reader[kind] = roomFor(reader[kind], entryCount);
    return decodeBitPackedLevels(bytes, start, bytes.length, width, entryCount, reader[kind]);
  }
  if (levelEncoding !== encoding.RLE) {
    throw unsupported(`level encoding ${nameOf(encoding, levelEncoding)}`);
  }
  if (start + 4 > bytes.length) throw corrupt('levels lack their length');
  const length =
    ((bytes[start] as number) |
      ((bytes[start + 1] as number) << 8) |
      ((bytes[start + 2] as number) << 16) |
      ((bytes[start + 3] as number) << 24)) >>>
    0;
  const end = start + 4 + length;
  if (end > bytes.length) throw corrupt(`levels of ${length} bytes do not fit the page`);
  readRunLengthLevels(reader, kind, bytes, start + 4, end);
  return end;
}

/**
 * Decodes levels in the hybrid encoding between `start` and `end`. Definition levels of a leaf that is not repeated are
 * not filled in where all are the same: `constantDefinition` then has their value.
 * @throws FormatError when they are damaged or too many
 */
export function readRunLengthLevels(
  reader: PageReader,
  kind: 'repetition' | 'definition',
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { leaf, entryCount } = reader;
  const width = bitWidth(kind === 'definition' ? leaf.maxDefinitionLevel : leaf.maxRepetitionLevel);
  if (kind === 'definition' && leaf.maxRepetitionLevel === 0 && entryCount > 0) {
    reader.constantDefinition = hybridConstant(bytes, start, end, width, entryCount);
    if (reader.constantDefinition >= 0) return;
  }
  reader[kind] = roomFor(reader[kind], entryCount);
  decodeHybrid(bytes, start, end, width, entryCount, reader[kind]);
}

function roomFor(array: Int32Array, count: number): Int32Array {
  checkDecodedCount(count);
  return grownTo(array, count);
}

/** Refuses more values than there is room for when they are decoded. */
export function checkDecodedCount(count: number): void {
  if (count > limits.decodedPageValues) {
    throw unsupported(`a page of more than ${limits.decodedPageValues} values (it has ${count})`);
  }
}

/** Counts the entries of the current page that have a value. */
export function countPresent(reader: PageReader): void {
  const { leaf, entryCount, definition } = reader;
  const max = leaf.maxDefinitionLevel;
  if (max === 0) {
    reader.presentCount = entryCount;
  } else if (reader.constantDefinition >= 0) {
    reader.presentCount = reader.constantDefinition === max ? entryCount : 0;
  } else {
    let present = 0;
    for (let i = 0; i < entryCount; i++) if (definition[i] === max) present++;
    reader.presentCount = present;
  }
}

/** @throws FormatError when a level is above the leaf's, or the chunk's first entry does not begin a row */
export function checkLevels(leaf: LeafColumn, reader: PageReader): void {
  const count = reader.entryCount;
  if (reader.constantDefinition > leaf.maxDefinitionLevel) {
    throw corrupt(`definition level ${reader.constantDefinition} above ${leaf.maxDefinitionLevel}`);
  }
  if (leaf.maxDefinitionLevel > 0 && reader.constantDefinition < 0) {
    checkMax(reader.definition, count, leaf.maxDefinitionLevel, 'definition level');
  }
  if (leaf.maxRepetitionLevel > 0) {
    checkMax(reader.repetition, count, leaf.maxRepetitionLevel, 'repetition level');
    const isFirst = reader.entriesLeft + count === (reader.chunk as ColumnChunk).valueCount;
    if (isFirst && count > 0 && reader.repetition[0] !== 0) {
      throw corrupt('column chunk begins inside a row');
    }
  }
}

/** @throws FormatError when one of the first `count` numbers is above `max`; `kind` is what the message calls it */
export function checkMax(levels: Int32Array, count: number, max: number, kind: string): void {
  for (let i = 0; i < count; i++) {
    if ((levels[i] as number) >>> 0 > max) throw corrupt(`${kind} ${levels[i]} above ${max}`);
  }
}

function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}
