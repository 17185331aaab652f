import type { ByteSink } from '../../core/byte-sink.ts';
import { encoding, pageType } from '../format.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { SortingColumn } from '../metadata/sorting-columns.ts';
import { wireType } from '../thrift/compact-reader.ts';
import {
  beginStruct,
  type CompactWriter,
  compactWriter,
  endStruct,
  putBinary,
  putRaw,
  putZigzag,
  resetWriter,
  writeBinary,
  writeBoolean,
  writeI32,
  writeI64,
  writeListField,
  writeRawField,
  writeStructField,
  writtenBytes,
} from '../thrift/compact-writer.ts';
import type { EncodedChunk } from './encoded-chunk.ts';
import {
  encodeColumnIndex,
  encodeOffsetIndex,
  isFloating,
  isWritableBound,
  writeSizeStatistics,
} from './page-index.ts';
import {
  columnIndexesOf,
  encodeRowGroup,
  offsetIndexesOf,
  type WrittenChunk,
  type WrittenRowGroup,
  writtenRowGroup,
} from './written-row-group.ts';

/** A sink is given about so many bytes at a time. */
const writtenAtOnceBytes = 1024 * 1024;
const text = new TextEncoder();
const magic = text.encode('PAR1');

/** A chunk of the row group under construction. */
interface BegunChunk extends Omit<WrittenChunk, 'metaData'> {
  metaData: Uint8Array;
  /** A chunk whose Bloom filter was not written yet, without its pages. */
  unfiltered: (EncodedChunk & { readonly bloomFilter: Uint8Array }) | undefined;
}

/** A Parquet file under construction. Whoever opened the sink closes or aborts it. */
export interface FileWriter {
  readonly sink: ByteSink;
  readonly elementBytes: readonly Uint8Array[];
  readonly leaves: readonly LeafColumn[];
  positionBytes: number;
  /** What was not written yet, and how much of it is filled: a sink is given many pages at once. */
  buffer: Uint8Array;
  bufferedBytes: number;
  /** What is being written meanwhile. */
  writing: { readonly buffer: Uint8Array; readonly done: Promise<void> };
  readonly rowGroups: WrittenRowGroup[];
  current: BegunChunk[];
}

/** Begins a file with the given schema, whose elements are written byte for byte as they are. */
export async function beginFile(
  sink: ByteSink,
  elementBytes: readonly Uint8Array[],
  leaves: readonly LeafColumn[],
): Promise<FileWriter> {
  const writer: FileWriter = {
    sink,
    elementBytes,
    leaves,
    positionBytes: 0,
    buffer: new Uint8Array(writtenAtOnceBytes),
    bufferedBytes: 0,
    writing: { buffer: new Uint8Array(writtenAtOnceBytes), done: Promise.resolve() },
    rowGroups: [],
    current: [],
  };
  await put(writer, magic);
  return writer;
}

/**
 * Appends the next column chunk of the row group under construction; chunks come in the order of the leaves. Their bytes
 * are copied and written some time later.
 */
export async function appendChunk(writer: FileWriter, chunk: EncodedChunk): Promise<void> {
  if (chunk.leaf.index !== writer.current.length) {
    throw new Error(`column chunk ${chunk.leaf.path} comes as number ${writer.current.length}`);
  }
  const { leaf, pageFacts, bloomFilter, uncompressedSizeBytes, compressedSizeBytes } = chunk;
  const offsetBytes = writer.positionBytes;
  const dataOffsetBytes = offsetBytes + chunk.dictionarySizeBytes;
  writer.current.push({
    offsetBytes,
    uncompressedSizeBytes,
    compressedSizeBytes,
    metaData: encodeMetaData(chunk, offsetBytes, undefined),
    unfiltered: bloomFilter && { ...chunk, pages: [], bloomFilter },
    columnIndex: pageFacts && encodeColumnIndex(leaf, pageFacts),
    offsetIndex: pageFacts && encodeOffsetIndex(leaf, pageFacts, dataOffsetBytes),
  });
  for (const page of chunk.pages) await put(writer, page);
}

