/**
 * The memory that the kernel's functions work on. Addresses are byte offsets into it, from {@link firstAddress}. The
 * views are new after every growth: never keep one over a call that may grow.
 */
export interface LinearMemory {
  bytes: Uint8Array;
  /** The same memory as 32-bit words, for the result words and what lies at multiples of 4. */
  words: Int32Array;
  /** Makes it at least `sizeBytes` long. @throws RangeError when it cannot be so long */
  grow(sizeBytes: number): void;
}

/** Below it lie the words in which a function leaves what it cannot return: `memory.words[0..3]`. */
export const firstAddress = 64;

/** What every room has behind its last byte: functions may read and write so much too far. */
export const slackBytes = 16;

/** Most bytes of a memory: addresses stay positive 32-bit numbers. */
export const mostMemoryBytes = 2 ** 31 - 65_536;

/**
 * The inner loops of the engine, over one linear memory: in WebAssembly (`assembly/`), or the same in TypeScript
 * (`reference/`) where there is none. `at`, `from`, `to` and the like are addresses; nothing is allocated, and what is
 * written must have room. Numbers are little-endian at any address. An error is a negative code, which `problems.ts`
 * turns into a message. Values are `widthBytes` bytes each, or, with a width of 0, PLAIN BYTE_ARRAYs: a 4-byte length
 * before each, and value i from `offsets[i]` to `offsets[i + 1]` behind the first byte, u32 each.
 */
export interface Kernel {
  readonly name: 'WebAssembly' | 'TypeScript';
  readonly memory: LinearMemory;

  /** Decodes Snappy's block format behind its preamble. Returns 0 or a code. */
  snappyDecode(from: number, end: number, to: number, sizeBytes: number): number;

  /**
   * Compresses to Snappy's block format, preamble included; returns the number of bytes.
   * @param to room of `snappyRoom` bytes
   * @param table room of {@link snappyTableBytes}, of any content
   */
  snappyEncode(from: number, sizeBytes: number, to: number, table: number): number;

  /**
   * Decodes LZ4's block format.
   * @param window lowest address that copies may reach back to, `to` or below
   * @returns the number of bytes, at most `roomBytes`, or a code
   */
  lz4Decode(window: number, from: number, end: number, to: number, roomBytes: number): number;

  /**
   * Compresses to LZ4's block format; returns the number of bytes.
   * @param to room of {@link lz4Room} bytes
   * @param table room of {@link lz4TableBytes}, of any content
   */
  lz4Encode(from: number, sizeBytes: number, to: number, table: number): number;

  /**
   * Decodes `count` levels of the RLE/bit-packed hybrid (parquet-format, Encodings, "RLE") to a byte each.
   * @param bitWidth 0 to 8
   * @returns how many of them are `max`, or a code; one above `max` is an error
   */
  decodeLevels(from: number, end: number, bitWidth: number, count: number, max: number, to: number): number;
  /** The value of the run (of at most 8 bits) that the bytes begin with, when it is of `count` values, else -1. */
  levelRun(from: number, end: number, count: number): number;
  /** Decodes `count` dictionary indices (hybrid, 0 to 32 bits) to an i32 each, all below `entries`. 0 or a code. */
  decodeIndices(
    from: number,
    end: number,
    bitWidth: number,
    count: number,
    entries: number,
    to: number,
  ): number;
  /** Unpacks PLAIN booleans to a byte each. */
  unpackBooleans(from: number, count: number, to: number): void;
  /**
   * Encodes levels of a byte each in the hybrid; returns the number of bytes. Room: `hybridRoom`.
   * @param bitWidth 1 to 8
   */
  encodeLevels(from: number, count: number, bitWidth: number, to: number): number;
  /** Encodes indices of an i32 each in the hybrid; returns the number of bytes. Room: `hybridRoom`. */
  encodeIndices(from: number, count: number, bitWidth: number, to: number): number;
  /** Packs booleans of a byte each. */
  packBooleans(from: number, count: number, to: number): void;

