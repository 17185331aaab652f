import { memorySink } from '../../src/core/byte-sink.ts';
import { prepareCodecs } from '../../src/parquet/codec/zstd.ts';
import { codec, physicalType } from '../../src/parquet/format.ts';
import { borrowKernel, giveBack } from '../../src/parquet/kernel/borrow-kernel.ts';
import type { Rooms } from '../../src/parquet/kernel/rooms.ts';
import { type LeafColumn, leafColumnsOf } from '../../src/parquet/metadata/leaf-column.ts';
import { readSchemaElement } from '../../src/parquet/metadata/schema-element.ts';
import type { SortingColumn } from '../../src/parquet/metadata/sorting-columns.ts';
import { compactCursor } from '../../src/parquet/thrift/compact-reader.ts';
import { type ChunkFormat, chunkEncoder, encodeColumnChunk } from '../../src/parquet/write/chunk-encoder.ts';
import {
  appendChunk,
  beginFile,
  encodeKeyValue,
  endFile,
  endRowGroup,
} from '../../src/parquet/write/file-writer.ts';
import { blockOf } from './blocks.ts';
import type { Rows } from './foreign-file.ts';
import { placed, placedWords } from './kernels.ts';
import { emptyColumns, type Field, type LevelColumn, shred } from './model.ts';
import type { RandomSource } from './random-source.ts';
import { elementBytesOf } from './schema-bytes.ts';

await prepareCodecs([codec.ZSTD]);

/** A file written through the engine's own door for values, and what is in it. */
export interface OwnFile {
  readonly bytes: Uint8Array;
  readonly columns: readonly LevelColumn[];
}

/** The leaves of a made-up schema. */
export function leavesOf(fields: readonly Field[]): readonly LeafColumn[] {
  return leafColumnsOf(elementBytesOf(fields).map((bytes) => readSchemaElement(compactCursor(bytes))));
}

/** Encodes row groups with the engine's writer: pages of few rows or bytes, with a dictionary or without, by chance. */
export async function ownFile(
  fields: readonly Field[],
  rowGroups: readonly Rows[],
  random: RandomSource,
  keyValues: readonly { readonly key: string; readonly value: string }[] = [],
  sortedBy: readonly SortingColumn[] = [],
): Promise<OwnFile> {
  const leaves = leavesOf(fields);
  const sink = memorySink('own');
  const writer = await beginFile(sink, elementBytesOf(fields), leaves);
  const all = emptyColumns(fields);
  for (const rows of rowGroups) {
    const columns = emptyColumns(fields);
    shred(fields, rows, columns);
    for (const leaf of leaves) {
      const column = columns[leaf.index];
      if (column === undefined) throw new Error(`no column ${leaf.path}`);
      const format: ChunkFormat = {
        codec: random.pick([codec.SNAPPY, codec.UNCOMPRESSED, codec.GZIP, codec.LZ4_RAW, codec.ZSTD]),
        pageRows: random.pick([1, 3, 10, 20_000]),
        pageSizeBytes: random.pick([1, 40, 1024 * 1024]),
      };
      const useDictionary = leaf.type !== physicalType.BOOLEAN && random.chance(50);
      const rooms = await borrowKernel();
      const content = contentOf(rooms, leaf, column, useDictionary);
      const chunk = encodeColumnChunk(chunkEncoder(rooms), content, format);
      giveBack(rooms);
      await appendChunk(writer, chunk);
    }
    await endRowGroup(writer, rows.length, sortedBy);
    shred(fields, rows, all);
  }
  const pairs = keyValues.map(({ key, value }) => encodeKeyValue(key, value));
  await endFile(writer, pairs, 'parquet-consolidator version 0.0.0-test');
  return { bytes: new Uint8Array(sink.bytes()), columns: all };
}

function contentOf(rooms: Rooms, leaf: LeafColumn, column: LevelColumn, useDictionary: boolean) {
  const distinct = new Map<string, { readonly index: number; readonly value: Uint8Array }>();
  const indices = column.values.map((value) => {
    const key = Buffer.from(value).toString('hex');
    const known = distinct.get(key) ?? { index: distinct.size, value };
    distinct.set(key, known);
    return known.index;
  });
  const entries = [...distinct.values()].map(({ value }) => value);
  return {
    leaf,
    entryCount: column.definition.length,
    presentCount: column.values.length,
    definitionAt: placed(rooms, Uint8Array.from(column.definition)).at,
    repetitionAt: placed(rooms, Uint8Array.from(column.repetition)).at,
    values: blockOf(rooms, leaf, useDictionary ? entries : column.values),
    indicesAt: useDictionary ? placedWords(rooms, indices).at : undefined,
  };
}
