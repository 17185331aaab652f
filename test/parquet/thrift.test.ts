import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/core/errors.ts';
import {
  beginList,
  beginStruct as beginReading,
  type CompactCursor,
  compactCursor,
  endStruct as endReading,
  expectStruct,
  nextField,
  readBinary,
  readBinaryElement,
  readBits32,
  readBoolean,
  readI32,
  readI64,
  readVarint,
  readZigzag,
  skipField,
  wireType,
} from '../../src/parquet/thrift/compact-reader.ts';
import {
  beginStruct,
  type CompactWriter,
  compactWriter,
  endStruct,
  putBinary,
  putRaw,
  putVarint,
  putZigzag,
  writeBinary,
  writeBoolean,
  writeI16,
  writeI32,
  writeI64,
  writeListField,
  writeStructField,
  writtenBytes,
} from '../../src/parquet/thrift/compact-writer.ts';

/** A value of a thrift field, as the tests build, write and read it. */
type Value =
  | { readonly kind: 'i16' | 'i32' | 'i64'; readonly number: number }
  | { readonly kind: 'boolean'; readonly is: boolean }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array }
  | { readonly kind: 'integers'; readonly numbers: readonly number[] }
  | { readonly kind: 'binaries'; readonly items: readonly Uint8Array[] }
  | { readonly kind: 'struct'; readonly fields: Fields }
  | { readonly kind: 'structs'; readonly items: readonly Fields[] };
type Fields = readonly { readonly id: number; readonly value: Value }[];

const safe = 2 ** 52;
const i64 = fc.oneof(fc.integer({ min: -safe, max: safe - 1 }), fc.constantFrom(-safe, safe - 1, 0, -1));
const i32 = fc.oneof(fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1));
const bytes = fc.uint8Array({ maxLength: 300 });

const { fields } = fc.letrec<{ value: Value; fields: Fields }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.integer({ min: -32768, max: 32767 }).map((number): Value => ({ kind: 'i16', number })),
    i32.map((number): Value => ({ kind: 'i32', number })),
    i64.map((number): Value => ({ kind: 'i64', number })),
    fc.boolean().map((is): Value => ({ kind: 'boolean', is })),
    bytes.map((b): Value => ({ kind: 'binary', bytes: b })),
    fc.array(i32, { maxLength: 20 }).map((numbers): Value => ({ kind: 'integers', numbers })),
    fc.array(bytes, { maxLength: 20 }).map((items): Value => ({ kind: 'binaries', items })),
    tie('fields').map((f): Value => ({ kind: 'struct', fields: f })),
    fc.array(tie('fields'), { maxLength: 17 }).map((items): Value => ({ kind: 'structs', items })),
  ),
  fields: fc.array(
    fc.record({
      // Neighbours, far ones, and such that come before their predecessor.
      id: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: -32768, max: 32767 })),
      value: tie('value'),
    }),
    { maxLength: 5 },
  ),
}));

function write(w: CompactWriter, all: Fields): void {
  const outer = beginStruct(w);
  for (const { id, value } of all) {
    switch (value.kind) {
      case 'i16':
        writeI16(w, id, value.number);
        break;
      case 'i32':
        writeI32(w, id, value.number);
        break;
      case 'i64':
        writeI64(w, id, value.number);
        break;
      case 'boolean':
        writeBoolean(w, id, value.is);
        break;
      case 'binary':
        writeBinary(w, id, value.bytes);
        break;
      case 'integers':
        writeListField(w, id, wireType.I32, value.numbers.length);
        for (const number of value.numbers) putZigzag(w, number);
        break;
      case 'binaries':
        writeListField(w, id, wireType.BINARY, value.items.length);
        for (const item of value.items) putBinary(w, item);
        break;
      case 'struct':
        writeStructField(w, id);
        write(w, value.fields);
        break;
      case 'structs':
        writeListField(w, id, wireType.STRUCT, value.items.length);
        for (const item of value.items) write(w, item);
    }
  }
  endStruct(w, outer);
}

function assertReads(c: CompactCursor, all: Fields): void {
  const outer = beginReading(c);
  for (const { id, value } of all) {
    assert.ok(nextField(c));
    assert.equal(c.fieldId, id);
    switch (value.kind) {
      case 'boolean':
        assert.equal(readBoolean(c), value.is);
        break;
      case 'binary':
        assert.deepEqual(readBinary(c), value.bytes);
        break;
      case 'integers':
        assert.equal(beginList(c, wireType.I32), value.numbers.length);
        assert.deepEqual(
          value.numbers.map(() => readZigzag(c)),
          // Zero has no sign here.
          value.numbers.map((number) => number + 0),
        );
        break;
      case 'binaries':
        assert.equal(beginList(c, wireType.BINARY), value.items.length);
        for (const item of value.items) assert.deepEqual(readBinaryElement(c), item);
        break;
      case 'struct':
        expectStruct(c);
        assertReads(c, value.fields);
        break;
      case 'structs':
        assert.equal(beginList(c, wireType.STRUCT), value.items.length);
        for (const item of value.items) assertReads(c, item);
        break;
      case 'i16':
        assert.equal(c.fieldType, wireType.I16);
        assert.equal(readZigzag(c), value.number + 0);
        break;
      default:
        assert.equal(value.kind === 'i64' ? readI64(c) : readI32(c), value.number + 0);
    }
  }
  assert.equal(nextField(c), false);
  endReading(c, outer);
}

