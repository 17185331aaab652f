import { brotliCompressSync, crc32, gzipSync } from 'node:zlib';
import { compressSync } from 'snappy';
import { prepareCodecs, zstdCompress } from '../../src/parquet/codec/zstd.ts';
import { codec, encoding, pageType, physicalType } from '../../src/parquet/format.ts';
import { lz4Room } from '../../src/parquet/kernel/kernel.ts';
import { referenceKernel } from '../../src/parquet/kernel/reference/reference-kernel.ts';
import { wireType } from '../../src/parquet/thrift/compact-reader.ts';
import {
  beginStruct,
  type CompactWriter,
  compactWriter,
  endStruct,
  putBinary,
  putRaw,
  putZigzag,
  writeBinary,
  writeBoolean,
  writeI32,
  writeI64,
  writeListField,
  writeStructField,
  writtenBytes,
} from '../../src/parquet/thrift/compact-writer.ts';
import {
  bitPackedLevelBytes,
  deltaByteArrayBytes,
  deltaBytes,
  deltaLengthBytes,
  hybridBytes,
  packedBytes,
  splitBytes,
} from './foreign-encodings.ts';
import { emptyColumns, type Field, type FieldValue, type LevelColumn, shred } from './model.ts';
import { type RandomSource, randomSource } from './random-source.ts';
import { elementBytesOf } from './schema-bytes.ts';

/** A file as somebody else's writer would make it, and what is in it. */
export interface ForeignFile {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly columns: readonly LevelColumn[];
}

/** Rows of one row group. */
export type Rows = readonly (readonly FieldValue[])[];

/** What a foreign file may be told to be, instead of by chance. */
export interface ForeignOptions {
  readonly keyValues?: readonly { readonly key: string; readonly value?: string }[];
  readonly codec?: number;
  readonly pageVersion?: 1 | 2;
  /** Whether pages carry a CRC. */
  readonly hasCrc?: boolean;
  /** What the file says of its writer. */
  readonly createdBy?: string;
  /** Version 2 pages are compressed and say that they are not. */
  readonly mislabelsPages?: boolean;
  /** Version 2 pages say that they have no nulls. */
  readonly hidesNulls?: boolean;
  /** The footer says that there are no rows. */
  readonly hidesRows?: boolean;
  /** Version 1 pages have a few definition levels more than values. */
  readonly addsLevels?: boolean;
  /** The header of the dictionary page is left out of the size of its chunk. */
  readonly shortensChunks?: boolean;
  /** All pages of a chunk are of one encoding, PLAIN or a dictionary, with run-length encoded levels, and hold some values. */
  readonly isUniform?: boolean;
  /** Leaves out what the format allows, no writer of today does, and hyparquet does not read. */
  readonly isModern?: boolean;
}

await prepareCodecs([codec.ZSTD]);

const text = new TextEncoder();
const { UNCOMPRESSED, SNAPPY, GZIP, BROTLI, ZSTD, LZ4, LZ4_RAW } = codec;
/** The first ones more often: the others take their time. */
const modernCodecs = [UNCOMPRESSED, SNAPPY, UNCOMPRESSED, SNAPPY, GZIP, BROTLI, ZSTD, LZ4_RAW];
const codecs = [...modernCodecs, LZ4];

interface MadePage {
  readonly bytes: Uint8Array;
  readonly headerLength: number;
  readonly uncompressedLength: number;
}

interface WrittenChunk {
  readonly column: LevelColumn;
  readonly codec: number;
  readonly offset: number;
  readonly dictionaryLength: number;
  readonly dictionaryHeaderLength: number;
  readonly length: number;
  readonly uncompressedLength: number;
  readonly statesDictionary: boolean;
  readonly encodings: ReadonlySet<number>;
}

/**
 * Writes row groups in one of the many ways the format allows, by chance: pages of version 1 or 2 cut anywhere (in
 * version 1 also inside a row, as old writers do), every compression, levels run-length encoded or
 * bit-packed, dictionaries with unused and doubled entries that end in pages without, all encodings that the format has
 * for a type, pages without values, CRCs or none. Shares nothing with the engine's encoders but the thrift writer.
 */
