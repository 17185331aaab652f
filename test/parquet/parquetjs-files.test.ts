import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ParquetReader, ParquetSchema, ParquetWriter } from '@dsnp/parquetjs';
import { inputOf, mergeBytes } from './merging.ts';

const directory = mkdtempSync(join(tmpdir(), 'parquetjs-files-'));
after(() => rmSync(directory, { recursive: true }));

type Compression = 'UNCOMPRESSED' | 'GZIP' | 'SNAPPY';

function schemaOf(compression: Compression): ParquetSchema {
  const how = { compression };
  return new ParquetSchema({
    id: { type: 'INT64', ...how },
    small: { type: 'INT32', optional: true, ...how },
    at: { type: 'TIMESTAMP_MILLIS', ...how },
    lat: { type: 'DOUBLE', ...how },
    speed: { type: 'FLOAT', optional: true, ...how },
    isBraking: { type: 'BOOLEAN', ...how },
    isParked: { type: 'BOOLEAN', optional: true, ...how },
    word: { type: 'UTF8', optional: true, ...how },
    blob: { type: 'BYTE_ARRAY', ...how },
    never: { type: 'UTF8', optional: true, ...how },
    tags: { type: 'UTF8', repeated: true, ...how },
    trips: {
      repeated: true,
      fields: {
        from: { type: 'UTF8', ...how },
        stops: { repeated: true, fields: { km: { type: 'INT32', optional: true, ...how } } },
      },
    },
  });
}

function row(n: number): Record<string, unknown> {
  return {
    id: BigInt(n) * 10_000_000_019n - 2n ** 60n,
    ...(n % 3 === 0 ? {} : { small: (n % 41) - 20 }),
    at: new Date(1_755_285_092_851 + n),
    lat: Math.sin(n),
    ...(n % 7 === 1 ? {} : { speed: Math.fround(n / 3) }),
    isBraking: n % 5 === 0,
    ...(n % 2 === 0 ? {} : { isParked: n % 3 === 0 }),
    ...(n % 4 === 0 ? {} : { word: `größe ${n % 6}` }),
    blob: Buffer.from([n & 255, 0, n % 3]),
    tags: Array.from({ length: n % 4 }, (_, i) => `t${i}`),
    trips: Array.from({ length: n % 3 }, (_, i) => ({
      from: `f${i}`,
      stops: Array.from({ length: (n + i) % 4 }, (_, k) => (k % 2 === 0 ? { km: n } : {})),
    })),
  };
}

async function written(
  compression: Compression,
  useDataPageV2: boolean,
  pageSize: number,
  rowGroupSize: number,
  rows: readonly number[],
): Promise<Uint8Array> {
  const path = join(directory, 'written.parquet');
  const options = { useDataPageV2, pageSize, rowGroupSize };
  const writer = await ParquetWriter.openFile(schemaOf(compression), path, options);
  writer.setMetadata('written with', `${pageSize} rows a page`);
  for (const n of rows) await writer.appendRow(row(n));
  await writer.close();
  return new Uint8Array(readFileSync(path));
}

async function rowsOf(bytes: Uint8Array): Promise<readonly unknown[]> {
  const reader = await ParquetReader.openBuffer(Buffer.from(bytes));
  const cursor = reader.getCursor();
  const rows: unknown[] = [];
  for (let next = await cursor.next(); next !== null; next = await cursor.next()) rows.push(next);
  await reader.close();
  return rows;
}

test('files that parquetjs wrote merge to the rows parquetjs reads in them', async () => {
  const numbers = Array.from({ length: 230 }, (_, i) => i);
  for (const compression of ['UNCOMPRESSED', 'GZIP', 'SNAPPY'] as const) {
    for (const useDataPageV2 of [true, false]) {
      const a = await written(compression, useDataPageV2, 8192, 4096, numbers.slice(0, 100));
      const b = await written(compression, useDataPageV2, 9, 40, numbers.slice(100));
      const expected = [...(await rowsOf(a)), ...(await rowsOf(b))];
      assert.equal(expected.length, 230);
      for (const options of [{}, { rowGroupRows: 17 }, { rowGroupRows: 64, useDictionary: false }]) {
        const { bytes, result } = await mergeBytes([a, b], options);
        const found = await rowsOf(bytes);
        assert.deepEqual(found, expected, `${compression} ${useDataPageV2 ? 'v2' : 'v1'}`);
        assert.equal(result.rows, 230);
        const { footer } = await inputOf(bytes);
        assert.equal(footer.schemaKey, (await inputOf(a)).footer.schemaKey);
        assert.equal(footer.keyValues.find(({ key }) => key === 'written with')?.value, '8192 rows a page');
        assert.match(
          result.warnings.join(),
          /^key-value metadata written with of input-\d+( and \d+ more)? is not that of input-0/,
        );
      }
    }
  }
});
