import { dictionaryBytes, dictionaryWord, stopped } from '../kernel/kernel.ts';
import { emptyRoom, type Room, type Rooms, release, reserve } from '../kernel/rooms.ts';
import type { DecodedPage } from '../read/decoded-page.ts';
import type { ValueBlock } from '../value-block.ts';

/**
 * The distinct values of an output column chunk in order of first appearance: open addressing over the values'
 * bytes, never a JavaScript string. Its words (`dictionaryWord`) lie in the kernel's memory.
 */
export interface MergedDictionary {
  readonly rooms: Rooms;
  /** A new number whenever the dictionary was emptied. */
  generation: number;
  readonly words: Room;
  readonly bytes: Room;
  readonly offsets: Room;
  readonly slots: Room;
  /** Which merged entry each entry of the current source dictionary is, or -1. */
  readonly map: Room;
  mapSource: DecodedPage | undefined;
  mapGeneration: number;
  mapMerged: number;
  /** Position of the leaf whose chunk it is for, and how many entries the last chunk of each leaf had. */
  leafIndex: number;
  readonly entriesBefore: number[];
}

/** Slots of an empty dictionary, and by how much they grow: to be filled to half at most. */
const firstSlots = 4096;
const slotsGrowth = 4;
/** Most that are made before they are needed: they have to be emptied for every chunk. */
const mostSlotsBefore = 262_144;
const slotBytes = 8;

/** A dictionary without room; {@link resetDictionary} makes it usable. */
export function mergedDictionary(rooms: Rooms): MergedDictionary {
  return {
    rooms,
    generation: 0,
    words: emptyRoom(),
    bytes: emptyRoom(),
    offsets: emptyRoom(),
    slots: emptyRoom(),
    map: emptyRoom(),
    mapSource: undefined,
    mapGeneration: -1,
    mapMerged: -1,
    leafIndex: -1,
    entriesBefore: [],
  };
}

/**
 * Empties the dictionary for a chunk of another column or row group and keeps its room. It has slots for as many entries as the
 * last chunk of the leaf had: putting them all into ever larger tables takes as long as half of the lookups.
 */
export function resetDictionary(dictionary: MergedDictionary, widthBytes: number, leafIndex = 0): void {
  const { rooms, bytes, offsets, slots, entriesBefore } = dictionary;
  if (dictionary.leafIndex >= 0) entriesBefore[dictionary.leafIndex] = entriesOf(dictionary);
  dictionary.leafIndex = leafIndex;
  const expected = entriesBefore[leafIndex] ?? 0;
  let slotCount = firstSlots;
  while (slotCount < expected * 2 && slotCount < mostSlotsBefore) slotCount *= slotsGrowth;
  reserve(rooms, dictionary.words, dictionaryBytes);
  reserve(rooms, bytes, 1);
  reserve(rooms, offsets, 4);
  reserve(rooms, slots, slotCount * slotBytes);
  const { memory } = rooms.kernel;
  memory.bytes.fill(0, slots.at, slots.at + slotCount * slotBytes);
  memory.words[offsets.at / 4] = 0;
  dictionary.generation++;
  setWord(dictionary, 'width', widthBytes);
  setWord(dictionary, 'count', 0);
  setWord(dictionary, 'sizeBytes', 0);
  setWord(dictionary, 'slotCount', slotCount);
  tellRooms(dictionary);
}

/** Number of entries. */
export function entriesOf(dictionary: MergedDictionary): number {
  return word(dictionary, 'count');
}

/** PLAIN size of the entries. */
export function sizeOf(dictionary: MergedDictionary): number {
  return word(dictionary, 'sizeBytes');
}

/** The entries, good until the next one is added. */
export function blockOf(dictionary: MergedDictionary): ValueBlock {
  return {
    count: word(dictionary, 'count'),
    widthBytes: word(dictionary, 'width'),
    bytesAt: dictionary.bytes.at,
    offsetsAt: dictionary.offsets.at,
  };
}

/**
 * Looks up values, adds those that are not there, and writes the numbers of their entries to `out`, an i32 each, from
 * position `at` on.
 * @returns the first value that was not done: `to`, unless so many hashes collide that looking on would take too long
 */
export function appendValues(
  dictionary: MergedDictionary,
  block: ValueBlock,
  hashes: Room,
  from: number,
  to: number,
  out: Room,
  at: number,
): number {
  const { kernel } = dictionary.rooms;
  let done = from;
  for (;;) {
    const outAt = out.at + (at + done - from) * 4;
    const { bytesAt, offsetsAt } = block;
    done += kernel.appendValues(dictionary.words.at, done, to - done, bytesAt, offsetsAt, hashes.at, outAt);
    if (done === to || kernel.memory.words[0] !== stopped.full) return done;
    makeRoom(dictionary, lengthOf(dictionary, block, done));
  }
}

