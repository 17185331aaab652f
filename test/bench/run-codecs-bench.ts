import { readdirSync, rmSync, statSync } from 'node:fs';
import { repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';
import { type Cost, measured } from './contender.ts';

/** One way to write, and what it took. */
interface Case {
  readonly codec: string;
  readonly encodings: 'standard' | 'compact';
  readonly costs: Cost[];
  sizeBytes: number;
}

const codecs = [
  ...['snappy', 'lz4_raw', 'uncompressed'],
  ...['gzip:1', 'gzip', 'gzip:9'],
  ...['zstd:1', 'zstd', 'zstd:6', 'zstd:9', 'zstd:15', 'zstd:19', 'zstd:22'],
];
const compact = ['snappy', 'zstd', 'zstd:9'];

/**
 * Merges workloads with every codec and some of their levels, taking turns, verification included, and prints what each
 * took of time and how large the file became. One thread, so that CPU seconds are of the same work.
 */
export async function runCodecsBench(names: readonly string[], rounds: number): Promise<void> {
  for (const name of names.length > 0 ? names : ['small2k']) {
    const directory = await workloadDirectory(name);
    const files = readdirSync(directory);
    const bytes = files.reduce((sum, file) => sum + statSync(`${directory}/${file}`).size, 0);
    const cases: Case[] = [
      ...codecs.map((codec): Case => ({ codec, encodings: 'standard', costs: [], sizeBytes: 0 })),
      ...compact.map((codec): Case => ({ codec, encodings: 'compact', costs: [], sizeBytes: 0 })),
    ];
    const out = `${repositoryRoot}/.bench/codecs.parquet`;
    for (let round = 0; round < rounds; round++) {
      for (const one of cases) {
        rmSync(out, { force: true });
        const command = [
          process.execPath,
          `${repositoryRoot}/dist/main.js`,
          'merge',
          directory,
          '--out',
          out,
        ];
        const flags = ['--threads', '1', '--codec', one.codec, '--encodings', one.encodings];
        one.costs.push(await measured([...command, ...flags]));
        one.sizeBytes = statSync(out).size;
      }
    }
    rmSync(out, { force: true });
    console.log(`\n${name}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB; median of ${rounds}`);
    const cpuOf = (one: Case | undefined): number =>
      median((one?.costs ?? []).map((cost) => cost.cpuSeconds));
    console.table(
      cases.map((one) => ({
        written: one.encodings === 'compact' ? `${one.codec}, compact` : one.codec,
        'out MB': (one.sizeBytes / 1e6).toFixed(1),
        '% smaller than the sources': ((1 - one.sizeBytes / bytes) * 100).toFixed(0),
        'wall s': median(one.costs.map((cost) => cost.wallSeconds)).toFixed(2),
        'CPU s': cpuOf(one).toFixed(2),
        '× CPU of snappy': (cpuOf(one) / cpuOf(cases[0])).toFixed(2),
      })),
    );
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
