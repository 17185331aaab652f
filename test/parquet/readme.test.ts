import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { convertedType, physicalType } from '../../src/parquet/format.ts';
import { repositoryRoot } from '../support/python-env.ts';
import { foreignFile } from './foreign-file.ts';
import { readWithHyparquet } from './hyparquet-columns.ts';
import { mergeBytes } from './merging.ts';
import type { Field, FieldValue } from './model.ts';

const run = promisify(execFile);
const engine = join(repositoryRoot, 'src/parquet');
const directory = mkdtempSync(join(tmpdir(), 'engine-readme-'));
after(() => rmSync(directory, { recursive: true }));

interface Example {
  readonly title: string;
  readonly file: string;
  readonly printed: string;
}

/** The code blocks of the README, each under its headline and followed by what it prints. */
function examplesOf(readme: string): readonly Example[] {
  const blocks = readme.matchAll(/^## (.+)\n[^#]*?^```ts\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, title = '', code = '', printed = ''], i) => {
    // As if it lay in the engine's folder.
    const here = (path: string) => relative(directory, join(engine, path));
    const file = join(directory, `example-${i}.ts`);
    writeFileSync(
      file,
      code.replaceAll(/ from '(\.\.?\/[^']+)'/g, (_, path: string) => ` from '${here(path)}'`),
    );
    return { title, file, printed };
  });
}

const id: Field = { name: 'id', repetition: 0, type: physicalType.INT32, children: [] };
const word: Field = {
  name: 'word',
  repetition: 1,
  type: physicalType.BYTE_ARRAY,
  convertedType: convertedType.UTF8,
  children: [],
};

async function writeInput(name: string, words: readonly (string | undefined)[]): Promise<void> {
  const rows = words.map((text, i): FieldValue[] => [
    new Uint8Array(Int32Array.of(i).buffer),
    text === undefined ? undefined : Buffer.from(text),
  ]);
  const { bytes } = await mergeBytes([foreignFile([id, word], [rows], 815).bytes]);
  writeFileSync(join(directory, name), bytes);
}

const examples = examplesOf(readFileSync(join(engine, 'README.md'), 'utf8'));

before(async () => {
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
  await writeInput('a.parquet', ['one', undefined, 'two', 'three']);
  await writeInput('b.parquet', ['red', 'red', 'yellow']);
});

test('the README of the engine has an example for every way to use it', () => {
  assert.deepEqual(
    examples.map(({ title }) => title),
    [
      'Read a footer',
      'Go through pages',
      'Merge',
      'Write decoded values',
      'Take a column chunk over as it is',
    ],
  );
});

test('the types of its examples are right', async () => {
  const tsconfig = {
    extends: join(repositoryRoot, 'tsconfig.json'),
    compilerOptions: {
      noEmit: true,
      rootDir: '/',
      typeRoots: [join(repositoryRoot, 'node_modules/@types')],
    },
    include: ['example-*.ts'],
  };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = join(repositoryRoot, 'node_modules/.bin/tsc');
  const { stdout } = await run(tsc, ['-p', directory]).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? String(error),
  }));
  assert.equal(stdout, '');
});

for (const { title, file, printed } of examples) {
  test(`it prints what the README says: ${title}`, async () => {
    const tsx = join(repositoryRoot, 'node_modules/tsx/dist/loader.mjs');
    const { stdout } = await run(process.execPath, ['--import', tsx, file], { cwd: directory });
    assert.equal(stdout, printed);
  });
}

test('other readers find in the files of the examples what was written', () => {
  const columnsOf = (name: string) =>
    readWithHyparquet(new Uint8Array(readFileSync(join(directory, name)))).rowGroups[0]?.map((chunk) => ({
      definition: chunk.definition,
      values: chunk.values.map((hex) => Buffer.from(hex, 'hex')),
    }));
  const int32 = (value: number) => Buffer.from(Int32Array.of(value).buffer);
  assert.deepEqual(columnsOf('new.parquet'), [
    { definition: [0, 0, 0], values: [7, 8, 9].map(int32) },
    { definition: [1, 0, 1], values: [Buffer.from('one'), Buffer.from('three')] },
  ]);
  assert.deepEqual(columnsOf('copy.parquet'), columnsOf('b.parquet'));
});
