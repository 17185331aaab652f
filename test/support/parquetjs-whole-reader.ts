import type { ByteSource } from '../../src/core/byte-source.ts';
import { ConsolidatorError } from '../../src/core/errors.ts';
import { loadParquetjs, type Parquetjs } from '../../src/verify/parquetjs.ts';
import { rowCollector } from '../../src/verify/row-values.ts';
import {
  type ColumnReading,
  columnKey,
  joined,
  type RowRange,
  type SecondReader,
} from '../../src/verify/second-reader.ts';

type ParquetReader = InstanceType<Parquetjs['ParquetReader']>;
type Envelope = NonNullable<ParquetReader['envelopeReader']>;
type RowGroup = NonNullable<ParquetReader['metadata']>['row_groups'][number];
type Chunk = RowGroup['columns'][number];
type ChunkMetadata = NonNullable<Chunk['meta_data']>;
type Field = ReturnType<ParquetReader['schema']['findField']>;

/** How {@link parquetjsReader} is held back. */
export interface ParquetjsOptions {
  /** Most level entries of a chunk that is decoded whole because it has no offset index. */
  readonly maxChunkValues: number;
}

/**
 * @dsnp/parquetjs from its own reading of the footer on, as a judge of what was written, for what it reads right: levels and physical values are taken before it turns
 * them into records, which would cut timestamps to milliseconds. It is not asked about INT96 (drops the day), DECIMAL
 * (becomes a double, or reads the wrong width), booleans in RLE, encodings and codecs it does not have.
 */
export async function parquetjsReader(options: ParquetjsOptions): Promise<SecondReader> {
  const { ParquetEnvelopeReader, ParquetReader } = await loadParquetjs();
  return {
    name: '@dsnp/parquetjs',
    open: async (source) => {
      const read = async (offset: number, length: number): Promise<Buffer> => {
        const bytes = await source.read(offset, length);
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      };
      const envelope = new ParquetEnvelopeReader(read, () => undefined, source.sizeBytes);
      const metadata = await envelope.readFooter();
      // It would convert the statistics while opening, and stop at those of types it does not know.
      for (const rowGroup of metadata.row_groups) {
        for (const chunk of rowGroup.columns) delete chunk.meta_data?.statistics;
      }
      const reader = await ParquetReader.openEnvelopeReader(envelope, { metadata });
      return {
        rows: Number(metadata.num_rows),
        // It is never asked about files of several schemas.
        columns: new Map(),
        read: async (range, only) => {
          const readings = new Map<string, ColumnReading>();
          let groupStart = 0;
          for (const rowGroup of metadata.row_groups) {
            const groupRows = Number(rowGroup.num_rows);
            const from = Math.max(range.firstRow, groupStart);
            const to = Math.min(range.firstRow + range.rows, groupStart + groupRows);
            if (from < to) {
              const part = { firstRow: from - groupStart, rows: to - from };
              for (const chunk of rowGroup.columns) {
                const key = columnKey(chunk.meta_data?.path_in_schema ?? []);
                if (only !== undefined && !only.has(key)) continue;
                const reading = await readChunk({
                  reader,
                  envelope,
                  source,
                  chunk,
                  groupRows,
                  part,
                  options,
                });
                readings.set(key, joined(readings.get(key), reading));
              }
            }
            groupStart += groupRows;
          }
          return readings;
        },
      };
    },
  };
}

type PageOptions = Parameters<ParquetReader['decodePages']>[1];

// parquetjs announces a decoding error with console.log, and standard output is for data.
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const { log } = console;
  console.log = () => {};
  try {
    return await work();
  } finally {
    console.log = log;
  }
}

interface ChunkRequest {
  readonly reader: ParquetReader;
  readonly envelope: Envelope;
  readonly source: ByteSource;
  readonly chunk: Chunk;
  readonly groupRows: number;
  /** Rows counted from the start of the row group. */
  readonly part: RowRange;
  readonly options: ParquetjsOptions;
}

