import { type Extremes, emptyExtremes, extendExtremes } from '../extremes.ts';
import { physicalType } from '../format.ts';
import { extendIndexed, type IndexedRooms } from '../indexed-extremes.ts';
import type { Rooms } from '../kernel/rooms.ts';
import type { ChunkContent } from './chunk-content.ts';

/** What a data page holds, for the page index. */
export interface PageFacts {
  /** Bytes of the page as stored, with its header. */
  readonly sizeBytes: number;
  readonly rows: number;
  /** Level entries without a value. */
  readonly nulls: number;
  readonly extremes: Extremes;
  /** Bytes of the values without their lengths, when they are of BYTE_ARRAY; else 0. */
  readonly byteArrayBytes: number;
  readonly levels: LevelCounts;
}

/** How many entries have each level, from 0 to the greatest; empty where the format lets it be left out. */
export interface LevelCounts {
  readonly repetition: readonly number[];
  readonly definition: readonly number[];
}

/** Entries and values of a chunk that lie on one page. */
export interface PageSpan {
  readonly entry: number;
  readonly entryEnd: number;
  readonly value: number;
  readonly valueEnd: number;
}

/** Finds what the entries of a span hold. */
export function pageFacts(
  rooms: Rooms,
  content: ChunkContent,
  span: PageSpan,
  sizeBytes: number,
  tools: IndexedRooms,
): PageFacts {
  const { leaf, repetitionAt } = content;
  const { entry, entryEnd, value, valueEnd } = span;
  const { kernel } = rooms;
  const entries = entryEnd - entry;
  const extremes = emptyExtremes(leaf.sortOrder);
  extendWithSpan(extremes, rooms, content, span, tools);
  return {
    sizeBytes,
    rows: leaf.maxRepetitionLevel === 0 ? entries : kernel.countLevels(repetitionAt + entry, entries, 0),
    nulls: entries - (valueEnd - value),
    extremes,
    byteArrayBytes: byteArrayBytesOf(rooms, content, span),
    levels: levelCountsOf(rooms, content, span),
  };
}

function extendWithSpan(
  extremes: Extremes,
  rooms: Rooms,
  { values, presentCount, indicesAt }: ChunkContent,
  { value, valueEnd }: PageSpan,
  tools: IndexedRooms,
): void {
  const { kernel } = rooms;
  const count = valueEnd - value;
  if (indicesAt === undefined) {
    const { widthBytes, bytesAt, offsetsAt } = values;
    const part =
      widthBytes > 0
        ? { count, widthBytes, bytesAt: bytesAt + value * widthBytes, offsetsAt: 0 }
        : { count, widthBytes, bytesAt, offsetsAt: offsetsAt + value * 4 };
    extendExtremes(extremes, kernel, part);
    return;
  }
  if (count === presentCount) {
    // Every entry of the dictionary is on the only page; but how often a NaN is, must be counted.
    const whole = emptyExtremes(extremes.order);
    extendExtremes(whole, kernel, values);
    if (whole.nanCount === 0) {
      extremes.min = whole.min;
      extremes.max = whole.max;
      return;
    }
  }
  extendIndexed(extremes, rooms, values, indicesAt + value * 4, count, tools);
}

function byteArrayBytesOf(
  { kernel }: Rooms,
  { leaf, values, indicesAt }: ChunkContent,
  { value, valueEnd }: PageSpan,
): number {
  if (leaf.type !== physicalType.BYTE_ARRAY) return 0;
  const count = valueEnd - value;
  const { words } = kernel.memory;
  const place = values.offsetsAt / 4 + value;
  const withLengths =
    indicesAt === undefined
      ? (words[place + count] as number) - (words[place] as number)
      : kernel.gatheredBytes(values.offsetsAt, indicesAt + value * 4, count);
  return withLengths - 4 * count;
}

const noLevelCounts: LevelCounts = { repetition: [], definition: [] };

function levelCountsOf(
  { kernel }: Rooms,
  { leaf, definitionAt, repetitionAt }: ChunkContent,
  { entry, entryEnd }: PageSpan,
): LevelCounts {
  const { maxRepetitionLevel, maxDefinitionLevel } = leaf;
  // With one definition level the number of nulls says the same.
  if (maxRepetitionLevel === 0 && maxDefinitionLevel < 2) return noLevelCounts;
  const countsOf = (at: number, max: number): readonly number[] =>
    Array.from({ length: max + 1 }, (_, level) => kernel.countLevels(at + entry, entryEnd - entry, level));
  return {
    repetition: maxRepetitionLevel > 0 ? countsOf(repetitionAt, maxRepetitionLevel) : [],
    definition: maxDefinitionLevel > 1 ? countsOf(definitionAt, maxDefinitionLevel) : [],
  };
}
