import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { memoryScratch } from '../../src/core/scratch-space.ts';
import { parseSortOrder } from '../../src/core/sort-order-text.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { madeMerge, verificationOf } from '../support/made-files.ts';
import { runPython, skipWithoutPython } from '../support/python-env.ts';
import { inputsIn, workloadDirectory } from '../support/workloads.ts';

const skip = skipWithoutPython();
const scratch = mkdtempSync(join(tmpdir(), 'witness-sorted-'));
after(() => rmSync(scratch, { recursive: true }));

const cases = [
  ['seed21', 'vehicle_id, event_time desc'],
  ['nested12', 'never desc nulls first, id desc'],
  ['types12', 'flag nulls first, u8 desc, price_18, bytes, day, fixed'],
  ['seed21', 'weather desc nulls first, trip_id, ingest_ts'],
  ['types12', 'price_38, u64 desc'],
  ['types12', 'text desc, i16 nulls first, at_us'],
] as const;

for (const [workload, order] of process.env.TEST_FULL === '1' ? cases : cases.slice(0, 3)) {
  test(`pyarrow and DuckDB find the rows of the inputs in their order: ${workload} by ${order}`, {
    skip,
  }, async (t) => {
    const directory = await workloadDirectory(workload);
    const inputs = await inputsIn(directory);
    const made = await madeMerge(inputs, 500, {
      sort: { by: parseSortOrder(order) ?? [], scratch: memoryScratch(), seed: order },
      // Some dozens of runs, so that they are joined first.
      memory: { chunkBytes: workload === 'seed21' ? 16 * 1024 : 4 * 1024 },
    });
    const { receipt } = await verifyStagedFile(await verificationOf(inputs, made));
    assert.equal(receipt.sample?.rows, 10);
    t.diagnostic(`${made.merged.sorted?.runs} runs`);
    assert.ok((made.merged.sorted?.runs ?? 0) > 40);
    const out = join(scratch, 'sorted.parquet');
    writeFileSync(out, made.bytes);
    const { stdout } = await runPython('test/witness/sorted_witness.py', [directory, out, order]);
    t.diagnostic(stdout.trim());
  });
}
