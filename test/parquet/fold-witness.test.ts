import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { FormatError } from '../../src/core/errors.ts';
import { foldKeyValues } from '../../src/parquet/fold/fold-key-values.ts';
import { foldTail } from '../../src/parquet/fold/fold-tail.ts';
import { sameReading } from '../../src/verify/same-reading.ts';
import { columnName } from '../../src/verify/second-reader.ts';
import { parquetjsReader } from '../support/parquetjs-whole-reader.ts';
import { runPython, skipWithoutPython } from '../support/python-env.ts';
import { inputsIn } from '../support/workloads.ts';
import { type Folded, foldBytes, runId } from './folding.ts';
import { judge } from './judging.ts';
import { fingerprintBytes, inputOf, mergeBytes } from './merging.ts';

const skip = skipWithoutPython();
const scratch = mkdtempSync(join(tmpdir(), 'fold-'));
after(() => rmSync(scratch, { recursive: true }));

const workloads = ['seed21', 'nested12', 'types12'] as const;

// Made here and not in the shared place, where another test may be making the same at the same time.
before(async () => {
  if (skip !== false) return;
  await runPython('test/workloads/make_telemetry.py', [scratch, 'seed21']);
  await runPython('test/workloads/make_nested.py', [scratch, 'nested12', 'types12']);
});

function directoryOf(workload: string): string {
  return join(scratch, workload, 'date=2025-08-15');
}

async function filesOf(workload: string): Promise<readonly Uint8Array[]> {
  const inputs = await inputsIn(directoryOf(workload));
  return Promise.all(inputs.map(({ source }) => source.read(0, source.sizeBytes)));
}

/** Three CONCATs, each with a footer of all inputs so far. */
function inThreeSteps(files: readonly Uint8Array[]): Promise<Folded> {
  const third = Math.floor(files.length / 3);
  return foldBytes(files, { steps: [third, third, files.length - 2 * third], padBytes: 1234 });
}

/** The merged file behind the inputs' bytes, as a backup of files of several schemas has it. */
async function behindDeadBytes(files: readonly Uint8Array[]): Promise<Uint8Array> {
  const { bytes } = await mergeBytes(files);
  const { footer } = await inputOf(bytes);
  const offsetBytes = files.reduce((sum, file) => sum + file.length, 0);
  const keyValues = foldKeyValues([footer], { runId, inputSizeBytes: offsetBytes }, []);
  const tail = foldTail({
    pieces: [{ footer, offsetBytes }],
    keyValues,
    createdBy: 'parquet-consolidator version 0.0.0-test',
    padBytes: 0,
  });
  return Buffer.concat([...files, bytes, tail]);
}

/** Forms that add nothing for other workloads. */
async function furtherForms(files: readonly Uint8Array[]): Promise<Readonly<Record<string, Uint8Array>>> {
  const half = Math.floor(files.length / 2);
  const parts = await Promise.all([foldBytes(files.slice(0, half)), foldBytes(files.slice(half))]);
  return {
    twice: (await foldBytes(parts.map((part) => part.bytes))).bytes,
    behind: await behindDeadBytes(files),
  };
}

for (const workload of workloads) {
  test(`pyarrow, DuckDB and polars read a folded file as its inputs: ${workload}`, { skip }, async (t) => {
    const files = await filesOf(workload);
    const forms = {
      steps: (await inThreeSteps(files)).bytes,
      backup: (await foldBytes(files, { hasBase: false })).bytes,
      ...(workload === 'seed21' ? await furtherForms(files) : {}),
    };
    const paths = Object.entries(forms).map(([form, bytes]) => {
      const path = join(scratch, `${workload}-${form}.parquet`);
      writeFileSync(path, bytes);
      return path;
    });
    const { stdout } = await runPython('test/parquet/fold_witness.py', [directoryOf(workload), ...paths]);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, paths.length);
    for (const line of lines) {
      const facts: unknown = JSON.parse(line);
      assert.ok(typeof facts === 'object' && facts !== null && 'predicates' in facts && 'rows' in facts);
      assert.deepEqual({ ...facts, files: files.length }, facts);
      assert.ok(Number(facts.predicates) >= 40 && Number(facts.rows) > 1000, line);
    }
    t.diagnostic(lines.join('\n'));
  });

  test(`a folded file merged is the merge of the originals, to the byte: ${workload}`, { skip }, async () => {
    const files = await filesOf(workload);
    const { bytes } = await inThreeSteps(files);
    const merged = await mergeBytes(files);
    assert.deepEqual((await fingerprintBytes(bytes)).columns, merged.result.columns);
    assert.ok(Buffer.from((await mergeBytes([bytes])).bytes).equals(merged.bytes));
  });

  test(`@dsnp/parquetjs reads a folded file as its inputs: ${workload}`, { skip }, async () => {
    const reader = await parquetjsReader({ maxChunkValues: 1_000_000 });
    const files = await filesOf(workload);
    const folded = await reader.open(memorySource(workload, (await inThreeSteps(files)).bytes));
    const compared = new Set<string>();
    let firstRow = 0;
    for (const [i, bytes] of files.entries()) {
      const input = await reader.open(memorySource(`input-${i}`, bytes));
      const found = await folded.read({ firstRow, rows: input.rows });
      for (const [key, reading] of await input.read({ firstRow: 0, rows: input.rows })) {
        const own = found.get(key);
        // Its known limits, such as booleans in the RLE encoding of some inputs, are the same in both.
        if (!('rows' in reading)) continue;
        assert.ok(own !== undefined && 'rows' in own, `${columnName(key)} of input ${i}`);
        assert.ok(sameReading(own.rows, reading.rows), `${columnName(key)} of input ${i}`);
        compared.add(key);
      }
      firstRow += input.rows;
    }
    assert.equal(firstRow, folded.rows);
    assert.ok(compared.size >= 10, `${compared.size} columns`);
  });
}

