import { hyparquet } from './hyparquet.ts';
import { lookedUp } from './hyparquet-reader.ts';
import { type ParquetjsDecoders, parquetjsDecoders } from './parquetjs.ts';
import type { Indexed } from './row-values.ts';
import {
  type PageDecoder,
  type PageHeader,
  type SampleColumn,
  type SampleLimits,
  sampleReader,
} from './sample-file.ts';
import type { SecondReader } from './second-reader.ts';

/** How {@link parquetjsReader} is held back. */
export interface ParquetjsLimits extends SampleLimits {
  /** Most level entries of a page that it decodes: it takes bit after bit. */
  readonly maxPageValues: number;
}

/**
 * The decoders of @dsnp/parquetjs as another second reader: its decompression, levels, dictionary indices and plain
 * values, in pages that hyparquet finds. Its own reader of files would load an S3 client, take a tenth of a second for
 * a footer of some hundred chunks, and cut timestamps. It is not asked about INT96, which it reads without the day,
 * nor about codecs and encodings that it does not have.
 */
export function parquetjsReader(limits: ParquetjsLimits): SecondReader {
  return sampleReader(hyparquet, pageDecoder(parquetjsDecoders, limits.maxPageValues), limits);
}

const codecsRead: readonly string[] = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'];
const encodingsRead: readonly string[] = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE', 'RLE_DICTIONARY'];

function pageDecoder(parquetjs: ParquetjsDecoders, maxPageValues: number): PageDecoder<Indexed> {
  return {
    name: '@dsnp/parquetjs',
    limit: ({ decoder }, header) => {
      const v1 = header.data_page_header;
      const { encoding, num_values } =
        v1 ?? header.data_page_header_v2 ?? header.dictionary_page_header ?? {};
      if (decoder.type === 'INT96') return 'it reads INT96 wrong';
      if (!codecsRead.includes(decoder.codec)) return `it does not read ${decoder.codec}`;
      if (encoding !== undefined && !encodingsRead.includes(encoding)) return `it does not read ${encoding}`;
      const levels = [v1?.definition_level_encoding, v1?.repetition_level_encoding];
      if (levels.includes('BIT_PACKED')) return 'it does not read levels in BIT_PACKED';
      if ((num_values ?? 0) > maxPageValues)
        return `${num_values} values of a page are too many for a sample`;
      return undefined;
    },
    dictionary: async (column, header, page) => {
      const plain = await inflated(parquetjs, column, page);
      const count = header.dictionary_page_header?.num_values ?? 0;
      return plainValues(parquetjs, column, { buffer: plain, offset: 0 }, count);
    },
    entries: async (column, header, page, dictionary) => {
      const isV2 = header.data_page_header_v2 !== undefined;
      const { levels, body } = isV2
        ? await partsOfV2(parquetjs, column, header, page)
        : await partsOfV1(parquetjs, column, page);
      const { maxRepetition, maxDefinition } = column;
      const { encoding, num_values: count } = header.data_page_header ?? header.data_page_header_v2 ?? {};
      if (encoding === undefined || count === undefined) throw new Error('a page without a header');
      const repetition = levelsOf(parquetjs, levels, count, maxRepetition, isV2);
      const definition = levelsOf(parquetjs, levels, count, maxDefinition, isV2);
      // The values of a version 1 page follow its levels.
      const cursor = body ?? levels;
      const present =
        maxDefinition === 0 ? count : definition.filter((level) => level === maxDefinition).length;
      const values = (): Indexed => {
        switch (encoding) {
          case 'PLAIN':
            return plainValues(parquetjs, column, cursor, present);
          case 'RLE':
            return parquetjs.RLE.decodeValues('INT32', cursor, present, { bitWidth: 1 }).map(Boolean);
          default:
            return lookedUp(
              parquetjs.RLE_DICTIONARY.decodeValues('INT32', cursor, present, noOptions),
              dictionary,
            );
        }
      };
      return { repetition, definition, values: present === 0 ? [] : values() };
    },
  };
}

interface Cursor {
  readonly buffer: Buffer;
  offset: number;
}

const noOptions = { typeLength: 0, bitWidth: 0 };

async function inflated(
  parquetjs: ParquetjsDecoders,
  column: SampleColumn,
  page: Uint8Array,
): Promise<Buffer> {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.length);
  return parquetjs.inflate(column.decoder.codec, bytes);
}

interface PageParts {
  readonly levels: Cursor;
  /** Where it begins anew for the values. */
  readonly body: Cursor | undefined;
}

async function partsOfV1(
  parquetjs: ParquetjsDecoders,
  column: SampleColumn,
  page: Uint8Array,
): Promise<PageParts> {
  return { levels: { buffer: await inflated(parquetjs, column, page), offset: 0 }, body: undefined };
}

async function partsOfV2(
  parquetjs: ParquetjsDecoders,
  column: SampleColumn,
  header: PageHeader,
  page: Uint8Array,
): Promise<PageParts> {
  const v2 = header.data_page_header_v2;
  const size = (v2?.repetition_levels_byte_length ?? 0) + (v2?.definition_levels_byte_length ?? 0);
  const rest = page.subarray(size);
  const isStored = v2?.is_compressed === false || rest.length === 0;
  const body = isStored
    ? Buffer.from(rest.buffer, rest.byteOffset, rest.length)
    : await inflated(parquetjs, column, rest);
  return {
    levels: { buffer: Buffer.from(page.buffer, page.byteOffset, size), offset: 0 },
    body: { buffer: body, offset: 0 },
  };
}

function levelsOf(
  parquetjs: ParquetjsDecoders,
  cursor: Cursor,
  count: number,
  max: number,
  disableEnvelope: boolean,
): number[] {
  if (max === 0) return [];
  const bitWidth = Math.ceil(Math.log2(max + 1));
  return parquetjs.RLE.decodeValues('INT32', cursor, count, { bitWidth, disableEnvelope });
}

function plainValues(
  parquetjs: ParquetjsDecoders,
  { decoder }: SampleColumn,
  cursor: Cursor,
  count: number,
): Indexed {
  const options = { typeLength: decoder.element.type_length ?? 0, bitWidth: 0 };
  return silently(() => parquetjs.PLAIN.decodeValues(decoder.type, cursor, count, options));
}

// parquetjs announces a decoding error with console.log, and standard output is for data.
function silently<T>(work: () => T): T {
  const { log } = console;
  console.log = () => {};
  try {
    return work();
  } finally {
    console.log = log;
  }
}
