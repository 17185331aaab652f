import zlib from 'node:zlib';
import { zstdDecompress } from '../parquet/codec/zstd.ts';
import { type Hyparquet, hyparquet } from './hyparquet.ts';
import type { Indexed } from './row-values.ts';
import { type PageDecoder, type SampleColumn, type SampleLimits, sampleReader } from './sample-file.ts';
import type { SecondReader } from './second-reader.ts';

type Values = ReturnType<Hyparquet['readPlain']>;

/**
 * hyparquet as the second reader: its footer parser, its page headers, decompression, levels and encodings, for every
 * physical type, but not its conversions, which would cut timestamps to milliseconds and decimals to doubles.
 */
export function hyparquetReader(limits: SampleLimits): SecondReader {
  return sampleReader(hyparquet, pageDecoder(), limits);
}

const compressors: NonNullable<SampleColumn['decoder']['compressors']> = {
  GZIP: (input, outputLength) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, outputLength) }),
  BROTLI: (input, outputLength) =>
    zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }),
  // The library's own, by way of the engine's door to it.
  ZSTD: zstdDecompress,
};

function pageDecoder(): PageDecoder<Values> {
  return {
    name: 'hyparquet',
    limit: ({ decoder }, { data_page_header: v1 }) => {
      if (['LZ4', 'LZ4_RAW', 'LZO'].includes(decoder.codec)) return `it does not read ${decoder.codec}`;
      return [v1?.definition_level_encoding, v1?.repetition_level_encoding].includes('BIT_PACKED')
        ? 'it does not read levels in BIT_PACKED'
        : undefined;
    },
    dictionary: async ({ decoder }, header, page) => {
      const sizeBytes = header.uncompressed_page_size;
      const plain = hyparquet.decompressPage(page, sizeBytes, decoder.codec, compressors);
      const reader = { view: new DataView(plain.buffer, plain.byteOffset, plain.byteLength), offset: 0 };
      const count = header.dictionary_page_header?.num_values ?? 0;
      return hyparquet.readPlain(reader, decoder.type, count, decoder.element.type_length);
    },
    entries: async (column, header, page, dictionary) => {
      const decoder = { ...column.decoder, compressors };
      const v1 = header.data_page_header;
      const decoded =
        v1 === undefined
          ? hyparquet.readDataPageV2(page, header, decoder)
          : hyparquet.readDataPage(
              hyparquet.decompressPage(page, header.uncompressed_page_size, decoder.codec, compressors),
              v1,
              decoder,
            );
      const encoding = v1?.encoding ?? header.data_page_header_v2?.encoding ?? '';
      return {
        repetition: decoded.repetitionLevels,
        definition: decoded.definitionLevels ?? [],
        values: encoding.endsWith('_DICTIONARY') ? lookedUp(decoded.dataPage, dictionary) : decoded.dataPage,
      };
    },
  };
}

/** The values that indices name, looked up when they are asked for: of a page a sample wants a few. */
export function lookedUp(indices: Indexed, dictionary: Indexed | undefined): Indexed {
  if (dictionary === undefined) throw new Error('dictionary indices without a dictionary');
  return {
    length: indices.length,
    at: (i) => {
      const index = Number(indices.at(i));
      if (!(index < dictionary.length)) throw new Error(`index ${index} beyond ${dictionary.length} entries`);
      return dictionary.at(index);
    },
  };
}