function encoded(all: Fields): Uint8Array {
  const w = compactWriter(1);
  write(w, all);
  return writtenBytes(w);
}

test('what is written reads back, nested and with any field numbers', () => {
  fc.assert(
    fc.property(fields, (all) => {
      const c = compactCursor(encoded(all));
      assertReads(c, all);
      assert.equal(c.position, c.end);
      assert.equal(c.fieldId, 0);
    }),
    { numRuns: 500 },
  );
});

test('skipping a field ends where reading it ends', () => {
  fc.assert(
    fc.property(fields, (all) => {
      const c = compactCursor(encoded(all));
      beginReading(c);
      const ids: number[] = [];
      while (nextField(c)) {
        ids.push(c.fieldId);
        skipField(c);
      }
      assert.deepEqual(
        ids,
        all.map(({ id }) => id),
      );
      assert.equal(c.position, c.end);
    }),
    { numRuns: 500 },
  );
});

test('types that the format does not use are skipped', () => {
  const w = compactWriter();
  beginStruct(w);
  // A double, an i8, a UUID, a set of i64, a map of booleans to lists, an empty map, a list of booleans.
  putRaw(w, Uint8Array.of(0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0x13, 200, 0x1d, ...new Uint8Array(16)));
  putRaw(w, Uint8Array.of(0x1a, 0x26, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 5));
  putRaw(w, Uint8Array.of(0x1b, 2, 0x19, 1, 0x13, 9, 2, 0x28, 1, 65, 0, 0x1b, 0, 0x19, 0x31, 1, 2, 1));
  // Skipped by hand, so the writer's own count goes on at 7.
  w.lastFieldId = 7;
  writeI32(w, 8, -5);
  endStruct(w, 0);
  const c = compactCursor(writtenBytes(w));
  while (nextField(c)) {
    if (c.fieldId === 8) assert.equal(readI32(c), -5);
    else skipField(c);
  }
  assert.equal(c.position, c.end);
});

test('a number of another width than the field has is refused, as is one that does not fit', () => {
  const cursorAt = (type: number, ...value: number[]): CompactCursor => {
    const c = compactCursor(Uint8Array.of(0x10 | type, ...value, 0));
    nextField(c);
    return c;
  };
  assert.equal(readI32(cursorAt(wireType.I32, 0xff, 0xff, 0xff, 0xff, 0x0f)), -(2 ** 31));
  assert.equal(readI32(cursorAt(wireType.I32, 0xfe, 0xff, 0xff, 0xff, 0x0f)), 2 ** 31 - 1);
  assert.throws(() => readI32(cursorAt(wireType.I32, 0x80, 0x80, 0x80, 0x80, 0x10)), FormatError);
  assert.throws(() => readI32(cursorAt(wireType.I64, 2)), FormatError);
  assert.throws(() => readI64(cursorAt(wireType.I32, 2)), FormatError);
  // A checksum is 32 bits, which some writers take for an unsigned number.
  assert.equal(readBits32(cursorAt(wireType.I32, 0xff, 0xff, 0xff, 0xff, 0x0f)), 2 ** 31);
  assert.equal(readBits32(cursorAt(wireType.I32, 0x80, 0x80, 0x80, 0x80, 0x10)), 2 ** 31);
});

test('the greatest numbers that are exact pass, greater ones are refused', () => {
  for (const value of [2 ** 53 - 1, 2 ** 32, 127, 128, 16383, 16384]) {
    const w = compactWriter(1);
    putVarint(w, value);
    assert.equal(readVarint(compactCursor(writtenBytes(w))), value);
  }
  for (const bytesOf of [
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f],
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  ]) {
    assert.throws(() => readVarint(compactCursor(Uint8Array.from(bytesOf))), FormatError);
  }
});

test('bytes cut anywhere are refused', () => {
  fc.assert(
    fc.property(fields, fc.nat(), (all, cut) => {
      const whole = encoded(all);
      const c = compactCursor(whole, 0, cut % whole.length);
      assert.throws(() => {
        while (nextField(c)) skipField(c);
      }, FormatError);
    }),
    { numRuns: 500 },
  );
});

test('any bytes are passed over in their own time or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (any) => {
      const c = compactCursor(any);
      try {
        while (nextField(c)) skipField(c);
        assert.ok(c.position <= c.end);
      } catch (error) {
        assert.ok(error instanceof FormatError, String(error));
      }
    }),
    { numRuns: 5000 },
  );
});

test('a list cannot claim more elements than there are bytes, and nesting is bounded', () => {
  const list = Uint8Array.of(0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1, 1);
  for (const take of [skipField, (c: CompactCursor) => beginList(c, wireType.I32)]) {
    const c = compactCursor(list);
    nextField(c);
    assert.throws(() => take(c), { name: 'FormatError', problem: /list of 4294967295 elements/ });
  }
  const deep = new Uint8Array(1_000_000).fill(0x1c);
  const c = compactCursor(deep);
  nextField(c);
  assert.throws(() => skipField(c), { name: 'FormatError', problem: /nested more than 64 deep/ });
});
