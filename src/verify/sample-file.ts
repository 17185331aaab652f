import type { ByteSource } from '../core/byte-source.ts';
import { ConsolidatorError } from '../core/errors.ts';
import { type ChunkBytes, chunkBytes, type Read } from './chunk-pages.ts';
import type { Hyparquet } from './hyparquet.ts';
import { type LevelEntries, rowCollector } from './row-values.ts';
import {
  type ColumnReading,
  type ColumnShape,
  columnKey,
  joined,
  type RowRange,
  type SecondReader,
  type SecondReaderFile,
} from './second-reader.ts';

type FileMetadata = ReturnType<Hyparquet['parquetMetadata']>;
type Chunk = FileMetadata['row_groups'][number]['columns'][number];

/** The header of a page as hyparquet reads it. */
export type PageHeader = ReturnType<Hyparquet['parquetHeader']>;

/** A column as hyparquet's decoders want it described, and what others want to know of it. */
export interface SampleColumn {
  readonly decoder: Parameters<Hyparquet['readDataPage']>[2];
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  readonly shape: ColumnShape;
  /** Neither nested nor repeated. */
  readonly isFlat: boolean;
}

/** What a second reader does with the pages it is given. */
export interface PageDecoder<Dictionary> {
  readonly name: string;
  /** Why it is not asked about a page, known from its header; undefined when it is. */
  limit(column: SampleColumn, header: PageHeader): string | undefined;
  dictionary(column: SampleColumn, header: PageHeader, page: Uint8Array): Promise<Dictionary>;
  entries(
    column: SampleColumn,
    header: PageHeader,
    page: Uint8Array,
    dictionary: Dictionary | undefined,
  ): Promise<LevelEntries>;
}

/** How a sample is held back. */
export interface SampleLimits {
  /** Most level entries of a column, where rows cannot be counted without decoding, which are the nested ones. */
  readonly maxNestedEntries: number;
}

/** Files up to this size are fetched whole. */
const wholeFileBytes = 1024 * 1024;
/** Of a file, pages are kept decoded of column chunks that have so many values together. */
const mostKeptValues = 1_000_000;
/** What is read to find a page header in. */
const headerBytes = 16 * 1024;

/**
 * A reader that finds footers, columns and pages with hyparquet and decodes pages with `decoder`. Of a file it reads
 * the footer and the pages it needs. Values are taken as they are stored, and levels as they are, since putting rows
 * together from them is slow and tells no more.
 */
export function sampleReader<Dictionary>(
  hyparquet: Hyparquet,
  decoder: PageDecoder<Dictionary>,
  limits: SampleLimits,
): SecondReader {
  return {
    name: decoder.name,
    open: async (source) => openFile({ hyparquet, decoder, limits }, source),
  };
}

interface Tools<Dictionary> {
  readonly hyparquet: Hyparquet;
  readonly decoder: PageDecoder<Dictionary>;
  readonly limits: SampleLimits;
}

async function openFile<D>(tools: Tools<D>, source: ByteSource): Promise<SecondReaderFile> {
  const { hyparquet } = tools;
  const { read, metadata } = await openedOnce(hyparquet, source);
  const columns = columnsOf(hyparquet, metadata);
  const decoded = new Map<Chunk, Decoded<D>>();
  let keptValues = 0;
  const knownOf = (chunk: Chunk): Decoded<D> => {
    const known = decoded.get(chunk);
    if (known !== undefined) return known;
    const made: Decoded<D> = { dictionary: undefined, page: undefined };
    keptValues += Number(chunk.meta_data?.num_values ?? 0);
    if (keptValues <= mostKeptValues) decoded.set(chunk, made);
    return made;
  };
  return {
    rows: Number(metadata.num_rows),
    columns: new Map(
      columns.flatMap((column) =>
        column === undefined ? [] : [[columnKey(column.decoder.pathInSchema), column.shape]],
      ),
    ),
    read: async (range, only) => {
      const readings = new Map<string, ColumnReading>();
      let groupStart = 0;
      for (const { num_rows, columns: chunks } of metadata.row_groups) {
        const groupRows = Number(num_rows);
        const from = Math.max(range.firstRow, groupStart);
        const to = Math.min(range.firstRow + range.rows, groupStart + groupRows);
        const part = { firstRow: from - groupStart, rows: to - from };
        groupStart += groupRows;
        if (from >= to) continue;
        for (const [index, chunk] of chunks.entries()) {
          const column = columns[index];
          if (column === undefined) continue;
          const key = columnKey(column.decoder.pathInSchema);
          if (only !== undefined && !only.has(key)) continue;
          const next = await readChunk(tools, {
            read,
            chunk,
            column,
            groupRows,
            part,
            known: knownOf(chunk),
          });
          readings.set(key, joined(readings.get(key), next));
        }
      }
      return readings;
    },
  };
}

