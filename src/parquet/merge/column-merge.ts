import {
  type ColumnReader,
  chunkToRead,
  columnReader,
  columnRoomBytes,
  evolvedColumnReader,
  nextColumnPage,
  openColumn,
  releaseColumn,
  reopenColumnPage,
} from '../evolution/column-reader.ts';
import type { EvolvedInputs } from '../evolution/evolved-inputs.ts';
import { type Extremes, emptyExtremes, mergeExtremes } from '../extremes.ts';
import type { ColumnFingerprint, DigestState } from '../fingerprint.ts';
import { corrupt, placed } from '../format-error.ts';
import type { IndexedRooms } from '../indexed-extremes.ts';
import type { Room, Rooms } from '../kernel/rooms.ts';
import type { MemoryLimits } from '../memory-limits.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { type ChunkWindow, fetchAhead } from '../read/chunk-window.ts';
import type { DecodedPage } from '../read/decoded-page.ts';
import { feed, isMoving } from '../read/feed-reader.ts';
import { fingerprintOf } from '../read/fingerprint-file.ts';
import { digestPage } from '../read/page-digest.ts';
import type { PageReader } from '../read/page-reader.ts';
import { windowOf } from '../read/row-group-windows.ts';
import type { ChunkContent } from '../write/chunk-content.ts';
import { type ChunkEncoder, type ChunkFormat, encodeColumnChunk } from '../write/chunk-encoder.ts';
import type { EncodedChunk } from '../write/encoded-chunk.ts';
import { appendPage, beginChunk, type ChunkBuilder, finishChunk } from './chunk-builder.ts';
import { type CompactChoice, encodeCompactly, isSettled } from './compact-encoding.ts';
import {
  copiedChunk,
  copiedForeignChunk,
  digestAgain,
  digestNow,
  fetchWholeChunk,
  wholeChunkWindow,
} from './copied-chunk.ts';
import { isForeignFormat } from './copied-row-groups.ts';
import { type KeptFilter, keptFilter } from './kept-bloom-filter.ts';
import { type SortCheck, takeForSorting } from './sort-check.ts';
import type { LoadedSlice, SourceRowGroup } from './source-row-groups.ts';
import { appendWholeChunks, type WholeChunks } from './whole-chunks.ts';

/** After a chunk for which a dictionary did not pay, so many are written without trying one. */
const chunksWithoutTrying = 7;

/** What all columns of a merge work with, one after the other. */
export interface ColumnTools {
  readonly builder: ChunkBuilder;
  readonly whole: WholeChunks;
  readonly encoder: ChunkEncoder;
  readonly useDictionary: boolean;
  /** How the chunks of each leaf are laid out. */
  readonly formats: readonly ChunkFormat[];
  /** Of each leaf that may be encoded in a way that not all readers have. */
  readonly compact: readonly (CompactChoice | undefined)[];
  /** Compares the rows of sorting columns, where they are to be kept. */
  readonly sortCheck: SortCheck | undefined;
  readonly memory: MemoryLimits;
  /** Chunks that are copied and not there with their row group, and what finds their extremes. */
  readonly copied: Room;
  /** Positions of the inputs that this program merged, as far as row groups of them are copied. */
  readonly ownInputs: ReadonlySet<number>;
  readonly indexed: IndexedRooms;
  /** Bytes of the decoded pages that columns keep. */
  keptBytes: number;
}

/** One column on its way through the inputs: what was read of it, and where its reader stands. */
export interface ColumnMerge {
  readonly rooms: Rooms;
  readonly leaf: LeafColumn;
  /** Reads the inputs of the schema at hand. */
  reader: ColumnReader;
  /** One for each schema of the inputs, once it is needed. */
  readonly readers: (ColumnReader | undefined)[];
  /** What the inputs' schemas have of the leaf; undefined when all are of one. */
  readonly evolved: EvolvedInputs | undefined;
  readonly digest: DigestState;
  readonly extremes: Extremes;
  /** Row group whose chunk the reader has open. */
  openKey: string;
  /** Entries and values of the reader's current page that were taken already. */
  entryTaken: number;
  valueTaken: number;
  /** Rows still to be taken for the output chunk at hand. */
  rowsLeft: number;
  /** Bytes of the reader's page, while it is kept from one output row group to the next. */
  keptBytes: number;
  /** Whether the reader's page was given away and must be decoded again. */
  isSuspended: boolean;
  /** Output chunks to be written without trying a dictionary. */
  plainChunksLeft: number;
  /** The chunk that is copied next, on its way. */
  coming: { readonly key: string; readonly bytes: Promise<Uint8Array> } | undefined;
}

/**
 * A column before its first row, with a digest over nothing.
 * @param evolved how to get there from the inputs' schemas, when there are several
 */
