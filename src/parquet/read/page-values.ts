import { decodeDelta, decodeJoined } from '../encodings/delta-decoder.ts';
import { decodePlain } from '../encodings/plain-decoder.ts';
import { decodeSplit } from '../encodings/split-decoder.ts';
import { encoding, nameOf, physicalType } from '../format.ts';
import { corrupt, unsupported } from '../format-error.ts';
import { problem } from '../kernel/problems.ts';
import { reserve } from '../kernel/rooms.ts';
import type { ValueBlock } from '../value-block.ts';
import { checkDecodedCount } from './page-levels.ts';
import type { PageReader } from './page-reader.ts';

const { INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY } = physicalType;
const splitTypes = [INT32, INT64, FLOAT, DOUBLE, FIXED_LEN_BYTE_ARRAY];

/**
 * Decodes the body of a dictionary page that lies between two addresses, and hashes its entries.
 * @throws FormatError when it is damaged, of another encoding, or the second of its chunk
 */
export function readDictionary(reader: PageReader, start: number, end: number): void {
  const { header, dictionary, leaf, rooms } = reader;
  if (reader.hasDictionary) throw corrupt('column chunk has a second dictionary page');
  if (header.valueCount < 0) throw corrupt('dictionary page has no number of values');
  if (header.encoding !== encoding.PLAIN && header.encoding !== encoding.PLAIN_DICTIONARY) {
    throw unsupported(`dictionary encoding ${nameOf(encoding, header.encoding)}`);
  }
  const count = header.valueCount;
  checkDecodedCount(count);
  if (leaf.type === physicalType.BOOLEAN) throw unsupported('a dictionary of booleans');
  decodePlain(rooms, leaf, start, end, count, dictionary.block, dictionary.offsets);
  hashBlock(reader, dictionary.block, reserve(rooms, dictionary.hashes, count * 8));
  dictionary.generation++;
  reader.hasDictionary = true;
}

/**
 * Decodes the values of a data page that lie between two addresses: `presentCount` of them.
 * @throws FormatError when they are damaged, too many, or in an encoding that is not supported
 */
export function readValues(reader: PageReader, start: number, end: number): void {
  const { header, leaf, rooms, values } = reader;
  const { kernel } = rooms;
  const count = reader.presentCount;
  reader.usesDictionary = false;
  values.count = count;
  if (count === 0) return;
  checkDecodedCount(count);
  switch (header.encoding) {
    case encoding.PLAIN:
      decodePlain(rooms, leaf, start, end, count, values, reader.places);
      break;
    case encoding.RLE: {
      if (leaf.type !== physicalType.BOOLEAN)
        throw unsupported('encoding RLE for values that are no booleans');
      if (start + 4 > end) throw corrupt('run-length encoded values lack their length');
      values.bytesAt = reserve(rooms, reader.places, count);
      const code = kernel.decodeLevels(start + 4, end, 1, count, 1, values.bytesAt);
      if (code < 0) throw problem(kernel, code, 'boolean');
      break;
    }
    case encoding.PLAIN_DICTIONARY:
    case encoding.RLE_DICTIONARY: {
      if (!reader.hasDictionary) throw corrupt('page uses a dictionary, but the column chunk has none');
      if (start >= end) throw corrupt('page lacks the bit width of its dictionary indices');
      const bitWidth = kernel.memory.bytes[start] as number;
      if (bitWidth > 32) throw corrupt(`bit width ${bitWidth} is above 32`);
      // Indices of no bits are all 0, whether their runs are there or not; but a run of nothing is damage.
      if (bitWidth === 0 && start + 1 < end && (kernel.memory.bytes[start + 1] as number) < 2) {
        throw corrupt('a run of length 0');
      }
      const to = reserve(rooms, reader.indices, count * 4);
      const code = kernel.decodeIndices(start + 1, end, bitWidth, count, reader.dictionary.block.count, to);
      if (code < 0) throw problem(kernel, code, 'dictionary index');
      reader.usesDictionary = true;
      return;
    }
    case encoding.DELTA_BINARY_PACKED:
      checkType(reader, [INT32, INT64]);
      decodeDelta(rooms, start, end, count, values, reader.places);
      break;
    case encoding.DELTA_LENGTH_BYTE_ARRAY:
    case encoding.DELTA_BYTE_ARRAY: {
      const hasPrefixes = header.encoding === encoding.DELTA_BYTE_ARRAY;
      checkType(reader, hasPrefixes ? [BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY] : [BYTE_ARRAY]);
      const { joined, places } = reader;
      decodeJoined(rooms, start, end, count, hasPrefixes, values, { bytes: joined, offsets: places });
      break;
    }
    case encoding.BYTE_STREAM_SPLIT:
      checkType(reader, splitTypes);
      decodeSplit(rooms, start, end, count, values, reader.places);
      break;
    default:
      throw unsupported(`encoding ${nameOf(encoding, header.encoding)}`);
  }
  hashBlock(reader, values, reserve(rooms, reader.hashes, count * 8));
}

function checkType({ header, leaf }: PageReader, types: readonly number[]): void {
  if (types.includes(leaf.type)) return;
  const name = nameOf(encoding, header.encoding);
  throw corrupt(`encoding ${name} for values of type ${nameOf(physicalType, leaf.type)}`);
}

function hashBlock(reader: PageReader, block: ValueBlock, to: number): void {
  const { kernel } = reader.rooms;
  if (block.widthBytes > 0) kernel.hashFixed(block.widthBytes, block.bytesAt, block.count, to);
  else kernel.hashVariable(block.bytesAt, block.offsetsAt, block.count, to);
}
