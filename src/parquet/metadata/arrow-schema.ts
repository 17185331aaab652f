/** Key of the footer's metadata under which Arrow's writers keep the schema they were given. */
export const arrowSchemaKey = 'ARROW:schema';

/**
 * What an Arrow schema says of its columns, in one line that is equal for two schemas exactly when an Arrow reader makes the same
 * columns of the same Parquet data by either: names, types, nullability, extension types and other metadata of
 * fields. Metadata of the schema as a whole does not count (pandas writes the number of rows into it), nor the width of
 * dictionary indices (readers choose their own).
 *
 * @param base64 value of the key `ARROW:schema`: an encapsulated IPC message
 * (https://arrow.apache.org/docs/format/Columnar.html, format/Message.fbs and Schema.fbs)
 * @returns undefined when it is no schema message, or has types this program does not know
 */
export function arrowColumns(base64: string): string | undefined {
  const bytes = Buffer.from(base64, 'base64');
  try {
    // Since Arrow 0.15 a marker of four bytes stands before the length.
    const start = bytes.readInt32LE(0) === -1 ? 8 : 4;
    const message = rootTable(bytes.subarray(start));
    if (message.byte(1) !== schemaHeader) return undefined;
    const schema = message.table(2);
    return JSON.stringify([schema?.short(0), schema?.tables(1).map((field) => fieldOf(field, 0))]);
  } catch (error) {
    // An offset that leads out of the bytes.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Whether an Arrow schema has a dictionary whose indices have fewer than 32 bits. Files may have few values each and together more
 * than such indices can tell apart; pyarrow then cannot read the merged file.
 * @param base64 as for {@link arrowColumns}
 */
export function hasNarrowIndices(base64: string): boolean {
  const bytes = Buffer.from(base64, 'base64');
  const isNarrow = (field: Table, depth: number): boolean => {
    const bits = field.table(4)?.table(1)?.int(0);
    if (bits !== undefined && bits < 32) return true;
    return depth < deepest && field.tables(5).some((child) => isNarrow(child, depth + 1));
  };
  try {
    const message = rootTable(bytes.subarray(bytes.readInt32LE(0) === -1 ? 8 : 4));
    const fields = message.byte(1) === schemaHeader ? message.table(2)?.tables(1) : undefined;
    return fields?.some((field) => isNarrow(field, 0)) ?? false;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const schemaHeader = 1;
const deepest = 200;

/** How the parameters of each type are read, by its number in the union `Type` of Schema.fbs. */
const typeParameters = new Map<number, (type: Table) => readonly unknown[]>([
  [2, (type) => [type.int(0), type.byte(1)]],
  [3, (type) => [type.short(0)]],
  [7, (type) => [type.int(0), type.int(1), type.int(2, 128)]],
  [8, (type) => [type.short(0, 1)]],
  [9, (type) => [type.short(0, 1), type.int(1, 32)]],
  [10, (type) => [type.short(0), type.text(1)]],
  [11, (type) => [type.short(0)]],
  [14, (type) => [type.short(0), type.ints(1)]],
  [15, (type) => [type.int(0)]],
  [16, (type) => [type.int(0)]],
  [17, (type) => [type.byte(0)]],
  [18, (type) => [type.short(0, 1)]],
  // Null, Binary, Utf8, Bool, List, Struct, the large, view and run-end encoded ones.
  ...[1, 4, 5, 6, 12, 13, 19, 20, 21, 22, 23, 24, 25, 26].map((id) => [id, () => []] as const),
]);

function fieldOf(field: Table, depth: number): unknown {
  const typeId = field.byte(2);
  const parameters = typeParameters.get(typeId);
  if (parameters === undefined || depth > deepest) throw new RangeError(`Arrow type ${typeId} is not known`);
  const type = field.table(3);
  const metadata = field.tables(6).map((pair) => [pair.text(0) ?? '', pair.text(1) ?? '']);
  return [
    field.text(0) ?? '',
    field.byte(1),
    typeId,
    type === undefined ? [] : parameters(type),
    field.table(4)?.byte(2),
    field.tables(5).map((child) => fieldOf(child, depth + 1)),
    metadata.toSorted((a, b) => Buffer.compare(Buffer.from(a.join('\0')), Buffer.from(b.join('\0')))),
  ];
}

/** A table of a FlatBuffer; `slot` counts its fields from 0, an absent scalar has its default. */
interface Table {
  byte(slot: number, absent?: number): number;
  short(slot: number, absent?: number): number;
  int(slot: number, absent?: number): number;
  text(slot: number): string | undefined;
  ints(slot: number): readonly number[];
  table(slot: number): Table | undefined;
  tables(slot: number): readonly Table[];
}

function rootTable(bytes: Buffer): Table {
  return tableAt(bytes, bytes.readUInt32LE(0));
}

/** @throws RangeError, when something is read, for offsets that lead out of the bytes */
function tableAt(bytes: Buffer, at: number): Table {
  const vtable = at - bytes.readInt32LE(at);
  const vtableBytes = bytes.readUInt16LE(vtable);
  const place = (slot: number): number | undefined => {
    const entry = 4 + 2 * slot;
    const offset = entry < vtableBytes ? bytes.readUInt16LE(vtable + entry) : 0;
    return offset === 0 ? undefined : at + offset;
  };
  const scalar =
    (read: (place: number) => number) =>
    (slot: number, absent = 0): number => {
      const found = place(slot);
      return found === undefined ? absent : read(found);
    };
  const target = (slot: number): number | undefined => {
    const found = place(slot);
    return found === undefined ? undefined : found + bytes.readUInt32LE(found);
  };
  const elements = (slot: number): readonly number[] => {
    const vector = target(slot);
    const count = vector === undefined ? 0 : bytes.readUInt32LE(vector);
    if (4 * count > bytes.length)
      throw new RangeError(`a vector of ${count} elements in ${bytes.length} bytes`);
    return Array.from({ length: count }, (_, index) => (vector ?? 0) + 4 + 4 * index);
  };
  return {
    byte: scalar((found) => bytes.readUInt8(found)),
    short: scalar((found) => bytes.readInt16LE(found)),
    int: scalar((found) => bytes.readInt32LE(found)),
    text: (slot) => {
      const start = target(slot);
      if (start === undefined) return undefined;
      const length = bytes.readUInt32LE(start);
      if (start + 4 + length > bytes.length) throw new RangeError(`a text of ${length} bytes at ${start}`);
      return bytes.toString('utf8', start + 4, start + 4 + length);
    },
    ints: (slot) => elements(slot).map((element) => bytes.readInt32LE(element)),
    table: (slot) => {
      const found = target(slot);
      return found === undefined ? undefined : tableAt(bytes, found);
    },
    tables: (slot) => elements(slot).map((element) => tableAt(bytes, element + bytes.readUInt32LE(element))),
  };
}
