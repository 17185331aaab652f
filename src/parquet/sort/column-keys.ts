import { unsupported } from '../format-error.ts';
import type { LinearMemory } from '../kernel/kernel.ts';
import type { ValueBlock } from '../value-block.ts';
import type { SortColumn } from './sort-columns.ts';

/** Bytes, one stretch a row, that compare as the rows do: byte by byte, unsigned; of two that begin alike none ends first. */
export interface Keys {
  readonly rows: number;
  readonly bytes: Uint8Array;
  /** One more than there are rows. */
  readonly offsets: Uint32Array;
}

/** Values of one column for so many rows, each null or there. */
export interface KeyedValues {
  readonly rows: number;
  /** Address of a definition level for each row; or the level that all of them share. */
  readonly definitionAt: number;
  readonly constantDefinition: number;
  readonly values: ValueBlock;
  /** Address of the indices into the values, where they are told by them. */
  readonly indicesAt: number | undefined;
}

/** Longest value that rows are sorted by. */
export const mostKeyBytes = 16 * 1024;

/**
 * The keys of one column: a byte that sorts nulls, then the value.
 * @throws FormatError when a value has more than {@link mostKeyBytes}
 */
export function columnKeys(
  memory: LinearMemory,
  column: SortColumn,
  { rows, definitionAt, constantDefinition, values, indicesAt }: KeyedValues,
): Keys {
  const entries = entryKeys(memory, column, values);
  const { bytes, words } = memory;
  const max = column.of.maxDefinitionLevel;
  const nullFlag = column.nullsFirst ? 0 : 2;
  const entryOf = new Int32Array(rows);
  const offsets = new Uint32Array(rows + 1);
  let value = 0;
  let end = 0;
  for (let row = 0; row < rows; row++) {
    const level = constantDefinition >= 0 ? constantDefinition : (bytes[definitionAt + row] as number);
    let entry = -1;
    if (level === max) {
      entry = indicesAt === undefined ? value : (words[indicesAt / 4 + value] as number);
      value++;
      end += (entries.offsets[entry + 1] as number) - (entries.offsets[entry] as number);
    }
    entryOf[row] = entry;
    end++;
    offsets[row + 1] = end;
  }
  const keys = new Uint8Array(end);
  for (let row = 0; row < rows; row++) {
    const entry = entryOf[row] as number;
    let at = offsets[row] as number;
    if (entry < 0) {
      keys[at] = nullFlag;
      continue;
    }
    keys[at++] = 1;
    const stop = entries.offsets[entry + 1] as number;
    for (let from = entries.offsets[entry] as number; from < stop; from++)
      keys[at++] = entries.bytes[from] as number;
  }
  return { rows, bytes: keys, offsets };
}

/** The keys of several columns of the same rows, the most significant first. */
export function joinedKeys(columns: readonly Keys[]): Keys {
  const [only] = columns;
  if (only === undefined) throw new Error('no columns to sort by');
  if (columns.length === 1) return only;
  const { rows } = only;
  const offsets = new Uint32Array(rows + 1);
  const bytes = new Uint8Array(columns.reduce((sum, column) => sum + column.bytes.length, 0));
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (const column of columns) {
      const stop = column.offsets[row + 1] as number;
      for (let from = column.offsets[row] as number; from < stop; from++)
        bytes[at++] = column.bytes[from] as number;
    }
    offsets[row + 1] = at;
  }
  return { rows, bytes, offsets };
}

/** Compares two rows: negative when the first comes first. */
export function compareKeys(a: Keys, aRow: number, b: Keys, bRow: number): number {
  let i = a.offsets[aRow] as number;
  let j = b.offsets[bRow] as number;
  const aEnd = a.offsets[aRow + 1] as number;
  const bEnd = b.offsets[bRow + 1] as number;
  for (; i < aEnd && j < bEnd; i++, j++) {
    const difference = (a.bytes[i] as number) - (b.bytes[j] as number);
    if (difference !== 0) return difference;
  }
  return aEnd - i - (bEnd - j);
}

// What each value of the block is told by, without the byte for nulls.
function entryKeys(memory: LinearMemory, column: SortColumn, values: ValueBlock): Keys {
  const keys = values.widthBytes > 0 ? fixedKeys(memory, column, values) : textKeys(memory, column, values);
  if (column.isDescending) {
    const { bytes } = keys;
    for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) ^ 255;
  }
  return keys;
}

function fixedKeys({ bytes: source }: LinearMemory, { of }: SortColumn, values: ValueBlock): Keys {
  const { count, widthBytes: width, bytesAt } = values;
  const bytes = new Uint8Array(count * width);
  const offsets = new Uint32Array(count + 1);
  const isNumber = of.sortOrder !== 'unsigned-bytes' && of.sortOrder !== 'signed-bytes';
  const isSigned = ['signed32', 'signed64', 'signed-bytes'].includes(of.sortOrder);
  const isFloat = of.sortOrder === 'float32' || of.sortOrder === 'float64';
  const floats = new DataView(source.buffer, source.byteOffset);
  for (let i = 0; i < count; i++) {
    const at = i * width;
    const from = bytesAt + at;
    // Numbers are little-endian, everything else begins with what counts most.
    if (isNumber) for (let j = 0; j < width; j++) bytes[at + j] = source[from + width - 1 - j] as number;
    else for (let j = 0; j < width; j++) bytes[at + j] = source[from + j] as number;
    if (isSigned) bytes[at] = (bytes[at] as number) ^ 128;
    if (isFloat) {
      const number = width === 4 ? floats.getFloat32(from, true) : floats.getFloat64(from, true);
      if (Number.isNaN(number)) bytes.fill(255, at, at + width);
      else if ((bytes[at] as number) > 127)
        for (let j = 0; j < width; j++) bytes[at + j] = (bytes[at + j] as number) ^ 255;
      else bytes[at] = (bytes[at] as number) | 128;
    }
    offsets[i + 1] = at + width;
  }
  return { rows: count, bytes, offsets };
}

// A zero byte is followed by 255, and two zeros end a value: so it ends before every value that goes on.
function textKeys(memory: LinearMemory, { of }: SortColumn, values: ValueBlock): Keys {
  const { bytes: source, words } = memory;
  const { count, bytesAt, offsetsAt } = values;
  const offsets = new Uint32Array(count + 1);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const from = bytesAt + (words[offsetsAt / 4 + i] as number) + 4;
    const to = bytesAt + (words[offsetsAt / 4 + i + 1] as number);
    if (to - from > mostKeyBytes) {
      throw unsupported(`sorting by a value of ${to - from} bytes, more than ${mostKeyBytes},`, {
        column: of.path,
      });
    }
    end += to - from + 2;
    for (let at = from; at < to; at++) if (source[at] === 0) end++;
    offsets[i + 1] = end;
  }
  const bytes = new Uint8Array(end);
  for (let i = 0; i < count; i++) {
    let to = offsets[i] as number;
    const stop = bytesAt + (words[offsetsAt / 4 + i + 1] as number);
    for (let at = bytesAt + (words[offsetsAt / 4 + i] as number) + 4; at < stop; at++) {
      const byte = source[at] as number;
      bytes[to++] = byte;
      if (byte === 0) bytes[to++] = 255;
    }
  }
  return { rows: count, bytes, offsets };
}
