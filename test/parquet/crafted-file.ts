import { crc32 } from 'node:zlib';
import { encoding, pageType } from '../../src/parquet/format.ts';
import { wireType } from '../../src/parquet/thrift/compact-reader.ts';
import {
  beginStruct,
  compactWriter,
  endStruct,
  putBinary,
  putRaw,
  putZigzag,
  writeBinary,
  writeI32,
  writeI64,
  writeListField,
  writeStructField,
  writtenBytes,
} from '../../src/parquet/thrift/compact-writer.ts';
import type { Field } from './model.ts';
import { elementBytesOf } from './schema-bytes.ts';

/** A page with a header that says whatever it is told to say. */
export interface CraftedPage {
  readonly type: number;
  readonly body: Uint8Array;
  readonly values: number;
  readonly encoding?: number;
  readonly uncompressedSize?: number;
  readonly compressedSize?: number;
  readonly crc?: number;
  /** Of version 2 pages. */
  readonly nulls?: number;
  readonly definitionSize?: number;
  readonly repetitionSize?: number;
}

/** A column chunk of pages, and what the footer says of it. */
export interface CraftedChunk {
  readonly pages: readonly Uint8Array[];
  readonly values: number;
  readonly codec?: number;
  readonly offset?: number;
  readonly compressedSize?: number;
  readonly uncompressedSize?: number;
  readonly keyValues?: Uint8Array;
}

/** A page's bytes, header first. */
export function craftedPage(page: CraftedPage): Uint8Array {
  const w = compactWriter();
  const outer = beginStruct(w);
  writeI32(w, 1, page.type);
  writeI32(w, 2, page.uncompressedSize ?? page.body.length);
  writeI32(w, 3, page.compressedSize ?? page.body.length);
  if (page.crc !== undefined) writeI32(w, 4, page.crc | 0);
  const number = page.encoding ?? encoding.PLAIN;
  if (page.type === pageType.DATA_PAGE_V2) {
    writeStructField(w, 8);
    const inner = beginStruct(w);
    const { values, nulls = 0, definitionSize = 0, repetitionSize = 0 } = page;
    for (const [i, value] of [values, nulls, values, number, definitionSize, repetitionSize].entries()) {
      writeI32(w, i + 1, value);
    }
    endStruct(w, inner);
  } else {
    writeStructField(w, page.type === pageType.DICTIONARY_PAGE ? 7 : 5);
    const inner = beginStruct(w);
    writeI32(w, 1, page.values);
    writeI32(w, 2, number);
    if (page.type === pageType.DATA_PAGE) {
      writeI32(w, 3, encoding.RLE);
      writeI32(w, 4, encoding.RLE);
    }
    endStruct(w, inner);
  }
  endStruct(w, outer);
  return Buffer.concat([writtenBytes(w), page.body]);
}

/** A page of required INT32 values, as an honest writer makes it. */
export function honestPage(numbers: readonly number[]): Uint8Array {
  const body = new Uint8Array(Int32Array.from(numbers).buffer);
  return craftedPage({ type: pageType.DATA_PAGE, body, values: numbers.length, crc: crc32(body) });
}

/** A file of such chunks. Offsets and sizes are true where nothing else is stated. */
export function craftedFile(
  fields: readonly Field[],
  rowGroups: readonly { readonly rows: number; readonly chunks: readonly CraftedChunk[] }[],
): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('PAR1')];
  let position = 4;
  const placed = rowGroups.map(({ rows, chunks }) => ({
    rows,
    chunks: chunks.map((chunk) => {
      const bytes = Buffer.concat(chunk.pages);
      const offset = position;
      parts.push(bytes);
      position += bytes.length;
      return { offset, compressedSize: bytes.length, uncompressedSize: bytes.length, codec: 0, ...chunk };
    }),
  }));
  const w = compactWriter();
  const outer = beginStruct(w);
  writeI32(w, 1, 1);
  const elements = elementBytesOf(fields);
  writeListField(w, 2, wireType.STRUCT, elements.length);
  for (const element of elements) putRaw(w, element);
  writeI64(
    w,
    3,
    rowGroups.reduce((sum, { rows }) => sum + rows, 0),
  );
  writeListField(w, 4, wireType.STRUCT, placed.length);
  for (const { rows, chunks } of placed) {
    const group = beginStruct(w);
    writeListField(w, 1, wireType.STRUCT, chunks.length);
    for (const [i, chunk] of chunks.entries()) {
      const { path, type } = leafOf(fields, i);
      const column = beginStruct(w);
      writeI64(w, 2, 0);
      writeStructField(w, 3);
      const inner = beginStruct(w);
      writeI32(w, 1, type);
      writeListField(w, 2, wireType.I32, 1);
      putZigzag(w, encoding.PLAIN);
      writeListField(w, 3, wireType.BINARY, path.length);
      for (const name of path) putBinary(w, Buffer.from(name));
      writeI32(w, 4, chunk.codec);
      writeI64(w, 5, chunk.values);
      writeI64(w, 6, chunk.uncompressedSize);
      writeI64(w, 7, chunk.compressedSize);
      writeI64(w, 9, chunk.offset);
      endStruct(w, inner);
      endStruct(w, column);
    }
    writeI64(w, 2, 0);
    writeI64(w, 3, rows);
    endStruct(w, group);
  }
  writeBinary(w, 6, Buffer.from('crafted'));
  endStruct(w, outer);
  return withFooter(Buffer.concat(parts), writtenBytes(w));
}

/** `data` with a footer of these thrift bytes. */
export function withFooter(data: Uint8Array, footer: Uint8Array): Uint8Array {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(footer.length, 0);
  end.write('PAR1', 4);
  return new Uint8Array(Buffer.concat([data, footer, end]));
}

function leafOf(fields: readonly Field[], index: number): { path: readonly string[]; type: number } {
  const leaves: { path: readonly string[]; type: number }[] = [];
  const walk = (field: Field, path: readonly string[]): void => {
    const own = [...path, field.name];
    if (field.type === undefined) for (const child of field.children) walk(child, own);
    else leaves.push({ path: own, type: field.type });
  };
  for (const field of fields) walk(field, []);
  const leaf = leaves[index];
  if (leaf === undefined) throw new Error(`no leaf ${index}`);
  return leaf;
}
