import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FormatError } from '../../src/core/errors.ts';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { skipWithoutPython } from '../support/python-env.ts';
import { type ReadFile, readWithHyparquet } from './hyparquet-columns.ts';
import { judge } from './judging.ts';
import { fingerprintBytes, mergeBytes } from './merging.ts';

/** What is looked for is a hang, or work that grows with a claim; slowness alone, on a busy machine, is neither. */
const hangMs = 20_000;

/**
 * Files of other projects: a folder with `classes.tsv` (columns corpus, file, bytes, rows, class) and one folder a
 * corpus. `gold`: two readers read it. `refuse`: none does. `disagree`: one does. Under `CI=true` their absence is a
 * failure.
 */
const corpora = process.env.CORPORA_DIR ?? '';
const hasCorpora = corpora !== '' && existsSync(join(corpora, 'classes.tsv'));
const skip = hasCorpora ? false : 'NO CORPORA: set CORPORA_DIR to a folder with classes.tsv';
if (!hasCorpora && process.env.CI === 'true') throw new Error(String(skip));
if (!hasCorpora) process.stderr.write(`${'!'.repeat(100)}\n${skip}\n${'!'.repeat(100)}\n`);

const directory = mkdtempSync(join(tmpdir(), 'corpora-'));
after(() => rmSync(directory, { recursive: true }));

interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly rows: number;
}

