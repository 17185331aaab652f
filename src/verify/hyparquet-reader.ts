import zlib from 'node:zlib';
import type { ByteSource } from '../core/byte-source.ts';
import { ConsolidatorError } from '../core/errors.ts';
import { type Hyparquet, loadHyparquet } from './hyparquet.ts';
import { type LevelEntries, rowCollector } from './row-values.ts';
import { type ColumnReading, columnKey, joined, type RowRange, type SecondReader } from './second-reader.ts';

type FileMetadata = ReturnType<Hyparquet['parquetMetadata']>;
type Chunk = FileMetadata['row_groups'][number]['columns'][number];
type ColumnDecoder = Parameters<Hyparquet['readDataPage']>[2];
type PageHeader = ReturnType<Hyparquet['parquetHeader']>;
type Values = ReturnType<Hyparquet['readPlain']>;

/** How {@link hyparquetReader} is held back. */
export interface HyparquetOptions {
  /**
   * Most level entries it decodes to get to the rows it is asked for, in a column where rows cannot be counted
   * without decoding, which are the nested ones.
   */
  readonly maxNestedEntries: number;
}

/** Files up to this size are fetched whole. */
const wholeFileBytes = 1024 * 1024;

/**
 * hyparquet as the second reader: its footer parser, its page headers, decompression, levels and encodings, for every
 * physical type. Values are taken as they are stored, since its conversions would cut timestamps to milliseconds and
 * decimals to doubles, and levels as they are, since putting rows together from them is slow and tells no more.
 */
export async function hyparquetReader(options: HyparquetOptions): Promise<SecondReader> {
  const hyparquet = await loadHyparquet();
  return {
    name: 'hyparquet',
    open: async (source) => {
      const read = await reading(source);
      const metadata = await hyparquet.parquetMetadataAsync(
        { byteLength: source.sizeBytes, slice: (start, end = source.sizeBytes) => read(start, end - start) },
        { geoparquet: false },
      );
      const decoders = decodersOf(hyparquet, metadata);
      return {
        rows: Number(metadata.num_rows),
        read: async (range, only) => {
          const readings = new Map<string, ColumnReading>();
          let groupStart = 0;
          for (const { num_rows, columns } of metadata.row_groups) {
            const groupRows = Number(num_rows);
            const from = Math.max(range.firstRow, groupStart);
            const to = Math.min(range.firstRow + range.rows, groupStart + groupRows);
            const part = { firstRow: from - groupStart, rows: to - from };
            groupStart += groupRows;
            if (from >= to) continue;
            for (const [index, chunk] of columns.entries()) {
              const decoder = decoders[index];
              if (decoder === undefined) continue;
              const key = columnKey(decoder.pathInSchema);
              if (only !== undefined && !only.has(key)) continue;
              const next = await readChunk({ hyparquet, read, chunk, decoder, groupRows, part, options });
              readings.set(key, joined(readings.get(key), next));
            }
          }
          return readings;
        },
      };
    },
  };
}

type Read = (offset: number, length: number) => Promise<ArrayBuffer>;

async function reading(source: ByteSource): Promise<Read> {
  if (source.sizeBytes > wholeFileBytes)
    return async (offset, length) => copied(await source.read(offset, length));
  const whole = copied(await source.read(0, source.sizeBytes));
  return async (offset, length) => whole.slice(offset, offset + length);
}

function copied(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}

/** A decoder for each leaf, with the types that hyparquet would convert by taken away. */
function decodersOf(hyparquet: Hyparquet, metadata: FileMetadata): readonly (ColumnDecoder | undefined)[] {
  const schema = metadata.schema.map(({ converted_type: _converted, logical_type: _logical, ...rest }) => ({
    ...rest,
    // Some writers leave this out for required columns; hyparquet would expect levels then.
    repetition_type: rest.repetition_type ?? ('REQUIRED' as const),
  }));
  return (metadata.row_groups[0]?.columns ?? []).map(({ meta_data: facts }) => {
    if (facts === undefined) return undefined;
    const schemaPath = hyparquet.getSchemaPath(schema, facts.path_in_schema);
    const leaf = schemaPath.at(-1);
    if (leaf === undefined) return undefined;
    return {
      pathInSchema: facts.path_in_schema,
      type: facts.type,
      codec: facts.codec,
      element: leaf.element,
      schemaPath,
      parsers: hyparquet.DEFAULT_PARSERS,
      utf8: false,
      compressors,
    };
  });
}

const compressors: NonNullable<ColumnDecoder['compressors']> = {
  GZIP: (input, outputLength) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, outputLength) }),
  BROTLI: (input, outputLength) =>
    zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }),
};

