import { createHash } from 'node:crypto';
import type { ByteSource } from '../core/byte-source.ts';
import { corrupt, placed, unsupported } from './format-error.ts';
import { limits } from './limits.ts';
import { type LeafColumn, leafColumnsOf } from './metadata/leaf-column.ts';
import { type RowGroup, readRowGroups } from './metadata/row-group.ts';
import { readSchemaElement, type SchemaElement } from './metadata/schema-element.ts';
import { readUsualRowGroups, type UsualRowGroups } from './metadata/usual-row-groups.ts';
import { decodeText } from './text.ts';
import {
  beginList,
  beginStruct,
  type CompactCursor,
  compactCursor,
  endStruct,
  nextField,
  readBinary,
  readI32,
  readI64,
  skipField,
  wireType,
} from './thrift/compact-reader.ts';
import { withoutMistakes } from './writer-mistakes.ts';

/** One `KeyValue` of the footer. */
export interface KeyValue {
  readonly key: string;
  /** Absent when the file states a key without a value, or one that is no string. */
  readonly value: string | undefined;
  /** The struct as it stands in the file. */
  readonly bytes: Uint8Array;
}

/** What a file's footer says (`FileMetaData`), checked against itself and against the file's length. */
export interface ParquetFooter {
  /** What messages call the file. */
  readonly file: string;
  readonly fileSizeBytes: number;
  /** The thrift bytes plus the eight bytes of length and magic. */
  readonly footerSizeBytes: number;
  readonly version: number;
  readonly rows: number;
  readonly createdBy: string | undefined;
  readonly elements: readonly SchemaElement[];
  /** The bytes of each schema element as they stand in the file, unknown fields included. */
  readonly elementBytes: readonly Uint8Array[];
  readonly leaves: readonly LeafColumn[];
  /** Equal for two files exactly when `elementBytes` are equal: 32 hex digits of SHA-256. */
  readonly schemaKey: string;
  readonly rowGroups: readonly RowGroup[];
  readonly keyValues: readonly KeyValue[];
  /** The list of `ColumnOrder` as it stands in the file: what order the statistics of each leaf follow. */
  readonly columnOrderBytes?: Uint8Array;
}

/** How much of the end of a file is read at first: most footers fit. */
const tailBytes = 16 * 1024;
/** For all files that are read without waiting: it is filled and decoded in one go, and what is kept is a copy. */
const tailRoom: Uint8Array = new Uint8Array(tailBytes);
/** How much of the next of these is read: footers of one job are of about one size, and a second read costs little here. */
let nextTailBytes = tailBytes;

/**
 * Reads and decodes the footer of a Parquet file in one or two reads.
 * @throws FormatError when the file is no Parquet file, is encrypted, or its footer breaks the format.
 */
export async function readFooter(source: ByteSource): Promise<ParquetFooter> {
  if (source.sizeBytes < 12) {
    throw corrupt(`is no Parquet file: ${source.sizeBytes} bytes are too few`, { file: source.name });
  }
  const tailLength = Math.min(source.sizeBytes, source.readNow === undefined ? tailBytes : nextTailBytes);
  const tailStart = source.sizeBytes - tailLength;
  let tail = tailRoom.subarray(0, tailLength);
  if (source.readNow === undefined) tail = await source.read(tailStart, tailLength);
  else source.readNow(tailStart, tail);
  const magic = String.fromCharCode(...tail.subarray(tailLength - 4));
  if (magic === 'PARE') throw unsupported('an encrypted footer', { file: source.name });
  if (magic !== 'PAR1') {
    throw corrupt('is no Parquet file: it does not end with PAR1', {
      file: source.name,
      offsetBytes: source.sizeBytes - 4,
    });
  }
  const view = new DataView(tail.buffer, tail.byteOffset + tailLength - 8, 4);
  const length = view.getUint32(0, true);
  if (length > limits.footerBytes || length + 12 > source.sizeBytes) {
    throw corrupt(`says its footer has ${length} bytes, in a file of ${source.sizeBytes}`, {
      file: source.name,
      offsetBytes: source.sizeBytes - 8,
    });
  }
  nextTailBytes = Math.min(tailBytes, Math.ceil((length + 8) / 2048 + 1) * 2048);
  const bytes =
    length + 8 <= tailLength
      ? tail.subarray(tailLength - 8 - length, tailLength - 8)
      : await source.read(source.sizeBytes - 8 - length, length);
  return decodeFooter(bytes, source.name, source.sizeBytes);
}

