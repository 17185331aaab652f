import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { encoding, nameOf } from '../../src/parquet/format.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { madeMerge, verificationOf } from '../support/made-files.ts';
import { runPython, skipWithoutPython } from '../support/python-env.ts';
import { inputsIn, workloadDirectory } from '../support/workloads.ts';

const skip = skipWithoutPython();
const scratch = mkdtempSync(join(tmpdir(), 'witness-encodings-'));
after(() => rmSync(scratch, { recursive: true }));

const compactNames = ['DELTA_BINARY_PACKED', 'DELTA_BYTE_ARRAY', 'BYTE_STREAM_SPLIT'] as const;

/** What of the compact encodings must come up: where none pays, none is written. */
const merges = [
  { workload: 'seed21', compression: 'snappy', expected: ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT'] },
  { workload: 'seed21', compression: 'zstd', expected: compactNames },
  { workload: 'nested12', compression: 'gzip', expected: [] },
  { workload: 'nested12', compression: 'uncompressed', expected: [] },
  { workload: 'types12', compression: 'lz4_raw', expected: ['DELTA_BINARY_PACKED'] },
  { workload: 'types12', compression: 'zstd', expected: ['DELTA_BINARY_PACKED'] },
  { workload: 'types12', compression: 'keep', expected: ['DELTA_BINARY_PACKED'] },
  { workload: 'seed21', compression: 'zstd', level: 19, encodings: 'standard', expected: [] },
  { workload: 'seed21', compression: 'gzip', level: 9, encodings: 'standard', expected: [] },
] as const;

for (const { workload, compression, expected, ...how } of merges) {
  const { level, encodings } = { level: undefined, encodings: 'compact' as const, ...how };
  const title = level === undefined ? compression : `${compression}:${level}`;
  test(`pyarrow, DuckDB, polars and hyparquet read ${workload} in ${encodings} encodings, ${title}`, {
    skip,
  }, async (t) => {
    const directory = await workloadDirectory(workload);
    const inputs = await inputsIn(directory);
    const stamp = { inputSizeBytes: 1, inputFiles: inputs.length, runId: '20250815T020000Z-abcdef' };
    const made = await madeMerge(inputs, 500, {
      compression,
      ...(level === undefined ? {} : { compressionLevel: level }),
      encodings,
      keyValues: [{ key: stampKey, value: stampValue(stamp) }],
    });
    const verification = await verificationOf(inputs, made);
    const sampleSeed = `${workload} ${title}`;
    const { receipt } = await verifyStagedFile({ ...verification, sampleSeed });
    const notRead = receipt.sample?.notRead ?? [];
    assert.ok(compression === 'lz4_raw' || notRead.length === 0, notRead.join('\n'));

    const { rowGroups } = await readFooter(verification.staged);
    const found = new Set(
      rowGroups.flatMap(({ chunks }) =>
        chunks.flatMap((chunk) => chunk.encodings.map((n) => nameOf(encoding, n))),
      ),
    );
    t.diagnostic(compactNames.filter((name) => found.has(name)).join(', '));
    for (const name of expected) assert.ok(found.has(name), name);

    const out = join(scratch, `${workload}-${title.replace(':', '-')}.parquet`);
    writeFileSync(out, made.bytes);
    const { stdout } = await runPython('test/witness/witness.py', [directory, out]);
    t.diagnostic(stdout.trim());
  });
}
