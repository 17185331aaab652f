import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareValues } from '../../src/parquet/compare-values.ts';
import { emptyExtremes, extendExtremes, mergeExtremes, valueBytes } from '../../src/parquet/extremes.ts';
import { physicalType } from '../../src/parquet/format.ts';
import { type LeafColumn, leafColumnsOf } from '../../src/parquet/metadata/leaf-column.ts';
import type { SchemaElement } from '../../src/parquet/metadata/schema-element.ts';
import { blockOf } from './blocks.ts';
import { bothKernels, freshRooms, placed } from './kernels.ts';

interface Case {
  readonly what: string;
  readonly element: Omit<SchemaElement, 'name'>;
  /** A value as something that compares with < and >; undefined when it takes no part (NaN). */
  readonly read: (bytes: Uint8Array) => bigint | number | string | undefined;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const number = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
const decimal = (bytes: Uint8Array): bigint =>
  bytes.length === 0
    ? 0n
    : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
const unsignedBytes = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function half(bytes: Uint8Array): number | undefined {
  const bits = view(bytes).getUint16(0, true);
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31 && fraction !== 0) return undefined;
  const size =
    exponent === 31
      ? Infinity
      : exponent === 0
        ? fraction * 2 ** -24
        : (1024 + fraction) * 2 ** (exponent - 25);
  return bits > 32767 ? -size : size;
}

const { INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY, BOOLEAN } = physicalType;
const cases: readonly Case[] = [
  { what: 'boolean', element: { type: BOOLEAN }, read: (b) => b[0] },
  { what: 'signed32', element: { type: INT32 }, read: (b) => view(b).getInt32(0, true) },
  {
    what: 'unsigned32',
    element: { type: INT32, convertedType: 13 },
    read: (b) => view(b).getUint32(0, true),
  },
  { what: 'signed64', element: { type: INT64 }, read: (b) => view(b).getBigInt64(0, true) },
  {
    what: 'unsigned64',
    element: { type: INT64, logicalType: { name: 'INTEGER', bitWidth: 64, isSigned: false } },
    read: (b) => view(b).getBigUint64(0, true),
  },
  { what: 'float32', element: { type: FLOAT }, read: (b) => number(view(b).getFloat32(0, true)) },
  { what: 'float64', element: { type: DOUBLE }, read: (b) => number(view(b).getFloat64(0, true)) },
  {
    what: 'float16',
    element: { type: FIXED_LEN_BYTE_ARRAY, typeLength: 2, logicalType: { name: 'FLOAT16' } },
    read: half,
  },
  {
    what: 'unsigned-bytes',
    element: { type: BYTE_ARRAY, logicalType: { name: 'STRING' } },
    read: unsignedBytes,
  },
  { what: 'unsigned-bytes', element: { type: FIXED_LEN_BYTE_ARRAY, typeLength: 3 }, read: unsignedBytes },
  {
    what: 'signed-bytes',
    element: { type: BYTE_ARRAY, logicalType: { name: 'DECIMAL' } },
    // Of equal numbers the one of fewer bytes comes first.
    read: (b) => decimal(b) * 1000n + BigInt(b.length),
  },
  {
    what: 'signed-bytes',
    element: { type: FIXED_LEN_BYTE_ARRAY, typeLength: 11, convertedType: 5 },
    read: decimal,
  },
];

function leafOf(element: Omit<SchemaElement, 'name'>): LeafColumn {
  const [leaf] = leafColumnsOf([
    { name: 'root', childCount: 1 },
    { name: 'v', ...element },
  ]);
  assert.ok(leaf);
  return leaf;
}

function arbitraryValue(leaf: LeafColumn): fc.Arbitrary<Uint8Array> {
  if (leaf.type === BOOLEAN) return fc.nat({ max: 1 }).map((bit) => Uint8Array.of(bit));
  const width = leaf.widthBytes;
  const any =
    width > 0 ? fc.uint8Array({ minLength: width, maxLength: width }) : fc.uint8Array({ maxLength: 12 });
  const odd = any.chain((bytes) =>
    fc.constantFrom(0, 1, 127, 128, 255).map((byte) => bytes.slice().fill(byte)),
  );
  const floats = [0, -0, 1, -1, NaN, Infinity, -Infinity];
  if (leaf.type === FLOAT) {
    return fc.oneof(
      any,
      fc.constantFrom(...floats).map((f) => new Uint8Array(Float32Array.of(f).buffer)),
    );
  }
  if (leaf.type === DOUBLE) {
    return fc.oneof(
      any,
      fc.constantFrom(...floats).map((f) => new Uint8Array(Float64Array.of(f).buffer)),
    );
  }
  if (leaf.sortOrder === 'float16') {
    return fc.oneof(
      any,
      fc.constantFrom([0, 0], [0, 128], [0, 124], [0, 252], [1, 124]).map((b) => Uint8Array.from(b)),
    );
  }
  return fc.oneof(any, odd);
}

