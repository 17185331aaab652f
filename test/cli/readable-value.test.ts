import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableValue } from '../../src/cli/inspect/readable-value.ts';
import { convertedType, physicalType } from '../../src/parquet/format.ts';
import { leafColumnsOf } from '../../src/parquet/metadata/leaf-column.ts';
import type { SchemaElement } from '../../src/parquet/metadata/schema-element.ts';

function shownValue(element: Partial<SchemaElement>, bytes: Uint8Array): unknown {
  const [leaf] = leafColumnsOf([
    { name: 'root', childCount: 1 },
    { name: 'c', repetition: 0, ...element },
  ]);
  if (leaf === undefined) throw new Error('a schema with one element has one leaf');
  return readableValue(leaf, bytes);
}

const int32 = (value: number) => Buffer.from(Int32Array.of(value).buffer);
const int64 = (value: bigint) => Buffer.from(BigInt64Array.of(value).buffer);
const { INT32, INT64, FLOAT, DOUBLE, BOOLEAN, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY } = physicalType;

test('numbers, exact', () => {
  assert.equal(shownValue({ type: BOOLEAN }, Uint8Array.of(1)), true);
  assert.equal(shownValue({ type: INT32 }, int32(-5)), -5);
  assert.equal(shownValue({ type: INT64 }, int64(-5n)), -5);
  assert.equal(shownValue({ type: INT64 }, int64(2n ** 62n)), 2n ** 62n);
  assert.equal(shownValue({ type: DOUBLE }, Buffer.from(Float64Array.of(0.1).buffer)), 0.1);
  for (const value of [0.9, 16777216, 1e-40, 3.4028234663852886e38, Number.NEGATIVE_INFINITY]) {
    const shown = shownValue({ type: FLOAT }, Buffer.from(Float32Array.of(value).buffer));
    assert.equal(Math.fround(Number(shown)), Math.fround(value));
  }
  assert.equal(shownValue({ type: FLOAT }, Buffer.from(Float32Array.of(0.9).buffer)), 0.9);
  assert.ok(Object.is(shownValue({ type: FLOAT }, Buffer.from(Float32Array.of(-0).buffer)), -0));
});

test('unsigned integers', () => {
  assert.equal(shownValue({ type: INT32, convertedType: convertedType.UINT_32 }, int32(-1)), 4_294_967_295);
  assert.equal(shownValue({ type: INT64, convertedType: convertedType.UINT_64 }, int64(-1n)), 2n ** 64n - 1n);
});

test('dates, times and timestamps, also before 1970', () => {
  const timestamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS', isAdjustedToUtc = true) => ({
    type: INT64,
    logicalType: { name: 'TIMESTAMP', unit, isAdjustedToUtc },
  });
  assert.equal(shownValue({ type: INT32, convertedType: convertedType.DATE }, int32(-1)), '1969-12-31');
  assert.equal(shownValue(timestamp('MILLIS'), int64(-1n)), '1969-12-31T23:59:59.999Z');
  assert.equal(shownValue(timestamp('MICROS'), int64(1_755_285_092_851_001n)), '2025-08-15T19:11:32.851001Z');
  assert.equal(shownValue(timestamp('NANOS', false), int64(1n)), '1970-01-01T00:00:00.000000001');
  assert.equal(
    shownValue({ type: INT32, convertedType: convertedType.TIME_MILLIS }, int32(3_600_001)),
    '01:00:00.001',
  );
  // Beyond what a Date holds: the number itself.
  assert.equal(shownValue(timestamp('MILLIS'), int64(2n ** 62n)), 2n ** 62n);
});

test('decimals', () => {
  const decimal = { convertedType: convertedType.DECIMAL, precision: 9, scale: 2 };
  assert.equal(shownValue({ type: INT32, ...decimal }, int32(-5)), '-0.05');
  assert.equal(shownValue({ type: INT64, ...decimal }, int64(123_456n)), '1234.56');
  assert.equal(shownValue({ type: BYTE_ARRAY, ...decimal }, Uint8Array.of(0xff, 0x00)), '-2.56');
  assert.equal(
    shownValue({ type: FIXED_LEN_BYTE_ARRAY, typeLength: 2, ...decimal, scale: 0 }, Uint8Array.of(1, 0)),
    '256',
  );
});

test('text, bytes and identifiers', () => {
  const utf8 = { type: BYTE_ARRAY, convertedType: convertedType.UTF8 };
  assert.equal(shownValue(utf8, Buffer.from('Grüße')), 'Grüße');
  assert.equal(shownValue(utf8, Uint8Array.of(0xc3)), '0xc3');
  assert.equal(shownValue({ type: BYTE_ARRAY }, Buffer.from('ab')), '0x6162');
  assert.equal(
    shownValue(
      { type: FIXED_LEN_BYTE_ARRAY, typeLength: 16, logicalType: { name: 'UUID' } },
      Uint8Array.from({ length: 16 }, (_, i) => i),
    ),
    '00010203-0405-0607-0809-0a0b0c0d0e0f',
  );
  // A statistic of another length than the type has.
  assert.equal(shownValue({ type: INT32 }, Uint8Array.of(1)), '0x01');
});
