import { readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';
import { type Cost, measured } from './contender.ts';

/** What is run with a number of threads. */
interface Case {
  readonly threads: number;
  readonly isVerified: boolean;
  readonly costs: Cost[];
}

/**
 * Merges workloads with 1, 2, … threads, as many as there are cores, taking turns, with verification and without, and prints
 * throughput against threads, what verification adds, and how long the busiest thread worked: where that is nearly all of
 * the time, it is what the others wait for.
 */
export async function runThreadsBench(names: readonly string[], rounds: number): Promise<void> {
  const counts = [...new Set([1, 2, availableParallelism()])].sort((a, b) => a - b);
  for (const name of names.length > 0 ? names : ['large8']) {
    const directory = await workloadDirectory(name);
    const bytes = readdirSync(directory).reduce(
      (sum, file) => sum + statSync(`${directory}/${file}`).size,
      0,
    );
    const cases = counts.flatMap((threads): Case[] =>
      [true, false].map((isVerified) => ({ threads, isVerified, costs: [] })),
    );
    const out = `${repositoryRoot}/.bench/threads.parquet`;
    for (let round = 0; round < rounds; round++) {
      for (const { threads, isVerified, costs } of cases) {
        rmSync(out, { force: true });
        const command = [`${repositoryRoot}/dist/main.js`, 'merge', directory, '--out', out];
        const flags = ['--threads', String(threads)];
        const environment = isVerified ? [] : ['VERIFY_INTEGRITY=false'];
        costs.push(await measured(['env', ...environment, process.execPath, ...command, ...flags]));
      }
    }
    rmSync(out, { force: true });
    console.log(`\n${name}: ${(bytes / 1e6).toFixed(0)} MB in; median of ${rounds}`);
    const wallOf = (one: Case | undefined): number =>
      median((one?.costs ?? []).map((cost) => cost.wallSeconds));
    const cpuOf = (one: Case | undefined): number =>
      median((one?.costs ?? []).map((cost) => cost.cpuSeconds));
    console.table(
      cases
        .filter(({ isVerified }) => isVerified)
        .map((one) => {
          const bare = cases.find(({ threads, isVerified }) => threads === one.threads && !isVerified);
          const wall = wallOf(one);
          const busiest = median(one.costs.map((cost) => cost.firstThreadCpuSeconds ?? Number.NaN));
          return {
            threads: one.threads,
            'wall s': wall.toFixed(2),
            'CPU s': cpuOf(one).toFixed(2),
            'MB/s': (bytes / 1e6 / wall).toFixed(0),
            '× one thread': (wallOf(cases[0]) / wall).toFixed(2),
            'first thread CPU s': busiest.toFixed(2),
            'of the wall': `${((busiest / wall) * 100).toFixed(0)} %`,
            'verification adds wall': percent(wall / wallOf(bare)),
            'and CPU': percent(cpuOf(one) / cpuOf(bare)),
            'peak MB': Math.round(median(one.costs.map((cost) => cost.peakBytes)) / 1e6),
          };
        }),
    );
  }
}

function percent(ratio: number): string {
  return `${((ratio - 1) * 100).toFixed(0)} %`;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