export function foreignFile(
  fields: readonly Field[],
  rowGroups: readonly Rows[],
  seed: number,
  options: ForeignOptions = {},
): ForeignFile {
  const random = randomSource(seed);
  const parts: Uint8Array[] = [text.encode('PAR1')];
  let position = 4;
  const all = emptyColumns(fields);
  const written: { readonly rows: number; readonly chunks: readonly WrittenChunk[] }[] = [];
  for (const rows of rowGroups) {
    const columns = emptyColumns(fields);
    shred(fields, rows, columns);
    const chunks = columns.map((column): WrittenChunk => {
      if (random.chance(10)) {
        const gap = random.bytes(random.below(9));
        parts.push(gap);
        position += gap.length;
      }
      const chunk = encodeChunk(random, column, options);
      parts.push(...chunk.pages);
      const offset = position;
      position += chunk.length;
      return { ...chunk, column, offset };
    });
    written.push({ rows: rows.length, chunks });
    shred(fields, rows, all);
  }
  const footer = encodeFooter(fields, written, options, random);
  const end = new Uint8Array(8);
  new DataView(end.buffer).setUint32(0, footer.length, true);
  end.set(text.encode('PAR1'), 4);
  const bytes = new Uint8Array(Buffer.concat([...parts, footer, end]));
  return { bytes, rows: rowGroups.reduce((sum, rows) => sum + rows.length, 0), columns: all };
}

function encodeChunk(random: RandomSource, column: LevelColumn, options: ForeignOptions) {
  const version = options.pageVersion ?? random.pick([1, 1, 2]);
  const codecNumber = options.codec ?? random.pick(options.isModern ? modernCodecs : codecs);
  const isBoolean = column.field.type === physicalType.BOOLEAN;
  const dictionary = !isBoolean && random.chance(60) ? dictionaryOf(random, column.values) : undefined;
  const pages: Uint8Array[] = [];
  const encodings = new Set<number>();
  let uncompressedLength = 0;
  let headerLength = 0;
  const push = (page: MadePage): void => {
    pages.push(page.bytes);
    uncompressedLength += page.uncompressedLength;
    if (pages.length === 1) headerLength = page.headerLength;
  };
  const deprecated = random.chance(30);
  if (dictionary !== undefined) {
    const body = Buffer.concat(dictionary.entries.map((value) => plainBytes(column.field, value)));
    push(dictionaryPage(random, body, dictionary.entries.length, codecNumber, deprecated, options));
    encodings.add(deprecated ? encoding.PLAIN_DICTIONARY : encoding.PLAIN);
  }
  const dictionaryLength = pages[0]?.length ?? 0;
  const dictionaryHeaderLength = dictionary === undefined ? 0 : headerLength;
  const { isUniform = false } = options;
  const fallbackAt =
    !isUniform && random.chance(40) ? random.below(column.definition.length + 1) : column.definition.length;
  for (let entry = 0, value = 0; entry < column.definition.length; ) {
    if (!isUniform && random.chance(8))
      push(dataPage(random, column, entry, entry, value, PLAIN, version, codecNumber, options));
    const to = pageEnd(random, column, entry, version, isUniform);
    const how: ValueEncoding =
      dictionary !== undefined && entry < fallbackAt
        ? { number: deprecated ? encoding.PLAIN_DICTIONARY : encoding.RLE_DICTIONARY, dictionary }
        : {
            number:
              !isUniform && random.chance(45)
                ? random.pick(plainEncodings(column.field.type))
                : encoding.PLAIN,
          };
    encodings.add(how.number);
    push(dataPage(random, column, entry, to, value, how, version, codecNumber, options));
    for (; entry < to; entry++) if (column.definition[entry] === column.maxDefinition) value++;
  }
  if (!isUniform && random.chance(8)) {
    const end = column.definition.length;
    push(dataPage(random, column, end, end, column.values.length, PLAIN, version, codecNumber, options));
  }
  const length = pages.reduce((sum, page) => sum + page.length, 0);
  return {
    pages,
    codec: codecNumber,
    dictionaryLength,
    dictionaryHeaderLength,
    length,
    uncompressedLength,
    statesDictionary: dictionary !== undefined && random.chance(80),
    encodings,
  };
}

interface ValueEncoding {
  readonly number: number;
  readonly dictionary?: Dictionary;
}

interface Dictionary {
  readonly entries: readonly Uint8Array[];
  /** Where each value, as hex, is among the entries. */
  readonly places: ReadonlyMap<string, readonly number[]>;
}

const PLAIN: ValueEncoding = { number: encoding.PLAIN };

