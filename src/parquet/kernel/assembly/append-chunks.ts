import { crc32 } from './crc.ts';
import { appendIndexed, appendValues } from './dictionary.ts';
import {
  digestHashes,
  digestIndexed,
  digestLevelRun,
  digestLevels,
  hashFixed,
  hashVariable,
} from './digest.ts';
import { decodeIndices, decodeLevels, levelRun, unpackBooleans } from './hybrid-decode.ts';
import { countLevels } from './levels.ts';
import * as header from './page-header.ts';
import { setResult } from './result.ts';
import { snappyDecode } from './snappy.ts';
import { gatheredBytes, gatherFixed, gatherVariable, readOffsets, shiftOffsets } from './values.ts';

// Why a chunk was not appended; `notAppended` of ../kernel.ts.
const DONE: i32 = 0;
const UNUSUAL: i32 = 1;
const DICTIONARY_FULL: i32 = 2;
const DICTIONARY_UNPAID: i32 = 3;
const BYTES_FULL: i32 = 4;

const FULL: i32 = -1;

// Encodings and codecs of parquet-format.
const PLAIN: i32 = 0;
const PLAIN_DICTIONARY: i32 = 2;
const RLE: i32 = 3;
const RLE_DICTIONARY: i32 = 8;
const UNCOMPRESSED: i32 = 0;
const SNAPPY: i32 = 1;

/** No chunk or dictionary with more is looked at here, so that no size overflows. */
const MOST_VALUES: i32 = 1 << 24;
/** See ../../codec/compression.ts. */
const SNAPPY_LIMIT: u64 = 64;

// See `dictionaryPays` of ../../merge/chunk-builder.ts.
const EARLY_VALUES: i32 = 16_384;
const LARGE_BYTES: i32 = 1024 * 1024;
const MOST_BYTES: i32 = 16 * 1024 * 1024;
const LEAST_PLAIN_BYTES: f64 = 256 * 1024 * 1024;
const LARGE_GAIN: f64 = 8;

// The column, by the words of `columnWord` in ../kernel.ts.
let width: i32 = 0;
let isBoolean: bool = false;
let maxDefinition: i32 = 0;
let maxRepetition: i32 = 0;
let definitionAt: usize = 0;
let repetitionAt: usize = 0;
let indicesAt: usize = 0;
let dictionaryAt: usize = 0;
let bytesAt: usize = 0;
let bytesRoom: u32 = 0;
let offsetsAt: usize = 0;
let levelsDigest: usize = 0;
let valuesDigest: usize = 0;
let crcTable: usize = 0;
let scratchEnd: usize = 0;
let entryCount: i32 = 0;
let presentCount: i32 = 0;

// The chunk at hand.
let codec: i32 = 0;
let free: usize = 0;
let hasDictionary: bool = false;
let dictionaryCount: i32 = 0;
let dictionaryBytes: usize = 0;
let dictionaryOffsets: usize = 0;
let dictionaryHashes: usize = 0;
let dictionaryMap: usize = 0;
let rowsFound: i32 = 0;
let isFirstPage: bool = false;

// Room for so many bytes until the next page, with what every room has behind it; 0 where there is none.
function take(sizeBytes: i32): usize {
  const at = free;
  if (u32(sizeBytes) > u32(scratchEnd - at) || u32(scratchEnd - at) - u32(sizeBytes) < 32) return 0;
  free = (at + usize(sizeBytes) + 31) & ~usize(15);
  return at;
}

