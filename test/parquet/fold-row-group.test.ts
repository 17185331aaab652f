import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/core/errors.ts';
import { shiftRowGroup } from '../../src/parquet/fold/shift-row-group.ts';
import type { TrustedBounds } from '../../src/parquet/fold/trusted-bounds.ts';
import { wireType } from '../../src/parquet/thrift/compact-reader.ts';
import {
  beginStruct,
  type CompactWriter,
  compactWriter,
  endStruct,
  writeBinary,
  writeBoolean,
  writeI16,
  writeI32,
  writeI64,
  writeListField,
  writeStructField,
  writtenBytes,
} from '../../src/parquet/thrift/compact-writer.ts';

/** What becomes of a field: `shift` and `keep` as they say, `bounds` and `old bounds` stay when they are trusted. */
type Fate = 'keep' | 'shift' | 'drop' | 'bounds' | 'old bounds';

/** A field of a made-up struct: how its value is written for a number drawn by chance. */
interface Field {
  readonly id: number;
  readonly fate: Fate;
  write(w: CompactWriter, id: number, drawn: number): void;
}

const i16 = (id: number, fate: Fate): Field => ({
  id,
  fate,
  write: (w, at, n) => writeI16(w, at, n % 30_000),
});
const i32 = (id: number, fate: Fate): Field => ({ id, fate, write: writeI32 });
const i64 = (id: number, fate: Fate): Field => ({ id, fate, write: writeI64 });
const flag = (id: number, fate: Fate): Field => ({
  id,
  fate,
  write: (w, at, n) => writeBoolean(w, at, n % 2 === 1),
});
const bytes = (id: number, fate: Fate): Field => ({
  id,
  fate,
  write: (w, at, n) => writeBinary(w, at, new Uint8Array(n % 20).fill(n % 256)),
});
const structs = (id: number, fate: Fate): Field => ({
  id,
  fate,
  write: (w, at, n) => {
    writeListField(w, at, wireType.STRUCT, n % 4);
    for (let i = 0; i < n % 4; i++) {
      const outer = beginStruct(w);
      writeI32(w, 1, n);
      endStruct(w, outer);
    }
  },
});

// The fields of parquet.thrift, a few of which no version has yet, and one that belongs to other tools (32767).
const statistics: readonly Field[] = [
  bytes(1, 'old bounds'),
  bytes(2, 'old bounds'),
  i64(3, 'keep'),
  i64(4, 'keep'),
  bytes(5, 'bounds'),
  bytes(6, 'bounds'),
  flag(7, 'bounds'),
  flag(8, 'bounds'),
  i64(9, 'keep'),
  i64(10, 'drop'),
];
const metaData: readonly Field[] = [
  ...[1, 4].map((id) => i32(id, 'keep')),
  ...[2, 8, 13].map((id) => structs(id, 'keep')),
  bytes(3, 'keep'),
  ...[5, 6, 7].map((id) => i64(id, 'keep')),
  ...[9, 10, 11, 14].map((id) => i64(id, 'shift')),
  i32(15, 'keep'),
  structs(16, 'keep'),
  structs(17, 'keep'),
  i64(18, 'drop'),
  i64(40, 'drop'),
  bytes(32_767, 'drop'),
];
const chunk: readonly Field[] = [
  bytes(1, 'keep'),
  i64(2, 'shift'),
  i64(4, 'drop'),
  i32(5, 'drop'),
  i64(6, 'drop'),
  i32(7, 'drop'),
  bytes(10, 'drop'),
];
const rowGroup: readonly Field[] = [
  i64(2, 'keep'),
  i64(3, 'keep'),
  structs(4, 'keep'),
  i64(5, 'shift'),
  i64(6, 'keep'),
  i16(7, 'drop'),
  i64(8, 'drop'),
];

/** Which fields a struct has and what is in them. */
type Drawn = readonly { readonly field: Field; readonly value: number }[];
interface DrawnRowGroup {
  readonly fields: Drawn;
  readonly chunks: readonly {
    readonly fields: Drawn;
    readonly metaData: Drawn;
    readonly statistics: Drawn | undefined;
    readonly trust: TrustedBounds;
  }[];
}

const value = fc.oneof(fc.nat({ max: 300 }), fc.nat(), fc.integer({ min: 0, max: 2 ** 44 }));
const drawn = (fields: readonly Field[]): fc.Arbitrary<Drawn> =>
  fc
    .subarray([...fields])
    .chain((some) => fc.tuple(...some.map((field) => fc.record({ field: fc.constant(field), value }))));
