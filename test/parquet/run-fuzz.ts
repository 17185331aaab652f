/**
 * Damages files and merges them, for as long as it is told to: files made anew in every round, in every codec and
 * encoding, and those of `CORPORA_DIR`. A crash, a hang, an error of another class, more memory than allowed, or a merged
 * file that hyparquet and pyarrow both find to differ from the damaged one, is a finding: the mutant is kept.
 *
 * Usage: npm run fuzz [-- MINUTES [SEED [DIRECTORY]]]; without MINUTES, for an hour. Findings go to DIRECTORY, which is
 * made (default: fuzz-findings). Exits with 1 when there are any.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pythonPath } from '../support/python-env.ts';
import { judge } from './judging.ts';
import { corpusBases, damaged, fateOf, type MutantBase, smallBases } from './mutating.ts';
import { randomSource } from './random-source.ts';

const minutes = Number(process.argv[2] ?? 60);
const firstSeed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const findings = resolve(process.argv[4] ?? 'fuzz-findings');
const mostBytes = 768 * 1024 * 1024;
const mutantsOfSmall = 50;
const mutantsOfCorpus = 2;
const judgedAtOnce = 100;

const scratch = mkdtempSync(join(tmpdir(), 'fuzz-'));
const counts = new Map<string, number>();
const disputed: { readonly path: string; readonly what: string; readonly mutant: Uint8Array }[] = [];
let found = 0;

function count(what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function report(what: string, problem: string, mutant: Uint8Array): void {
  mkdirSync(findings, { recursive: true });
  const path = join(findings, `finding-${++found}.parquet`);
  writeFileSync(path, mutant);
  writeFileSync(`${path}.txt`, `${what}\n${problem}\n`);
  process.stdout.write(`FINDING ${path}: ${what}: ${problem}\n`);
}

async function tryOne(base: MutantBase, seed: number): Promise<void> {
  const { mutant, what: change } = damaged(base.bytes, randomSource(seed));
  const what = `${base.name}, seed ${seed}: ${change}`;
  try {
    const { outcome, merged } = await fateOf(mutant, what);
    count(outcome);
    if (merged === undefined) return;
    const path = join(scratch, `${disputed.length}`);
    writeFileSync(path, mutant);
    writeFileSync(`${path}.merged`, merged);
    disputed.push({ path, what, mutant });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `\n${error.cause.stack}` : '';
    report(what, `${error instanceof Error ? error.stack : String(error)}${cause}`, mutant);
  }
  const rssBytes = process.memoryUsage.rss();
  if (rssBytes > mostBytes) report(what, `${rssBytes} bytes of memory`, mutant);
}

async function settleDisputes(): Promise<void> {
  const cases = disputed.splice(0);
  if (cases.length === 0 || pythonPath() === undefined) return;
  const problems = await judge(cases.map(({ path }) => ({ out: `${path}.merged`, inputs: [path] })));
  for (const [i, { what, mutant }] of cases.entries()) {
    const problem = problems[i];
    if (typeof problem === 'string' && !problem.startsWith('unreadable input')) report(what, problem, mutant);
  }
}

const endsAt = Date.now() + minutes * 60_000;
let toldAt = Date.now();
let seed = firstSeed;
process.stdout.write(`seed ${firstSeed}, ${minutes} minutes\n`);
try {
  const corpus = corpusBases(60_000);
  for (let round = 0; Date.now() < endsAt; round++) {
    const work: readonly (readonly [MutantBase, number])[] = [
      ...(await smallBases(firstSeed + round * 10)).map((base) => [base, mutantsOfSmall] as const),
      ...corpus.map((base) => [base, mutantsOfCorpus] as const),
    ];
    for (const [base, mutants] of work) {
      for (let i = 0; i < mutants && Date.now() < endsAt; i++) await tryOne(base, seed++);
      if (disputed.length >= judgedAtOnce) await settleDisputes();
      if (Date.now() - toldAt < 30_000) continue;
      toldAt = Date.now();
      process.stdout.write(`${[...counts].map(([what, number]) => `${number} ${what}`).join(', ')}\n`);
    }
  }
  await settleDisputes();
} finally {
  rmSync(scratch, { recursive: true });
}
process.stdout.write(
  `${seed - firstSeed} mutants from seed ${firstSeed} on: ${[...counts].map(([what, number]) => `${number} ${what}`).join(', ')}; ${found} findings\n`,
);
process.exitCode = found > 0 ? 1 : 0;