export function columnMerge(
  rooms: Rooms,
  leaf: LeafColumn,
  digest: DigestState,
  evolved?: EvolvedInputs,
): ColumnMerge {
  return {
    rooms,
    leaf,
    reader: columnReader(rooms, leaf),
    readers: [],
    evolved,
    digest,
    extremes: emptyExtremes(leaf.sortOrder),
    openKey: '',
    entryTaken: 0,
    valueTaken: 0,
    rowsLeft: 0,
    keptBytes: 0,
    isSuspended: false,
    plainChunksLeft: 0,
    coming: undefined,
  };
}

/**
 * Copies the chunk of a whole source row group, or encodes it anew where its pages are not as they would be written.
 * @param slices all rows of the row group
 * @throws FormatError, StoreError as {@link mergeColumnChunk}
 */
export async function copyColumnChunk(
  column: ColumnMerge,
  from: SourceRowGroup,
  slices: readonly LoadedSlice[],
  tools: ColumnTools,
): Promise<EncodedChunk> {
  const { rooms, leaf } = column;
  tools.keptBytes -= column.keptBytes;
  column.keptBytes = 0;
  if (column.isSuspended) await resume(column);
  checkExhausted(column);
  const { source } = column.reader;
  const chunk = from.rowGroup.chunks[leaf.index];
  if (source === undefined || chunk === undefined) throw new Error(`no column chunk ${leaf.path}`);
  const coming = column.coming?.key === from.key ? column.coming.bytes : undefined;
  column.coming = undefined;
  const filter = await keptFilter(from, leaf, tools.ownInputs.has(from.input));
  const window = await wholeChunkWindow(rooms, from.windows, chunk, tools.copied, coming);
  const copy = copyOf(column, source, window, from, filter, tools);
  column.openKey = from.key;
  if (copy === undefined) {
    // All of the chunk is there: it is read from there, and not once more from the source.
    openColumn(column.reader, window, { file: from.file, number: from.number, rows: from.rowGroup.rows });
    column.entryTaken = 0;
    column.valueTaken = 0;
    return await mergeColumnChunk(column, slices, tools);
  }
  column.entryTaken = source.entryCount;
  column.valueTaken = source.presentCount;
  releaseColumn(column.reader);
  mergeExtremes(column.extremes, copy.min, copy.max);
  return copy;
}

// Undefined, and nothing read, where the chunk must be encoded anew.
function copyOf(
  column: ColumnMerge,
  source: PageReader,
  window: ChunkWindow,
  from: SourceRowGroup,
  filter: KeptFilter | undefined,
  tools: ColumnTools,
): EncodedChunk | undefined {
  const { leaf, digest, rooms } = column;
  const { chunk } = window;
  const format = formatOf(column, tools);
  const { useDictionary, indexed } = tools;
  const before = digestNow(rooms, digest);
  if (tools.ownInputs.has(from.input)) {
    const copy = copiedChunk(source, window, from, { digest, indexed, filter });
    if (format.hasBloomFilter !== true || copy.bloomFilter !== undefined) return copy;
    digestAgain(rooms, digest, before);
    return undefined;
  }
  if (!isForeignFormat(chunk, format)) return undefined;
  const { valueCount } = chunk;
  const rule = { ...format, useDictionary, rows: from.rowGroup.rows, valueCount };
  // Whether a dictionary would pay is not known of what another writer wrote without; found out is it as for any other chunk.
  const mayBePlain = !useDictionary || leaf.widthBytes === 1 || column.plainChunksLeft > 0;
  const copy = copiedForeignChunk(source, window, from, { digest, indexed, filter }, { ...rule, mayBePlain });
  if (copy !== undefined && copy.dictionarySizeBytes === 0 && column.plainChunksLeft > 0)
    column.plainChunksLeft--;
  return copy;
}

/** Begins to fetch the chunk that {@link copyColumnChunk} will need. */
export function fetchCopyAhead(column: ColumnMerge, from: SourceRowGroup): void {
  const bytes = fetchWholeChunk(from, column.leaf.index);
  if (bytes === undefined) return;
  // Whoever waits for it learns of the failure.
  bytes.catch(() => {});
  column.coming = { key: from.key, bytes };
}

/**
 * Gathers the given rows of a column and encodes them as one chunk.
 * @throws FormatError when a source does not decode or has other rows than its row group says
 * @throws StoreError when a source cannot be read
 */
