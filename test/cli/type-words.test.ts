import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeWords } from '../../src/cli/inspect/type-words.ts';
import { convertedType, physicalType } from '../../src/parquet/format.ts';
import { leafColumnsOf } from '../../src/parquet/metadata/leaf-column.ts';
import type { SchemaElement } from '../../src/parquet/metadata/schema-element.ts';

const { INT32, INT64, INT96, BOOLEAN, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY } = physicalType;

const cases: readonly (readonly [string, Partial<SchemaElement>])[] = [
  ['boolean', { type: BOOLEAN }],
  ['int64', { type: INT64 }],
  ['timestamp (INT96)', { type: INT96 }],
  ['bytes', { type: BYTE_ARRAY }],
  ['bytes(16)', { type: FIXED_LEN_BYTE_ARRAY, typeLength: 16 }],
  ['text', { type: BYTE_ARRAY, convertedType: convertedType.UTF8 }],
  ['text', { type: BYTE_ARRAY, logicalType: { name: 'STRING' }, convertedType: convertedType.UTF8 }],
  ['json', { type: BYTE_ARRAY, convertedType: convertedType.JSON }],
  ['date', { type: INT32, convertedType: convertedType.DATE }],
  ['uint8', { type: INT32, convertedType: convertedType.UINT_8 }],
  ['uint16', { type: INT32, logicalType: { name: 'INTEGER', bitWidth: 16, isSigned: false } }],
  ['int8', { type: INT32, logicalType: { name: 'INTEGER', bitWidth: 8, isSigned: true } }],
  ['decimal(9, 2)', { type: INT32, convertedType: convertedType.DECIMAL, precision: 9, scale: 2 }],
  ['decimal(18, 0)', { type: INT64, logicalType: { name: 'DECIMAL', precision: 18 } }],
  ['timestamp µs UTC', { type: INT64, convertedType: convertedType.TIMESTAMP_MICROS }],
  [
    'timestamp ns',
    { type: INT64, logicalType: { name: 'TIMESTAMP', unit: 'NANOS', isAdjustedToUtc: false } },
  ],
  ['time ms UTC', { type: INT32, logicalType: { name: 'TIME', unit: 'MILLIS', isAdjustedToUtc: true } }],
  ['uuid', { type: FIXED_LEN_BYTE_ARRAY, typeLength: 16, logicalType: { name: 'UUID' } }],
  ['float16', { type: FIXED_LEN_BYTE_ARRAY, typeLength: 2, logicalType: { name: 'FLOAT16' } }],
  ['always null', { type: INT32, logicalType: { name: 'UNKNOWN' } }],
  ['bytes (unknown type)', { type: BYTE_ARRAY, logicalType: { name: 'field 99' } }],
];

for (const [words, element] of cases) {
  test(`a column of ${JSON.stringify(element)} is ${words}`, () => {
    const [leaf] = leafColumnsOf([
      { name: 'root', childCount: 1 },
      { name: 'c', repetition: 0, ...element },
    ]);
    assert.ok(leaf !== undefined);
    assert.equal(typeWords(leaf), words);
  });
}
