import type { ArrowField } from './arrow-fields.ts';

/**
 * An Arrow schema as Arrow's writers put it under `ARROW:schema`: an encapsulated IPC message in base64
 * (https://arrow.apache.org/docs/format/Columnar.html, format/Message.fbs and Schema.fbs).
 */
export function arrowMessage(fields: readonly ArrowField[]): string {
  const message = flatBuffer((buffer) => {
    let dictionaries = 0;
    // Readers choose their own indices into a dictionary; these are of 32 bits.
    const field = ([
      name,
      nullable,
      typeId,
      parameters,
      dictionary,
      children,
      metadata,
    ]: ArrowField): Slots => [
      text(name),
      number('byte', nullable),
      number('byte', typeId),
      table(typeSlots(typeId, parameters)),
      dictionary === null
        ? undefined
        : table([number('long', dictionaries++), table(typeSlots(2, [32, 1])), number('byte', dictionary)]),
      tables(children.map(field)),
      metadata.length === 0 ? undefined : tables(metadata.map(([key, value]) => [text(key), text(value)])),
    ];
    const schema = table([number('short', 0), tables(fields.map(field))]);
    return writeTable(buffer, [
      number('short', metadataV5),
      number('byte', schemaHeader),
      schema,
      number('long', 0),
    ]);
  });
  const padded = Math.ceil(message.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded);
  bytes.writeInt32LE(-1, 0);
  bytes.writeInt32LE(padded, 4);
  bytes.set(message, 8);
  return bytes.toString('base64');
}

const metadataV5 = 4;
const schemaHeader = 1;

/** How the parameters of a type are laid out, where it has any; the numbers are those of the union `Type`. */
const typeLayouts = new Map<number, readonly ('int' | 'short' | 'byte' | 'text')[]>([
  [2, ['int', 'byte']],
  [3, ['short']],
  [7, ['int', 'int', 'int']],
  [8, ['short']],
  [9, ['short', 'int']],
  [10, ['short', 'text']],
  [11, ['short']],
  [15, ['int']],
  [16, ['int']],
  [17, ['byte']],
  [18, ['short']],
]);
/** Types that have none: see `typeParameters` in arrow-schema.ts. A union (14) has a list, and Parquet has no unions. */
const plainTypes = new Set([1, 4, 5, 6, 12, 13, 19, 20, 21, 22, 23, 24, 25, 26]);

/** Whether {@link arrowMessage} can write all of the fields. */
export function canWrite(fields: readonly ArrowField[]): boolean {
  return fields.every(([, , typeId, , , children]) => {
    return (typeLayouts.has(typeId) || plainTypes.has(typeId)) && canWrite(children);
  });
}

function typeSlots(typeId: number, parameters: readonly unknown[]): Slots {
  return (typeLayouts.get(typeId) ?? []).map((kind, i) => {
    const value = parameters[i];
    if (kind === 'text') return typeof value === 'string' ? text(value) : undefined;
    return number(kind, Number(value));
  });
}

// FlatBuffers, written front to back: a table, then what it refers to (https://flatbuffers.dev/internals/).

interface Buffered {
  bytes: Buffer;
  length: number;
}

type Slot =
  | { readonly sizeBytes: 1 | 2 | 4 | 8; readonly value: number }
  | { readonly sizeBytes: 4; readonly write: (buffer: Buffered) => number };
type Slots = readonly (Slot | undefined)[];

const sizes = { byte: 1, short: 2, int: 4, long: 8 } as const;

function number(kind: keyof typeof sizes, value: number): Slot {
  return { sizeBytes: sizes[kind], value };
}

function text(value: string): Slot {
  return {
    sizeBytes: 4,
    write: (buffer) => {
      const encoded = Buffer.from(value, 'utf8');
      // A zero byte ends it for readers in C.
      const at = allocate(buffer, 4 + encoded.length + 1, 4);
      buffer.bytes.writeUInt32LE(encoded.length, at);
      buffer.bytes.set(encoded, at + 4);
      return at;
    },
  };
}

function table(slots: Slots): Slot {
  return { sizeBytes: 4, write: (buffer) => writeTable(buffer, slots) };
}

function tables(all: readonly Slots[]): Slot {
  return {
    sizeBytes: 4,
    write: (buffer) => {
      const at = allocate(buffer, 4 + 4 * all.length, 4);
      buffer.bytes.writeUInt32LE(all.length, at);
      for (const [i, slots] of all.entries()) refer(buffer, at + 4 + 4 * i, writeTable(buffer, slots));
      return at;
    },
  };
}

function flatBuffer(writeRoot: (buffer: Buffered) => number): Buffer {
  const buffer: Buffered = { bytes: Buffer.alloc(1024), length: 0 };
  const root = allocate(buffer, 4, 4);
  refer(buffer, root, writeRoot(buffer));
  return buffer.bytes.subarray(0, buffer.length);
}

function writeTable(buffer: Buffered, slots: Slots): number {
  // The largest first, so that each is aligned: the table begins four bytes before a multiple of eight.
  const places: number[] = [];
  let tableBytes = 4;
  for (const size of [8, 4, 2, 1]) {
    for (const [i, slot] of slots.entries()) {
      if (slot?.sizeBytes !== size) continue;
      places[i] = tableBytes;
      tableBytes += size;
    }
  }
  const vtable = allocate(buffer, 4 + 2 * slots.length, 2);
  const at = allocate(buffer, tableBytes, 8, 4);
  buffer.bytes.writeUInt16LE(4 + 2 * slots.length, vtable);
  buffer.bytes.writeUInt16LE(tableBytes, vtable + 2);
  buffer.bytes.writeInt32LE(at - vtable, at);
  for (const [i, slot] of slots.entries()) {
    const place = places[i];
    if (slot === undefined || place === undefined) continue;
    buffer.bytes.writeUInt16LE(place, vtable + 4 + 2 * i);
    if ('write' in slot) refer(buffer, at + place, slot.write(buffer));
    else writeNumber(buffer.bytes, at + place, slot.sizeBytes, slot.value);
  }
  return at;
}

function writeNumber(bytes: Buffer, at: number, sizeBytes: number, value: number): void {
  if (sizeBytes === 8) bytes.writeBigInt64LE(BigInt(value), at);
  else bytes.writeIntLE(value, at, sizeBytes);
}

function refer(buffer: Buffered, at: number, target: number): void {
  buffer.bytes.writeUInt32LE(target - at, at);
}

// Bytes that are zero, at an address that is `beyond` a multiple of `align`.
function allocate(buffer: Buffered, sizeBytes: number, align: number, beyond = 0): number {
  let at = buffer.length;
  while (at % align !== beyond) at++;
  buffer.length = at + sizeBytes;
  if (buffer.length > buffer.bytes.length) {
    const grown = Buffer.alloc(2 * buffer.length);
    grown.set(buffer.bytes);
    buffer.bytes = grown;
  }
  return at;
}