export async function mergeColumnChunk(
  column: ColumnMerge,
  slices: readonly LoadedSlice[],
  tools: ColumnTools,
): Promise<EncodedChunk> {
  const { builder, encoder, useDictionary } = tools;
  const compact = tools.compact[column.leaf.index];
  const triesDictionary = useDictionary && column.plainChunksLeft === 0 && !isSettled(compact);
  const content = await gatherColumnChunk(column, builder, slices, tools, triesDictionary);
  if (tools.sortCheck !== undefined) takeForSorting(tools.sortCheck, encoder.rooms.kernel.memory, content);
  // One bit a value needs no dictionary.
  const triedDictionary = triesDictionary && column.leaf.widthBytes !== 1;
  if (triedDictionary) column.plainChunksLeft = builder.usesDictionary ? 0 : chunksWithoutTrying;
  else if (column.plainChunksLeft > 0) column.plainChunksLeft--;
  const format = formatOf(column, tools);
  const encoded =
    compact === undefined
      ? encodeColumnChunk(encoder, content, format)
      : encodeCompactly(compact, encoder, content, builder.plain, format);
  mergeExtremes(column.extremes, encoded.min, encoded.max);
  return encoded;
}

/**
 * Gathers the given rows of a column, which must follow those that were gathered last.
 * @param builder what they are gathered in: a column may have one of its own
 * @param tools all but the builder
 * @returns content in the builder's rooms
 * @throws FormatError, StoreError as {@link mergeColumnChunk}
 */
export async function gatherColumnChunk(
  column: ColumnMerge,
  builder: ChunkBuilder,
  slices: readonly LoadedSlice[],
  tools: ColumnTools,
  triesDictionary: boolean,
): Promise<ChunkContent> {
  beginChunk(builder, column.leaf, triesDictionary);
  tools.keptBytes -= column.keptBytes;
  column.keptBytes = 0;
  if (column.isSuspended) await resume(column);
  let most = slices.length;
  for (let i = 0; i < slices.length; ) {
    const taken = takeWhole(column, builder, slices, i, most, tools);
    // Where a chunk has to be read page by page, it is likely that the next one has, too.
    most = Math.max(1, taken * 2);
    i += taken;
    const slice = slices[i];
    if (taken > 0 || slice === undefined) continue;
    if (column.openKey !== slice.from.key) open(column, slice.from);
    column.rowsLeft = slice.rows;
    // Nearly all sources are there whole, and waiting for nothing costs, too.
    while (!takeRows(column, builder)) await feedColumn(column);
    i++;
  }
  keepOrSuspend(column, tools);
  return finishChunk(builder);
}

function formatOf({ leaf }: ColumnMerge, { formats }: ColumnTools): ChunkFormat {
  const format = formats[leaf.index];
  if (format === undefined) throw new Error(`no layout for column ${leaf.path}`);
  return format;
}

/** Begins to fetch what {@link mergeColumnChunk} will need of row groups that are read column by column. */
export function fetchColumnAhead(column: ColumnMerge, slices: readonly LoadedSlice[]): void {
  for (const { from } of slices) {
    if (from.windows.whole !== undefined) continue;
    const reader = readerFor(column, from);
    const chunk = chunkToRead(reader, from.rowGroup.chunks);
    if (chunk === undefined) continue;
    const window = windowOf(from.windows, chunk);
    const position = column.openKey === from.key ? (reader.source?.position ?? 0) : 0;
    if (isMoving(window)) fetchAhead(window, position);
  }
}

/**
 * What was read of the column, after its last chunk.
 * @throws FormatError when the last source chunk holds more rows than its row group
 */
export function finishColumn(column: ColumnMerge): ColumnFingerprint {
  checkExhausted(column);
  return fingerprintOf(column.rooms, column.leaf, column.digest, column.extremes);
}

function open(column: ColumnMerge, from: SourceRowGroup): void {
  checkExhausted(column);
  const reader = readerFor(column, from);
  if (reader !== column.reader) releaseColumn(column.reader);
  column.reader = reader;
  const chunk = chunkToRead(reader, from.rowGroup.chunks);
  const window = chunk === undefined ? undefined : windowOf(from.windows, chunk);
  openColumn(reader, window, { file: from.file, number: from.number, rows: from.rowGroup.rows });
  column.openKey = from.key;
  column.entryTaken = 0;
  column.valueTaken = 0;
}

function readerFor(column: ColumnMerge, from: SourceRowGroup): ColumnReader {
  const { evolved, rooms, leaf, readers } = column;
  if (evolved === undefined) return column.reader;
  const schema = evolved.schemaOfInput[from.input] ?? 0;
  const known = readers[schema];
  if (known !== undefined) return known;
  const { mappings, leaves } = evolved.schemas[schema] ?? {};
  const mapping = mappings?.[leaf.index];
  if (mapping === undefined || leaves === undefined) throw new Error(`no way to column ${leaf.path}`);
  const reader = evolvedColumnReader(rooms, leaf, mapping, leaves);
  readers[schema] = reader;
  return reader;
}

