import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadHyparquetRows } from '../../src/verify/hyparquet.ts';
import { mergeBytes } from './merging.ts';
import type { Field, FieldValue } from './model.ts';
import { ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

const { parquetReadObjects } = await loadHyparquetRows();

const fields: readonly Field[] = [
  { name: 'n', repetition: 0, type: 1, children: [] },
  { name: 'near', repetition: 1, type: 1, children: [] },
  { name: 'long', repetition: 1, type: 2, children: [] },
  { name: 'number', repetition: 1, type: 5, children: [] },
  {
    name: 'text',
    repetition: 1,
    type: 6,
    convertedType: 0,
    logical: { member: 1, parameters: [] },
    children: [],
  },
];
type Value = number | bigint | string | undefined;
type Row = readonly [number, Value, Value, Value, Value];

function stored(value: Value, i: number): FieldValue {
  if (value === undefined) return undefined;
  if (typeof value === 'bigint') return new Uint8Array(BigInt64Array.of(value).buffer);
  if (typeof value === 'string') return Buffer.from(value);
  return new Uint8Array(i === 3 ? Float64Array.of(value).buffer : Int32Array.of(value).buffer);
}

/** As the format compares: text by its bytes. */
function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a === undefined || b === undefined ? Number.NaN : a < b ? -1 : a > b ? 1 : 0;
}

// hyparquet is the only reader beside Java's and Rust's that goes by page index and Bloom filters.
test('hyparquet, which skips row groups and pages, finds the rows that a look at every row finds', async () => {
  let asked = 0;
  let found = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
      const random = randomSource(seed);
      const rows = Array.from({ length: 20 + random.below(300) }, (_, n): Row => {
        const near = Math.floor(n / 20) * 5 + random.below(7);
        const maybe = <T>(value: T): T | undefined => (random.chance(8) ? undefined : value);
        return [
          n,
          random.chance(5) ? -near : maybe(near),
          n % 90 < 30 ? undefined : BigInt(near) * 2n ** 33n,
          maybe(near === 5 ? random.pick([0, -0]) : near / 3),
          maybe(`${'ä'.repeat(32)}${random.pick(['', '\u{10ffff}', 'z'])}${near}`),
        ];
      });
      const cut = random.below(rows.length);
      const files = await Promise.all(
        [rows.slice(0, cut), rows.slice(cut)].map((part) => {
          return ownFile(fields, [part.map((row) => row.map(stored))], random);
        }),
      );
      const { bytes } = await mergeBytes(
        files.map((file) => file.bytes),
        {
          rowGroupRows: 10 + random.below(200),
          useDictionary: random.chance(50),
          pages: { pageRows: 1 + random.below(30) },
          bloomFilterColumns: fields.map(({ name }) => name),
        },
      );
      for (let question = 0; question < 12; question++) {
        const i = random.below(fields.length);
        const column = fields[i]?.name ?? '';
        const value = random.chance(80) ? random.pick(rows)[i] : [-7, -7, -7n, -7.5, 'ä'][i];
        if (value === undefined) continue;
        const operators = {
          $eq: (sign: number) => sign === 0,
          $lt: (sign: number) => sign < 0,
          $lte: (sign: number) => sign <= 0,
          $gt: (sign: number) => sign > 0,
          $gte: (sign: number) => sign >= 0,
        };
        // It compares text as JavaScript does, whose order is another beyond the 16-bit characters.
        const operator = typeof value === 'string' ? '$eq' : random.pick(Object.keys(operators));
        const holds = operators[operator as keyof typeof operators];
        const expected = rows.filter((row) => row[i] !== undefined && holds(compare(row[i], value)));
        const answer = await parquetReadObjects({
          file: bytes.slice().buffer,
          columns: ['n'],
          filter: { [column]: { [operator]: value } },
          usePageIndex: true,
          useBloomFilters: true,
          useOffsetIndex: true,
        });
        assert.deepEqual(
          answer.map(({ n }) => n),
          expected.map(([n]) => n),
          `${column} ${operator} ${value}`,
        );
        asked++;
        found += answer.length;
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(asked > 500 && found > asked, `${asked} questions, ${found} rows`);
});