interface Opened {
  readonly read: Read;
  readonly metadata: FileMetadata;
}

// The staged file is opened by every second reader, and reading its footer takes hyparquet some time.
const opened = new WeakMap<ByteSource, Promise<Opened>>();

function openedOnce(hyparquet: Hyparquet, source: ByteSource): Promise<Opened> {
  const known = opened.get(source) ?? openWith(hyparquet, source);
  opened.set(source, known);
  return known;
}

async function openWith(hyparquet: Hyparquet, source: ByteSource): Promise<Opened> {
  const read = await reading(source);
  const metadata = await hyparquet.parquetMetadataAsync(
    { byteLength: source.sizeBytes, slice: (start, end = source.sizeBytes) => read(start, end - start) },
    { geoparquet: false },
  );
  return { read, metadata };
}

/** What is kept of a column chunk, since the next rows that are asked for often lie in the same page. */
interface Decoded<Dictionary> {
  dictionary: Dictionary | undefined;
  /** The last page that was decoded, and where its body lies in the chunk. */
  page: { readonly at: number; readonly entries: LevelEntries } | undefined;
}

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

/** A description of each leaf, with the types that hyparquet would convert by taken away. */
function columnsOf(hyparquet: Hyparquet, metadata: FileMetadata): readonly (SampleColumn | undefined)[] {
  const schema = metadata.schema.map(({ converted_type: _converted, logical_type: _logical, ...rest }) => ({
    ...rest,
    // Some writers leave this out for required columns; hyparquet would expect levels then.
    repetition_type: rest.repetition_type ?? ('REQUIRED' as const),
  }));
  const annotated = new Map<object, FileMetadata['schema'][number] | undefined>(
    schema.map((element, i) => [element, metadata.schema[i]]),
  );
  return (metadata.row_groups[0]?.columns ?? []).map(({ meta_data: facts }) => {
    if (facts === undefined) return undefined;
    const schemaPath = hyparquet.getSchemaPath(schema, facts.path_in_schema);
    const leaf = schemaPath.at(-1);
    if (leaf === undefined) return undefined;
    return {
      decoder: {
        pathInSchema: facts.path_in_schema,
        type: facts.type,
        codec: facts.codec,
        element: leaf.element,
        schemaPath,
        parsers: hyparquet.DEFAULT_PARSERS,
        utf8: false,
      },
      maxDefinition: hyparquet.getMaxDefinitionLevel(schemaPath),
      maxRepetition: hyparquet.getMaxRepetitionLevel(schemaPath),
      isFlat: hyparquet.isFlatColumn(schemaPath),
      shape: {
        repetitions: schemaPath.slice(1).map(({ element }) => element.repetition_type ?? 'REQUIRED'),
        type: facts.type,
        isUnsigned: isUnsigned(annotated.get(leaf.element)),
      },
    };
  });
}

function isUnsigned(element: FileMetadata['schema'][number] | undefined): boolean {
  const logical = element?.logical_type;
  if (logical?.type === 'INTEGER') return !logical.isSigned;
  return element?.converted_type?.startsWith('UINT_') === true;
}

