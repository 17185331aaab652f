import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pythonPath } from '../support/python-env.ts';
import { type JudgedCase, judge } from './judging.ts';
import { corpusBases, damaged, type Fate, fateOf, type MutantBase, smallBases } from './mutating.ts';
import { randomSource } from './random-source.ts';

const seed = Number(process.env.MUTANT_SEED ?? Date.now() % 1_000_000_000);
const mutantsEach = Number(process.env.MUTANTS ?? 500);
const directory = mkdtempSync(join(tmpdir(), 'mutants-'));
after(() => rmSync(directory, { recursive: true }));

type Outcome = Fate['outcome'];

/** Mutants that hyparquet reads otherwise, for pyarrow to judge. */
const disputed: (JudgedCase & { readonly what: string })[] = [];

async function fatesOf(base: MutantBase, mutants: number, fates: Map<Outcome, number>): Promise<void> {
  const random = randomSource(seed);
  for (let i = 0; i < mutants; i++) {
    const { mutant, what: change } = damaged(base.bytes, random);
    const what = `${base.name}, MUTANT_SEED=${seed}, mutant ${i}: ${change}`;
    const { outcome, merged } = await fateOf(mutant, what);
    fates.set(outcome, (fates.get(outcome) ?? 0) + 1);
    if (merged === undefined) continue;
    const path = join(directory, String(disputed.length));
    writeFileSync(path, mutant);
    writeFileSync(`${path}.merged`, merged);
    disputed.push({ out: `${path}.merged`, inputs: [path], what });
  }
}

function text(fates: ReadonlyMap<Outcome, number>): string {
  return [...fates].map(([fate, count]) => `${count} ${fate}`).join(', ');
}

const bases = await smallBases(1);

for (const base of bases) {
  const { name, bytes } = base;
  test(`damaged bytes: ${name} (MUTANT_SEED=${seed})`, async (t) => {
    const fates = new Map<Outcome, number>();
    await fatesOf(base, mutantsEach, fates);
    t.diagnostic(text(fates));
    assert.ok((fates.get('refused') ?? 0) > mutantsEach / 5, 'damage is noticed');
    assert.ok((fates.get('merged otherwise') ?? 0) <= 5 + mutantsEach / 50, 'readers seldom disagree');
  });

  test(`cut at every byte: ${name}`, async () => {
    for (let length = 0; length < bytes.length; length++) {
      const { outcome } = await fateOf(bytes.slice(0, length), `cut to ${length} of ${bytes.length} bytes`);
      assert.equal(outcome, 'refused', `cut to ${length} of ${bytes.length} bytes`);
    }
    // Bytes lost in front move everything the footer points at.
    for (let lost = 1; lost < 60; lost++) await fateOf(bytes.slice(lost), `without its first ${lost} bytes`);
    const { outcome } = await fateOf(bytes, 'whole');
    // hyparquet has no codec for the old LZ4.
    assert.equal(outcome, name.startsWith('LZ4 of Hadoop') ? 'merged' : 'merged as hyparquet reads it');
  });
}

test(`damaged bytes in files of other projects (MUTANT_SEED=${seed})`, async (t) => {
  const fates = new Map<Outcome, number>();
  const files = corpusBases(12_000);
  if (files.length === 0) t.diagnostic('NO CORPORA: set CORPORA_DIR to a folder with classes.tsv');
  for (const base of files) await fatesOf(base, Math.ceil(mutantsEach / 100), fates);
  t.diagnostic(text(fates));
});

test('where hyparquet reads a damaged file otherwise, pyarrow does not read it as hyparquet does', async (t) => {
  if (pythonPath() === undefined) return t.skip('no Python environment: run `npm run pretest`');
  const problems = await judge(disputed);
  const wrong = disputed.flatMap(({ what }, i) => {
    const problem = problems[i];
    return problem === null || problem?.startsWith('unreadable input') ? [] : [`${what}: ${problem}`];
  });
  t.diagnostic(`${disputed.length} disputed`);
  assert.deepEqual(wrong, []);
});

test('memory stayed within bounds', () => {
  const mostBytes = process.resourceUsage().maxRSS * 1024;
  assert.ok(mostBytes < 512 * 1024 * 1024, `${mostBytes} bytes`);
});
