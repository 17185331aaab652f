import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runPython, skipWithoutPython } from '../support/python-env.ts';
import { judge } from './judging.ts';
import { fingerprintBytes, mergeBytes } from './merging.ts';

const skip = skipWithoutPython();
const directory = mkdtempSync(join(tmpdir(), 'arrow-files-'));

before(async () => {
  if (skip === false) await runPython('test/parquet/make_inputs.py', [join(directory, 'in')]);
});

after(() => rmSync(directory, { recursive: true }));

function variantsIn(folder: string): readonly { readonly name: string; readonly paths: readonly string[] }[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const paths = readdirSync(join(folder, name)).sort();
      return { name, paths: paths.map((path) => join(folder, name, path)) };
    });
}

test('files that pyarrow, DuckDB and polars wrote in many ways merge to what pyarrow reads in them', {
  skip,
}, async () => {
  mkdirSync(join(directory, 'out'));
  const cases = [];
  for (const { name, paths } of variantsIn(join(directory, 'in'))) {
    const files = paths.map((path) => new Uint8Array(readFileSync(path)));
    for (const [how, options] of [
      ['whole', {}],
      ['split', { rowGroupRows: 111, rowGroupBytes: 30_000, useDictionary: false }],
    ] as const) {
      const { bytes, result } = await mergeBytes(files, options);
      assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns, name);
      const out = join(directory, 'out', `${name} ${how}.parquet`);
      writeFileSync(out, bytes);
      cases.push({ out, inputs: paths });
    }
  }
  assert.ok(cases.length >= 200, `${cases.length} cases`);
  // The judge itself is judged by a merge in the wrong order.
  const [first, ...rest] = cases;
  assert.ok(first);
  const misplaced = { ...first, inputs: first.inputs.toReversed() };
  const [verdict, ...problems] = await judge([misplaced, first, ...rest]);
  assert.match(verdict ?? '', /^values of \w+ differ$/);
  const wrong = cases.flatMap(({ out }, i) => (problems[i] === null ? [] : [`${out}: ${problems[i]}`]));
  assert.deepEqual(wrong, []);
  assert.equal(problems.length, cases.length);
});
