import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { mergeBytes } from '../parquet/merging.ts';
import { runPython, skipWithoutPython } from '../support/python-env.ts';

const scratch = mkdtempSync(join(tmpdir(), 'copied-'));
after(() => rmSync(scratch, { recursive: true }));

/** What each writer's files are merged with, and whether chunks of them are copied then. */
const writers: Readonly<
  Record<string, { readonly options: Partial<MergeOptions>; readonly isCopied: boolean }>
> = {
  arrow: { options: {}, isCopied: true },
  'arrow-crc-index': { options: { useDictionary: true }, isCopied: true },
  'arrow-zstd': { options: { compression: 'keep' }, isCopied: true },
  'arrow-version-2': { options: {}, isCopied: false },
  // One page for each chunk.
  duckdb: { options: { pages: { pageRows: 2048 } }, isCopied: true },
  polars: {
    options: { useDictionary: false, pages: { pageRows: 2048, pageSizeBytes: 4096 } },
    isCopied: true,
  },
};

test('readers see every row of chunks that other writers wrote and this program copied, and miss none by what they skip', {
  skip: skipWithoutPython(),
}, async (t) => {
  await runPython('test/witness/copied_inputs.py', [scratch, '5']);
  for (const [writer, { options, isCopied }] of Object.entries(writers)) {
    const inputs = ['0', '1'].map(
      (name) => new Uint8Array(readFileSync(join(scratch, writer, `${name}.parquet`))),
    );
    const { bytes, result } = await mergeBytes(inputs, {
      rowGroupRows: 3000,
      pages: { pageRows: 700 },
      ...options,
      copyRowGroups: true,
      copiedFromBytes: 0,
    });
    const { chunksCopied = 0, rowGroups, columns } = result;
    t.diagnostic(`${writer}: ${chunksCopied} of ${rowGroups * columns.length} chunks copied`);
    assert.equal(chunksCopied > 0, isCopied, writer);
    writeFileSync(join(scratch, `${writer}.parquet`), bytes);
  }
  const { stdout } = await runPython('test/witness/copied_witness.py', [scratch]);
  assert.deepEqual(
    JSON.parse(stdout),
    Object.fromEntries(
      Object.keys(writers)
        .sort()
        .map((writer) => [writer, { rows: 4096, asked: 60 }]),
    ),
  );
});
