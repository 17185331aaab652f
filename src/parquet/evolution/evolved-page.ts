import { emptyRoom, type Room, type Rooms, reserve } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { DecodedPage } from '../read/decoded-page.ts';
import type { PageReader } from '../read/page-reader.ts';
import { emptyBlock, type ValueBlock } from '../value-block.ts';
import type { LeafMapping, Widening } from './leaf-mapping.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A page of a leaf of the unified schema, made of a page of another leaf. */
export interface EvolvedPage extends DecodedPage {
  entryCount: number;
  presentCount: number;
  constantDefinition: number;
  usesDictionary: boolean;
  readonly dictionary: Mutable<DecodedPage['dictionary']>;
  file: string;
  rowGroup: number;
  entriesLeft: number;

  readonly mapping: LeafMapping;
  /** What each definition level of the source becomes, as numbers and as bytes in the kernel's memory. */
  readonly levels: readonly number[];
  readonly table: Room;
  /** The source's dictionary that `dictionary` was made of, by its generation. */
  seenGeneration: number;
  readonly widened: Room;
  readonly widenedDictionary: Room;
  /** All rooms that can be given away between two pages. */
  readonly ownRooms: readonly Room[];
}

/** Rows of a page that is made of nothing. */
const rowsOfNothing = 65_536;

/** An evolved page without entries. @param source decodes the pages it will be made of */
export function evolvedPage(
  rooms: Rooms,
  leaf: LeafColumn,
  mapping: LeafMapping,
  source: PageReader | undefined,
): EvolvedPage {
  const levels = levelTable(mapping, source?.leaf.maxDefinitionLevel ?? 0);
  const isSameLevels = mapping.kind !== 'absent' && levels.every((level, i) => level === i);
  const isWidened = mapping.kind === 'mapped' && mapping.widening !== undefined;
  const definition = isSameLevels && source !== undefined ? source.definition : emptyRoom();
  const repetition = mapping.kind !== 'absent' && source !== undefined ? source.repetition : emptyRoom();
  const own = {
    widened: emptyRoom(),
    widenedDictionary: emptyRoom(),
    hashes: isWidened || source === undefined ? emptyRoom() : source.hashes,
    entryHashes: emptyRoom(),
  };
  const shared = new Set([source?.definition, source?.repetition, source?.hashes]);
  return {
    rooms,
    leaf,
    entryCount: 0,
    presentCount: 0,
    definition,
    repetition,
    constantDefinition: -1,
    usesDictionary: false,
    indices: source?.indices ?? emptyRoom(),
    dictionary:
      isWidened || source === undefined
        ? { block: emptyBlock(leaf.widthBytes), hashes: own.entryHashes, generation: 0 }
        : source.dictionary,
    values: isWidened || source === undefined ? emptyBlock(leaf.widthBytes) : source.values,
    hashes: own.hashes,
    file: '',
    rowGroup: 0,
    entriesLeft: 0,
    mapping,
    levels,
    table: tableOf(rooms, levels),
    seenGeneration: -1,
    widened: own.widened,
    widenedDictionary: own.widenedDictionary,
    ownRooms: [definition, repetition, ...Object.values(own)].filter((room) => !shared.has(room)),
  };
}

/** Makes the page of the one that the source has just decoded. */
export function takePage(page: EvolvedPage, source: PageReader): void {
  const { mapping } = page;
  page.entriesLeft = source.entriesLeft;
  if (mapping.kind === 'absent') {
    takeNulls(page, source, mapping.keptRepetition);
    return;
  }
  page.entryCount = source.entryCount;
  page.presentCount = source.presentCount;
  page.usesDictionary = source.usesDictionary;
  takeLevels(page, source);
  const widening = mapping.kind === 'mapped' ? mapping.widening : undefined;
  if (widening !== undefined && source.presentCount > 0) widenValues(page, source, widening);
}

/** Makes the next page of rows that have nothing of the leaf; false when there are no more. */
export function fillPage(page: EvolvedPage): boolean {
  if (page.entriesLeft === 0) return false;
  page.entryCount = Math.min(page.entriesLeft, rowsOfNothing);
  page.entriesLeft -= page.entryCount;
  takeConstant(page, page.levels[0] ?? 0);
  return true;
}

