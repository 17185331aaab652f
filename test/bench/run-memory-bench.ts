/**
 * Merges partitions far larger than memory and prints what the process took: the sources repeat a few files without
 * end, and what is written goes nowhere. `npm run bench -- --memory [--gb N]`; with --hdfs too the whole of a consolidation,
 * on a simulated HDFS. Each case runs in a process of its own.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';

const run = promisify(execFile);

/** Small, larger and large files; lists; one row of a megabyte; a thousand columns. */
const memoryWorkloads = ['small2k', 'medium200', 'large8', 'nested500', 'texts', 'wide'];

/** What the child prints. */
interface Took {
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** What runs, and with which workloads unless others are named. */
const cases = {
  merge: { child: 'memory-child', workloads: memoryWorkloads },
  consolidation: { child: 'partition-child', workloads: ['small2k', 'medium200', 'large8'] },
} as const;

/** Runs every workload with `gigabytes` of input, or those named. */
export async function runMemoryBench(
  gigabytes: number,
  names: readonly string[],
  what: keyof typeof cases,
): Promise<void> {
  const table: Record<string, object> = {};
  for (const name of names.length > 0 ? names : cases[what].workloads) {
    const child = `${repositoryRoot}/test/bench/${cases[what].child}.ts`;
    const directory = await workloadDirectory(name);
    const args = ['--import', 'tsx', child, directory, String(gigabytes * 1e9)];
    const { stdout } = await run(process.execPath, args);
    const took: Took = JSON.parse(stdout);
    table[name] = {
      files: took.files,
      GB: (took.bytes / 1e9).toFixed(1),
      'million rows': (took.rows / 1e6).toFixed(1),
      'wall s': took.wallSeconds.toFixed(1),
      'CPU s': took.cpuSeconds.toFixed(1),
      'peak MB': Math.round(took.peakBytes / 1e6),
    };
  }
  console.table(table);
}