/** The encodings without a dictionary that the format has for a physical type, but PLAIN. */
export function plainEncodings(type: number | undefined): readonly number[] {
  switch (type) {
    case physicalType.BOOLEAN:
      return [encoding.RLE];
    case physicalType.INT32:
    case physicalType.INT64:
      return [encoding.DELTA_BINARY_PACKED, encoding.BYTE_STREAM_SPLIT];
    case physicalType.FLOAT:
    case physicalType.DOUBLE:
      return [encoding.BYTE_STREAM_SPLIT];
    case physicalType.BYTE_ARRAY:
      return [encoding.DELTA_LENGTH_BYTE_ARRAY, encoding.DELTA_BYTE_ARRAY];
    case physicalType.FIXED_LEN_BYTE_ARRAY:
      return [encoding.DELTA_BYTE_ARRAY, encoding.BYTE_STREAM_SPLIT];
    default:
      return [encoding.PLAIN];
  }
}

// Every value, in an order of its own, with entries that nothing uses and entries that come twice.
function dictionaryOf(random: RandomSource, values: readonly Uint8Array[]): Dictionary {
  const distinct = [...new Map(values.map((value) => [Buffer.from(value).toString('hex'), value])).values()];
  const entries = distinct.map((value) => ({ value, rank: random.word() }));
  const model = distinct[0];
  if (model !== undefined && random.chance(50)) {
    for (let i = random.below(4); i >= 0; i--) {
      const value = random.chance(50) ? random.pick(distinct) : random.bytes(model.length);
      entries.push({ value, rank: random.word() });
    }
  }
  const places = new Map<string, number[]>();
  for (const [i, { value }] of entries.sort((a, b) => a.rank - b.rank).entries()) {
    const key = Buffer.from(value).toString('hex');
    const known = places.get(key);
    if (known === undefined) places.set(key, [i]);
    else known.push(i);
  }
  return { entries: entries.map(({ value }) => value), places };
}

function pageEnd(
  random: RandomSource,
  column: LevelColumn,
  from: number,
  version: number,
  isUniform: boolean,
): number {
  const length = isUniform ? 15 + random.below(40) : 1 + random.below(random.pick([1, 8, 40, 400]));
  let to = Math.min(column.definition.length, from + length);
  // Version 2 pages begin with a row.
  if (version === 2) while (to < column.definition.length && column.repetition[to] !== 0) to++;
  return to;
}

function plainBytes(field: Field, value: Uint8Array): Uint8Array {
  if (field.type !== physicalType.BYTE_ARRAY) return value;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, value.length, true);
  return Buffer.concat([length, value]);
}

function valueBytesOf(
  random: RandomSource,
  column: LevelColumn,
  from: number,
  to: number,
  how: ValueEncoding,
  options: ForeignOptions,
): Uint8Array {
  const values = column.values.slice(from, to);
  if (how.dictionary !== undefined) {
    const { entries, places } = how.dictionary;
    const indices = values.map((value) => random.pick(places.get(Buffer.from(value).toString('hex')) ?? []));
    const least = 32 - Math.clz32(Math.max(0, entries.length - 1));
    const width = !options.isModern && random.chance(20) ? random.pick([8, 17, 32]) : least;
    const wide = Math.max(least, width);
    return Buffer.concat([Uint8Array.of(wide), hybridBytes(random, indices, wide, !options.isModern)]);
  }
  const isPlain = options.isModern ?? false;
  switch (how.number) {
    case encoding.DELTA_BINARY_PACKED:
      return deltaBytes(random, values.map(numberOf), (values[0]?.length ?? 4) * 8, isPlain);
    case encoding.DELTA_LENGTH_BYTE_ARRAY:
      return deltaLengthBytes(random, values, isPlain);
    case encoding.DELTA_BYTE_ARRAY:
      return deltaByteArrayBytes(random, values, isPlain);
    case encoding.BYTE_STREAM_SPLIT:
      return splitBytes(values);
  }
  if (column.field.type !== physicalType.BOOLEAN) {
    return Buffer.concat(values.map((value) => plainBytes(column.field, value)));
  }
  const bits = values.map((value) => value[0] ?? 0);
  if (how.number !== encoding.RLE) return packedBytes(bits, 1);
  return withLength(hybridBytes(random, bits, 1, !options.isModern));
}

// A number of 4 or 8 bytes.
function numberOf(value: Uint8Array): bigint {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return value.length === 4 ? BigInt(view.getInt32(0, true)) : view.getBigInt64(0, true);
}