  /**
   * Decodes `count` DELTA_BINARY_PACKED numbers of 4 or 8 bytes; sums wrap around.
   * @returns the number of bytes they take, or a code; result word 0: how many numbers there are
   */
  deltaDecode(from: number, end: number, width: number, count: number, to: number): number;
  /** Encodes numbers of 4 or 8 bytes; returns the number of bytes. Room: {@link deltaRoom}. */
  deltaEncode(from: number, width: number, count: number, to: number): number;
  /** Puts the bytes of BYTE_STREAM_SPLIT values together. */
  splitDecode(from: number, width: number, count: number, to: number): void;
  /** Splits values into as many streams as they have bytes. */
  splitEncode(from: number, width: number, count: number, to: number): void;
  /**
   * How many bytes the values have that `prefixes` bytes of the value before and `suffixes` bytes of their own make
   * up, without lengths: i32 each. Or a code.
   * @param prefixes address, or 0 where no value has any
   * @param sizeBytes how many bytes of suffixes there are
   * @param width what every value has, or 0
   */
  joinedBytes(prefixes: number, suffixes: number, count: number, sizeBytes: number, width: number): number;
  /** Writes these values as PLAIN, and their offsets where `width` is 0. What `joinedBytes` refuses must not come here. */
  joinValues(
    prefixes: number,
    suffixes: number,
    count: number,
    from: number,
    width: number,
    to: number,
    offsets: number,
  ): void;
  /**
   * The other way round, for `count` byte arrays from number `first` on: writes how many bytes each has in common with
   * the one before, how many are its own, and these. Returns how many those are together.
   */
  cutPrefixes(
    bytes: number,
    offsets: number,
    first: number,
    count: number,
    prefixes: number,
    suffixes: number,
    to: number,
  ): number;

  /** Writes, for each of `count` levels, the byte that `table` has at its place. `to` may be `from`. */
  mapLevels(from: number, count: number, table: number, to: number): void;
  /**
   * Writes the entries whose repetition level is not above `keptRepetition`, their definition levels through `table`.
   * @returns how many there are
   */
  projectLevels(
    repetition: number,
    definition: number,
    count: number,
    keptRepetition: number,
    table: number,
    toRepetition: number,
    toDefinition: number,
  ): number;
  /** Writes numbers of 32 bits as numbers of 64 bits; `isSigned` is 1 or 0. */
  widenIntegers(isSigned: number, from: number, count: number, to: number): void;
  /** Writes floats as doubles of the same value. A NaN keeps its sign and the bits it has, quiet or not. */
  widenFloats(from: number, count: number, to: number): void;

  /** How many of the `count` levels are `level`. */
  countLevels(from: number, count: number, level: number): number;
  /**
   * Where the next `rows` rows end that begin at entry `from`; result word 0: how many rows of them begin behind
   * entry `count`.
   */
  rowEnd(repetition: number, from: number, count: number, rows: number): number;
  /**
   * Where the page ends that begins at `entry` and `value`: at the begin of a row, once it has `pageRows` rows or
   * `pageSizeBytes` bytes of values. Result word 0: the value it ends at.
   * @param repetition address of the levels, or 0; the same for `definition` and `offsets`
   * @param valueBits bits a value takes, where there are no offsets
   */
  pageEnd(
    repetition: number,
    definition: number,
    max: number,
    entry: number,
    entryCount: number,
    value: number,
    offsets: number,
    valueBits: number,
    pageRows: number,
    pageSizeBytes: number,
  ): number;

  /** Finds the `count + 1` offsets of PLAIN BYTE_ARRAYs from `from` on. 0 or a code. */
  readOffsets(from: number, end: number, count: number, to: number): number;
  /** Writes `count` offsets with `delta` added. */
  shiftOffsets(from: number, count: number, delta: number, to: number): void;
  /** Writes the values that indices name, of a fixed width. */
  gatherFixed(width: number, bytes: number, indices: number, count: number, to: number): void;
  /** How many bytes the values that indices name have together, lengths included. */
  gatheredBytes(offsets: number, indices: number, count: number): number;
  /** Writes the values that indices name; the first goes to the offset that stands at `toOffsets` already. */
  gatherVariable(
    bytes: number,
    offsets: number,
    indices: number,
    count: number,
    toBytes: number,
    toOffsets: number,
  ): void;
  /** Sets `used[index]` to 1 for every index. */
  markUsed(indices: number, count: number, used: number): void;

