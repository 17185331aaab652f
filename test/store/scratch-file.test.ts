import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openScratchFile } from '../../src/store/scratch-file.ts';

const root = mkdtempSync(join(tmpdir(), 'scratch-file-'));
after(() => rmSync(root, { recursive: true }));

test('what was appended is read back from any place, and the directory stays empty all the time', () => {
  const directory = join(root, 'not/there/yet');
  const scratch = openScratchFile(directory, 1);
  assert.deepEqual(readdirSync(directory), []);
  const whole: number[] = [];
  const append = (length: number): void => {
    const bytes = Uint8Array.from({ length }, (_, i) => (whole.length + i * 7) & 255);
    assert.equal(scratch.append(bytes), whole.length);
    for (const byte of bytes) whole.push(byte);
    // What it was given may be changed afterwards.
    bytes.fill(9);
  };
  for (const length of [0, 10, 3, 5_000_000, 1, 70_000]) append(length);
  assert.equal(scratch.sizeBytes, whole.length);
  for (const [at, length] of [
    [0, 13],
    [8, 20],
    [5_000_000, 14],
    [whole.length - 70_000, 70_000],
    [4_000_000, 1_000_000],
  ] as const) {
    const target = new Uint8Array(length);
    scratch.readNow(at, target);
    assert.deepEqual(target, Uint8Array.from(whole.slice(at, at + length)));
  }
  append(77);
  assert.throws(() => scratch.readNow(whole.length, new Uint8Array(1)), { name: 'StoreError', op: 'read' });
  scratch.close();
  assert.deepEqual(readdirSync(directory), []);
});

test('too little room and a place that is no directory are told before anything is sorted', () => {
  assert.throws(() => openScratchFile(root, 2 ** 60), {
    name: 'StoreError',
    code: 'scratch-full',
    message: /^there is no room to sort in .*: sorting needs about .*, and .* are free$/,
    hint: /TEMP_DIRECTORY/,
  });
  assert.deepEqual(readdirSync(root), ['not']);
  const file = join(root, 'file');
  writeFileSync(file, '');
  assert.throws(() => openScratchFile(file, 1), { name: 'StoreError', code: 'scratch-failed' });
});

test('what a process left that died right after making its file goes after an hour, and nothing else', () => {
  const directory = join(root, 'left');
  mkdirSync(directory);
  const [old, young, foreign] = ['0', '1', '2'].map((n) => `parquet-consolidator-sort-${n.repeat(16)}.tmp`);
  const other = 'parquet-consolidator-sort-of-mine.tmp';
  for (const name of [old, young, other]) writeFileSync(join(directory, name ?? ''), '');
  writeFileSync(join(directory, foreign ?? ''), 'something');
  const past = new Date(Date.now() - 2 * 3_600_000);
  for (const name of [old, foreign, other]) utimesSync(join(directory, name ?? ''), past, past);
  openScratchFile(directory, 1).close();
  assert.deepEqual(readdirSync(directory).toSorted(), [young, foreign, other].toSorted());
});