// Address of the `sizeBytes` bytes that lie compressed between two addresses, or 0.
function decompressed(from: usize, end: usize, sizeBytes: i32): usize {
  const length = u32(end - from);
  if (codec === UNCOMPRESSED) return length === u32(sizeBytes) ? from : 0;
  if (length === 0 || u64(sizeBytes) > u64(length) * SNAPPY_LIMIT) return 0;
  let stated: u64 = 0;
  let position = from;
  for (let shift: u64 = 0; ; shift += 7) {
    if (position >= end || shift > 28) return 0;
    const byte = u64(load<u8>(position++));
    stated |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  if (stated !== u64(sizeBytes)) return 0;
  const to = take(sizeBytes);
  if (to === 0 || snappyDecode(position, end, to, u32(sizeBytes)) < 0) return 0;
  return to;
}

function bitWidthOf(max: i32): i32 {
  return 32 - i32(clz(max));
}

function readDictionary(from: usize, end: usize): i32 {
  const count = header.valueCount;
  if (hasDictionary || isBoolean || count > MOST_VALUES) return UNUSUAL;
  if (header.valueEncoding !== PLAIN && header.valueEncoding !== PLAIN_DICTIONARY) return UNUSUAL;
  const sizeBytes = header.uncompressedBytes;
  const bytes = decompressed(from, end, sizeBytes);
  if (bytes === 0) return UNUSUAL;
  const hashes = take(count << 3);
  const map = take(count << 2);
  if (hashes === 0 || map === 0) return UNUSUAL;
  if (width > 0) {
    if (u64(count) * u64(width) > u64(sizeBytes)) return UNUSUAL;
    hashFixed(width, bytes, count, hashes);
  } else {
    const offsets = take((count + 1) << 2);
    if (offsets === 0 || u64(count) * 4 > u64(sizeBytes)) return UNUSUAL;
    if (readOffsets(bytes, bytes + usize(sizeBytes), count, offsets) < 0) return UNUSUAL;
    hashVariable(bytes, offsets, count, hashes);
    dictionaryOffsets = offsets;
  }
  memory.fill(map, 255, usize(count) << 2);
  hasDictionary = true;
  dictionaryCount = count;
  dictionaryBytes = bytes;
  dictionaryHashes = hashes;
  dictionaryMap = map;
  return DONE;
}

// Levels in the hybrid encoding, as the chunk's next entries; how many are of the highest level, or less than 0.
function readRepetition(from: usize, end: usize, count: i32): bool {
  const to = repetitionAt + usize(entryCount);
  if (decodeLevels(from, end, bitWidthOf(maxRepetition), count, maxRepetition, to) < 0) return false;
  if (isFirstPage && load<u8>(to) !== 0) return false;
  rowsFound += countLevels(to, count, 0);
  return true;
}

function readDefinition(from: usize, end: usize, count: i32): i32 {
  const to = definitionAt + usize(entryCount);
  if (maxRepetition > 0) {
    const found = decodeLevels(from, end, bitWidthOf(maxDefinition), count, maxDefinition, to);
    if (found >= 0) digestLevels(levelsDigest, repetitionAt + usize(entryCount), to, count);
    return found;
  }
  const constant = levelRun(from, end, count);
  if (constant > maxDefinition) return -1;
  if (constant >= 0) {
    memory.fill(to, u8(constant), usize(count));
    digestLevelRun(levelsDigest, constant, f64(count));
    return constant === maxDefinition ? count : 0;
  }
  const found = decodeLevels(from, end, bitWidthOf(maxDefinition), count, maxDefinition, to);
  if (found >= 0) digestLevels(levelsDigest, 0, to, count);
  return found;
}

// Where levels end that have their length before them, or 0.
function levelsEnd(from: usize, end: usize): usize {
  if (end - from < 4) return 0;
  const length = load<u32>(from);
  return length > u32(end - from) - 4 ? 0 : from + 4 + usize(length);
}

function readDataPage(from: usize, end: usize): i32 {
  const count = header.valueCount;
  let position = decompressed(from, end, header.uncompressedBytes);
  if (position === 0) return UNUSUAL;
  const bodyEnd = position + usize(header.uncompressedBytes);
  let present = count;
  if (maxRepetition > 0) {
    const stop = levelsEnd(position, bodyEnd);
    if (header.repetitionEncoding !== RLE || stop === 0 || !readRepetition(position + 4, stop, count))
      return UNUSUAL;
    position = stop;
  }
  if (maxDefinition > 0) {
    const stop = levelsEnd(position, bodyEnd);
    if (header.definitionEncoding !== RLE || stop === 0) return UNUSUAL;
    present = readDefinition(position + 4, stop, count);
    if (present < 0) return UNUSUAL;
    position = stop;
  } else {
    digestLevelRun(levelsDigest, 0, f64(count));
  }
  return readValues(position, bodyEnd, present);
}

function readDataPageV2(from: usize, end: usize): i32 {
  const count = header.valueCount;
  const repetitionBytes = header.repetitionBytes;
  const definitionBytes = header.definitionBytes;
  if ((repetitionBytes | definitionBytes) < 0) return UNUSUAL;
  const levelBytes = u64(repetitionBytes) + u64(definitionBytes);
  if (levelBytes > u64(end - from)) return UNUSUAL;
  const definitionFrom = from + usize(repetitionBytes);
  const valuesFrom = definitionFrom + usize(definitionBytes);
  let present = count;
  if (maxRepetition > 0 && !readRepetition(from, definitionFrom, count)) return UNUSUAL;
  if (maxDefinition > 0) {
    present = readDefinition(definitionFrom, valuesFrom, count);
    if (present < 0) return UNUSUAL;
  } else {
    digestLevelRun(levelsDigest, 0, f64(count));
  }
  if (header.nullCount !== count - present && header.nullCount !== 0) return UNUSUAL;
  if (present === 0) return readValues(end, end, 0);
  const sizeBytes = i64(header.uncompressedBytes) - i64(levelBytes);
  if (sizeBytes < 0) return UNUSUAL;
  if (!header.isCompressed) return readValues(valuesFrom, end, present);
  const bytes = decompressed(valuesFrom, end, i32(sizeBytes));
  return bytes === 0 ? UNUSUAL : readValues(bytes, bytes + usize(sizeBytes), present);
}

function readValues(from: usize, end: usize, count: i32): i32 {
  entryCount += header.valueCount;
  if (count === 0) return DONE;
  const valueEncoding = header.valueEncoding;
  if (valueEncoding === RLE_DICTIONARY || valueEncoding === PLAIN_DICTIONARY) {
    if (!hasDictionary || from >= end) return UNUSUAL;
    const bitWidth = i32(load<u8>(from));
    if (bitWidth > 32 || (bitWidth === 0 && end - from > 1 && load<u8>(from, 1) < 2)) return UNUSUAL;
    const indices = take(count << 2);
    if (indices === 0) return UNUSUAL;
    if (decodeIndices(from + 1, end, bitWidth, count, dictionaryCount, indices) < 0) return UNUSUAL;
    digestIndexed(valuesDigest, indices, dictionaryHashes, count);
    return appendByIndices(indices, count);
  }
  let bytes = from;
  let offsets: usize = 0;
  const sizeBytes = u64(end - from);
  if (valueEncoding === RLE && isBoolean) {
    bytes = take(count);
    if (bytes === 0 || sizeBytes < 4 || decodeLevels(from + 4, end, 1, count, 1, bytes) < 0) return UNUSUAL;
  } else if (valueEncoding !== PLAIN) {
    return UNUSUAL;
  } else if (isBoolean) {
    bytes = take(count);
    if (bytes === 0 || u64((count + 7) >> 3) > sizeBytes) return UNUSUAL;
    unpackBooleans(from, count, bytes);
  } else if (width > 0) {
    if (u64(count) * u64(width) > sizeBytes) return UNUSUAL;
  } else {
    offsets = take((count + 1) << 2);
    if (offsets === 0 || u64(count) * 4 > sizeBytes || readOffsets(from, end, count, offsets) < 0)
      return UNUSUAL;
  }
  const hashes = take(count << 3);
  if (hashes === 0) return UNUSUAL;
  if (width > 0) hashFixed(width, bytes, count, hashes);
  else hashVariable(bytes, offsets, count, hashes);
  digestHashes(valuesDigest, hashes, count);
  return appendThemselves(bytes, offsets, hashes, count);
}

function appendByIndices(indices: usize, count: i32): i32 {
  if (dictionaryAt === 0) {
    const to = bytesFor(
      dictionaryOffsets === 0 ? 0 : gatheredBytes(dictionaryOffsets, indices, count),
      count,
    );
    if (to === 0) return BYTES_FULL;
    if (width > 0) {
      gatherFixed(width, dictionaryBytes, indices, count, to);
    } else {
      const toOffsets = offsetsAt + (usize(presentCount) << 2);
      gatherVariable(dictionaryBytes, dictionaryOffsets, indices, count, bytesAt, toOffsets);
    }
    presentCount += count;
    return DONE;
  }
  const done = appendIndexed(
    dictionaryAt,
    indices,
    count,
    dictionaryBytes,
    dictionaryOffsets,
    dictionaryHashes,
    dictionaryMap,
    indicesAt + (usize(presentCount) << 2),
  );
  if (done < count) return stopped(dictionaryOffsets, load<i32>(indices + (usize(done) << 2)));
  presentCount += count;
  return dictionaryPays() ? DONE : DICTIONARY_UNPAID;
}

function appendThemselves(bytes: usize, offsets: usize, hashes: usize, count: i32): i32 {
  if (dictionaryAt === 0) {
    const sizeBytes =
      width > 0 ? usize(count) * usize(width) : usize(load<u32>(offsets + (usize(count) << 2)));
    const to = bytesFor(f64(sizeBytes), count);
    if (to === 0) return BYTES_FULL;
    memory.copy(to, bytes, sizeBytes);
    if (width === 0) {
      const toOffsets = offsetsAt + (usize(presentCount) << 2);
      shiftOffsets(offsets + 4, count, load<i32>(toOffsets), toOffsets + 4);
    }
    presentCount += count;
    return DONE;
  }
  const to = indicesAt + (usize(presentCount) << 2);
  const done = appendValues(dictionaryAt, 0, count, bytes, offsets, hashes, to);
  if (done < count) return stopped(offsets, done);
  presentCount += count;
  return dictionaryPays() ? DONE : DICTIONARY_UNPAID;
}

// The dictionary took value `i` no more.
function stopped(offsets: usize, i: i32): i32 {
  if (load<i32>(0) !== FULL) return UNUSUAL;
  const at = offsets + (usize(i) << 2);
  setResult(1, width > 0 ? width : load<i32>(at, 4) - load<i32>(at));
  return DICTIONARY_FULL;
}

// Where `count` more values go, of `variableBytes` where they have no width; 0 where there is no room for them.
function bytesFor(variableBytes: f64, count: i32): usize {
  const isFixed = width > 0;
  const used = isFixed
    ? f64(presentCount) * f64(width)
    : f64(load<u32>(offsetsAt + (usize(presentCount) << 2)));
  const needed = used + (isFixed ? f64(count) * f64(width) : variableBytes);
  if (needed <= f64(bytesRoom)) return bytesAt + usize(used);
  setResult(1, needed < 0x7fffffff ? i32(needed) : 0x7fffffff);
  return 0;
}

function dictionaryPays(): bool {
  const entries = load<i32>(dictionaryAt, 4);
  const sizeBytes = load<i32>(dictionaryAt, 8);
  const plain =
    width === 0
      ? (f64(sizeBytes) / f64(max(1, entries))) * f64(presentCount)
      : f64(width) * f64(presentCount);
  if (sizeBytes > MOST_BYTES && plain < LEAST_PLAIN_BYTES) return false;
  if (presentCount < EARLY_VALUES || entries === 0) return true;
  const bitsPerIndex = bitWidthOf(max(entries - 1, 1));
  const withDictionary = f64(sizeBytes) + (f64(presentCount) * f64(bitsPerIndex)) / 8;
  return withDictionary * (sizeBytes > LARGE_BYTES ? LARGE_GAIN : 1) < plain;
}

function appendPages(from: usize, end: usize, entries: i32, rows: i32): i32 {
  const entryStop = entryCount + entries;
  let position = from;
  let pageScratch = free;
  rowsFound = 0;
  hasDictionary = false;
  dictionaryOffsets = 0;
  isFirstPage = true;
  while (entryCount < entryStop) {
    if (!header.readPageHeader(position, end)) return UNUSUAL;
    const body = header.bodyAt;
    if (u32(header.compressedBytes) > u32(end - body)) return UNUSUAL;
    position = body + usize(header.compressedBytes);
    if (header.hasCrc && crc32(crcTable, body, position) !== header.statedCrc) return UNUSUAL;
    free = pageScratch;
    let result: i32;
    if (header.pageType === header.DICTIONARY_PAGE) {
      result = readDictionary(body, position);
      pageScratch = free;
    } else {
      if (header.valueCount === 0 || header.valueCount > entryStop - entryCount) return UNUSUAL;
      result =
        header.pageType === header.DATA_PAGE ? readDataPage(body, position) : readDataPageV2(body, position);
      isFirstPage = false;
    }
    if (result !== DONE) return result;
  }
  return position === end && (maxRepetition === 0 || rowsFound === rows) ? DONE : UNUSUAL;
}

/** See `Kernel.appendChunks`. */
export function appendChunks(column: usize, chunks: usize, count: i32): i32 {
  width = load<i32>(column);
  isBoolean = load<i32>(column, 4) !== 0;
  maxDefinition = load<i32>(column, 8);
  maxRepetition = load<i32>(column, 12);
  const entriesRoom = load<i32>(column, 24);
  definitionAt = usize(load<u32>(column, 28));
  repetitionAt = usize(load<u32>(column, 32));
  indicesAt = usize(load<u32>(column, 36));
  dictionaryAt = usize(load<u32>(column, 40));
  bytesAt = usize(load<u32>(column, 44));
  bytesRoom = load<u32>(column, 48);
  offsetsAt = usize(load<u32>(column, 52));
  levelsDigest = usize(load<u32>(column, 56));
  valuesDigest = usize(load<u32>(column, 60));
  const scratchAt = usize(load<u32>(column, 64));
  scratchEnd = usize(load<u32>(column, 68));
  crcTable = usize(load<u32>(column, 72));
  for (let i: i32 = 0; i < count; i++) {
    const chunk = chunks + usize(i) * 20;
    const at = usize(load<u32>(chunk));
    const entries = load<i32>(chunk, 8);
    codec = load<i32>(chunk, 16);
    entryCount = load<i32>(column, 16);
    presentCount = load<i32>(column, 20);
    free = scratchAt;
    const levelsBefore = load<u64>(levelsDigest);
    const valuesBefore = load<u64>(valuesDigest);
    let result: i32 = UNUSUAL;
    const isReadable = (codec === UNCOMPRESSED || codec === SNAPPY) && entries <= MOST_VALUES;
    if (isReadable && entries <= entriesRoom - entryCount)
      result = appendPages(at, at + usize(load<u32>(chunk, 4)), entries, load<i32>(chunk, 12));
    if (result !== DONE) {
      // As if the chunk had never been begun; what it put into the dictionary comes in the same order again.
      store<u64>(levelsDigest, levelsBefore);
      store<u64>(valuesDigest, valuesBefore);
      setResult(0, result);
      return i;
    }
    store<i32>(column, entryCount, 16);
    store<i32>(column, presentCount, 20);
  }
  return count;
}