  /**
   * Writes a 64-bit hash of each value: of its bytes, so -0.0 and 0.0, or two NaNs with other bits, differ.
   * With ADDED, F1, F2 as in the sources: mix(x) is x ^= x >> 30, x *= F1, x ^= x >> 27, x *= F2, x ^= x >> 31. A value
   * of 4 or 8 bytes is hashed to mix(value + ADDED); others word by word of 8 bytes, their length first.
   */
  hashFixed(width: number, bytes: number, count: number, to: number): void;
  hashVariable(bytes: number, offsets: number, count: number, to: number): void;
  /**
   * Adds hashes to the digest at `state`: D = D * K + hash, modulo 2^64. So D(ab) = D(a) * K^|b| + D(b). Values that
   * change places at a distance d change D by (K^d - 1) times something, and K^d - 1 has about 2 + log2 d factors of
   * two: 46 of 64 bits remain at a distance of 65,536.
   */
  digestHashes(state: number, hashes: number, count: number): void;
  /** The same for the hashes that indices name. */
  digestIndexed(state: number, indices: number, hashes: number, count: number): void;
  /** Adds level entries; `repetition` is 0 for a column that is not repeated. An entry counts as (r << 8 | d) + 1. */
  digestLevels(state: number, repetition: number, definition: number, count: number): void;
  /** Adds `count` entries of one definition level and repetition level 0, in about log2(count) steps. */
  digestLevelRun(state: number, definition: number, count: number): void;

  /**
   * Looks up the values that indices name in a dictionary (`DictionaryWord` says where what lies), adds those that
   * are not there, and writes their entry numbers.
   * @param map which entry of the dictionary each source entry is, or -1; filled on the way
   * @returns how many were done; where it is not all, result word 0 is one of `stopped`
   */
  appendIndexed(
    dictionary: number,
    indices: number,
    count: number,
    bytes: number,
    offsets: number,
    hashes: number,
    map: number,
    to: number,
  ): number;
  /** The same for values `first` to `first + count` themselves. */
  appendValues(
    dictionary: number,
    first: number,
    count: number,
    bytes: number,
    offsets: number,
    hashes: number,
    to: number,
  ): number;
  /**
   * Appends whole column chunks of small files, page after page, to an output column chunk: what reading a page, `digest…` and
   * `append…` do one by one. `columnWord` says what the words at `column` are, `chunkWord` those of each chunk.
   *
   * What is usual is done: version 1 and 2 pages, uncompressed or Snappy, values PLAIN, by a dictionary, or run-length
   * encoded booleans. Before anything else in a chunk, damage included, it stops; then of this chunk nothing is in the column
   * but values in its dictionary.
   * @returns how many chunks were appended; where it is not all, result word 0 is one of {@link notAppended}
   */
  appendChunks(column: number, chunks: number, count: number): number;
  /**
   * Reads the row groups of a footer: the list from its header on (parquet-format, FileMetaData). Where there is anything unusual
   * in one, damage included, all of it is to be read by `readRowGroups` of metadata/row-group.ts.
   * @param leaves `leafWord` of every leaf, one behind the other
   * @param dataEndBytes where chunks must end
   * @param to a multiple of 8: numbers of 8 bytes, for every row group those of `rowGroupNumber`, then for every chunk those
   * of `chunkNumber`
   * @returns how many row groups there are, or -1; result word 0: how many bytes the list has
   */
  readRowGroups(
    from: number,
    end: number,
    leaves: number,
    leafCount: number,
    dataEndBytes: number,
    to: number,
    toEnd: number,
  ): number;
  /** Puts the slots of a table into an empty one of another size. */
  moveSlots(from: number, fromCount: number, to: number, toCount: number): void;

  /**
   * Finds the least and the greatest value of an order (`orderNumber`): result words 0 and 1 are their numbers or -1,
   * result word 2 the number of NaNs, which take no part.
   * @param used address of a byte for each value, 0 where it does not count; or 0 when all count
   */
  findExtremes(
    order: number,
    width: number,
    bytes: number,
    offsets: number,
    count: number,
    used: number,
  ): void;

  /**
   * Writes XXH64 with seed 0 of each value, of its bytes without length: 8 bytes each (parquet-format, BloomFilter).
   * @param offsets those of the values where `width` is 0
   */
  hashForBloom(width: number, bytes: number, offsets: number, count: number, to: number): void;
}

/** The words of a dictionary, 4 bytes each. */
export const dictionaryWord = {
  /** Bytes of a value, or 0. */
  width: 0,
  /** Entries. */
  count: 1,
  /** Bytes of the entries as PLAIN. */
  sizeBytes: 2,
  /** Where the entries lie, and how many bytes there is room for. */
  bytesAt: 3,
  bytesRoom: 4,
  /** Where the offsets lie (width 0), and for how many entries there is room. */
  offsetsAt: 5,
  entriesRoom: 6,
  /**
   * Open addressing: `slotCount` slots, a power of two, of two words: entry number + 1 or 0 for a free one, and the
   * low half of the value's hash. A value lies in the first free slot from (hash mod slotCount) on.
   */
  slotsAt: 7,
  slotCount: 8,
} as const;

/** Bytes of a dictionary's words. */
export const dictionaryBytes = 36;

