import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError } from '../../src/core/errors.ts';
import { codec } from '../../src/parquet/format.ts';
import type { MergeOptions } from '../../src/parquet/merge/merge-request.ts';
import { foreignFile } from './foreign-file.ts';
import { type ReadFile, readWithHyparquet } from './hyparquet-columns.ts';
import { fingerprintBytes, mergeBytes } from './merging.ts';
import { type Field, randomRows } from './model.ts';
import { type RandomSource, randomSource } from './random-source.ts';

/** A whole file to be damaged. */
export interface MutantBase {
  readonly name: string;
  readonly bytes: Uint8Array;
}

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

/** A small file of flat and nested columns, in encodings by chance. */
export function smallFile(seed: number, codecNumber: number, pageVersion: 1 | 2): Uint8Array {
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

const { UNCOMPRESSED, SNAPPY, GZIP, ZSTD, BROTLI, LZ4, LZ4_RAW } = codec;

/** Small files of every codec and page version, and merged ones. */
export async function smallBases(seed: number): Promise<readonly MutantBase[]> {
  const merged = async (options: Partial<MergeOptions>): Promise<Uint8Array> =>
    (await mergeBytes([smallFile(seed, SNAPPY, 1)], { rowGroupRows: 9, ...options })).bytes;
  return [
    { name: 'uncompressed, version 1', bytes: smallFile(seed, UNCOMPRESSED, 1) },
    { name: 'uncompressed, version 2', bytes: smallFile(seed + 1, UNCOMPRESSED, 2) },
    { name: 'Snappy, version 1', bytes: smallFile(seed + 2, SNAPPY, 1) },
    { name: 'gzip, version 2', bytes: smallFile(seed + 3, GZIP, 2) },
    { name: 'Zstd, version 1', bytes: smallFile(seed + 4, ZSTD, 1) },
    { name: 'Brotli, version 2', bytes: smallFile(seed + 5, BROTLI, 2) },
    { name: 'LZ4_RAW, version 2', bytes: smallFile(seed + 6, LZ4_RAW, 2) },
    { name: 'LZ4 of Hadoop, version 1', bytes: smallFile(seed + 7, LZ4, 1) },
    { name: 'a merged file', bytes: await merged({}) },
    {
      name: 'a merged file in compact encodings',
      bytes: await merged({ compression: 'zstd', encodings: 'compact' }),
    },
  ];
}

/** Files of other projects that are not large, where `CORPORA_DIR` names a folder with them. */
export function corpusBases(mostBytes: number): readonly MutantBase[] {
  const corpora = process.env.CORPORA_DIR ?? '';
  if (corpora === '' || !existsSync(join(corpora, 'classes.tsv'))) return [];
  return readFileSync(join(corpora, 'classes.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, , bytes, , found]) => found === 'gold' && Number(bytes) <= mostBytes)
    .map(([corpus = '', file = '']) => ({
      name: `${corpus}/${file}`,
      bytes: new Uint8Array(readFileSync(join(corpora, corpus, file))),
    }));
}

const mutantLimitMs = 20_000;

/**
 * What became of a damaged file. `merged otherwise`: hyparquet reads it, too, and finds something else; the merged file
 * is there for another judge.
 */
export interface Fate {
  readonly outcome: 'refused' | 'merged' | 'merged as hyparquet reads it' | 'merged otherwise';
  readonly merged?: Uint8Array;
}

/**
 * Merges a damaged file. It must be refused with a `FormatError`, or merged to a file that the engine reads, and
 * hyparquet, too, if it reads the damaged one; in bounded time. The two may read a damaged file differently: of two
 * statements that do not agree, each believes another one.
 */
export async function fateOf(mutant: Uint8Array, what: string): Promise<Fate> {
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
      return { outcome: 'merged' };
    }
    // What it reads in the input it must read in the output.
    const output = readWithHyparquet(bytes);
    return sameRows(input, output)
      ? { outcome: 'merged as hyparquet reads it' }
      : { outcome: 'merged otherwise', merged: bytes };
  } catch (error) {
    if (!(error instanceof FormatError)) throw new Error(`${what}: another class of error`, { cause: error });
    assert.equal(error.place.file, 'input-0', what);
    assert.ok(error.problem.length > 0 && error.hint !== undefined, what);
    return { outcome: 'refused' };
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

/** Damages a file: bytes changed, most of the time; else a stretch lost, doubled, or overwritten by another. */
export function damaged(
  bytes: Uint8Array,
  random: RandomSource,
): { readonly mutant: Uint8Array; readonly what: string } {
  if (random.chance(12)) return displaced(bytes, random);
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

// The length and the magic at the end stay what they are: else most of it would end at the first look.
function displaced(
  bytes: Uint8Array,
  random: RandomSource,
): { readonly mutant: Uint8Array; readonly what: string } {
  const length = 1 + random.below(random.pick([4, 40, 400]));
  const from = random.below(Math.max(1, bytes.length - 8 - length));
  const stretch = bytes.subarray(from, from + length);
  const head = bytes.subarray(0, from);
  const tail = bytes.subarray(from + length);
  const where = `${length} bytes at ${from} of ${bytes.length}`;
  const kind = random.below(3);
  if (kind === 0) return { mutant: new Uint8Array(Buffer.concat([head, tail])), what: `${where} lost` };
  if (kind === 1) {
    return {
      mutant: new Uint8Array(Buffer.concat([head, stretch, stretch, tail])),
      what: `${where} doubled`,
    };
  }
  const mutant = bytes.slice();
  const to = random.below(Math.max(1, bytes.length - 8 - length));
  mutant.copyWithin(to, from, from + length);
  return { mutant, what: `${where} copied to ${to}` };
}
