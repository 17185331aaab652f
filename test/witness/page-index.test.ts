import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mergeBytes } from '../parquet/merging.ts';
import { runPython, skipWithoutPython } from '../support/python-env.ts';

const scratch = mkdtempSync(join(tmpdir(), 'page-index-'));
after(() => rmSync(scratch, { recursive: true }));

for (const [seed, useDictionary] of [
  [1, true],
  [2, false],
] as const) {
  const title = `random rows ${seed}, ${useDictionary ? 'with' : 'without'} dictionaries`;
  test(`readers that skip pages and row groups miss no row: ${title}`, {
    skip: skipWithoutPython(),
  }, async (t) => {
    const directory = join(scratch, `inputs-${seed}`);
    mkdirSync(directory);
    await runPython('test/witness/page_index_inputs.py', [directory, String(seed)]);
    const names = readdirSync(directory).sort();
    const inputs = names.map((name) => new Uint8Array(readFileSync(join(directory, name))));
    const { bytes, result } = await mergeBytes(inputs, {
      rowGroupRows: 1500,
      useDictionary,
      pages: { pageRows: 97, pageSizeBytes: 4096 },
      bloomFilterColumns: [
        'down',
        'near',
        'small',
        'large',
        'f',
        'g',
        'text',
        'word',
        'bytes',
        'pence',
        'at',
        'day',
      ],
    });
    assert.deepEqual(result.warnings, []);
    const out = join(scratch, `merged-${seed}.parquet`);
    writeFileSync(out, bytes);
    const { stdout } = await runPython('test/witness/page_index_witness.py', [directory, out]);
    const facts: unknown = JSON.parse(stdout);
    assert.ok(typeof facts === 'object' && facts !== null && 'predicates' in facts && 'rows' in facts);
    assert.equal(facts.rows, result.rows);
    assert.ok(Number(facts.predicates) > 1000, stdout);
    assert.ok('excludedByBloomFilters' in facts && Number(facts.excludedByBloomFilters) > 50, stdout);
    // Else the page index was not asked at all. Absent where DataFusion does not install.
    if ('questionsThatSkippedPages' in facts) assert.ok(Number(facts.questionsThatSkippedPages) > 10, stdout);
    t.diagnostic(stdout.trim());
  });
}