function dataPage(
  random: RandomSource,
  column: LevelColumn,
  from: number,
  to: number,
  valueFrom: number,
  how: ValueEncoding,
  version: number,
  codecNumber: number,
  options: ForeignOptions,
) {
  const { maxDefinition, maxRepetition } = column;
  const definition = column.definition.slice(from, to);
  const repetition = column.repetition.slice(from, to);
  const present = definition.filter((level) => level === maxDefinition).length;
  const values = valueBytesOf(random, column, valueFrom, valueFrom + present, how, options);
  const w = compactWriter();
  if (version === 2) {
    const r =
      maxRepetition > 0
        ? hybridBytes(random, repetition, widthOf(maxRepetition), !options.isModern)
        : new Uint8Array(0);
    const d =
      maxDefinition > 0
        ? hybridBytes(random, definition, widthOf(maxDefinition), !options.isModern)
        : new Uint8Array(0);
    const isCompressed =
      options.mislabelsPages || (random.chance(70) && !(options.isModern && values.length === 0));
    // Writers that see no values write none of them, not even compressed nothing.
    const body = values.length === 0 || !isCompressed ? values : compress(values, codecNumber);
    return pageOf(
      random,
      w,
      pageType.DATA_PAGE_V2,
      Buffer.concat([r, d, body]),
      r.length + d.length + values.length,
      options,
      () => {
        writeStructField(w, 8);
        const inner = beginStruct(w);
        writeI32(w, 1, to - from);
        writeI32(w, 2, options.hidesNulls ? 0 : to - from - present);
        writeI32(w, 3, repetition.filter((level) => level === 0).length);
        writeI32(w, 4, how.number);
        writeI32(w, 5, d.length);
        writeI32(w, 6, r.length);
        if (options.mislabelsPages) writeBoolean(w, 7, false);
        else if (!isCompressed || random.chance(50)) writeBoolean(w, 7, isCompressed);
        endStruct(w, inner);
      },
    );
  }
  const levels = (entries: readonly number[], max: number, number: number): Uint8Array => {
    if (max === 0) return new Uint8Array(0);
    if (number === encoding.BIT_PACKED) return bitPackedLevelBytes(entries, widthOf(max));
    return withLength(hybridBytes(random, entries, widthOf(max), !options.isModern));
  };
  const oldLevels = options.isModern || options.isUniform ? encoding.RLE : encoding.BIT_PACKED;
  const levelEncodings = [encoding.RLE, encoding.RLE, oldLevels];
  const definitionEncoding = random.pick(levelEncodings);
  const repetitionEncoding = random.pick(levelEncodings);
  const last = definition.at(-1) ?? 0;
  const added = options.addsLevels ? Array.from({ length: 9 }, () => last) : [];
  const body = Buffer.concat([
    levels(repetition, maxRepetition, repetitionEncoding),
    levels([...definition, ...added], maxDefinition, definitionEncoding),
    values,
  ]);
  return pageOf(random, w, pageType.DATA_PAGE, compress(body, codecNumber), body.length, options, () => {
    writeStructField(w, 5);
    const inner = beginStruct(w);
    writeI32(w, 1, to - from);
    writeI32(w, 2, how.number);
    writeI32(w, 3, definitionEncoding);
    writeI32(w, 4, repetitionEncoding);
    endStruct(w, inner);
  });
}

function dictionaryPage(
  random: RandomSource,
  body: Uint8Array,
  entries: number,
  codecNumber: number,
  isDeprecated: boolean,
  options: ForeignOptions,
) {
  const w = compactWriter();
  return pageOf(
    random,
    w,
    pageType.DICTIONARY_PAGE,
    compress(body, codecNumber),
    body.length,
    options,
    () => {
      writeStructField(w, 7);
      const inner = beginStruct(w);
      writeI32(w, 1, entries);
      writeI32(w, 2, isDeprecated ? encoding.PLAIN_DICTIONARY : encoding.PLAIN);
      endStruct(w, inner);
    },
  );
}

function pageOf(
  random: RandomSource,
  w: CompactWriter,
  type: number,
  stored: Uint8Array,
  uncompressedLength: number,
  options: ForeignOptions,
  inner: () => void,
): MadePage {
  const outer = beginStruct(w);
  writeI32(w, 1, type);
  writeI32(w, 2, uncompressedLength);
  writeI32(w, 3, stored.length);
  if (options.hasCrc ?? random.chance(50)) writeI32(w, 4, crc32(stored) | 0);
  inner();
  if (random.chance(10)) writeBinary(w, 50, random.bytes(3));
  endStruct(w, outer);
  const bytes = Buffer.concat([writtenBytes(w), stored]);
  const headerLength = bytes.length - stored.length;
  return { bytes, headerLength, uncompressedLength: headerLength + uncompressedLength };
}

