import { memorySink } from '../../src/core/byte-sink.ts';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { statisticsOf } from '../../src/parquet/metadata/column-chunk.ts';
import type { EncodedChunk } from '../../src/parquet/write/encoded-chunk.ts';
import { appendChunk, beginFile, endFile, endRowGroup } from '../../src/parquet/write/file-writer.ts';
import { hyparquet } from '../../src/verify/hyparquet.ts';

/** A column chunk taken apart: one entry of `pages` is one page with its header, the dictionary page first. */
export type ChunkParts = EncodedChunk;

/**
 * Takes a file of ours apart into pages and puts it together again, with `change` applied to the chunks of each row
 * group: damage that is well-formed, as a bug of the writer would make it. Page headers and CRCs stay valid.
 */
export async function rewriteFile(
  bytes: Uint8Array,
  change: (chunks: readonly ChunkParts[], rowGroup: number) => readonly ChunkParts[],
  keepKeyValues = true,
): Promise<Uint8Array> {
  const footer = await readFooter(memorySource('rewritten', bytes));
  const sink = memorySink('rewritten');
  const writer = await beginFile(sink, footer.elementBytes, footer.leaves);
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    const parts: ChunkParts[] = [];
    for (const [i, chunk] of rowGroup.chunks.entries()) {
      const leaf = footer.leaves[i];
      if (leaf === undefined) throw new Error(`no leaf ${i}`);
      const start = chunk.startOffsetBytes;
      const statistics = statisticsOf(chunk);
      const pages = await splitPages(bytes.subarray(start, start + chunk.compressedSizeBytes));
      const hasDictionary = (chunk.dictionaryPageOffsetBytes ?? 0) > 0;
      parts.push({
        leaf,
        pages,
        codec: chunk.codec,
        encodings: chunk.encodings,
        valueCount: chunk.valueCount,
        nullCount: statistics?.nullCount ?? 0,
        uncompressedSizeBytes: chunk.uncompressedSizeBytes,
        compressedSizeBytes: chunk.compressedSizeBytes,
        dictionarySizeBytes: hasDictionary ? (pages[0]?.length ?? 0) : 0,
        dataPages: pages.length - (hasDictionary ? 1 : 0),
        valueEncoding: hasDictionary ? 8 : 0,
        min: statistics?.min,
        max: statistics?.max,
        nanCount: 0,
        pageFacts: undefined,
        keyValueBytes: chunk.keyValueBytes,
      });
    }
    for (const chunk of change(parts, number)) {
      const compressedSizeBytes = chunk.pages.reduce((sum, page) => sum + page.length, 0);
      await appendChunk(writer, { ...chunk, compressedSizeBytes });
    }
    await endRowGroup(writer, rowGroup.rows);
  }
  const keyValues = keepKeyValues ? footer.keyValues.map((pair) => pair.bytes) : [];
  await endFile(writer, keyValues, footer.createdBy ?? '');
  return sink.bytes();
}

async function splitPages(chunk: Uint8Array): Promise<readonly Uint8Array[]> {
  const { parquetHeader } = hyparquet;
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.length), offset: 0 };
  const pages: Uint8Array[] = [];
  while (reader.offset < chunk.length) {
    const start = reader.offset;
    const header = parquetHeader(reader);
    reader.offset += header.compressed_page_size;
    pages.push(chunk.slice(start, reader.offset));
  }
  return pages;
}
