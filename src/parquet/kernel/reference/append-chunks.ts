import { crc32 } from 'node:zlib';
import { bitWidthOf } from '../../encodings/bit-width.ts';
import { codec, encoding, pageType } from '../../format.ts';
import {
  chunkBytes,
  chunkWord,
  columnWord,
  dictionaryWord,
  type Kernel,
  notAppended,
  stopped,
} from '../kernel.ts';
import { readUsualHeader, type UsualHeader } from './page-header.ts';
import type { Views } from './views.ts';

/** What of the kernel a chunk is appended by. */
type Others = Pick<
  Kernel,
  | 'appendIndexed'
  | 'appendValues'
  | 'countLevels'
  | 'decodeIndices'
  | 'decodeLevels'
  | 'digestHashes'
  | 'digestIndexed'
  | 'digestLevelRun'
  | 'digestLevels'
  | 'gatherFixed'
  | 'gatherVariable'
  | 'gatheredBytes'
  | 'hashFixed'
  | 'hashVariable'
  | 'levelRun'
  | 'readOffsets'
  | 'shiftOffsets'
  | 'snappyDecode'
  | 'unpackBooleans'
>;

// As in ../assembly/append-chunks.ts.
const mostValues = 2 ** 24;
const snappyLimit = 64;
const earlyValues = 16_384;
const largeBytes = 1024 * 1024;
const mostBytes = 16 * 1024 * 1024;
const leastPlainBytes = 256 * 1024 * 1024;
const largeGain = 8;

/** Ends a chunk: it is not appended, for one of the reasons of `notAppended`. */
class NotAppended extends Error {
  readonly reason: number;
  constructor(reason: number = notAppended.unusual) {
    super(`not appended: ${reason}`);
    this.reason = reason;
  }
}

function check(isUsual: boolean): asserts isUsual {
  if (!isUsual) throw new NotAppended();
}

/** Values between two addresses, decoded where they are not there as they are. */
interface Values {
  readonly count: number;
  readonly bytes: number;
  readonly offsets: number;
  readonly hashes: number;
}

interface Chunk {
  readonly codec: number;
  /** Where scratch is free; and where it is free for a page. */
  free: number;
  pageFree: number;
  dictionary: (Values & { readonly map: number }) | undefined;
  rows: number;
  isFirstPage: boolean;
}

