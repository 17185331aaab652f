import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { FormatError, VerifyError } from '../../src/core/errors.ts';
import { hyparquetReader } from '../../src/verify/hyparquet-reader.ts';
import type { Readings } from '../../src/verify/second-reader.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import {
  asWritten,
  type MadeRow,
  madeFile,
  madeMerge,
  madeRows,
  verificationOf,
} from '../support/made-files.ts';

const rows = madeRows(0, 63);
const inputs = [await madeFile('/data/a', rows.slice(0, 23)), await madeFile('/data/b', rows.slice(23))];
const made = await madeMerge(inputs, 40);

function count(has: (row: MadeRow) => boolean): number {
  return rows.filter(has).length;
}

test('the unharmed file is verified, and its receipt says what was compared', async () => {
  const { receipt, stagedPath } = await verifyStagedFile(await verificationOf(inputs, made));
  assert.equal(stagedPath, '/data/staged');
  assert.equal(receipt.rows, 63);
  assert.equal(receipt.rowGroups, 2);
  assert.equal(receipt.level, 'full');
  assert.equal(receipt.sha256, made.written.sha256);
  assert.deepEqual(
    receipt.columns.map((column) => [column.path, column.values, column.nulls]),
    [
      ['id', 63, 0],
      ['at', 63, 0],
      ['lat', 63, 0],
      ['lon', 63, 0],
      ['speed', 63, count((row) => row.speed === undefined)],
      ['braking', 63, 0],
      ['weather', 63, count((row) => row.weather === undefined)],
      [
        'tags',
        rows.reduce((sum, row) => sum + Math.max(1, row.tags.length), 0),
        count((row) => row.tags.length === 0),
      ],
      ['device.maker', 63, count((row) => row.device === undefined)],
      ['device.year', 63, count((row) => row.device?.year === undefined)],
    ],
  );
  assert.deepEqual(receipt.sample, {
    reader: 'hyparquet, @dsnp/parquetjs',
    rows: 63,
    columns: 10,
    notRead: [],
  });
});

test('every single flipped bit of the stored file is caught', async () => {
  const verification = await verificationOf(inputs, made);
  for (let offset = 0; offset < made.bytes.length; offset++) {
    for (let bit = 0; bit < 8; bit++) {
      const bytes = made.bytes.slice();
      bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
      await assert.rejects(
        verifyStagedFile({ ...verification, staged: memorySource('/data/staged', bytes) }),
        (error) => error instanceof VerifyError && error.code === 'checksum' && error.exitCode === 13,
        `bit ${bit} of byte ${offset}`,
      );
    }
  }
});

test('a file cut short or grown is caught by its length', async () => {
  const verification = await verificationOf(inputs, made);
  for (const bytes of [made.bytes.slice(0, -1), Buffer.concat([made.bytes, Buffer.of(0)]), Buffer.alloc(0)]) {
    await assert.rejects(
      verifyStagedFile({ ...verification, staged: memorySource('/data/staged', bytes) }),
      (error) => error instanceof VerifyError && error.code === 'length',
    );
  }
});

async function readAll(bytes: Uint8Array): Promise<Readings> {
  const reader = hyparquetReader({ maxNestedEntries: 1_000_000 });
  const file = await reader.open(memorySource('x', bytes));
  return file.read({ firstRow: 0, rows: file.rows });
}

// Here the checksum knows nothing: the bytes were damaged before they were hashed, as a bug of the writer would.
test('a byte flipped while writing is caught, unless it changes neither value nor schema nor statistic', async (t) => {
  const right = await readAll(made.bytes);
  const harmless: number[] = [];
  const caughtBy = new Map<string, number>();
  for (let offset = 0; offset < made.bytes.length; offset++) {
    const bytes = made.bytes.slice();
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8));
    const verification = await verificationOf(inputs, { ...made, bytes, written: await asWritten(bytes) });
    try {
      await verifyStagedFile(verification);
      harmless.push(offset);
      assert.deepEqual(
        await readAll(bytes),
        right,
        `byte ${offset} changed what an independent reader reads`,
      );
    } catch (error) {
      assert.ok(
        error instanceof VerifyError || error instanceof FormatError,
        `byte ${offset}: ${String(error)}`,
      );
      caughtBy.set(error.code, (caughtBy.get(error.code) ?? 0) + 1);
    }
  }
  t.diagnostic(`${made.bytes.length} bytes: caught by ${JSON.stringify(Object.fromEntries(caughtBy))}`);
  t.diagnostic(
    `${harmless.length} flips pass, in page headers and the footer: sizes that readers can do without, ` +
      'lists of encodings, ordinals, who wrote it, unknown fields',
  );
  assert.ok(harmless.length < made.bytes.length / 10, `${harmless.length} of ${made.bytes.length} passed`);
  assert.ok(Math.min(...harmless) >= 4, 'the magic at the start');
});