/** Why `appendIndexed` and `appendValues` stopped. */
export const stopped = {
  /** There is no room for one more entry, or the slots would be more than half full. */
  full: -1,
  /** A value that needs 1,000 steps finds a table that somebody chose the values for. */
  colliding: -2,
} as const;

/** The words of an output column chunk that `appendChunks` appends to, 4 bytes each. */
export const columnWord = {
  /** Bytes of a value, or 0; and whether they are booleans (0 or 1). */
  width: 0,
  isBoolean: 1,
  maxDefinition: 2,
  maxRepetition: 3,
  /** Level entries and values so far; of as many entries there is room for levels, indices, and offsets of bytes. */
  entries: 4,
  present: 5,
  entriesRoom: 6,
  definitionAt: 7,
  repetitionAt: 8,
  indicesAt: 9,
  /** The dictionary's words; or 0, and values are gathered themselves, from `bytesAt` on. */
  dictionaryAt: 10,
  bytesAt: 11,
  bytesRoom: 12,
  offsetsAt: 13,
  /** States of the digests over levels and over values. */
  levelsDigestAt: 14,
  valuesDigestAt: 15,
  /** What pages are decoded in. */
  scratchAt: 16,
  scratchEnd: 17,
  /** Address of `crcTable`. */
  crcTableAt: 18,
} as const;

/** Bytes of a column's words. */
export const columnBytes = 76;

/** The words of a source column chunk, 4 bytes each. */
export const chunkWord = {
  at: 0,
  sizeBytes: 1,
  /** Level entries, and rows that they must be. */
  entries: 2,
  rows: 3,
  /** parquet-format's number of the compression. */
  codec: 4,
} as const;

/** Bytes of a source column chunk's words. */
export const chunkBytes = 20;

/** Why `appendChunks` stopped before a chunk. */
export const notAppended = {
  /** It holds something that is not done here, or that is wrong. */
  unusual: 1,
  /** The dictionary has no room for a value: result word 1 is its length. */
  dictionaryFull: 2,
  /** The dictionary saves nothing: see `dictionaryPays`. */
  dictionaryUnpaid: 3,
  /** There is no room for values themselves: result word 1 is how many bytes there must be. */
  bytesFull: 4,
} as const;

/** The words of a leaf that `readRowGroups` holds column chunks against, 4 bytes each. */
export const leafWord = {
  /** Physical type. */
  type: 0,
  /** 1 where it has one level entry a row, else 0. */
  isFlat: 1,
  /** Where the list of its names lies, as thrift has it, and how many bytes it has. */
  pathAt: 2,
  pathBytes: 3,
} as const;

/** Bytes of a leaf's words. */
export const leafBytes = 16;

/** The numbers of a row group; `from` and `to` are the bytes of its struct, from the list's first on. */
export const rowGroupNumber = { rows: 0, totalSizeBytes: 1, isSorted: 2, from: 3, to: 4 } as const;

/** The numbers of a column chunk: see `ColumnChunk`. */
export const chunkNumber = {
  codec: 0,
  valueCount: 1,
  uncompressedSizeBytes: 2,
  compressedSizeBytes: 3,
  startOffsetBytes: 4,
} as const;

/** Numbers of a column chunk, and of a row group. */
export const numbersPerChunk = 5;

/** Bytes of the table that compressing to Snappy needs. */
export const snappyTableBytes = 32_768;

/** Bytes that so many may take in Snappy's format, at worst. */
export function snappyRoom(sizeBytes: number): number {
  // A block of 64 KB that is one literal has three bytes more; copies are never longer than what they stand for.
  return sizeBytes + Math.ceil(sizeBytes / 65_536) * 3 + Math.ceil(sizeBytes / 6) + 16;
}

/** Bytes of the table that compressing to LZ4 needs. */
export const lz4TableBytes = 32_768;

/** Bytes that so many may take in LZ4's block format, at worst. */
export function lz4Room(sizeBytes: number): number {
  return sizeBytes + Math.ceil(sizeBytes / 255) + 16;
}

/** Bytes that `count` numbers may take as DELTA_BINARY_PACKED, at worst. */
export function deltaRoom(count: number, widthBytes: number): number {
  return Math.ceil(count / 128) * (128 * widthBytes + 14) + 32;
}

/** Bytes that `count` values of a bit width may take in the hybrid, at worst. */
export function hybridRoom(count: number, bitWidth: number): number {
  // A run or a stretch of groups covers eight values or more and costs a header of at most five bytes.
  return Math.ceil(count / 8) * (bitWidth + 9) + 16;
}