interface ChunkRequest {
  readonly hyparquet: Hyparquet;
  readonly read: Read;
  readonly chunk: Chunk;
  readonly decoder: ColumnDecoder;
  readonly groupRows: number;
  /** Rows counted from the start of the row group. */
  readonly part: RowRange;
  readonly options: HyparquetOptions;
}

async function readChunk(request: ChunkRequest): Promise<ColumnReading> {
  const { hyparquet, chunk, groupRows, part, options } = request;
  const facts = chunk.meta_data;
  if (facts === undefined) return { failed: 'the column chunk has no metadata' };
  // The codec may change from row group to row group.
  const decoder = { ...request.decoder, codec: facts.codec };
  const isFlat = hyparquet.isFlatColumn(decoder.schemaPath);
  const entriesPerRow = Number(facts.num_values) / groupRows;
  if (!isFlat && entriesPerRow * (part.firstRow + part.rows) > options.maxNestedEntries) {
    return { limit: 'too many nested values lie before the rows of the sample' };
  }
  try {
    const start = Number(facts.dictionary_page_offset || facts.data_page_offset);
    const first = Math.min(start, Number(facts.data_page_offset));
    const bytes = await request.read(first, Number(facts.total_compressed_size));
    const rows = walkPages(hyparquet, bytes, decoder, isFlat, part);
    return rows.length === part.rows ? { rows } : { failed: `it gave ${rows.length} of ${part.rows} rows` };
  } catch (error) {
    if (error instanceof ConsolidatorError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return message.startsWith('parquet unsupported') ? { limit: message } : { failed: message };
  }
}

function walkPages(
  hyparquet: Hyparquet,
  bytes: ArrayBuffer,
  decoder: ColumnDecoder,
  isFlat: boolean,
  part: RowRange,
): readonly unknown[] {
  const maxDefinition = hyparquet.getMaxDefinitionLevel(decoder.schemaPath);
  const reader = { view: new DataView(bytes), offset: 0 };
  let dictionary: Values | undefined;
  let skipped = 0;
  let collector: ReturnType<typeof rowCollector> | undefined;
  while (reader.offset < bytes.byteLength && collector?.isComplete() !== true) {
    const header = hyparquet.parquetHeader(reader);
    const page = new Uint8Array(bytes, reader.offset, header.compressed_page_size);
    reader.offset += header.compressed_page_size;
    if (header.dictionary_page_header !== undefined) {
      dictionary = readDictionary(hyparquet, page, header, decoder);
      continue;
    }
    const rows =
      header.data_page_header_v2?.num_rows ?? (isFlat ? header.data_page_header?.num_values : undefined);
    if (collector === undefined && rows !== undefined && skipped + rows <= part.firstRow) {
      skipped += rows;
      continue;
    }
    collector ??= rowCollector({ maxDefinition, isFlat }, part.firstRow - skipped, part.rows);
    collector.add(readEntries(hyparquet, page, header, decoder, dictionary));
  }
  return collector?.rows() ?? [];
}

function readDictionary(
  hyparquet: Hyparquet,
  page: Uint8Array,
  header: PageHeader,
  decoder: ColumnDecoder,
): Values {
  const plain = hyparquet.decompressPage(
    page,
    header.uncompressed_page_size,
    decoder.codec,
    decoder.compressors,
  );
  const reader = { view: new DataView(plain.buffer, plain.byteOffset, plain.byteLength), offset: 0 };
  const count = header.dictionary_page_header?.num_values ?? 0;
  return hyparquet.readPlain(reader, decoder.type, count, decoder.element.type_length);
}

function readEntries(
  hyparquet: Hyparquet,
  page: Uint8Array,
  header: PageHeader,
  decoder: ColumnDecoder,
  dictionary: Values | undefined,
): LevelEntries {
  const v1 = header.data_page_header;
  const decoded =
    v1 === undefined
      ? hyparquet.readDataPageV2(page, header, decoder)
      : hyparquet.readDataPage(
          hyparquet.decompressPage(page, header.uncompressed_page_size, decoder.codec, decoder.compressors),
          v1,
          decoder,
        );
  const encoding = v1?.encoding ?? header.data_page_header_v2?.encoding ?? '';
  return {
    repetition: decoded.repetitionLevels,
    definition: decoded.definitionLevels ?? [],
    values: encoding.endsWith('_DICTIONARY') ? lookedUp(decoded.dataPage, dictionary) : decoded.dataPage,
  };
}

function lookedUp(indices: Values, dictionary: Values | undefined): readonly unknown[] {
  if (dictionary === undefined) throw new Error('dictionary indices without a dictionary');
  return Array.from(indices, (index) => {
    if (!(Number(index) < dictionary.length))
      throw new Error(`index ${index} beyond ${dictionary.length} entries`);
    return dictionary[Number(index)];
  });
}
