import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as zlib from 'node:zlib';
import { codec } from '../../src/parquet/format.ts';
import { foreignFile } from './foreign-file.ts';
import { mergeBytes } from './merging.ts';
import { randomFields, randomRows } from './model.ts';
import { randomSource } from './random-source.ts';

const scratch = mkdtempSync(join(tmpdir(), 'jitless-'));
after(() => rmSync(scratch, { recursive: true }));

/** Merges the named files and prints warnings; given to a Node.js that has no WebAssembly. */
const script = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { mergeBytes } from '${new URL('./merging.ts', import.meta.url).href}';
  const [out, ...files] = process.argv.slice(1);
  const { bytes, result } = await mergeBytes(files.map((file) => new Uint8Array(readFileSync(file))));
  writeFileSync(out, bytes);
  console.log(JSON.stringify(result.warnings));
`;

const args = ['--jitless', '--import', 'tsx', '--input-type=module', '-e', script];

test('without WebAssembly the same file is written, and that it takes longer is said', async () => {
  for (const [seed, codecNumber] of [codec.SNAPPY, codec.GZIP, codec.BROTLI, codec.LZ4_RAW].entries()) {
    const random = randomSource(seed);
    const fields = randomFields(random, 3);
    const files = [0, 1, 2].map(
      () =>
        foreignFile(fields, [randomRows(random, fields, 300)], random.word(), { codec: codecNumber }).bytes,
    );
    const paths = files.map((bytes, i) => {
      const path = join(scratch, `${seed}-${i}.parquet`);
      writeFileSync(path, bytes);
      return path;
    });
    const out = join(scratch, `${seed}-out.parquet`);
    const printed = execFileSync(process.execPath, [...args, out, ...paths], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    assert.match(printed.toString(), /^\["WebAssembly cannot be used here/);
    assert.ok(readFileSync(out).equals((await mergeBytes(files)).bytes));
  }
});

test('without WebAssembly, Zstd is refused where this Node.js has none of its own', () => {
  const random = randomSource(9);
  const fields = randomFields(random, 3);
  const { bytes } = foreignFile(fields, [randomRows(random, fields, 30)], 9, { codec: codec.ZSTD });
  const path = join(scratch, 'zstd.parquet');
  writeFileSync(path, bytes);
  const { status, stderr } = spawnSync(process.execPath, [...args, join(scratch, 'out'), path]);
  if ('zstdDecompressSync' in zlib) {
    assert.equal(status, 0, String(stderr));
    return;
  }
  assert.match(String(stderr), /FormatError.*: compression ZSTD with this Node\.js, which has neither/);
});