/** The same for values that the reader's current page has as indices into its dictionary. */
export function appendIndexed(
  dictionary: MergedDictionary,
  reader: DecodedPage,
  from: number,
  to: number,
  out: Room,
  at: number,
): number {
  const { kernel } = dictionary.rooms;
  const { block, hashes } = reader.dictionary;
  const { bytesAt, offsetsAt } = block;
  // Only entries that are used get into the merged dictionary, so its extremes are those of the values.
  const map = mapOf(dictionary, reader);
  let done = from;
  for (;;) {
    const indices = reader.indices.at + done * 4;
    const outAt = out.at + (at + done - from) * 4;
    const count = to - done;
    done += kernel.appendIndexed(
      dictionary.words.at,
      indices,
      count,
      bytesAt,
      offsetsAt,
      hashes.at,
      map,
      outAt,
    );
    if (done === to || kernel.memory.words[0] !== stopped.full) return done;
    const index = kernel.memory.words[reader.indices.at / 4 + done] as number;
    makeRoom(dictionary, lengthOf(dictionary, block, index));
  }
}

function mapOf(dictionary: MergedDictionary, reader: DecodedPage): number {
  const { rooms, map } = dictionary;
  const { block, generation } = reader.dictionary;
  const isKnown =
    dictionary.mapSource === reader &&
    dictionary.mapGeneration === generation &&
    dictionary.mapMerged === dictionary.generation;
  if (isKnown) return map.at;
  const at = reserve(rooms, map, block.count * 4);
  rooms.kernel.memory.bytes.fill(255, at, at + block.count * 4);
  dictionary.mapSource = reader;
  dictionary.mapGeneration = generation;
  dictionary.mapMerged = dictionary.generation;
  return at;
}

function lengthOf(dictionary: MergedDictionary, block: ValueBlock, i: number): number {
  if (block.widthBytes > 0) return block.widthBytes;
  const { words } = dictionary.rooms.kernel.memory;
  const place = block.offsetsAt / 4 + i;
  return (words[place + 1] as number) - (words[place] as number);
}

/** Makes room for one more entry, of `length` bytes, at least. */
export function makeRoom(dictionary: MergedDictionary, length: number): void {
  const { rooms, bytes, offsets, slots } = dictionary;
  const entries = entriesOf(dictionary);
  const slotCount = word(dictionary, 'slotCount');
  if ((entries + 1) * 2 > slotCount) {
    const old = { ...slots };
    slots.at = 0;
    slots.sizeBytes = 0;
    const count = slotCount * slotsGrowth;
    const at = reserve(rooms, slots, count * slotBytes);
    const { kernel } = rooms;
    kernel.memory.bytes.fill(0, at, at + count * slotBytes);
    kernel.moveSlots(old.at, slotCount, at, count);
    release(rooms, old);
    setWord(dictionary, 'slotCount', count);
  }
  if (sizeOf(dictionary) + length > bytes.sizeBytes) {
    const sizeBytes = sizeOf(dictionary);
    reserve(rooms, bytes, Math.max(bytes.sizeBytes * 2, sizeBytes + length), sizeBytes);
  }
  if ((entries + 2) * 4 > offsets.sizeBytes) {
    reserve(rooms, offsets, Math.max(offsets.sizeBytes * 2, (entries + 2) * 4), (entries + 1) * 4);
  }
  tellRooms(dictionary);
}

function tellRooms(dictionary: MergedDictionary): void {
  const { bytes, offsets, slots } = dictionary;
  setWord(dictionary, 'bytesAt', bytes.at);
  setWord(dictionary, 'bytesRoom', bytes.sizeBytes);
  setWord(dictionary, 'offsetsAt', offsets.at);
  setWord(dictionary, 'entriesRoom', Math.floor(offsets.sizeBytes / 4) - 1);
  setWord(dictionary, 'slotsAt', slots.at);
}

type Word = keyof typeof dictionaryWord;

function word({ rooms, words }: MergedDictionary, name: Word): number {
  return rooms.kernel.memory.words[words.at / 4 + dictionaryWord[name]] as number;
}

function setWord({ rooms, words }: MergedDictionary, name: Word, value: number): void {
  rooms.kernel.memory.words[words.at / 4 + dictionaryWord[name]] = value;
}