/**
 * Decodes the thrift bytes of a footer.
 * @param fileSizeBytes length of the whole file; every chunk must lie inside it, before the footer
 */
export function decodeFooter(bytes: Uint8Array, file: string, fileSizeBytes: number): ParquetFooter {
  try {
    return decode(bytes, file, fileSizeBytes);
  } catch (error) {
    throw placed(error, { file });
  }
}

function decode(bytes: Uint8Array, file: string, fileSizeBytes: number): ParquetFooter {
  // A copy: what is kept of a footer are views, and those must not hold on to the whole tail that was read.
  const c = compactCursor(new Uint8Array(bytes));
  let version = 0;
  let rows = -1;
  let schema: Schema | undefined;
  let rowGroups: readonly RowGroup[] | undefined;
  let usual: UsualRowGroups | undefined;
  let keyValues: readonly KeyValue[] = [];
  let createdBy: string | undefined;
  let columnOrderBytes: Uint8Array | undefined;
  beginStruct(c);
  while (nextField(c)) {
    switch (c.fieldId) {
      case 1:
        version = readI32(c);
        break;
      case 2:
        schema = readSchema(c);
        break;
      case 3:
        rows = readI64(c);
        break;
      case 4:
        if (schema === undefined) throw corrupt('the footer has row groups before its schema');
        usual =
          c.fieldType === wireType.LIST
            ? readUsualRowGroups(c.bytes, c.position, schema.leaves, fileSizeBytes - bytes.length - 8)
            : undefined;
        c.position += usual?.sizeBytes ?? 0;
        rowGroups = usual?.rowGroups ?? readRowGroups(c, schema.leaves);
        break;
      case 5:
        keyValues = readKeyValues(c);
        break;
      case 6:
        createdBy = readCreatedBy(c);
        break;
      case 7: {
        const start = c.position;
        const isList = c.fieldType === wireType.LIST;
        skipField(c);
        if (isList) columnOrderBytes = c.bytes.subarray(start, c.position);
        break;
      }
      case 8:
      case 9:
        throw unsupported('encryption');
      default:
        throw unsupported(`footer field ${c.fieldId}`);
    }
  }
  if (schema === undefined || rows < 0 || rowGroups === undefined) {
    throw corrupt('the footer lacks its schema, its number of rows or its row groups');
  }
  const footerSizeBytes = bytes.length + 8;
  const found = rowGroups.reduce((sum, rowGroup) => sum + rowGroup.rows, 0);
  // parquet-rs left it at 0 at first; every reader goes by the row groups.
  if (rows === 0) rows = found;
  // What the kernel has read it has held against schema and file.
  checkAgainstFile(rowGroups, schema.leaves, rows, fileSizeBytes - footerSizeBytes, usual !== undefined);
  return {
    file,
    fileSizeBytes,
    footerSizeBytes,
    version,
    rows,
    createdBy,
    ...schema,
    rowGroups: withoutMistakes(rowGroups, createdBy, fileSizeBytes - footerSizeBytes),
    keyValues,
    ...(columnOrderBytes === undefined ? {} : { columnOrderBytes }),
  };
}

interface Schema {
  readonly elements: readonly SchemaElement[];
  readonly elementBytes: readonly Uint8Array[];
  readonly leaves: readonly LeafColumn[];
  readonly schemaKey: string;
}

// Files of one partition nearly always share their schema bytes: decoding those once instead of once a file is
// the largest saving in reading thousands of footers.
let lastSchemaBytes: Uint8Array = new Uint8Array(0);
let lastSchema: Schema | undefined;