async function put(writer: FileWriter, bytes: Uint8Array): Promise<void> {
  writer.positionBytes += bytes.length;
  for (let done = 0; done < bytes.length; ) {
    const part = bytes.subarray(done, done + writer.buffer.length - writer.bufferedBytes);
    writer.buffer.set(part, writer.bufferedBytes);
    writer.bufferedBytes += part.length;
    done += part.length;
    if (writer.bufferedBytes === writer.buffer.length) await flush(writer);
  }
}

// Begins to write what is there; the next page goes to the other buffer.
async function flush(writer: FileWriter): Promise<void> {
  const { sink, buffer, bufferedBytes, writing } = writer;
  await writing.done;
  const done = sink.write(buffer.subarray(0, bufferedBytes));
  // Whoever writes next, or ends the file, learns of a failure.
  done.catch(() => {});
  writer.writing = { buffer, done };
  writer.buffer = writing.buffer;
  writer.bufferedBytes = 0;
}

/** Resolves when nothing is being written any more, also when that failed. For a file that is given up. */
export async function abandonFile(writer: FileWriter): Promise<void> {
  await Promise.allSettled([writer.writing.done]);
}

/**
 * Ends the row group whose chunks were appended: their Bloom filters follow it.
 * @param sortedBy what its rows are sorted by, most significant first
 */
export async function endRowGroup(
  writer: FileWriter,
  rows: number,
  sortedBy: readonly SortingColumn[] = [],
): Promise<void> {
  if (writer.current.length !== writer.leaves.length) {
    throw new Error(`row group has ${writer.current.length} of ${writer.leaves.length} column chunks`);
  }
  for (const written of writer.current) {
    const { unfiltered, offsetBytes } = written;
    if (unfiltered === undefined) continue;
    written.metaData = encodeMetaData(unfiltered, offsetBytes, writer.positionBytes);
    written.unfiltered = undefined;
    await put(writer, unfiltered.bloomFilter);
  }
  writer.rowGroups.push(writtenRowGroup(rows, writer.current, sortedBy));
  writer.current = [];
}

/**
 * Writes the page index, the column indexes of all chunks before the offset indexes, and the footer. The sink stays open.
 * @param keyValues `KeyValue` structs as thrift bytes, in the order they will have
 * @returns the length of the whole file
 */
export async function endFile(
  writer: FileWriter,
  keyValues: readonly Uint8Array[],
  createdBy: string,
): Promise<number> {
  for (const rowGroup of writer.rowGroups) {
    rowGroup.columnIndexOffsetBytes = writer.positionBytes;
    await put(writer, columnIndexesOf(rowGroup));
  }
  for (const rowGroup of writer.rowGroups) {
    rowGroup.offsetIndexOffsetBytes = writer.positionBytes;
    await put(writer, offsetIndexesOf(rowGroup));
  }
  const footerAt = writer.positionBytes;
  await putFooter(writer, keyValues, createdBy);
  const end = new Uint8Array(8);
  new DataView(end.buffer).setUint32(0, writer.positionBytes - footerAt, true);
  end.set(magic, 4);
  await put(writer, end);
  await flush(writer);
  await writer.writing.done;
  return writer.positionBytes;
}

/** A `KeyValue` struct as thrift bytes. */
export function encodeKeyValue(key: string, value: string): Uint8Array {
  const w = compactWriter(64 + value.length);
  const outer = beginStruct(w);
  writeBinary(w, 1, text.encode(key));
  writeBinary(w, 2, text.encode(value));
  endStruct(w, outer);
  return writtenBytes(w);
}

