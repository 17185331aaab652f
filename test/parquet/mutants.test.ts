import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError } from '../../src/core/errors.ts';
import { codec } from '../../src/parquet/format.ts';
import { foreignFile } from './foreign-file.ts';
import { type ReadFile, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, mergeBytes } from './merging.ts';
import { type Field, randomRows } from './model.ts';
import { type RandomSource, randomSource } from './random-source.ts';

const leaf = { repetition: 1, children: [] } as const;
const fields: readonly Field[] = [
  { ...leaf, name: 'id', repetition: 0, type: 2 },
  { ...leaf, name: 'flag', type: 0 },
  { ...leaf, name: 'word', type: 6, convertedType: 0 },
  { ...leaf, name: 'speed', type: 5 },
  { ...leaf, name: 'code', repetition: 0, type: 7, typeLength: 3, fieldId: 4 },
  { ...leaf, name: 'tags', repetition: 2, type: 6 },
  {
    name: 'trip',
    repetition: 1,
    children: [
      { ...leaf, name: 'at', repetition: 0, type: 1 },
      { ...leaf, name: 'stops', repetition: 2, type: 1 },
    ],
  },
];

function small(seed: number, codecNumber: number, pageVersion: 1 | 2): Uint8Array {
  const random = randomSource(seed);
  const groups = [randomRows(random, fields, 12), randomRows(random, fields, 5)];
  const keyValues = [{ key: 'k', value: 'v' }];
  return foreignFile(fields, groups, seed, {
    codec: codecNumber,
    pageVersion,
    hasCrc: false,
    isModern: true,
    keyValues,
  }).bytes;
}

const mutantLimitMs = 20_000;

/** What became of a damaged file. */
type Outcome = 'refused' | 'merged' | 'merged as hyparquet reads it' | 'merged otherwise';

/**
 * Merges a damaged file. It must be refused with a `FormatError`, or merged to a file that the engine reads, and
 * hyparquet, too, if it reads the damaged one; in bounded time. The two may read a damaged file differently: of two
 * statements that do not agree, each believes another one.
 */
async function fateOf(mutant: Uint8Array, what: string): Promise<Outcome> {
  const startedAt = performance.now();
  try {
    const { bytes, result } = await mergeBytes([mutant], { rowGroupRows: 7 });
    const found = await fingerprintBytes(bytes);
    assert.deepEqual(found.columns, result.columns, what);
    let input: ReadFile;
    try {
      input = readWithHyparquet(mutant, false);
    } catch {
      // hyparquet stumbles over things that do not matter, such as statistics.
      return 'merged';
    }
    // What it reads in the input it must read in the output.
    const output = readWithHyparquet(bytes);
    return sameRows(input, output) ? 'merged as hyparquet reads it' : 'merged otherwise';
  } catch (error) {
    if (!(error instanceof FormatError)) throw new Error(`${what}: another class of error`, { cause: error });
    assert.equal(error.place.file, 'input-0', what);
    assert.ok(error.problem.length > 0 && error.hint !== undefined, what);
    return 'refused';
  } finally {
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs < mutantLimitMs, `${what} took ${tookMs} ms`);
  }
}

function sameRows(a: ReadFile, b: ReadFile): boolean {
  const flat = (file: ReadFile) => {
    const columns = file.rowGroups[0]?.map((_, i) => file.rowGroups.map((rowGroup) => rowGroup[i])) ?? [];
    return columns.map((chunks) =>
      [
        chunks.flatMap((chunk) => chunk?.definition),
        chunks.flatMap((chunk) => chunk?.repetition),
        chunks.flatMap((chunk) => chunk?.values),
      ].join(';'),
    );
  };
  return flat(a).join('|') === flat(b).join('|');
}

function damaged(bytes: Uint8Array, random: RandomSource): { mutant: Uint8Array; what: string } {
  const mutant = bytes.slice();
  const changes: string[] = [];
  for (let i = 1 + random.below(random.pick([1, 1, 3])); i > 0; i--) {
    const at = random.below(mutant.length);
    const before = mutant[at] ?? 0;
    const value = random.pick([
      before ^ (1 << random.below(8)),
      random.below(256),
      0,
      255,
      before + 1,
      before - 1,
    ]);
    mutant[at] = value;
    changes.push(`byte ${at} of ${mutant.length} from ${before} to ${value & 255}`);
  }
  return { mutant, what: changes.join(', ') };
}

const seed = Number(process.env.MUTANT_SEED ?? Date.now() % 1_000_000_000);
const mutantsEach = Number(process.env.MUTANTS ?? 700);

const bases: readonly (readonly [string, () => Promise<Uint8Array>])[] = [
  ['uncompressed, version 1', async () => small(1, codec.UNCOMPRESSED, 1)],
  ['uncompressed, version 2', async () => small(2, codec.UNCOMPRESSED, 2)],
  ['Snappy, version 1', async () => small(3, codec.SNAPPY, 1)],
  ['gzip, version 2', async () => small(4, codec.GZIP, 2)],
  ['a merged file', async () => (await mergeBytes([small(5, codec.SNAPPY, 1)], { rowGroupRows: 9 })).bytes],
];

for (const [name, make] of bases) {
  test(`flipped bytes: ${name} (MUTANT_SEED=${seed})`, async (t) => {
    const bytes = await make();
    const random = randomSource(seed);
    const fates = new Map<Outcome, number>();
    for (let i = 0; i < mutantsEach; i++) {
      const { mutant, what } = damaged(bytes, random);
      const fate = await fateOf(mutant, `${name}, MUTANT_SEED=${seed}, mutant ${i}: ${what}`);
      fates.set(fate, (fates.get(fate) ?? 0) + 1);
    }
    t.diagnostic([...fates].map(([fate, count]) => `${count} ${fate}`).join(', '));
    assert.ok((fates.get('refused') ?? 0) > mutantsEach / 5, 'damage is noticed');
    assert.ok((fates.get('merged otherwise') ?? 0) <= 5 + mutantsEach / 50, 'readers seldom disagree');
  });

  test(`cut at every byte: ${name}`, async () => {
    const bytes = await make();
    for (let length = 0; length < bytes.length; length++) {
      const fate = await fateOf(bytes.slice(0, length), `cut to ${length} of ${bytes.length} bytes`);
      assert.equal(fate, 'refused', `cut to ${length} of ${bytes.length} bytes`);
    }
    // Bytes lost in front move everything the footer points at.
    for (let lost = 1; lost < 60; lost++) await fateOf(bytes.slice(lost), `without its first ${lost} bytes`);
    assert.equal(await fateOf(bytes, 'whole'), 'merged as hyparquet reads it');
  });
}

test('memory stayed within bounds', () => {
  const mostBytes = process.resourceUsage().maxRSS * 1024;
  assert.ok(mostBytes < 512 * 1024 * 1024, `${mostBytes} bytes`);
});