function entriesOf(wanted: string): readonly Entry[] {
  return readFileSync(join(corpora, 'classes.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, , , , found]) => found === wanted)
    .map(([corpus = '', file = '', , rows]) => ({
      name: `${corpus}/${file}`,
      bytes: new Uint8Array(readFileSync(join(corpora, corpus, file))),
      rows: Number(rows),
    }));
}

/** Gold files that are refused all the same, each with the true reason: what the message says after its place. */
const refusedGold: readonly { readonly reason: RegExp; readonly names: readonly RegExp[] }[] = [
  {
    // Both readers pass over checksums unless they are told to check them.
    reason: /^CRC of the page is [0-9a-f]+, its header says [0-9a-f]+$/,
    names: [/\/datapage_v1-corrupt-checksum\.parquet$/, /\/rle-dict-uncompressed-corrupt-checksum\.parquet$/],
  },
];

function isExpected(name: string, problem: string): boolean {
  return refusedGold.some(({ reason, names }) => reason.test(problem) && names.some((one) => one.test(name)));
}

/** Merges a file with itself; the refusal instead, when there is one. Any other error is a failure. */
async function mergedWithItself(
  entry: Entry,
  options: Partial<MergeOptions> = {},
): Promise<{ bytes: Uint8Array } | { refusal: FormatError }> {
  try {
    const { bytes, result } = await mergeBytes([entry.bytes, entry.bytes], options);
    const found = await fingerprintBytes(bytes);
    assert.deepEqual(found.columns, result.columns, entry.name);
    assert.deepEqual(result.warnings, [], entry.name);
    return { bytes };
  } catch (error) {
    if (error instanceof FormatError) return { refusal: error };
    throw new Error(`${entry.name} failed with another class of error`, { cause: error });
  }
}

let chunksCopied = 0;

/** The file merged with itself, where column chunks of it are then copied. */
async function copiedFrom(entry: Entry, useDictionary: boolean): Promise<readonly Uint8Array[]> {
  const { bytes, result } = await mergeBytes([entry.bytes, entry.bytes], {
    rowGroupRows: Math.max(1, entry.rows),
    compression: 'keep',
    useDictionary,
    pages: { pageRows: 200_000, pageSizeBytes: 8 * 1024 * 1024 },
    copyRowGroups: true,
    copiedFromBytes: 0,
  });
  assert.deepEqual((await fingerprintBytes(bytes)).columns, result.columns, entry.name);
  chunksCopied += result.chunksCopied ?? 0;
  return result.chunksCopied === undefined ? [] : [bytes];
}

/** Levels and values of every column, row group behind row group; undefined where hyparquet does not read the file. */
function rowsByHyparquet(bytes: Uint8Array, isOurs: boolean): readonly (readonly string[])[][] | undefined {
  let file: ReadFile;
  try {
    file = readWithHyparquet(bytes, isOurs);
  } catch (error) {
    if (isOurs) throw error;
    return undefined;
  }
  const width = file.rowGroups[0]?.length ?? 0;
  return Array.from({ length: width }, (_, i) => {
    const chunks = file.rowGroups.map((rowGroup) => rowGroup[i]);
    return [
      chunks.flatMap((chunk) => (chunk?.definition ?? []).map(String)),
      chunks.flatMap((chunk) => (chunk?.repetition ?? []).map(String)),
      chunks.flatMap((chunk) => chunk?.values ?? []),
    ];
  });
}

function isTwice(
  expected: readonly (readonly (readonly string[])[])[],
  found: readonly (readonly (readonly string[])[])[],
): boolean {
  return expected.every((parts, i) =>
    parts.every((part, k) => [...part, ...part].join() === (found[i]?.[k] ?? []).join()),
  );
}

function writtenTo(name: string, bytes: Uint8Array): string {
  const path = join(directory, name.replaceAll('/', '_'));
  writeFileSync(path, bytes);
  return path;
}

test('gold files merged with themselves hold their rows twice', {
  skip: skip || skipWithoutPython(),
}, async () => {
  const cases = [];
  const wrong: string[] = [];
  const refused: string[] = [];
  let judgedTwice = 0;
  for (const entry of entriesOf('gold')) {
    const outcome = await mergedWithItself(entry);
    if ('refusal' in outcome) {
      if (!isExpected(entry.name, outcome.refusal.problem))
        wrong.push(`${entry.name}: ${outcome.refusal.message}`);
      refused.push(entry.name);
      continue;
    }
    const input = writtenTo(entry.name, entry.bytes);
    cases.push({ out: writtenTo(`${entry.name}.merged`, outcome.bytes), inputs: [input, input] });
    // Once more in pieces: row groups that end in the middle of pages, values without a dictionary.
    const rowGroupRows = Math.max(1, Math.ceil((entry.rows * 2) / 5));
    const split = await mergedWithItself(entry, {
      rowGroupRows,
      useDictionary: false,
      encodings: 'compact',
      compression: 'zstd',
      pages: { pageRows: 100 },
    });
    assert.ok('bytes' in split, entry.name);
    cases.push({ out: writtenTo(`${entry.name}.split`, split.bytes), inputs: [input, input] });
    const isFull = process.env.TEST_FULL === '1';
    const copied: readonly Uint8Array[] = isFull ? await copiedFrom(entry, cases.length % 4 === 0) : [];
    for (const bytes of copied)
      cases.push({ out: writtenTo(`${entry.name}.copied`, bytes), inputs: [input, input] });
    // Where hyparquet reads the file, it must find the same in what became of it, level by level and bit by bit.
    const expected = rowsByHyparquet(entry.bytes, false);
    if (expected === undefined) continue;
    judgedTwice++;
    for (const bytes of [outcome.bytes, split.bytes, ...copied]) {
      const found = rowsByHyparquet(bytes, true);
      if (found === undefined || !isTwice(expected, found))
        wrong.push(`${entry.name}: hyparquet reads it otherwise`);
    }
  }
  for (const { names } of refusedGold) {
    for (const one of names)
      assert.ok(
        refused.some((name) => one.test(name)),
        `${one} is not refused any more`,
      );
  }
  const problems = await judge(cases);
  for (const [i, { out }] of cases.entries()) if (problems[i] !== null) wrong.push(`${out}: ${problems[i]}`);
  assert.deepEqual(wrong, []);
  assert.equal(problems.length, cases.length);
  assert.ok(judgedTwice >= 250, `${judgedTwice} files judged by hyparquet, too`);
  assert.ok(cases.length >= 550, `${cases.length} merges`);
  assert.ok(process.env.TEST_FULL !== '1' || chunksCopied > 500, `${chunksCopied} chunks copied`);
});

test('what no reader reads is refused, soon and with its place', { skip }, async () => {
  const entries = entriesOf('refuse');
  assert.ok(entries.length >= 60, `${entries.length} files`);
  for (const entry of entries) {
    const startedAt = performance.now();
    const outcome = await mergedWithItself(entry);
    assert.ok('refusal' in outcome, `${entry.name} was merged`);
    assert.equal(outcome.refusal.place.file, 'input-0', entry.name);
    assert.ok(performance.now() - startedAt < hangMs, `${entry.name} took long`);
  }
});

test('what only some readers read is merged exactly or refused', {
  skip: skip || skipWithoutPython(),
}, async () => {
  const cases = [];
  for (const entry of entriesOf('disagree')) {
    const outcome = await mergedWithItself(entry);
    if ('refusal' in outcome) continue;
    const input = writtenTo(entry.name, entry.bytes);
    cases.push({ out: writtenTo(`${entry.name}.merged`, outcome.bytes), inputs: [input, input] });
  }
  const problems = await judge(cases);
  const wrong = cases.flatMap(({ out }, i) => {
    const problem = problems[i];
    return problem === null || problem?.startsWith('unreadable input') ? [] : [`${out}: ${problem}`];
  });
  assert.deepEqual(wrong, []);
});