const rowGroups: fc.Arbitrary<DrawnRowGroup> = fc.record({
  fields: drawn(rowGroup),
  chunks: fc.array(
    fc.record({
      fields: drawn(chunk),
      metaData: drawn(metaData),
      statistics: fc.option(drawn(statistics), { nil: undefined }),
      trust: fc.record({ current: fc.boolean(), deprecated: fc.boolean() }),
    }),
    { minLength: 1, maxLength: 20 },
  ),
});

/** Writes a struct: as it is, or, when `shiftedBy` is given, as it must come out. */
function put(
  w: CompactWriter,
  fields: Drawn,
  nested: readonly { readonly id: number; put(): void }[],
  shiftedBy: number | undefined,
  trust: TrustedBounds = { current: true, deprecated: true },
): void {
  const outer = beginStruct(w);
  const all = [
    ...fields.map(({ field, value: number }) => ({
      id: field.id,
      put: () => {
        if (shiftedBy === undefined) return field.write(w, field.id, number);
        if (field.fate === 'drop') return;
        if (field.fate === 'bounds' && !trust.current) return;
        if (field.fate === 'old bounds' && !trust.deprecated) return;
        const moves = field.fate === 'shift' && number > 0;
        field.write(w, field.id, moves ? number + shiftedBy : number);
      },
    })),
    ...nested,
  ];
  for (const one of all.toSorted((a, b) => a.id - b.id)) one.put();
  endStruct(w, outer);
}

function encoded({ fields, chunks }: DrawnRowGroup, shiftedBy?: number): Uint8Array {
  const w = compactWriter();
  const putChunks = (): void => {
    writeListField(w, 1, wireType.STRUCT, chunks.length);
    for (const one of chunks) {
      const putStatistics = (): void => {
        writeStructField(w, 12);
        put(w, one.statistics ?? [], [], shiftedBy, one.trust);
      };
      const putMetaData = (): void => {
        writeStructField(w, 3);
        const inner = one.statistics === undefined ? [] : [{ id: 12, put: putStatistics }];
        put(w, one.metaData, inner, shiftedBy);
      };
      put(w, one.fields, [{ id: 3, put: putMetaData }], shiftedBy);
    }
  };
  put(w, fields, [{ id: 1, put: putChunks }], shiftedBy);
  return writtenBytes(w).slice();
}

function shifted(struct: Uint8Array, offsetBytes: number, trust: readonly TrustedBounds[]): Buffer {
  const w = compactWriter(1);
  shiftRowGroup(struct, offsetBytes, trust, w);
  return Buffer.from(writtenBytes(w));
}

test('offsets move, what holds nowhere else is left out, and every other byte stays', () => {
  fc.assert(
    fc.property(rowGroups, fc.integer({ min: 0, max: 2 ** 44 }), (group, offsetBytes) => {
      const trust = group.chunks.map((one) => one.trust);
      assert.deepEqual(
        shifted(encoded(group), offsetBytes, trust).toString('hex'),
        Buffer.from(encoded(group, offsetBytes)).toString('hex'),
      );
    }),
    { numRuns: 2000 },
  );
});

test('moving twice is moving once by the sum', () => {
  fc.assert(
    fc.property(rowGroups, fc.nat({ max: 2 ** 30 }), fc.nat({ max: 2 ** 30 }), (group, first, second) => {
      const trust = group.chunks.map((one) => one.trust);
      const struct = encoded(group);
      assert.deepEqual(
        shifted(shifted(struct, first, trust), second, trust),
        shifted(struct, first + second, trust),
      );
    }),
  );
});

test('an offset of another thrift type, which readers pass over, is left out', () => {
  const group = (fields: Drawn): DrawnRowGroup => ({
    fields: [],
    chunks: [
      { fields: [], metaData: fields, statistics: undefined, trust: { current: true, deprecated: true } },
    ],
  });
  const kept: Drawn = [{ field: i64(9, 'shift'), value: 100 }];
  const wrong: Drawn = [...kept, { field: i32(11, 'shift'), value: 4 }];
  assert.deepEqual(shifted(encoded(group(wrong)), 50, []), Buffer.from(encoded(group(kept), 50)));
});

test('bytes that break off, or an offset out of range, are a FormatError', () => {
  const struct = encoded({
    fields: rowGroup.map((field) => ({ field, value: 7 })),
    chunks: [{ fields: [], metaData: [], statistics: [], trust: { current: true, deprecated: true } }],
  });
  for (let end = 0; end < struct.length; end++) {
    assert.throws(() => shifted(struct.subarray(0, end), 1, []), FormatError, `cut at ${end}`);
  }
  const far = encoded({ fields: [{ field: i64(5, 'shift'), value: 2 ** 52 - 1 }], chunks: [] });
  assert.throws(() => shifted(far, 10, []), FormatError);
});
