import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { memorySink } from '../../src/core/byte-sink.ts';
import { memoryForPage, memoryLimitsFor } from '../../src/parquet/memory-limits.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import { pythonPath, repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';
import { foreignFile } from './foreign-file.ts';
import { inputOf, mergeOptions } from './merging.ts';
import { randomSource } from './random-source.ts';

const run = promisify(execFile);
const noPython = pythonPath() === undefined ? 'needs the Python environment: run `npm run pretest`' : false;
const mb = 1e6;

for (const [name, what] of [
  ['texts', 'rows of a megabyte'],
  ['wide', 'a thousand columns'],
] as const) {
  test(`half a gigabyte of ${what} is merged with a heap of 64 MB, in less memory than that`, {
    skip: noPython,
  }, async (t) => {
    const args = [
      '--max-old-space-size=64',
      '--import',
      'tsx',
      `${repositoryRoot}/test/bench/memory-child.ts`,
      await workloadDirectory(name),
      String(500 * mb),
      String(512 * 1024 * 1024),
    ];
    const took: unknown = JSON.parse((await run(process.execPath, args)).stdout);
    assert.ok(typeof took === 'object' && took !== null && 'peakBytes' in took && 'rows' in took);
    t.diagnostic(JSON.stringify(took));
    assert.equal(took.rows, name === 'texts' ? 96 * 6 : 5_000 * 13);
    assert.ok(Number(took.peakBytes) < 512 * 1024 * 1024, `${took.peakBytes} bytes`);
  });
}

test('files are sorted with a heap of 48 MB, in less memory than is allowed, however many they are', {
  skip: noPython,
}, async (t) => {
  const isFull = process.env.TEST_FULL === '1';
  const args = [
    '--max-old-space-size=48',
    '--import',
    'tsx',
    `${repositoryRoot}/test/bench/memory-child.ts`,
    await workloadDirectory('medium200'),
    String((isFull ? 600 : 60) * mb),
    String(256 * 1024 * 1024),
    'vehicle_id, event_time desc',
  ];
  const took: unknown = JSON.parse((await run(process.execPath, args)).stdout);
  assert.ok(typeof took === 'object' && took !== null && 'peakBytes' in took && 'runs' in took);
  t.diagnostic(JSON.stringify(took));
  assert.ok(Number(took.runs) > (isFull ? 100 : 10), `${took.runs} runs`);
  assert.ok(Number(took.peakBytes) < 256 * 1024 * 1024, `${took.peakBytes} bytes`);
});

test('a value that is too large for the memory allowed is refused with its size, and with what would do', async () => {
  const size = 24 * mb;
  const fields = [{ name: 'text', repetition: 0, type: 6, children: [] }];
  const rows = [[randomSource(1).bytes(100)], [randomSource(2).bytes(size)], [randomSource(3).bytes(100)]];
  const { bytes } = foreignFile(fields, [rows], 3, { codec: 0, pageVersion: 1, isModern: true });
  const input = await inputOf(bytes, 'large.parquet');
  const merge = (memoryBytes: number) =>
    mergeFiles([input, input], memorySink('m'), { ...mergeOptions, memory: memoryLimitsFor(memoryBytes) });
  const least = 256 * 1024 * 1024;
  const needed = Math.ceil(memoryForPage(size + 8) / 1024 / 1024);
  await assert.rejects(merge(least), (error: Error & { hint?: string }) => {
    assert.equal(error.name, 'FormatError');
    assert.match(
      error.message,
      /^large\.parquet, row group 0, column text, page \d, offset \d+: page of 24\d{6} bytes/,
    );
    assert.match(error.hint ?? '', new RegExp(`--memory ${needed}|--memory ${needed + 1}`));
    return true;
  });
  assert.equal((await merge((needed + 1) * 1024 * 1024)).rows, 6);
});