function compress(bytes: Uint8Array, codecNumber: number): Uint8Array {
  switch (codecNumber) {
    case codec.SNAPPY:
      return compressSync(Buffer.from(bytes));
    case codec.GZIP:
      return gzipSync(bytes);
    case codec.BROTLI:
      return brotliCompressSync(bytes);
    case codec.ZSTD:
      return zstdCompress(bytes.slice());
    case codec.LZ4_RAW:
      return lz4Block(bytes);
    case codec.LZ4: {
      const stored = lz4Block(bytes);
      const sizes = Buffer.alloc(8);
      sizes.writeUInt32BE(bytes.length);
      sizes.writeUInt32BE(stored.length, 4);
      return bytes.length === 0 ? bytes : Buffer.concat([sizes, stored]);
    }
    default:
      return bytes;
  }
}

const lz4Kernel = referenceKernel();

function lz4Block(bytes: Uint8Array): Uint8Array {
  const to = 64 + bytes.length + 16;
  lz4Kernel.memory.grow(to + lz4Room(bytes.length));
  lz4Kernel.memory.bytes.set(bytes, 64);
  return lz4Kernel.memory.bytes.slice(to, to + lz4Kernel.lz4Encode(64, bytes.length, to, 0));
}

function widthOf(max: number): number {
  return 32 - Math.clz32(max);
}

function withLength(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return Buffer.concat([length, bytes]);
}

function encodeFooter(
  fields: readonly Field[],
  rowGroups: readonly { readonly rows: number; readonly chunks: readonly WrittenChunk[] }[],
  options: ForeignOptions,
  random: RandomSource,
): Uint8Array {
  const w = compactWriter();
  const outer = beginStruct(w);
  writeI32(w, 1, random.pick([1, 2]));
  const elements = elementBytesOf(fields);
  writeListField(w, 2, wireType.STRUCT, elements.length);
  for (const element of elements) putRaw(w, element);
  writeI64(w, 3, options.hidesRows ? 0 : rowGroups.reduce((sum, { rows }) => sum + rows, 0));
  writeListField(w, 4, wireType.STRUCT, rowGroups.length);
  for (const { rows, chunks } of rowGroups) {
    const group = beginStruct(w);
    writeListField(w, 1, wireType.STRUCT, chunks.length);
    for (const chunk of chunks) encodeChunkMetadata(w, chunk, random, options);
    writeI64(
      w,
      2,
      chunks.reduce((sum, chunk) => sum + chunk.uncompressedLength, 0),
    );
    writeI64(w, 3, rows);
    endStruct(w, group);
  }
  const keyValues = options.keyValues ?? [];
  if (keyValues.length > 0) writeListField(w, 5, wireType.STRUCT, keyValues.length);
  for (const { key, value } of keyValues) {
    const pair = beginStruct(w);
    writeBinary(w, 1, text.encode(key));
    if (value !== undefined) writeBinary(w, 2, text.encode(value));
    endStruct(w, pair);
  }
  writeBinary(w, 6, text.encode(options.createdBy ?? 'a writer from elsewhere'));
  endStruct(w, outer);
  return writtenBytes(w);
}

function encodeChunkMetadata(
  w: CompactWriter,
  chunk: WrittenChunk,
  random: RandomSource,
  options: ForeignOptions,
): void {
  const outer = beginStruct(w);
  writeI64(w, 2, chunk.offset);
  writeStructField(w, 3);
  const inner = beginStruct(w);
  writeI32(w, 1, chunk.column.field.type ?? 0);
  writeListField(w, 2, wireType.I32, chunk.encodings.size);
  for (const number of chunk.encodings) putZigzag(w, number);
  writeListField(w, 3, wireType.BINARY, chunk.column.path.length);
  for (const name of chunk.column.path) putBinary(w, text.encode(name));
  writeI32(w, 4, chunk.codec);
  writeI64(w, 5, chunk.column.definition.length);
  writeI64(w, 6, chunk.uncompressedLength);
  writeI64(w, 7, chunk.length - (options.shortensChunks ? chunk.dictionaryHeaderLength : 0));
  // Some writers let the data page offset point at the dictionary page and state no other.
  writeI64(w, 9, chunk.statesDictionary ? chunk.offset + chunk.dictionaryLength : chunk.offset);
  if (chunk.statesDictionary) writeI64(w, 11, chunk.offset);
  if (!options.isModern && random.chance(30)) {
    // Statistics that are not to be believed.
    writeStructField(w, 12);
    const statistics = beginStruct(w);
    writeBinary(w, 1, random.bytes(4));
    writeI64(w, 3, random.below(5));
    writeBinary(w, 5, random.bytes(8));
    endStruct(w, statistics);
  }
  endStruct(w, inner);
  endStruct(w, outer);
}