function readSchema(c: CompactCursor): Schema {
  const start = c.position;
  if (lastSchema !== undefined && c.fieldType === wireType.LIST && stands(c, lastSchemaBytes)) {
    c.position += lastSchemaBytes.length;
    return lastSchema;
  }
  const count = beginList(c, wireType.STRUCT);
  if (count > limits.schemaElements) throw corrupt(`the schema has ${count} elements`);
  const elements: SchemaElement[] = [];
  const elementBytes: Uint8Array[] = [];
  const hash = createHash('sha256');
  for (let i = 0; i < count; i++) {
    const from = c.position;
    elements.push(readSchemaElement(c));
    const raw = c.bytes.slice(from, c.position);
    elementBytes.push(raw);
    hash.update(raw);
  }
  const schema: Schema = {
    elements,
    elementBytes,
    leaves: leafColumnsOf(elements),
    schemaKey: hash.digest('hex').slice(0, 32),
  };
  lastSchemaBytes = c.bytes.slice(start, c.position);
  lastSchema = schema;
  return schema;
}

// And files of one job have one writer.
let lastCreatedBy = { bytes: new Uint8Array(0), text: '' };

function readCreatedBy(c: CompactCursor): string {
  const bytes = readBinary(c);
  if (Buffer.compare(bytes, lastCreatedBy.bytes) !== 0)
    lastCreatedBy = { bytes: bytes.slice(), text: decodeText(bytes) };
  return lastCreatedBy.text;
}

// As with schemas: writers put the same pairs into all files of a job, and some of them are long.
let lastKeyValues: readonly KeyValue[] = [];

function readKeyValues(c: CompactCursor): readonly KeyValue[] {
  const count = beginList(c, wireType.STRUCT);
  if (count > limits.keyValues) throw corrupt(`the footer has ${count} key-value pairs`);
  const keyValues: KeyValue[] = [];
  for (let i = 0; i < count; i++) {
    const start = c.position;
    const known = lastKeyValues[i];
    if (known !== undefined && stands(c, known.bytes)) {
      c.position += known.bytes.length;
      keyValues.push(known);
      continue;
    }
    let key: string | undefined;
    let value: string | undefined;
    const outer = beginStruct(c);
    while (nextField(c)) {
      if (c.fieldId === 1) key = decodeText(readBinary(c));
      else if (c.fieldId === 2 && c.fieldType === wireType.BINARY) value = decodeText(readBinary(c));
      else skipField(c);
    }
    endStruct(c, outer);
    if (key === undefined) throw corrupt('a key-value pair has no key');
    keyValues.push({ key, value, bytes: c.bytes.slice(start, c.position) });
  }
  // Files that say the same share the list, too: who goes through thousands of footers tells by it.
  if (keyValues.length !== lastKeyValues.length || keyValues.some((one, i) => one !== lastKeyValues[i]))
    lastKeyValues = keyValues;
  return lastKeyValues;
}

// Whether the bytes from the cursor on are these.
function stands(c: CompactCursor, bytes: Uint8Array): boolean {
  const { position } = c;
  if (c.end - position < bytes.length) return false;
  return Buffer.compare(c.bytes.subarray(position, position + bytes.length), bytes) === 0;
}

function checkAgainstFile(
  rowGroups: readonly RowGroup[],
  leaves: readonly LeafColumn[],
  rows: number,
  dataEndBytes: number,
  isChecked: boolean,
): void {
  let sum = 0;
  for (const [number, rowGroup] of rowGroups.entries()) {
    sum += rowGroup.rows;
    if (isChecked) continue;
    for (const [i, chunk] of rowGroup.chunks.entries()) {
      const end = chunk.startOffsetBytes + chunk.compressedSizeBytes;
      if (chunk.valueCount > 0 && end > dataEndBytes) {
        throw corrupt(
          `column chunk ends at offset ${end}, but the data of the file ends at ${dataEndBytes}`,
          { rowGroup: number, column: leaves[i]?.path ?? String(i), offsetBytes: chunk.startOffsetBytes },
        );
      }
      const isFlat = leaves[i]?.maxRepetitionLevel === 0 || rowGroup.rows === 0;
      if (isFlat && chunk.valueCount !== rowGroup.rows) {
        throw corrupt(`column chunk has ${chunk.valueCount} values, its row group ${rowGroup.rows} rows`, {
          rowGroup: number,
          column: leaves[i]?.path ?? String(i),
        });
      }
    }
  }
  if (sum !== rows) throw corrupt(`the footer says ${rows} rows, its row groups have ${sum}`);
}