interface ChunkRequest<Dictionary> {
  readonly read: Read;
  readonly chunk: Chunk;
  readonly column: SampleColumn;
  readonly groupRows: number;
  /** Rows counted from the start of the row group. */
  readonly part: RowRange;
  readonly known: Decoded<Dictionary>;
}

async function readChunk<D>(tools: Tools<D>, request: ChunkRequest<D>): Promise<ColumnReading> {
  const { chunk, groupRows, part, known } = request;
  const facts = chunk.meta_data;
  if (facts === undefined) return { failed: 'the column chunk has no metadata' };
  // The codec may change from row group to row group.
  const column = { ...request.column, decoder: { ...request.column.decoder, codec: facts.codec } };
  const entriesPerRow = Number(facts.num_values) / groupRows;
  if (!column.isFlat && entriesPerRow * (part.firstRow + part.rows) > tools.limits.maxNestedEntries) {
    return { limit: 'too many nested values lie before the rows of the sample' };
  }
  try {
    const dataStart = Number(facts.data_page_offset);
    const start = Math.min(Number(facts.dictionary_page_offset || dataStart), dataStart);
    const bytes = chunkBytes(request.read, start, Number(facts.total_compressed_size));
    const reading = await walkPages(tools, bytes, column, part, known);
    if (!('rows' in reading) || reading.rows.length === part.rows) return reading;
    return { failed: `it gave ${reading.rows.length} of ${part.rows} rows` };
  } catch (error) {
    if (error instanceof ConsolidatorError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return message.startsWith('parquet unsupported') ? { limit: message } : { failed: message };
  }
}

async function walkPages<D>(
  { hyparquet, decoder }: Tools<D>,
  bytes: ChunkBytes,
  column: SampleColumn,
  part: RowRange,
  known: Decoded<D>,
): Promise<ColumnReading> {
  let skipped = 0;
  let offset = 0;
  let collector: ReturnType<typeof rowCollector> | undefined;
  while (offset < bytes.sizeBytes && collector?.isComplete() !== true) {
    const { header, size } = await headerAt(hyparquet, bytes, offset);
    const bodyAt = offset + size;
    offset = bodyAt + header.compressed_page_size;
    const v2 = header.data_page_header_v2;
    const isDictionary = header.dictionary_page_header !== undefined;
    const rows = v2?.num_rows ?? (column.isFlat ? header.data_page_header?.num_values : undefined);
    if (!isDictionary && collector === undefined && rows !== undefined && skipped + rows <= part.firstRow) {
      skipped += rows;
      continue;
    }
    const limit = decoder.limit(column, header);
    if (limit !== undefined) return { limit };
    if (isDictionary && known.dictionary !== undefined) continue;
    const { buffer, byteOffset } = await bytes.from(bodyAt, header.compressed_page_size);
    const page = new Uint8Array(buffer, byteOffset, header.compressed_page_size);
    if (isDictionary) {
      known.dictionary = await decoder.dictionary(column, header, page);
      continue;
    }
    if (known.page?.at !== bodyAt) {
      known.page = { at: bodyAt, entries: await decoder.entries(column, header, page, known.dictionary) };
    }
    collector ??= rowCollector(column, part.firstRow - skipped, part.rows);
    collector.add(known.page.entries);
  }
  return { rows: collector?.rows() ?? [] };
}

async function headerAt(
  hyparquet: Hyparquet,
  bytes: ChunkBytes,
  offset: number,
): Promise<{ header: PageHeader; size: number }> {
  for (let atLeast = headerBytes; ; atLeast *= 8) {
    const reader = { view: await bytes.from(offset, atLeast), offset: 0 };
    try {
      return { header: hyparquet.parquetHeader(reader), size: reader.offset };
    } catch (error) {
      // Statistics in a header may be long: it is whole only when all of it was read.
      if (offset + reader.view.byteLength >= bytes.sizeBytes) throw error;
    }
  }
}
