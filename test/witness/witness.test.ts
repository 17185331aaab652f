import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { stampKey, stampValue } from '../../src/parquet/consolidation-stamp.ts';
import { sameReading } from '../../src/verify/same-reading.ts';
import { columnName } from '../../src/verify/second-reader.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { madeMerge, verificationOf } from '../support/made-files.ts';
import { parquetjsReader } from '../support/parquetjs-whole-reader.ts';
import { runPython, skipWithoutPython } from '../support/python-env.ts';
import { inputsIn, workloadDirectory } from '../support/workloads.ts';

const skip = skipWithoutPython();
const scratch = mkdtempSync(join(tmpdir(), 'witness-'));
after(() => rmSync(scratch, { recursive: true }));

/** Merges that differ in what the output looks like. */
const merges = [
  { workload: 'seed21', rowGroupRows: 50_000, useDictionary: true, files: 21, rowGroups: 1 },
  { workload: 'seed21', rowGroupRows: 1_000, useDictionary: false, files: 21, rowGroups: 8 },
  { workload: 'nested12', rowGroupRows: 50_000, useDictionary: true, files: 12, rowGroups: 1 },
  { workload: 'nested12', rowGroupRows: 100, useDictionary: false, files: 12, rowGroups: 14 },
  { workload: 'types12', rowGroupRows: 50_000, useDictionary: true, files: 12, rowGroups: 1 },
  { workload: 'types12', rowGroupRows: 100, useDictionary: false, files: 12, rowGroups: 15 },
  { workload: 'small2k', rowGroupRows: 50_000, useDictionary: true, files: 2000, rowGroups: 26 },
] as const;

for (const { workload, rowGroupRows, useDictionary, files, rowGroups } of merges) {
  const title = `${workload}, row groups of ${rowGroupRows}${useDictionary ? '' : ', no dictionaries'}`;
  test(`pyarrow, DuckDB and polars find the same rows, schema and statistics: ${title}`, {
    skip,
  }, async (t) => {
    const directory = await workloadDirectory(workload);
    const inputs = await inputsIn(directory);
    assert.equal(inputs.length, files);
    const stamp = { inputSizeBytes: 1, inputFiles: files, runId: '20250815T020000Z-abcdef' };
    const made = await madeMerge(inputs, rowGroupRows, {
      useDictionary,
      keyValues: [{ key: stampKey, value: stampValue(stamp) }],
    });
    const { bytes, merged } = made;
    assert.deepEqual(merged.warnings, []);
    const verification = await verificationOf(inputs, made);
    const { receipt } = await verifyStagedFile({ ...verification, sampleSeed: title });
    assert.deepEqual(receipt.sample?.notRead, []);

    const out = join(scratch, `${workload}-${rowGroupRows}.parquet`);
    writeFileSync(out, bytes);
    const { stdout } = await runPython('test/witness/witness.py', [directory, out]);
    const facts: unknown = JSON.parse(stdout);
    assert.ok(
      typeof facts === 'object' && facts !== null && 'predicates' in facts && 'boundedChunks' in facts,
    );
    assert.deepEqual({ ...facts, files, rows: merged.rows, rowGroups }, facts);
    assert.ok(Number(facts.predicates) >= 40, stdout);
    assert.ok(Number(facts.boundedChunks) > 0, stdout);
    t.diagnostic(stdout.trim());
  });
}

test('@dsnp/parquetjs reads the merged file as it reads the inputs, every row of what it reads right', {
  skip,
}, async () => {
  const reader = await parquetjsReader({ maxChunkValues: 1_000_000 });
  for (const [workload, atLeast] of [
    ['seed21', 17],
    ['types12', 20],
    ['nested12', 14],
  ] as const) {
    const inputs = await inputsIn(await workloadDirectory(workload));
    const out = memorySource(workload, readFileSync(join(scratch, `${workload}-50000.parquet`)));
    const merged = await reader.open(out);
    const found = await merged.read({ firstRow: 0, rows: merged.rows });
    const compared = new Set<string>();
    let firstRow = 0;
    for (const { source } of inputs) {
      const input = await reader.open(source);
      for (const [key, reading] of await input.read({ firstRow: 0, rows: input.rows })) {
        const own = found.get(key);
        // Its known limits, such as booleans in the RLE encoding of some inputs.
        if (!('rows' in reading) || own === undefined || 'limit' in own) continue;
        assert.ok('rows' in own, `${workload} ${columnName(key)}: ${'failed' in own ? own.failed : ''}`);
        const rows = own.rows.slice(firstRow, firstRow + input.rows);
        assert.ok(sameReading(rows, reading.rows), `${workload} ${columnName(key)} of ${source.name}`);
        compared.add(key);
      }
      firstRow += input.rows;
    }
    assert.equal(firstRow, merged.rows);
    assert.ok(compared.size >= atLeast, `${workload}: ${compared.size} columns`);
  }
});