async function readChunk(request: ChunkRequest): Promise<ColumnReading> {
  const { reader, chunk, part } = request;
  const metadata = chunk.meta_data;
  if (metadata === undefined) return { failed: 'the column chunk has no metadata' };
  const field: Field | undefined = reader.schema.findField(metadata.path_in_schema);
  if (field === undefined) return { failed: 'it does not find the column in the schema' };
  const reason = whyNotAsked(metadata, field);
  if (reason !== undefined) return { limit: reason };
  try {
    const pages = await choosePages(request, metadata);
    if ('limit' in pages) return pages;
    const options: PageOptions = {
      type: typeNames[metadata.type] ?? '',
      compression: codecNames[metadata.codec] ?? '',
      column: field,
      rLevelMax: field.rLevelMax,
      dLevelMax: field.dLevelMax,
      typeLength: field.typeLength ?? 0,
      bitWidth: 0,
    };
    const data = await silently(() => reader.decodePages(pages.bytes, options));
    const wrong = data.pageHeaders
      ?.map((header) => whyWrong(header, metadata))
      .find((why) => why !== undefined);
    if (wrong !== undefined) return { limit: wrong };
    const column = {
      maxDefinition: field.dLevelMax,
      isFlat: field.rLevelMax === 0 && field.path.length === 1,
    };
    const collector = rowCollector(column, part.firstRow - pages.firstRow, part.rows);
    collector.add({
      repetition: field.rLevelMax === 0 ? [] : (data.rlevels ?? []),
      definition: data.dlevels ?? [],
      values: data.values ?? [],
    });
    const rows = collector.rows();
    return rows.length === part.rows ? { rows } : { failed: `it gave ${rows.length} of ${part.rows} rows` };
  } catch (error) {
    if (error instanceof ConsolidatorError) throw error;
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

/** Names by thrift number (parquet.thrift, `Type` and `CompressionCodec`), as parquetjs wants them. */
const typeNames = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
];
const codecNames = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'];
const codecsRead = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'];
/** PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED (listed for levels by old writers), RLE_DICTIONARY. */
const encodingsRead: readonly number[] = [0, 2, 3, 4, 8];
const rle = 3;

function whyNotAsked(metadata: ChunkMetadata, field: Field): string | undefined {
  const codec = codecNames[metadata.codec] ?? `codec ${metadata.codec}`;
  if (!codecsRead.includes(codec)) return `it does not read ${codec}`;
  const encoding = metadata.encodings.map(Number).find((number) => !encodingsRead.includes(number));
  if (encoding !== undefined) return `it does not read encoding ${encoding}`;
  if (typeNames[metadata.type] === 'INT96') return 'it reads INT96 wrong';
  if (field.originalType === 'DECIMAL') return 'it reads DECIMAL wrong';
  return undefined;
}

type PageHeaders = NonNullable<Awaited<ReturnType<ParquetReader['decodePages']>>['pageHeaders']>;

function whyWrong(header: PageHeaders[number], metadata: ChunkMetadata): string | undefined {
  const v2 = header.data_page_header_v2;
  const encoding = Number((v2 ?? header.data_page_header)?.encoding);
  if (typeNames[metadata.type] === 'BOOLEAN' && encoding === rle) return 'it reads booleans in RLE wrong';
  if (v2 && !v2.is_compressed && codecNames[metadata.codec] !== 'UNCOMPRESSED') {
    return 'it reads uncompressed v2 pages of a compressed column wrong';
  }
  return undefined;
}

/** The bytes of the dictionary page and of the data pages that cover the rows, and the row they begin with. */
async function choosePages(
  { envelope, source, chunk, groupRows, part, options }: ChunkRequest,
  metadata: ChunkMetadata,
): Promise<{ bytes: Buffer; firstRow: number } | { limit: string }> {
  const dataStart = Number(metadata.data_page_offset);
  const dictionaryStart = Number(metadata.dictionary_page_offset ?? 0);
  const chunkStart = dictionaryStart > 0 && dictionaryStart < dataStart ? dictionaryStart : dataStart;
  const whole = async (offset: number, length: number) => Buffer.from(await source.read(offset, length));
  if (!chunk.offset_index_offset) {
    if (Number(metadata.num_values) > options.maxChunkValues) {
      return {
        limit: `${Number(metadata.num_values)} values without an offset index are too many for a sample`,
      };
    }
    return { bytes: await whole(chunkStart, Number(metadata.total_compressed_size)), firstRow: 0 };
  }
  const index = await envelope.readOffsetIndex(chunk, null, { typeLength: 0, bitWidth: 0 });
  const pages = index.page_locations.map((location, i) => {
    const next = index.page_locations[i + 1];
    return {
      offset: Number(location.offset),
      length: location.compressed_page_size,
      firstRow: Number(location.first_row_index),
      endRow: next === undefined ? groupRows : Number(next.first_row_index),
    };
  });
  const chosen = pages.filter(
    (page) => page.endRow > part.firstRow && page.firstRow < part.firstRow + part.rows,
  );
  const parts = [await whole(chunkStart, (pages[0]?.offset ?? chunkStart) - chunkStart)];
  for (const page of chosen) parts.push(await whole(page.offset, page.length));
  return { bytes: Buffer.concat(parts), firstRow: chosen[0]?.firstRow ?? 0 };
}