// Row group by row group: of a large file it has tens of megabytes.
async function putFooter(
  writer: FileWriter,
  keyValues: readonly Uint8Array[],
  createdBy: string,
): Promise<void> {
  const w = compactWriter(64 * 1024);
  beginStruct(w);
  writeI32(w, 1, 1);
  writeListField(w, 2, wireType.STRUCT, writer.elementBytes.length);
  for (const element of writer.elementBytes) putRaw(w, element);
  writeI64(
    w,
    3,
    writer.rowGroups.reduce((sum, rowGroup) => sum + rowGroup.rows, 0),
  );
  writeListField(w, 4, wireType.STRUCT, writer.rowGroups.length);
  for (const [ordinal, rowGroup] of writer.rowGroups.entries()) {
    encodeRowGroup(w, rowGroup, ordinal);
    await put(writer, writtenBytes(w));
    w.length = 0;
  }
  if (keyValues.length > 0) {
    writeListField(w, 5, wireType.STRUCT, keyValues.length);
    for (const keyValue of keyValues) putRaw(w, keyValue);
  }
  writeBinary(w, 6, text.encode(createdBy));
  writeListField(w, 7, wireType.STRUCT, writer.leaves.length);
  for (let i = 0; i < writer.leaves.length; i++) {
    // ColumnOrder.TYPE_ORDER, an empty struct.
    const order = beginStruct(w);
    writeStructField(w, 1);
    endStruct(w, beginStruct(w));
    endStruct(w, order);
  }
  endStruct(w, 0);
  await put(writer, writtenBytes(w));
}

const metaDataWriter = compactWriter();

function encodeMetaData(
  chunk: EncodedChunk,
  offsetBytes: number,
  bloomFilterOffsetBytes: number | undefined,
): Uint8Array {
  const w = metaDataWriter;
  resetWriter(w);
  const outer = beginStruct(w);
  writeI32(w, 1, chunk.leaf.type);
  writeListField(w, 2, wireType.I32, chunk.encodings.length);
  for (const number of chunk.encodings) putZigzag(w, number);
  writeListField(w, 3, wireType.BINARY, chunk.leaf.pathNames.length);
  for (const name of chunk.leaf.pathNames) putBinary(w, text.encode(name));
  writeI32(w, 4, chunk.codec);
  writeI64(w, 5, chunk.valueCount);
  writeI64(w, 6, chunk.uncompressedSizeBytes);
  writeI64(w, 7, chunk.compressedSizeBytes);
  if (chunk.keyValueBytes !== undefined) writeRawField(w, 8, wireType.LIST, chunk.keyValueBytes);
  writeI64(w, 9, offsetBytes + chunk.dictionarySizeBytes);
  if (chunk.dictionarySizeBytes > 0) writeI64(w, 11, offsetBytes);
  encodeStatistics(w, chunk);
  const hasDictionary = chunk.dictionarySizeBytes > 0;
  writeListField(w, 13, wireType.STRUCT, hasDictionary ? 2 : 1);
  if (hasDictionary) encodePageCount(w, pageType.DICTIONARY_PAGE, encoding.PLAIN, 1);
  encodePageCount(w, pageType.DATA_PAGE, chunk.valueEncoding, chunk.dataPages);
  if (bloomFilterOffsetBytes !== undefined && chunk.bloomFilter !== undefined) {
    writeI64(w, 14, bloomFilterOffsetBytes);
    writeI32(w, 15, chunk.bloomFilter.length);
  }
  if (chunk.pageFacts !== undefined) writeSizeStatistics(w, 16, chunk.leaf, chunk.pageFacts);
  endStruct(w, outer);
  return writtenBytes(w).slice();
}

function encodeStatistics(w: CompactWriter, chunk: EncodedChunk): void {
  const { leaf, min, max, nanCount } = chunk;
  writeStructField(w, 12);
  const outer = beginStruct(w);
  writeI64(w, 3, chunk.nullCount);
  if (
    nanCount === 0 &&
    min !== undefined &&
    max !== undefined &&
    isWritableBound(leaf, min) &&
    isWritableBound(leaf, max)
  ) {
    writeBinary(w, 5, max);
    writeBinary(w, 6, min);
    writeBoolean(w, 7, true);
    writeBoolean(w, 8, true);
  }
  if (isFloating(leaf)) writeI64(w, 9, nanCount);
  endStruct(w, outer);
}

function encodePageCount(w: CompactWriter, type: number, valueEncoding: number, count: number): void {
  const outer = beginStruct(w);
  writeI32(w, 1, type);
  writeI32(w, 2, valueEncoding);
  writeI32(w, 3, count);
  endStruct(w, outer);
}