/** Appending whole column chunks in TypeScript. */
export function appendChunksReference(views: Views, kernel: Others): Pick<Kernel, 'appendChunks'> {
  const word = (at: number): number => views.view.getUint32(at, true);
  const putWord = (at: number, value: number): void => views.view.setUint32(at, value, true);
  const ofColumn = (column: number, name: keyof typeof columnWord): number =>
    word(column + columnWord[name] * 4);
  const ofDictionary = (dictionary: number, name: keyof typeof dictionaryWord): number =>
    word(dictionary + dictionaryWord[name] * 4);

  const appendChunk = (column: number, chunkAt: number): void => {
    const told = (name: keyof typeof chunkWord): number => word(chunkAt + chunkWord[name] * 4);
    const width = ofColumn(column, 'width');
    const isBoolean = ofColumn(column, 'isBoolean') === 1;
    const maxDefinition = ofColumn(column, 'maxDefinition');
    const maxRepetition = ofColumn(column, 'maxRepetition');
    const levelsDigest = ofColumn(column, 'levelsDigestAt');
    const valuesDigest = ofColumn(column, 'valuesDigestAt');
    const dictionaryAt = ofColumn(column, 'dictionaryAt');
    const scratchAt = ofColumn(column, 'scratchAt');
    let entryCount = ofColumn(column, 'entries');
    let presentCount = ofColumn(column, 'present');
    const chunk: Chunk = {
      codec: told('codec'),
      free: scratchAt,
      pageFree: scratchAt,
      dictionary: undefined,
      rows: 0,
      isFirstPage: true,
    };

    const take = (sizeBytes: number): number => {
      const at = chunk.free;
      check(sizeBytes + 32 <= ofColumn(column, 'scratchEnd') - at);
      chunk.free = Math.floor((at + sizeBytes + 31) / 16) * 16;
      return at;
    };
    const decompressed = (from: number, end: number, sizeBytes: number): number => {
      if (chunk.codec === codec.UNCOMPRESSED) {
        check(end - from === sizeBytes);
        return from;
      }
      check(end > from && sizeBytes <= (end - from) * snappyLimit);
      let stated = 0;
      let position = from;
      for (let i = 0; ; i++) {
        check(position < end && i < 5);
        const byte = views.view.getUint8(position++);
        stated += (byte & 127) * 2 ** (7 * i);
        if (byte < 128) break;
      }
      check(stated === sizeBytes);
      const to = take(sizeBytes);
      check(kernel.snappyDecode(position, end, to, sizeBytes) === 0);
      return to;
    };
    const hashed = (count: number, bytes: number, offsets: number, hashes: number): void => {
      if (width > 0) kernel.hashFixed(width, bytes, count, hashes);
      else kernel.hashVariable(bytes, offsets, count, hashes);
    };

    const readDictionary = (header: UsualHeader, end: number): void => {
      const { valueCount: count, uncompressedBytes } = header;
      check(chunk.dictionary === undefined && !isBoolean && count <= mostValues);
      check(header.encoding === encoding.PLAIN || header.encoding === encoding.PLAIN_DICTIONARY);
      const bytes = decompressed(header.bodyAt, end, uncompressedBytes);
      const hashes = take(count * 8);
      const map = take(count * 4);
      let offsets = 0;
      if (width > 0) {
        check(count * width <= uncompressedBytes);
      } else {
        offsets = take((count + 1) * 4);
        check(count * 4 <= uncompressedBytes);
        check(kernel.readOffsets(bytes, bytes + uncompressedBytes, count, offsets) === 0);
      }
      hashed(count, bytes, offsets, hashes);
      views.bytes.fill(255, map, map + count * 4);
      chunk.dictionary = { count, bytes, offsets, hashes, map };
      chunk.pageFree = chunk.free;
    };

    const readRepetition = (from: number, end: number, count: number): void => {
      const to = ofColumn(column, 'repetitionAt') + entryCount;
      check(kernel.decodeLevels(from, end, bitWidthOf(maxRepetition), count, maxRepetition, to) >= 0);
      check(!chunk.isFirstPage || views.bytes[to] === 0);
      chunk.rows += kernel.countLevels(to, count, 0);
    };
    const readDefinition = (from: number, end: number, count: number): number => {
      const to = ofColumn(column, 'definitionAt') + entryCount;
      const constant = maxRepetition > 0 ? -1 : kernel.levelRun(from, end, count);
      check(constant <= maxDefinition);
      if (constant >= 0) {
        views.bytes.fill(constant, to, to + count);
        kernel.digestLevelRun(levelsDigest, constant, count);
        return constant === maxDefinition ? count : 0;
      }
      const found = kernel.decodeLevels(from, end, bitWidthOf(maxDefinition), count, maxDefinition, to);
      check(found >= 0);
      const repetition = maxRepetition > 0 ? ofColumn(column, 'repetitionAt') + entryCount : 0;
      kernel.digestLevels(levelsDigest, repetition, to, count);
      return found;
    };
    const levelsEnd = (from: number, end: number): number => {
      check(end - from >= 4);
      const stop = from + 4 + word(from);
      check(stop <= end);
      return stop;
    };

    const readDataPage = (header: UsualHeader, end: number): void => {
      const count = header.valueCount;
      let position = decompressed(header.bodyAt, end, header.uncompressedBytes);
      const bodyEnd = position + header.uncompressedBytes;
      let present = count;
      if (maxRepetition > 0) {
        check(header.repetitionEncoding === encoding.RLE);
        const stop = levelsEnd(position, bodyEnd);
        readRepetition(position + 4, stop, count);
        position = stop;
      }
      if (maxDefinition > 0) {
        check(header.definitionEncoding === encoding.RLE);
        const stop = levelsEnd(position, bodyEnd);
        present = readDefinition(position + 4, stop, count);
        position = stop;
      } else {
        kernel.digestLevelRun(levelsDigest, 0, count);
      }
      readValues(header, position, bodyEnd, present);
    };
    const readDataPageV2 = (header: UsualHeader, end: number): void => {
      const { valueCount: count, repetitionBytes, definitionBytes, bodyAt } = header;
      const levelBytes = repetitionBytes + definitionBytes;
      check(repetitionBytes >= 0 && definitionBytes >= 0 && levelBytes <= end - bodyAt);
      const definitionFrom = bodyAt + repetitionBytes;
      const valuesFrom = bodyAt + levelBytes;
      let present = count;
      if (maxRepetition > 0) readRepetition(bodyAt, definitionFrom, count);
      if (maxDefinition > 0) present = readDefinition(definitionFrom, valuesFrom, count);
      else kernel.digestLevelRun(levelsDigest, 0, count);
      check(header.nullCount === count - present || header.nullCount === 0);
      const sizeBytes = header.uncompressedBytes - levelBytes;
      check(present === 0 || sizeBytes >= 0);
      if (present === 0 || !header.isCompressed) {
        readValues(header, valuesFrom, end, present);
      } else {
        const bytes = decompressed(valuesFrom, end, sizeBytes);
        readValues(header, bytes, bytes + sizeBytes, present);
      }
    };

    const readValues = (header: UsualHeader, from: number, end: number, count: number): void => {
      entryCount += header.valueCount;
      if (count === 0) return;
      if (header.encoding === encoding.RLE_DICTIONARY || header.encoding === encoding.PLAIN_DICTIONARY) {
        const { dictionary } = chunk;
        check(dictionary !== undefined && from < end);
        const bitWidth = views.view.getUint8(from);
        check(bitWidth <= 32);
        check(bitWidth > 0 || end - from === 1 || views.view.getUint8(from + 1) > 1);
        const indices = take(count * 4);
        check(kernel.decodeIndices(from + 1, end, bitWidth, count, dictionary.count, indices) === 0);
        kernel.digestIndexed(valuesDigest, indices, dictionary.hashes, count);
        appendByIndices(dictionary, indices, count);
        return;
      }
      let bytes = from;
      let offsets = 0;
      check(header.encoding === encoding.PLAIN || (header.encoding === encoding.RLE && isBoolean));
      if (isBoolean) {
        bytes = take(count);
        if (header.encoding === encoding.RLE) {
          check(end - from >= 4 && kernel.decodeLevels(from + 4, end, 1, count, 1, bytes) >= 0);
        } else {
          check(Math.ceil(count / 8) <= end - from);
          kernel.unpackBooleans(from, count, bytes);
        }
      } else if (width > 0) {
        check(count * width <= end - from);
      } else {
        offsets = take((count + 1) * 4);
        check(count * 4 <= end - from && kernel.readOffsets(from, end, count, offsets) === 0);
      }
      const hashes = take(count * 8);
      hashed(count, bytes, offsets, hashes);
      kernel.digestHashes(valuesDigest, hashes, count);
      appendThemselves({ count, bytes, offsets, hashes });
    };

    const appendByIndices = (
      from: Values & { readonly map: number },
      indices: number,
      count: number,
    ): void => {
      const { bytes, offsets, hashes, map } = from;
      if (dictionaryAt === 0) {
        const to = bytesFor(width > 0 ? count * width : kernel.gatheredBytes(offsets, indices, count));
        const toOffsets = ofColumn(column, 'offsetsAt') + presentCount * 4;
        if (width > 0) kernel.gatherFixed(width, bytes, indices, count, to);
        else kernel.gatherVariable(bytes, offsets, indices, count, ofColumn(column, 'bytesAt'), toOffsets);
        presentCount += count;
        return;
      }
      const to = ofColumn(column, 'indicesAt') + presentCount * 4;
      const done = kernel.appendIndexed(dictionaryAt, indices, count, bytes, offsets, hashes, map, to);
      if (done < count) throw refused(offsets, word(indices + done * 4));
      judge(count);
    };
    const appendThemselves = ({ count, bytes, offsets, hashes }: Values): void => {
      if (dictionaryAt === 0) {
        const sizeBytes = width > 0 ? count * width : word(offsets + count * 4);
        const to = bytesFor(sizeBytes);
        views.bytes.copyWithin(to, bytes, bytes + sizeBytes);
        const toOffsets = ofColumn(column, 'offsetsAt') + presentCount * 4;
        if (width === 0) kernel.shiftOffsets(offsets + 4, count, word(toOffsets), toOffsets + 4);
        presentCount += count;
        return;
      }
      const to = ofColumn(column, 'indicesAt') + presentCount * 4;
      const done = kernel.appendValues(dictionaryAt, 0, count, bytes, offsets, hashes, to);
      if (done < count) throw refused(offsets, done);
      judge(count);
    };
    // The dictionary took value `i` no more.
    const refused = (offsets: number, i: number): NotAppended => {
      if (views.words[0] !== stopped.full) return new NotAppended();
      putWord(4, width > 0 ? width : word(offsets + i * 4 + 4) - word(offsets + i * 4));
      return new NotAppended(notAppended.dictionaryFull);
    };
    const judge = (count: number): void => {
      presentCount += count;
      if (!dictionaryPays()) throw new NotAppended(notAppended.dictionaryUnpaid);
    };
    const dictionaryPays = (): boolean => {
      const entries = ofDictionary(dictionaryAt, 'count');
      const sizeBytes = ofDictionary(dictionaryAt, 'sizeBytes');
      const plain = (width === 0 ? sizeBytes / Math.max(1, entries) : width) * presentCount;
      if (sizeBytes > mostBytes && plain < leastPlainBytes) return false;
      if (presentCount < earlyValues || entries === 0) return true;
      const withDictionary = sizeBytes + (presentCount * bitWidthOf(Math.max(entries - 1, 1))) / 8;
      return withDictionary * (sizeBytes > largeBytes ? largeGain : 1) < plain;
    };
    const bytesFor = (more: number): number => {
      const used = width > 0 ? presentCount * width : word(ofColumn(column, 'offsetsAt') + presentCount * 4);
      if (used + more <= ofColumn(column, 'bytesRoom')) return ofColumn(column, 'bytesAt') + used;
      putWord(4, Math.min(used + more, 0x7fffffff));
      throw new NotAppended(notAppended.bytesFull);
    };

    const entries = told('entries');
    check(chunk.codec === codec.UNCOMPRESSED || chunk.codec === codec.SNAPPY);
    check(entries <= mostValues && entryCount + entries <= ofColumn(column, 'entriesRoom'));
    const entryStop = entryCount + entries;
    let position = told('at');
    const end = position + told('sizeBytes');
    while (entryCount < entryStop) {
      const header = readUsualHeader(views, position, end);
      check(header !== undefined && header.compressedBytes <= end - header.bodyAt);
      position = header.bodyAt + header.compressedBytes;
      const body = views.bytes.subarray(header.bodyAt, position);
      check(header.crc === undefined || (crc32(body) | 0) === header.crc);
      chunk.free = chunk.pageFree;
      if (header.type === pageType.DICTIONARY_PAGE) {
        readDictionary(header, position);
        continue;
      }
      check(header.valueCount > 0 && header.valueCount <= entryStop - entryCount);
      if (header.type === pageType.DATA_PAGE) readDataPage(header, position);
      else readDataPageV2(header, position);
      chunk.isFirstPage = false;
    }
    check(position === end && (maxRepetition === 0 || chunk.rows === told('rows')));
    putWord(column + columnWord.entries * 4, entryCount);
    putWord(column + columnWord.present * 4, presentCount);
  };

  return {
    appendChunks: (column, chunks, count) => {
      const digests = [ofColumn(column, 'levelsDigestAt'), ofColumn(column, 'valuesDigestAt')];
      for (let i = 0; i < count; i++) {
        const before = digests.map((at) => views.bytes.slice(at, at + 8));
        try {
          appendChunk(column, chunks + i * chunkBytes);
        } catch (error) {
          if (!(error instanceof NotAppended)) throw error;
          for (const [k, at] of digests.entries()) views.bytes.set(before[k] ?? [], at);
          views.words[0] = error.reason;
          return i;
        }
      }
      return count;
    },
  };
}
