import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoding } from '../../src/parquet/format.ts';
import { inputOf, mergeBytes } from './merging.ts';
import type { Field } from './model.ts';
import { ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

const kinds: readonly (readonly [string, Partial<Field>, (n: number) => Uint8Array])[] = [
  ['FLOAT', { type: 4 }, (n) => new Uint8Array(Float32Array.of(n).buffer)],
  ['DOUBLE', { type: 5 }, (n) => new Uint8Array(Float64Array.of(n).buffer)],
  [
    'FLOAT16',
    { type: 7, typeLength: 2, logical: { member: 15, parameters: [] } },
    (n) => Uint8Array.of(0, Object.is(n, -0) ? 0x80 : n === 0 ? 0 : 0x3c),
  ],
];

for (const [name, of, value] of kinds) {
  test(`${name}: a dictionary with -0.0 alone is not written, since parquet-java finds no 0.0 in it`, async () => {
    const fields: readonly Field[] = [{ name: 'v', repetition: 0, children: [], ...of }];
    const encodingsOf = async (values: readonly number[]): Promise<readonly number[]> => {
      const rows = Array.from({ length: 300 }, (_, i) => [value(values[i % values.length] ?? 0)]);
      const { bytes } = await ownFile(fields, [rows], randomSource(1));
      const merged = await mergeBytes([bytes, bytes]);
      assert.equal(merged.result.rows, 600);
      return (await inputOf(merged.bytes)).footer.rowGroups[0]?.chunks[0]?.encodings ?? [];
    };
    for (const values of [[0, 1], [0, -0, 1], [-0, 0], [1]]) {
      assert.ok((await encodingsOf(values)).includes(encoding.RLE_DICTIONARY), values.join());
    }
    for (const values of [[-0, 1], [-0]]) {
      assert.ok(!(await encodingsOf(values)).includes(encoding.RLE_DICTIONARY), values.join());
    }
  });
}