test('Bloom filters of the inputs serve the folded file', { skip }, async () => {
  await runPython('test/parquet/fold_bloom.py', ['make', scratch]);
  const files = [0, 1, 2].map((i) => new Uint8Array(readFileSync(join(scratch, `bloom-${i}.parquet`))));
  const path = join(scratch, 'bloom-folded.parquet');
  writeFileSync(path, (await foldBytes(files, { steps: [2, 1] })).bytes);
  const { stdout } = await runPython('test/parquet/fold_bloom.py', ['probe', path]);
  assert.deepEqual(JSON.parse(stdout), {
    w5: [false, false, false],
    w299: [false, false, false],
    absent: [true, true, true],
    w300: [true, true, true],
    rows: 50,
  });
});

const corpora = process.env.CORPORA_DIR ?? '';
const hasCorpora = corpora !== '' && existsSync(join(corpora, 'classes.tsv'));
const withoutCorpora = hasCorpora ? false : 'NO CORPORA: set CORPORA_DIR to a folder with classes.tsv';

/**
 * Written by a parquet-mr that states its chunks without the dictionary page's header (PARQUET-816). Readers put that right by
 * the writer's name, which is ours in a folded file.
 */
const shortChunks = new Set([
  'test-data/nation.plain.parquet',
  'parquet-avro/src/test/resources/strings-2.parquet',
]);

test('gold files of other projects, folded with themselves, hold their rows three times, in either form', {
  skip: skip || withoutCorpora,
}, async () => {
  const cases: { out: string; inputs: string[] }[] = [];
  let compared = 0;
  let refused = 0;
  const gold = readFileSync(join(corpora, 'classes.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((columns) => columns[4] === 'gold');
  for (const [corpus = '', file = ''] of gold) {
    const path = join(corpora, corpus, file);
    const bytes = new Uint8Array(readFileSync(path));
    const files = [bytes, bytes, bytes];
    if (shortChunks.has(file)) {
      await assert.rejects(foldBytes(files), /folding column chunks that are longer than they state/);
      refused++;
      continue;
    }
    // Metadata to the letter, since that is what they are judged by.
    const folded = await foldBytes(files, { steps: [2, 1], hasStamp: false, padBytes: cases.length % 3 });
    const backup = await foldBytes(files, { hasBase: false, hasStamp: false });
    const name = `${corpus}_${file}`.replaceAll('/', '_');
    for (const [form, made] of [folded.bytes, backup.bytes].entries()) {
      const out = join(scratch, `${name}.${form}`);
      writeFileSync(out, made);
      cases.push({ out, inputs: [path, path, path] });
    }
    try {
      const merged = await mergeBytes(files);
      assert.deepEqual((await fingerprintBytes(folded.bytes)).columns, merged.result.columns, name);
      compared++;
    } catch (error) {
      // Encodings that are not supported fold all the same; corpora.test.ts knows which they are.
      if (!(error instanceof FormatError)) throw error;
    }
  }
  const problems = await judge(cases);
  const wrong = cases.flatMap(({ out }, i) => (problems[i] === null ? [] : [`${out}: ${problems[i]}`]));
  assert.deepEqual(wrong, []);
  assert.equal(problems.length, cases.length);
  assert.ok(cases.length >= 560 && compared >= 260, `${cases.length} files, ${compared} compared`);
  assert.equal(refused, shortChunks.size);
});
