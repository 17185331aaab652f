import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { runCli } from './cli-process.ts';
import { date, demoDataset, parquetNames, tempDirectory } from './dataset.ts';

async function footerOf(path: string) {
  return readFooter(memorySource(path, await readFile(path)));
}

test('real threads write the same bytes as one does', async (t) => {
  const { partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const contents: Buffer[] = [];
  for (const threads of ['1', '2', '3', '40']) {
    const out = join(directory, `${threads}.parquet`);
    const run = await runCli([
      'merge',
      partition,
      '--out',
      out,
      '--threads',
      threads,
      '--row-group-rows',
      '3000',
    ]);
    assert.equal(run.exit, 0, run.stderr);
    assert.equal(run.stderr, '');
    const { footerSizeBytes } = await footerOf(out);
    // The footer names the run.
    contents.push((await readFile(out)).subarray(0, -footerSizeBytes));
  }
  for (const content of contents) assert.ok(contents[0]?.equals(content));
});

test('a page that is damaged in a column of another thread is told as ever, and nothing is left', async (t) => {
  const { partition } = await demoDataset(t);
  const directory = await tempDirectory(t);
  const [name = ''] = await parquetNames(partition);
  const path = join(partition, name);
  const chunk = (await footerOf(path)).rowGroups[0]?.chunks.at(-1);
  assert.ok(chunk);
  const bytes = await readFile(path);
  bytes.fill(255, chunk.startOffsetBytes, chunk.startOffsetBytes + chunk.compressedSizeBytes);
  await writeFile(path, bytes);
  const out = join(directory, 'out.parquet');
  const [alone, divided] = [
    await runCli(['merge', partition, '--out', out, '--threads', '1']),
    await runCli(['merge', partition, '--out', out, '--threads', '2']),
  ];
  assert.equal(alone.exit, 12);
  assert.equal(divided.exit, 12);
  assert.ok(divided.stderr.includes(path), divided.stderr);
  assert.equal(divided.stderr, alone.stderr);
  assert.deepEqual(await readdir(directory), []);
});

test('a partition is consolidated by threads too', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const run = await runCli(['--date', date, '--base-path', basePath, '--threads', '2']);
  assert.equal(run.exit, 0, run.stderr);
  const names = await parquetNames(partition);
  assert.equal(names.length, 1);
  assert.equal((await footerOf(join(partition, names[0] ?? ''))).rows, 10_280);
});