// Takes slices whose chunks are appended whole, from number `first` on and `most` at most; returns how many.
function takeWhole(
  column: ColumnMerge,
  builder: ChunkBuilder,
  slices: readonly LoadedSlice[],
  first: number,
  most: number,
  { whole }: ColumnTools,
): number {
  const slice = slices[first];
  if (slice === undefined || slice.from.key === column.openKey) return 0;
  checkExhausted(column);
  const end = Math.min(slices.length, first + most);
  return appendWholeChunks(whole, builder, column.digest, slices, first, end, (from) => {
    const { evolved, sourceIndex } = readerFor(column, from);
    return evolved === undefined ? sourceIndex : -1;
  });
}

/** Moves rows of the open chunk into the builder; false when the reader's window must be moved on first. */
function takeRows(column: ColumnMerge, builder: ChunkBuilder): boolean {
  const { leaf, reader } = column;
  const { page } = reader;
  // A row of a repeated column ends where the next begins, which may be on the next page.
  while (column.rowsLeft > 0 || (reader.rowsMaySpan && !isAtRowStart(column))) {
    if (column.entryTaken === page.entryCount) {
      const outcome = nextColumnPage(reader);
      if (outcome === 'starved') return false;
      if (outcome === 'end') {
        throw corrupt(`column chunk ends ${column.rowsLeft} rows before its row group`, {
          file: page.file,
          rowGroup: page.rowGroup,
          column: leaf.path,
        });
      }
      digestPage(column.digest, page);
      column.entryTaken = 0;
      column.valueTaken = 0;
      continue;
    }
    const from = column.entryTaken;
    let to = from;
    if (leaf.maxRepetitionLevel === 0) {
      to = Math.min(page.entryCount, from + column.rowsLeft);
      column.rowsLeft -= to - from;
    } else {
      const { kernel } = column.rooms;
      to = kernel.rowEnd(page.repetition.at, from, page.entryCount, column.rowsLeft);
      column.rowsLeft = kernel.memory.words[0] as number;
    }
    const valueFrom = column.valueTaken;
    const valueTo = valueFrom + presentBetween(page, from, to);
    try {
      appendPage(builder, page, from, to, valueFrom, valueTo);
    } catch (error) {
      throw placed(error, { file: page.file, rowGroup: page.rowGroup, column: leaf.path });
    }
    column.entryTaken = to;
    column.valueTaken = valueTo;
  }
  return true;
}

// Where an output row group ends inside a page, the column comes back to that page: it keeps it, or decodes it again.
function keepOrSuspend(column: ColumnMerge, tools: ColumnTools): void {
  const { reader } = column;
  if (reader.page.entriesLeft === 0 && column.entryTaken === reader.page.entryCount) {
    releaseColumn(reader);
    return;
  }
  const bytes = columnRoomBytes(reader);
  if (tools.keptBytes + bytes <= tools.memory.keptPageBytes) {
    column.keptBytes = bytes;
    tools.keptBytes += bytes;
    return;
  }
  releaseColumn(reader);
  column.isSuspended = true;
}

async function resume(column: ColumnMerge): Promise<void> {
  const { reader } = column;
  column.isSuspended = false;
  reopenColumnPage(reader);
  for (;;) {
    const outcome = nextColumnPage(reader);
    if (outcome === 'page') return;
    if (outcome === 'end') throw new Error('a page that was there is there no more');
    await feedColumn(column);
  }
}

async function feedColumn({ reader, leaf }: ColumnMerge): Promise<void> {
  if (reader.source === undefined) throw new Error(`column ${leaf.path} waits for nothing`);
  await feed(reader.source);
}

function isAtRowStart({ rooms, reader: { page }, entryTaken }: ColumnMerge): boolean {
  if (entryTaken < page.entryCount) return rooms.kernel.memory.bytes[page.repetition.at + entryTaken] === 0;
  return page.entriesLeft === 0;
}

function presentBetween(page: DecodedPage, from: number, to: number): number {
  const max = page.leaf.maxDefinitionLevel;
  if (max === 0) return to - from;
  if (from === 0 && to === page.entryCount) return page.presentCount;
  if (page.constantDefinition >= 0) return page.constantDefinition === max ? to - from : 0;
  return page.rooms.kernel.countLevels(page.definition.at + from, to - from, max);
}

function checkExhausted({ reader: { page }, entryTaken, leaf }: ColumnMerge): void {
  if (page.entriesLeft > 0 || entryTaken < page.entryCount) {
    throw corrupt('column chunk holds more rows than its row group', {
      file: page.file,
      rowGroup: page.rowGroup,
      column: leaf.path,
    });
  }
}