function levelTable(mapping: LeafMapping, most: number): readonly number[] {
  const last = mapping.kind === 'same' ? most : (mapping.definitions.at(-1) ?? 0);
  // What is deeper than the deepest group that both have is at that group.
  return Array.from({ length: most + 1 }, (_, level) =>
    mapping.kind === 'same' ? level : (mapping.definitions[level] ?? last),
  );
}

function tableOf(rooms: Rooms, levels: readonly number[]): Room {
  const room = emptyRoom();
  const at = reserve(rooms, room, levels.length);
  rooms.kernel.memory.bytes.set(levels, at);
  return room;
}

function takeLevels(page: EvolvedPage, source: PageReader): void {
  const { levels, leaf, rooms, entryCount } = page;
  // A column without definition levels of its own has all of its values.
  const constant = source.leaf.maxDefinitionLevel === 0 ? 0 : source.constantDefinition;
  page.constantDefinition = constant < 0 ? -1 : (levels[constant] ?? 0);
  if (constant >= 0 || leaf.maxDefinitionLevel === 0 || page.definition === source.definition) return;
  const to = reserve(rooms, page.definition, entryCount);
  rooms.kernel.mapLevels(source.definition.at, entryCount, page.table.at, to);
}

// Entries for a column that the file does not have: where its groups begin, and how deep they are there.
function takeNulls(page: EvolvedPage, donor: PageReader, keptRepetition: number): void {
  const { levels, leaf, rooms } = page;
  const { kernel } = rooms;
  const count = donor.entryCount;
  if (donor.leaf.maxRepetitionLevel > 0) {
    const toRepetition = reserve(rooms, page.repetition, count);
    const toDefinition = reserve(rooms, page.definition, count);
    page.entryCount = kernel.projectLevels(
      donor.repetition.at,
      donor.definition.at,
      count,
      keptRepetition,
      page.table.at,
      toRepetition,
      toDefinition,
    );
    page.constantDefinition = -1;
    return;
  }
  page.entryCount = count;
  if (donor.constantDefinition >= 0) {
    takeConstant(page, levels[donor.constantDefinition] ?? 0);
    return;
  }
  const to = reserve(rooms, page.definition, count);
  kernel.mapLevels(donor.definition.at, count, page.table.at, to);
  page.constantDefinition = -1;
  if (leaf.maxRepetitionLevel > 0) zeroRepetition(page);
}

function takeConstant(page: EvolvedPage, level: number): void {
  const { leaf, rooms, entryCount } = page;
  page.constantDefinition = level;
  if (leaf.maxRepetitionLevel === 0) return;
  // Only columns without repetition may have a constant in place of levels.
  page.constantDefinition = -1;
  const at = reserve(rooms, page.definition, entryCount);
  rooms.kernel.memory.bytes.fill(level, at, at + entryCount);
  zeroRepetition(page);
}

function zeroRepetition({ rooms, repetition, entryCount }: EvolvedPage): void {
  const at = reserve(rooms, repetition, entryCount);
  rooms.kernel.memory.bytes.fill(0, at, at + entryCount);
}

function widenValues(page: EvolvedPage, source: PageReader, widening: Widening): void {
  if (!source.usesDictionary) {
    widenBlock(page, source.values, source.presentCount, widening, page.widened, page.values, page.hashes);
    return;
  }
  const { block, generation } = source.dictionary;
  if (generation === page.seenGeneration) return;
  const { dictionary } = page;
  widenBlock(page, block, block.count, widening, page.widenedDictionary, dictionary.block, dictionary.hashes);
  page.seenGeneration = generation;
  dictionary.generation++;
}

function widenBlock(
  { rooms }: EvolvedPage,
  from: ValueBlock,
  count: number,
  widening: Widening,
  room: Room,
  to: ValueBlock,
  hashes: Room,
): void {
  const { kernel } = rooms;
  to.count = count;
  to.bytesAt = reserve(rooms, room, count * to.widthBytes);
  if (widening === 'float-to-double') {
    kernel.widenFloats(from.bytesAt, count, to.bytesAt);
  } else {
    kernel.widenIntegers(widening === 'int32-to-int64' ? 1 : 0, from.bytesAt, count, to.bytesAt);
  }
  kernel.hashFixed(to.widthBytes, to.bytesAt, count, reserve(rooms, hashes, count * 8));
}
