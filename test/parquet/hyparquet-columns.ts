import assert from 'node:assert/strict';
import { brotliDecompressSync, crc32, gunzipSync } from 'node:zlib';
import { prepareCodecs, zstdDecompress } from '../../src/parquet/codec/zstd.ts';
import { codec } from '../../src/parquet/format.ts';
import { hyparquet } from '../../src/verify/hyparquet.ts';
import type { LevelColumn } from './model.ts';

await prepareCodecs([codec.ZSTD]);

/** What others have for the codecs that hyparquet leaves to its caller. */
const compressors = {
  GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
  BROTLI: (input: Uint8Array) => new Uint8Array(brotliDecompressSync(input)),
  ZSTD: zstdDecompress,
  LZ4_RAW: lz4Block,
};

// One block of LZ4, as plainly as can be.
function lz4Block(input: Uint8Array): Uint8Array {
  const out: number[] = [];
  let position = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    for (let byte = 255; nibble === 15 && byte === 255; length += byte) byte = input[position++] ?? 0;
    return length;
  };
  while (position < input.length) {
    const token = input[position++] ?? 0;
    for (let left = lengthFrom(token >> 4); left > 0; left--) out.push(input[position++] ?? 0);
    if (position >= input.length) break;
    const offset = (input[position] ?? 0) | ((input[position + 1] ?? 0) << 8);
    position += 2;
    for (let left = lengthFrom(token & 15) + 4; left > 0; left--) out.push(out[out.length - offset] ?? 0);
  }
  return Uint8Array.from(out);
}

type Values = ReturnType<typeof hyparquet.readPlain>;
type Metadata = ReturnType<typeof hyparquet.parquetMetadata>;

/** A column chunk as hyparquet reads it. */
export interface ReadChunk {
  readonly path: readonly string[];
  readonly definition: readonly number[];
  readonly repetition: readonly number[];
  /** PLAIN bytes without length, as hex. */
  readonly values: readonly string[];
  readonly pages: number;
  readonly hasDictionary: boolean;
}

/** A file as hyparquet reads it: its footer, and every column chunk by row group, nothing converted. */
export interface ReadFile {
  readonly metadata: Metadata;
  readonly rowGroups: readonly (readonly ReadChunk[])[];
}

/**
 * Reads a whole file with hyparquet.
 * @param isOurs asserts what holds for our files: version 1 pages, each with a CRC that is right
 */
export function readWithHyparquet(bytes: Uint8Array, isOurs = true): ReadFile {
  const file = bytes.slice().buffer;
  const metadata = hyparquet.parquetMetadata(file, { geoparquet: false });
  const schema = metadata.schema.map((element) => ({
    ...element,
    repetition_type: element.repetition_type ?? ('REQUIRED' as const),
  }));
  const rowGroups = metadata.row_groups.map(({ columns }) =>
    columns.map(({ meta_data: facts }): ReadChunk => {
      assert.ok(facts);
      const schemaPath = hyparquet.getSchemaPath(schema, facts.path_in_schema);
      const { element } = schemaPath.at(-1) ?? {};
      assert.ok(element);
      // Its INT96 reader loses the upper word where the lower one has its highest bit set.
      const isLong = facts.type === 'INT96';
      const decoder = {
        pathInSchema: facts.path_in_schema,
        type: isLong ? ('FIXED_LEN_BYTE_ARRAY' as const) : facts.type,
        codec: facts.codec,
        element: isLong ? { ...element, type_length: 12 } : element,
        schemaPath,
        parsers: hyparquet.DEFAULT_PARSERS,
        utf8: false,
        compressors,
      };
      const maxDefinition = hyparquet.getMaxDefinitionLevel(schemaPath);
      const start = Number(facts.dictionary_page_offset ?? facts.data_page_offset);
      const chunk = file.slice(start, start + Number(facts.total_compressed_size));
      const reader = { view: new DataView(chunk), offset: 0 };
      const read = { definition: [] as number[], repetition: [] as number[], values: [] as string[] };
      let dictionary: Values | undefined;
      let pages = 0;
      while (reader.offset < chunk.byteLength) {
        const header = hyparquet.parquetHeader(reader);
        const body = new Uint8Array(chunk, reader.offset, header.compressed_page_size);
        reader.offset += header.compressed_page_size;
        if (isOurs) assert.equal(crc32(body), (header.crc ?? 0) >>> 0, 'CRC of a page');
        const decompressed = (): Uint8Array =>
          hyparquet.decompressPage(body, header.uncompressed_page_size, facts.codec, decoder.compressors);
        if (header.dictionary_page_header !== undefined) {
          assert.equal(pages, 0, 'the dictionary page comes first');
          const plain = decompressed();
          const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
          const { num_values } = header.dictionary_page_header;
          dictionary = hyparquet.readPlain(
            { view, offset: 0 },
            decoder.type,
            num_values,
            decoder.element.type_length,
          );
          continue;
        }
        pages++;
        const facts1 = header.data_page_header;
        if (isOurs) assert.ok(facts1, 'a version 1 page');
        const { num_values, encoding } = facts1 ??
          header.data_page_header_v2 ?? { num_values: 0, encoding: '' };
        const page = facts1
          ? hyparquet.readDataPage(decompressed(), facts1, decoder)
          : hyparquet.readDataPageV2(body, header, decoder);
        const levels = page.definitionLevels ?? [];
        for (let i = 0; i < num_values; i++) {
          read.definition.push(levels.length === 0 ? maxDefinition : (levels[i] ?? -1));
          read.repetition.push(page.repetitionLevels.length === 0 ? 0 : (page.repetitionLevels[i] ?? -1));
        }
        for (let i = 0; i < page.dataPage.length; i++) {
          const isIndex = encoding.endsWith('_DICTIONARY');
          const values = isIndex ? dictionary : page.dataPage;
          assert.ok(values, 'indices need a dictionary');
          read.values.push(hexOf(values, isIndex ? Number(page.dataPage[i]) : i));
        }
      }
      return { path: facts.path_in_schema, ...read, pages, hasDictionary: dictionary !== undefined };
    }),
  );
  return { metadata, rowGroups };
}

// Out of the array's memory, where a NaN still has all its bits.
function hexOf(values: Values, i: number): string {
  if (ArrayBuffer.isView(values) && 'BYTES_PER_ELEMENT' in values) {
    const width = values.BYTES_PER_ELEMENT;
    return Buffer.from(values.buffer, values.byteOffset + i * width, width).toString('hex');
  }
  const value: unknown = values[i];
  if (typeof value === 'boolean') return value ? '01' : '00';
  assert.ok(value instanceof Uint8Array, `value of type ${typeof value}`);
  return Buffer.from(value).toString('hex');
}

/** Asserts that a file, read with hyparquet, holds exactly these columns. */
export function assertHolds(file: ReadFile, expected: readonly LevelColumn[]): void {
  for (const [i, column] of expected.entries()) {
    const chunks = file.rowGroups.map((rowGroup) => rowGroup[i]);
    const where = column.path.join('.');
    for (const chunk of chunks) assert.deepEqual(chunk?.path, column.path);
    assert.deepEqual(
      chunks.flatMap((chunk) => chunk?.definition),
      column.definition,
      `definition levels of ${where}`,
    );
    assert.deepEqual(
      chunks.flatMap((chunk) => chunk?.repetition),
      column.repetition,
      `repetition levels of ${where}`,
    );
    assert.deepEqual(
      chunks.flatMap((chunk) => chunk?.values),
      column.values.map((value) => Buffer.from(value).toString('hex')),
      `values of ${where}`,
    );
  }
}
