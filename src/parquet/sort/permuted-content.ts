import type { LinearMemory } from '../kernel/kernel.ts';
import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import {
  gatherValues,
  type PlainValues,
  plainBlock,
  plainValues,
  resetPlain,
} from '../merge/plain-values.ts';
import type { ChunkContent } from '../write/chunk-content.ts';

/** Where the rows of a column begin. */
export interface RowLayout {
  /** First level entry of each row, and the end; undefined where every row has one. */
  readonly entries: Uint32Array | undefined;
  /** First value of each row, and the end; undefined where every row has one. */
  readonly values: Uint32Array | undefined;
}

/** What rows are put in order in. */
export interface PermutedRooms {
  readonly rooms: Rooms;
  readonly definition: Room;
  readonly repetition: Room;
  readonly indices: Room;
  readonly plain: PlainValues;
}

/** Rooms without bytes. */
export function permutedRooms(rooms: Rooms): PermutedRooms {
  return {
    rooms,
    definition: emptyRoom(),
    repetition: emptyRoom(),
    indices: emptyRoom(),
    plain: plainValues(rooms),
  };
}

/**
 * Finds the rows of a column.
 * @throws RangeError when it has another number of rows
 */
export function rowLayoutOf(memory: LinearMemory, content: ChunkContent, rows: number): RowLayout {
  const { leaf, entryCount, presentCount, definitionAt, repetitionAt } = content;
  const isRepeated = leaf.maxRepetitionLevel > 0;
  if (!isRepeated && entryCount !== rows)
    throw new RangeError(`${leaf.path} has ${entryCount} rows, not ${rows}`);
  if (!isRepeated && presentCount === entryCount) return { entries: undefined, values: undefined };
  const { bytes } = memory;
  const max = leaf.maxDefinitionLevel;
  const entries = isRepeated ? new Uint32Array(rows + 1) : undefined;
  const values = new Uint32Array(rows + 1);
  let row = 0;
  let value = 0;
  for (let i = 0; i < entryCount; i++) {
    if (!isRepeated || bytes[repetitionAt + i] === 0) {
      if (row >= rows) throw new RangeError(`${leaf.path} has more than ${rows} rows`);
      if (entries !== undefined) entries[row] = i;
      values[row++] = value;
    }
    if (max === 0 || bytes[definitionAt + i] === max) value++;
  }
  if (row !== rows) throw new RangeError(`${leaf.path} has ${row} rows, not ${rows}`);
  if (entries !== undefined) entries[rows] = entryCount;
  values[rows] = value;
  return { entries, values };
}

/**
 * A column with the rows that `order` names from `from` to before `to`, in that order; whole rows, with all their levels.
 * Values that are told by indices stay so, unless `isPlain`.
 * @returns content in the rooms, good until they are used again; a dictionary stays where it is
 */
export function permutedContent(
  target: PermutedRooms,
  content: ChunkContent,
  layout: RowLayout,
  order: Uint32Array,
  from: number,
  to: number,
  isPlain: boolean,
): ChunkContent {
  const { leaf } = content;
  const { entries, values } = layout;
  let entryCount = to - from;
  let presentCount = to - from;
  if (entries !== undefined) entryCount = lengthOf(entries, order, from, to);
  if (values !== undefined) presentCount = lengthOf(values, order, from, to);
  const { rooms } = target;
  if (leaf.maxDefinitionLevel > 0) reserve(rooms, target.definition, entryCount);
  if (leaf.maxRepetitionLevel > 0) reserve(rooms, target.repetition, entryCount);
  reserve(rooms, target.indices, presentCount * 4);
  const { memory } = rooms.kernel;
  if (leaf.maxDefinitionLevel > 0)
    putLevels(memory, content.definitionAt, entries, order, from, to, target.definition.at);
  if (leaf.maxRepetitionLevel > 0)
    putLevels(memory, content.repetitionAt, entries, order, from, to, target.repetition.at);
  putIndices(memory, content.indicesAt, values, order, from, to, target.indices.at);
  const permuted = {
    leaf,
    entryCount,
    presentCount,
    definitionAt: target.definition.at,
    repetitionAt: target.repetition.at,
  };
  if (!isPlain && content.indicesAt !== undefined) {
    return { ...permuted, values: content.values, indicesAt: target.indices.at };
  }
  resetPlain(target.plain, leaf.widthBytes);
  gatherValues(target.plain, content.values, target.indices.at, presentCount);
  return { ...permuted, values: plainBlock(target.plain), indicesAt: undefined };
}

function lengthOf(starts: Uint32Array, order: Uint32Array, from: number, to: number): number {
  let length = 0;
  for (let i = from; i < to; i++) {
    const row = order[i] as number;
    length += (starts[row + 1] as number) - (starts[row] as number);
  }
  return length;
}

function putLevels(
  { bytes }: LinearMemory,
  levelsAt: number,
  entries: Uint32Array | undefined,
  order: Uint32Array,
  from: number,
  to: number,
  target: number,
): void {
  let at = target;
  if (entries === undefined) {
    for (let i = from; i < to; i++) bytes[at++] = bytes[levelsAt + (order[i] as number)] as number;
    return;
  }
  for (let i = from; i < to; i++) {
    const row = order[i] as number;
    const end = entries[row + 1] as number;
    for (let entry = entries[row] as number; entry < end; entry++)
      bytes[at++] = bytes[levelsAt + entry] as number;
  }
}

function putIndices(
  { words }: LinearMemory,
  indicesAt: number | undefined,
  values: Uint32Array | undefined,
  order: Uint32Array,
  from: number,
  to: number,
  target: number,
): void {
  let at = target / 4;
  if (values === undefined && indicesAt === undefined) {
    words.set(order.subarray(from, to), at);
    return;
  }
  if (values === undefined) {
    const base = Number(indicesAt) / 4;
    for (let i = from; i < to; i++) words[at++] = words[base + (order[i] as number)] as number;
    return;
  }
  const base = indicesAt === undefined ? -1 : indicesAt / 4;
  for (let i = from; i < to; i++) {
    const row = order[i] as number;
    const end = values[row + 1] as number;
    for (let value = values[row] as number; value < end; value++) {
      words[at++] = base < 0 ? value : (words[base + value] as number);
    }
  }
}