// Zeros as the format wants them, which a comparison of values cannot tell apart.
function isZeroOfSign(bytes: Uint8Array, isNegative: boolean): boolean {
  return bytes.every((byte, i) => byte === (isNegative && i === bytes.length - 1 ? 128 : 0));
}

const kernels = bothKernels();

for (const { what, element, read } of cases) {
  const leaf = leafOf(element);
  const value = arbitraryValue(leaf);
  const name = `${what}, ${leaf.widthBytes === 0 ? 'of any length' : `${leaf.widthBytes} bytes`}`;

  test(`least and greatest value: ${name}`, () => {
    assert.equal(leaf.sortOrder, what);
    const entry = fc.record({ value, isUsed: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(fc.array(entry, { maxLength: 12 }), { maxLength: 4 }),
        fc.boolean(),
        (parts, masked) => {
          const [extremes, byReference] = kernels.map((kernel) => {
            const found = emptyExtremes(leaf.sortOrder);
            for (const part of parts) {
              const rooms = freshRooms(kernel);
              const block = blockOf(
                rooms,
                leaf,
                part.map((item) => item.value),
              );
              const used = Uint8Array.from(part, (item) => (item.isUsed ? 1 : 0));
              extendExtremes(found, kernel, block, masked ? placed(rooms, used).at : 0);
            }
            return found;
          });
          assert.ok(extremes);
          assert.deepEqual(extremes, byReference);
          const counted = parts
            .flat()
            .filter((item) => !masked || item.isUsed)
            .map((item) => read(item.value));
          assert.equal(extremes.nanCount, counted.filter((value) => value === undefined).length);
          const seen = counted.filter((item) => item !== undefined);
          if (seen.length === 0) {
            assert.deepEqual([extremes.min, extremes.max], [undefined, undefined]);
            return;
          }
          assert.ok(extremes.min && extremes.max);
          const sorted = seen.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          const least = sorted[0];
          const greatest = sorted.at(-1);
          // With === : of the two zeros of a float either is the least or the greatest.
          assert.ok(read(extremes.min) === least, `${read(extremes.min)} is not ${least}`);
          assert.ok(read(extremes.max) === greatest, `${read(extremes.max)} is not ${greatest}`);
          if (what.startsWith('float')) {
            if (least === 0) assert.ok(isZeroOfSign(extremes.min, true), 'least zero is -0.0');
            if (greatest === 0) assert.ok(isZeroOfSign(extremes.max, false), 'greatest zero is +0.0');
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test(`comparing two values: ${name}`, () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const left = read(a);
        const right = read(b);
        fc.pre(left !== undefined && right !== undefined);
        const found = Math.sign(compareValues(leaf.sortOrder, a, b));
        assert.ok(found === (left < right ? -1 : left > right ? 1 : 0), `${found}`);
      }),
      { numRuns: 400 },
    );
  });

  test(`extremes of parts put together are those of the whole: ${name}`, () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 10 }), fc.array(value, { maxLength: 10 }), (a, b) => {
        const of = (values: readonly Uint8Array[]) => {
          const extremes = emptyExtremes(leaf.sortOrder);
          for (const kernel of kernels) {
            extendExtremes(extremes, kernel, blockOf(freshRooms(kernel), leaf, values));
          }
          return extremes;
        };
        const together = of(a);
        const second = of(b);
        mergeExtremes(together, second.min, second.max);
        const whole = of([...a, ...b]);
        for (const end of ['min', 'max'] as const) {
          const x = together[end];
          const y = whole[end];
          if (x === undefined || y === undefined) assert.equal(x, y);
          else assert.ok(read(x) === read(y));
        }
      }),
      { numRuns: 200 },
    );
  });
}

test('a value is read out of its block whole', () => {
  for (const { element } of cases) {
    const leaf = leafOf(element);
    fc.assert(
      fc.property(fc.array(arbitraryValue(leaf), { minLength: 1, maxLength: 9 }), (values) => {
        for (const kernel of kernels) {
          const block = blockOf(freshRooms(kernel), leaf, values);
          for (const [i, bytes] of values.entries()) assert.deepEqual(valueBytes(kernel, block, i), bytes);
        }
      }),
      { numRuns: 50 },
    );
  }
});

test('types without an order get no extremes', () => {
  const without: readonly Omit<SchemaElement, 'name'>[] = [
    { type: physicalType.INT96 },
    { type: FIXED_LEN_BYTE_ARRAY, typeLength: 12, convertedType: 21 },
    { type: BYTE_ARRAY, logicalType: { name: 'field 99' } },
    { type: BYTE_ARRAY, logicalType: { name: 'GEOMETRY' } },
    { type: INT32, logicalType: { name: 'UNKNOWN' } },
  ];
  for (const element of without) {
    const leaf = leafOf(element);
    assert.equal(leaf.sortOrder, 'none');
    const extremes = emptyExtremes(leaf.sortOrder);
    const value = new Uint8Array(leaf.widthBytes || 3);
    for (const kernel of kernels)
      extendExtremes(extremes, kernel, blockOf(freshRooms(kernel), leaf, [value]));
    assert.deepEqual([extremes.min, extremes.max], [undefined, undefined]);
  }
});
